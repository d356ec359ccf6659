"""Summaries that stand in blocks of code: pasted, in comments, or in strings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Block
from sphinx_kerasshape.audit.lines import Line
from sphinx_kerasshape.audit.pieces import Code
from sphinx_kerasshape.audit.statements.python_code import parsed
from sphinx_kerasshape.audit.tables import summaries


class Shown(NamedTuple):
    """A summary that stands in a block of code; lines count from 0."""

    start: int
    """Where its table begins in the text."""
    first: int
    """The first line of the block that goes with it."""
    last: int
    """The last one."""
    texts: tuple[str, ...]
    """The summary, without what makes it a comment."""


def shown(piece: Code, block: Block) -> Iterator[Shown]:
    """Yield the summaries in a block of code that can be taken out of it."""
    comments = [_uncommented(line) for line in piece.lines]
    for lines in (piece.lines, comments):
        for one in summaries.summaries(lines):
            place = one.first, one.last
            if lines is piece.lines and _is_code(block, *place):
                place = _string_around(block, *place)
            if place[0] <= place[1]:
                texts = tuple(line.text for line in lines[one.first : one.last + 1])
                yield Shown(one.summary.place.start, *_with_blanks(block, *place), texts)


def is_whole(piece: Code) -> bool:
    """Whether a block is one summary and nothing else."""
    found = list(summaries.summaries(piece.lines))
    inside = range(found[0].first, found[0].last + 1) if len(found) == 1 else range(0)
    rest = (line.text for place, line in enumerate(piece.lines) if place not in inside)
    return bool(inside) and not any(map(str.isalnum, "".join(rest)))


def _uncommented(line: Line) -> Line:
    """Return what a comment says; an empty line of other code."""
    found = re.match(r"\s*#+ ?", line.text)
    return line.part(found.end() if found else len(line.text))


def _is_code(block: Block, first: int, last: int) -> bool:
    return any(line.code.strip() for line in block.lines[first : last + 1])


def _string_around(block: Block, first: int, last: int) -> tuple[int, int]:
    """Return the lines of the statement that is nothing but a string with some lines; else none."""
    tree = parsed(block.code)
    for statement in tree.body if tree else ():
        value = statement.value if isinstance(statement, ast.Expr) else None
        start, end = statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1
        if (
            isinstance(value, ast.Constant)
            and isinstance(value.value, str)
            and start <= first
            and last <= end
        ):
            return start, end
    return 0, -1


def _with_blanks(block: Block, first: int, last: int) -> tuple[int, int]:
    """Return lines with the blank ones around them, if no code follows."""
    if _is_code(block, last + 1, len(block.lines)):
        return first, last
    while first and not block.lines[first - 1].code.strip():
        first -= 1
    return first, len(block.lines) - 1


def lines_of(some: Sequence[Shown]) -> set[int]:
    """Return the lines of a block that go with its summaries."""
    return {place for one in some for place in range(one.first, one.last + 1)}
