"""Pieces of Python files: scripts with cells, and modules with docstrings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from sphinx_kerasshape.audit.lines import Line, dedented, joined
from sphinx_kerasshape.audit.pieces import Code, Piece, not_run
from sphinx_kerasshape.audit.statements.literals import comments, string_lines
from sphinx_kerasshape.audit.statements.python_code import parsed

_CELL = re.compile(r"# ?%%+(?:\s|$)(?P<title>.*)")
_KIND = re.compile(r"\[(\w+)\]")
_MARK = re.compile(r"# ?")
_QUOTES = re.compile(r"\s*[A-Za-z]*(?:\"\"\"|''')")
_MAY_STATE = re.compile(r"::|``|\(None,|\d\S* \w*\s*param")


def pieces(lines: Sequence[Line]) -> Iterator[Piece]:
    """Yield the pieces of a Python file."""
    starts = [
        token.start[0] - 1
        for token in comments(joined(lines) + "\n")
        if token.start[1] == 0 and _CELL.match(token.string)
    ]
    yield from _cells(lines, starts) if starts else _module(lines)


def _cells(lines: Sequence[Line], starts: Sequence[int]) -> Iterator[Piece]:
    """Yield the cells of a script in the percent format."""
    yield Code(tuple(lines[: starts[0]]), "python", is_run=True)
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        title = _CELL.match(lines[start].text)
        kind = _KIND.search(title["title"]) if title else None
        cell = lines[start + 1 : end]
        if kind is None:
            yield Code(tuple(cell), "python", is_run=True)
        elif kind[1] in ("markdown", "md"):
            from sphinx_kerasshape.audit.formats import markdown

            yield from map(not_run, markdown.pieces(list(_of_text(cell))))


def _of_text(cell: Sequence[Line]) -> Iterator[Line]:
    """Yield the lines of a cell of text, which are comments or a string."""
    for line in cell:
        mark = _MARK.match(line.text) or _QUOTES.match(line.text)
        text = line.part(mark.end()) if mark else line
        is_end = mark is None and text.text.rstrip().endswith(('"""', "'''"))
        yield text.part(0, len(text.text.rstrip()) - 3) if is_end else text


def _module(lines: Sequence[Line]) -> Iterator[Piece]:
    """Yield a module, and what its docstrings show."""
    yield Code(tuple(lines), "python", is_module=True)
    tree = parsed(joined(lines) + "\n")
    code = [line.coded() for line in lines]
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = node.body[0] if node.body else None
            value = text.value if isinstance(text, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield from _docstring(string_lines(value, code, lines[0].source))


def _docstring(lines: list[Line]) -> Iterator[Piece]:
    lines = [*lines[:1], *dedented(lines[1:])]
    examples = _examples(lines)
    if examples:
        kept = {number for numbers in examples for number in numbers}
        shown = [line if number in kept else line.part(0, 0) for number, line in enumerate(lines)]
        yield Code(tuple(shown[min(kept) : max(kept) + 1]), "pycon")
        lines = [line.part(0, 0) if number in kept else line for number, line in enumerate(lines)]
    text = joined(lines)
    if "```" in text or "~~~" in text:
        from sphinx_kerasshape.audit.formats import markdown

        yield from markdown.pieces(lines)
    elif _MAY_STATE.search(text):
        from sphinx_kerasshape.audit.formats import rest

        yield from rest.pieces(lines)


def _examples(lines: Sequence[Line]) -> list[range]:
    """Return which lines are examples with prompts; a blank line ends each."""
    found, start = [], None
    for number, line in enumerate(lines):
        text = line.text.strip()
        if start is None and text.startswith(">>> "):
            start = number
        elif start is not None and (not text or text.startswith(("```", "~~~"))):
            found.append(range(start, number))
            start = None
    return [*found, range(start, len(lines))] if start is not None else found
