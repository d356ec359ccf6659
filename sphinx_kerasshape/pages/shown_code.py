"""The lines of a block's code that readers see."""

from __future__ import annotations

import ast
import re

_HIDDEN = re.compile(r"(?:^|\s)#\s*hide\s*$")
"""The comment that ends a line of code which runs, but is not shown."""


def shown_lines(code: str) -> list[tuple[int, str]]:
    """Return the numbers, from 1, and texts of the lines that do not end in ``# hide``.

    If some do, the outer blank lines are left out as well.
    """
    lines = list(enumerate(code.splitlines(), 1))
    kept = [(number, line) for number, line in lines if not _HIDDEN.search(line)]
    if len(kept) < len(lines):
        full = [place for place, (_, line) in enumerate(kept) if line]
        kept = kept[full[0] : full[-1] + 1] if full else []
    return kept


def printing_line(code: str) -> int:
    """Return the number of the first line that readers see which prints something; 0 if none does.

    A printed ``summary()`` does not count, since the table is shown in its place. Nor do functions: whether
    they are called is not known.
    """
    return _printing_line(code, inside=False)


def called_printing_line(code: str) -> int:
    """Return the number of the first line in a function that prints something if it is called; 0 if none.

    Code that prints a summary, too, has none: what it prints doesn't tell whether that line did.
    """
    return 0 if ".summary(" in code else _printing_line(code, inside=True)


def _printing_line(code: str, *, inside: bool) -> int:
    try:
        nodes: list[ast.AST] = list(reversed(ast.parse(code).body))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0
    shown = {number for number, _ in shown_lines(code)}
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Call) and node.lineno in shown and _prints(node):
            return node.lineno
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)
        if inside or not is_function:
            nodes += reversed(list(ast.iter_child_nodes(node)))
    return 0


def _prints(call: ast.Call) -> bool:
    """Whether a call prints to the output, and more than a summary."""
    is_print = isinstance(call.func, ast.Name) and call.func.id == "print"
    inner = [
        item.func.attr
        for item in call.args
        if isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute)
    ]
    is_summary = len(call.args) == 1 and inner == ["summary"]
    return is_print and bool(call.args) and not is_summary and all(one.arg != "file" for one in call.keywords)
