"""The source text of a statement without what does not matter inside it, line for line."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.slicing.parsing import Top, first_line
from sphinx_kerasshape.audit.slicing.program import Program


class _Cut(NamedTuple):
    """A statement to leave out; with ``pass`` in its place if nothing else is left there."""

    first: int
    start: int
    last: int
    end: int
    is_only: bool


def source_lines(code: str) -> list[str]:
    """Return the lines of some code as Python counts them."""
    return code.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def cut_code(top: Top, lines: Sequence[str], kept: frozenset[int], program: Program) -> str:
    """Return the code of a statement, starting at its first line, without what isn't ``kept``."""
    node = top.node
    text = list(lines[: top.last])
    text[-1] = text[-1][: _column(text[-1], node.end_col_offset or 0)]
    cuts = sorted(_cuts(node, lines, kept, program), reverse=True)
    for cut in cuts:
        _leave_out(text, cut)
    return "\n".join(_dedented(text, top)).rstrip()


def _cuts(node: ast.AST, lines: Sequence[str], kept: frozenset[int], program: Program) -> Iterator[_Cut]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        kept = program.summary(node).kept
    if isinstance(node, ast.ClassDef):
        kept = frozenset(map(id, node.body))
    for suite in _suites(node):
        stays = [_stays(statement, kept, lines) for statement in suite]
        for number, statement in enumerate(suite):
            if stays[number]:
                yield from _cuts(statement, lines, kept, program)
            else:
                yield _cut(statement, lines, not any(stays) and number == 0)


def _suites(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        suite = getattr(node, name, None)
        if isinstance(suite, list) and suite:
            yield suite
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield part.body


def _stays(node: ast.stmt, kept: frozenset[int], lines: Sequence[str]) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return (
        id(node) in kept
        or is_text
        or isinstance(node, ast.Pass)
        or (isinstance(node, ast.If) and lines[node.lineno - 1].lstrip().startswith("elif"))
    )


def _cut(node: ast.stmt, lines: Sequence[str], is_only: bool) -> _Cut:
    first, last = first_line(node), node.end_lineno or node.lineno
    start = _column(lines[node.lineno - 1], node.col_offset)
    return _Cut(first, start, last, _column(lines[last - 1], node.end_col_offset or 0), is_only)


def _column(line: str, offset: int) -> int:
    """Return the character that a number of bytes stands for."""
    return offset if line.isascii() else len(line.encode()[:offset].decode(errors="ignore"))


def _leave_out(text: list[str], cut: _Cut) -> None:
    before, after = text[cut.first - 1][: cut.start], text[cut.last - 1][cut.end :]
    is_alone = not before.strip() and (not after.strip() or after.lstrip().startswith("#"))
    left = before + "pass" + ("" if is_alone else after) if cut.is_only or not is_alone else ""
    text[cut.first - 1 : cut.last] = [left, *[""] * (cut.last - cut.first)]


def _dedented(text: Sequence[str], top: Top) -> Iterator[str]:
    width = _column(text[top.node.lineno - 1], top.node.col_offset)
    if not width:
        yield from text[top.first - 1 :]
        return
    inside = {
        line
        for node in ast.walk(top.node)
        if isinstance(node, ast.JoinedStr)
        or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))
        for line in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)
    }
    for number in range(top.first, top.last + 1):
        line = text[number - 1]
        if number == top.node.lineno or (number not in inside and not line[:width].strip()):
            yield line[width:]
        else:
            yield line
