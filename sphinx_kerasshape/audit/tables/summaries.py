"""Printed summaries in lines of text: Keras 1 and 2 draw lines, Keras 3 draws boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Cell, Place, Summary, Total
from sphinx_kerasshape.audit.lines import Line, without_ansi
from sphinx_kerasshape.audit.tables import boxes, columns

_TITLE = re.compile(r'\s*Model:? "([^"]*)"\s*$')
_TOTAL = re.compile(
    r"\s*(?P<kind>Total|Trainable|Non-trainable|Optimizer) params:\s*(?P<count>\d[\d,._' ]*?)"
    r"\s*(?:\((?P<size>[\d.,]+ ?\w+)\))?\s*$"
)
_BLANK = "<BLANKLINE>"
"""What stands for a blank line in an example with prompts."""
_RULE = re.compile(r"[\s_=\-─━—]*$")


class Found(NamedTuple):
    """A summary, of which it isn't known yet what printed it, and its lines among those searched."""

    summary: Summary
    first: int
    last: int


def summaries(lines: Sequence[Line]) -> Iterator[Found]:
    """Yield the summaries among lines."""
    lines = [line.part(0, 0) if line.text.strip() == _BLANK else without_ansi(line) for line in lines]
    number = 0
    while number < len(lines):
        found = _summary(lines, number)
        if found is not None:
            yield found
            number = found.last
        number += 1


def _summary(lines: Sequence[Line], number: int) -> Found | None:
    """Return the summary whose table begins at a line."""
    is_boxed = boxes.is_start(lines[number].text)
    if not is_boxed and not columns.is_header(lines[number].text):
        return None
    table = boxes.table(lines, number) if is_boxed else columns.table(lines, number)
    if table is None:
        return None
    title, first = _title(lines, number)
    totals, last = _totals(lines, table.last + 1)
    last = max(last, table.last)
    start, end = lines[number].place(), lines[table.last].place()
    if totals and totals[-1].place.text == start.text:
        end = totals[-1].place
    place = Place(start.text, start.start, end.end)
    return Found(
        Summary(
            place,
            title,
            table.rows,
            totals,
            (),
            is_boxed,
            is_partial=table.is_partial,
            is_closed=table.is_closed,
        ),
        first,
        last,
    )


def _title(lines: Sequence[Line], number: int) -> tuple[Cell, int]:
    """Return the title above a table, and the first line of the summary."""
    for above in range(number - 1, max(-1, number - 5), -1):
        text = lines[above].text
        if (match := _TITLE.match(text)) is not None:
            return Cell(match[1], (lines[above].place(match.start(1), match.end(1)),)), above
        if not _RULE.match(text):
            break
    is_ruled = number and lines[number - 1].text.strip() and _RULE.match(lines[number - 1].text)
    return Cell(""), number - 1 if is_ruled else number


def _totals(lines: Sequence[Line], number: int) -> tuple[tuple[Total, ...], int]:
    """Return the totals below a table, and the last line of the summary."""
    totals: list[Total] = []
    last = number - 1
    for below in range(number, len(lines)):
        line = lines[below]
        if (match := _TOTAL.match(line.text)) is not None:
            totals.append(_total(line, match))
            last = below
        elif not _RULE.match(line.text):
            break
        elif line.text.strip():
            last = below
            if totals:
                break
    return tuple(totals), last


def _total(line: Line, match: re.Match[str]) -> Total:
    kind = match["kind"].lower().replace("-", "_")
    size = Cell(match["size"], (line.place(*match.span("size")),)) if match["size"] else Cell("")
    return Total(
        line.stripped().place(), kind, Cell(match["count"], (line.place(*match.span("count")),)), size
    )
