"""What code prints, as comments on the lines below it state it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from sphinx_kerasshape.audit.document import Place, Stated
from sphinx_kerasshape.audit.lines import Line, line
from sphinx_kerasshape.audit.statements import printed
from sphinx_kerasshape.audit.statements.literals import comments
from sphinx_kerasshape.audit.statements.syntax import last_line

_MARK = re.compile(r"#+:? ?")
_LABEL = re.compile(r"\s*(?:(?:expected )?output|out|prints?|result)\s*(?:[:=]|[-=]>|→)?\s*", re.IGNORECASE)
_LONGEST = 40
"""Lines of comments; what is longer is a text."""


def stated(run: printed.Run) -> Iterator[Stated]:
    """Yield what comments state right below the calls of ``print`` whose output they show."""
    for code, lines in _below(run):
        yield from _shown(code, lines)


def shared(run: printed.Run) -> Iterator[Place]:
    """Yield the lines of comments that show what several statements print, whichever each is of."""
    for code, lines in _below(run):
        if len(lines) > 1 and sum(isinstance(one, ast.Expr) for one in code.tree.body) > 1:
            yield from (line.place() for line in lines)


def _below(run: printed.Run) -> Iterator[tuple[printed.Run, list[Line]]]:
    """Yield comments that have lines of their own, without their marks, each with the code above them."""
    groups = list(_groups(run.block.code))
    ends, above = _ends(run.tree) if groups else {}, 0
    for column, rows in groups:
        body, index = ends.get(rows.start - 1, ([], 0))
        if body and body[index].col_offset == column and len(rows) <= _LONGEST:
            code = [statement for statement in body[: index + 1] if statement.lineno > above]
            yield run._replace(tree=ast.Module(code, [])), _lines(run, column, rows)
        above = rows.stop - 1


def _shown(run: printed.Run, lines: Sequence[Line]) -> Iterator[Stated]:
    label = _LABEL.match(lines[0].text)
    options = [lines]
    if label is not None:
        is_alone = label.end() == len(lines[0].text)
        options.append(lines[1:] if is_alone else [lines[0].part(label.end()), *lines[1:]])
    for option in options:
        found = [one._replace(kind="count" if one.kind == "count" else "comment")
                 for one in printed.of_shown(run, option)]  # fmt: skip
        if found:
            yield from found
            return


def _groups(code: str) -> Iterator[tuple[int, range]]:
    """Yield the columns and rows of comments that have lines of their own, those side by side together."""
    found: list[tuple[int, range]] = []
    for token in comments(code):
        row, column = token.start
        if token.line[:column].strip():
            continue
        if found and found[-1][1].stop == row and found[-1][0] == column:
            found[-1] = (column, range(found[-1][1].start, row + 1))
        else:
            found.append((column, range(row, row + 1)))
    yield from found


def _ends(tree: ast.Module) -> dict[int, tuple[list[ast.stmt], int]]:
    """Return the statements by the rows at which they end, as the bodies that have them and their numbers.

    Loops print more than once, so their bodies are left out.
    """
    found: dict[int, tuple[list[ast.stmt], int]] = {}
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list) and not isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
                found.update({last_line(one): (body, index) for index, one in enumerate(body)})
                waiting.extend(body)
    return found


def _lines(run: printed.Run, column: int, rows: range) -> list[Line]:
    whole = [run.block.lines[row - 1] for row in rows]
    parts = [line(one.code, run.block.text, one.start).part(column) for one in whole]
    return [part.part(mark.end()) if (mark := _MARK.match(part.text)) else part for part in parts]
