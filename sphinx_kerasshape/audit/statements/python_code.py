"""Python as documents have it: with prompts, what was printed below them, and lines for IPython."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.document import CodeLine
from sphinx_kerasshape.audit.lines import Line

_PROMPT = re.compile(r"(\s*)(?:>>>(?: |$)|In ?\[\d*\]: ?)")
_CONTINUATION = re.compile(r"\s*(?:\.\.\.(?: |$)|\.{3,}: ?)")
_RESULT = re.compile(r"\s*Out ?\[\d*\]: ?")
_MAGIC = re.compile(r"(\s*)(?:%{1,2}[A-Za-z_]|!(?!=)|\?{1,2}\w|[\w.]+\?{1,2}\s*$|[\w., ]+=\s*(?:!|%\w))")
_TIMED = re.compile(r"(\s*)%time\s+(?=\S)")
_CELL_MAGIC = re.compile(r"%%(\w+)")
_KEEPS_CODE = frozenset(("time", "timeit", "capture", "prun", "memit", "mprun", "lprun", "wandb", "snapshot"))
"""Magics of a whole cell that run its code in the notebook."""


class Example(NamedTuple):
    """What a document shows below a statement with a prompt."""

    line: int
    """The last line of the statement in its block."""
    printed: tuple[Line, ...]


def has_prompts(lines: Sequence[Line]) -> bool:
    """Whether code stands behind prompts."""
    return any(_PROMPT.match(line.text) for line in lines)


def without_prompts(lines: Sequence[Line]) -> tuple[tuple[CodeLine, ...], tuple[Example, ...]]:
    """Return the code behind prompts, and what is shown below it."""
    code: list[CodeLine] = []
    examples, shown = [], list[Line]()
    indent, is_open, last = 0, False, 0

    def close() -> None:
        if last and any(one.text.strip() for one in shown):
            examples.append(Example(last, tuple(shown)))
        shown.clear()

    for number, line in enumerate(lines, 1):
        if (prompt := _PROMPT.match(line.text)) is not None:
            close()
            indent, is_open, last = len(prompt[1]), True, number
            code.append(line.part(prompt.end()).coded())
        elif is_open and (more := _CONTINUATION.match(line.text)) is not None:
            last = number
            code.append(line.part(more.end()).coded())
        else:
            is_open = False
            code.append(line.coded(""))
            result = _RESULT.match(line.text)
            cut = result.end() if result else min(indent, len(line.text) - len(line.text.lstrip()))
            shown.append(line.part(cut) if line.text.strip() != "<BLANKLINE>" else line.part(0, 0))
    close()
    return tuple(code), tuple(examples)


def without_magics(lines: Sequence[CodeLine]) -> tuple[CodeLine, ...] | None:
    """Return code whose lines for IPython are empty; ``None`` if all of it is for another program."""
    first = next((number for number, line in enumerate(lines) if line.code.strip()), 0)
    cell = _CELL_MAGIC.match(lines[first].code) if lines else None
    if cell is not None and cell[1] not in _KEEPS_CODE:
        return None
    code = "".join(f"{line.code}\n" for line in lines)
    has_magics = any(_MAGIC.match(line.code) for line in lines)
    return tuple(lines) if not has_magics or parsed(code) is not None else tuple(_plain(lines))


def _plain(lines: Sequence[CodeLine]) -> Iterator[CodeLine]:
    goes_on = False
    for line in lines:
        if (timed := _TIMED.match(line.code)) is not None:
            yield CodeLine(timed[1] + line.code[timed.end() :], line.start + timed.end() - len(timed[1]))
        elif goes_on or (magic := _MAGIC.match(line.code)) is not None:
            indent = "" if goes_on else magic[1]  # type: ignore[index]
            yield CodeLine(f"{indent}pass" if indent else "", line.start)
            goes_on = line.code.rstrip().endswith("\\")
        else:
            yield line


def parsed(code: str) -> ast.Module | None:
    """Return the syntax tree of code; ``None`` if it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes, say
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def is_likely_python(code: str) -> bool:
    """Whether a text of an unknown language is code that does something."""
    if not re.search(r"[=(]|\bimport\b", code) or (tree := parsed(code)) is None:
        return False
    kinds = (ast.Import, ast.ImportFrom, ast.Assign, ast.FunctionDef, ast.ClassDef, ast.With, ast.For)
    return any(
        isinstance(node, kinds) or (isinstance(node, ast.Expr) and _is_call(node.value)) for node in tree.body
    )


def _is_call(node: ast.expr) -> bool:
    """Whether an expression calls something; two shapes side by side, ``(32, 8) (32,)``, are printed."""
    return isinstance(node, ast.Call) and not isinstance(node.func, ast.Tuple | ast.Constant | ast.List)
