"""False versions of what a document states, as documents become stale."""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import ne
from typing import NamedTuple

from tests.support.corpus import tables
from tests.support.corpus.tables import Row, Table

_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"\w+")


class Lie(NamedTuple):
    """A false version of a text."""

    kind: str
    text: str
    lines: tuple[tuple[int, ...], ...] = ((0,),)
    """For each false statement, the lines of the text, from 0, at one of which it must be reported."""
    is_mended: bool = True
    """Whether a rewrite restores the true text."""


def false_versions(kind: str, text: str, everything: str, table: Table | None, style: str) -> list[Lie]:
    """Return false versions of a text; none of them may stand elsewhere in the document."""
    if table is not None:
        return [lie for lie in _of_table(table, style) if lie.text != text]
    options = _of_shape(text) if kind == "shape" else _of_count(text)
    return [lie for lie in options if lie.text not in everything]


def _of_shape(text: str) -> Iterator[Lie]:
    numbers = list(_NUMBER.finditer(text))
    for match in reversed(numbers):
        yield Lie("size", _changed(text, match, int(match[0]) + 1))
    if len({match[0] for match in numbers}) > 1:
        first, last = numbers[0], numbers[-1]
        between = text[first.end() : last.start()]
        yield Lie("order", text[: first.start()] + last[0] + between + first[0] + text[last.end() :])
    if not numbers and text.count("None") > 1:
        yield Lie("open size", text[: text.rindex("None")] + "7" + text[text.rindex("None") + 4 :])


def _of_count(text: str) -> Iterator[Lie]:
    number = int(text.replace(",", ""))
    for more in (1, 10 ** (len(str(number)) - 2), -max(1, number // 10)):
        false = f"{number + more:,}" if "," in text or number < 1000 else str(number + more)
        # What differs more may be another count.
        is_typo = len(false) == len(text) and sum(map(ne, false, text)) == 1
        yield Lie("count", false, is_mended=is_typo and number >= 1000)


def _changed(text: str, match: re.Match[str], number: int) -> str:
    return text[: match.start()] + str(number) + text[match.end() :]


# Summaries


def _of_table(table: Table, style: str) -> Iterator[Lie]:
    rows = table.rows
    for number, row in enumerate(rows):
        match = list(_NUMBER.finditer(row.output))
        if match:
            output = _changed(row.output, match[-1], int(match[-1][0]) + 1)
            yield _lie("size", table, style, {number: row._replace(output=output)})
        if row.params:
            yield _lie("params", table, style, {number: row._replace(params=row.params + 10)})
        if other := _other_type(row):
            lie = _lie("type", table, style, {number: row._replace(type=other)})
            yield lie._replace(is_mended=lie.is_mended and len(lie.lines[0]) == 1)
    yield from _several(table, style)
    yield from _totals(table, style)
    yield from _structure(table, style)
    if table.is_graph or style == "keras1":
        yield from _connections(table, style)


def _several(table: Table, style: str) -> Iterator[Lie]:
    """Yield a version that has a wrong size in every third row."""
    changed = {}
    for number in range(0, len(table.rows), 3):
        row = table.rows[number]
        match = list(_NUMBER.finditer(row.output))
        if match:
            changed[number] = row._replace(output=_changed(row.output, match[0], int(match[0][0]) + 3))
    if len(changed) > 1:
        yield _lie("sizes", table, style, changed)


def _other_type(row: Row) -> str:
    others = {
        "Dense": "Embedding",
        "Dropout": "Flatten",
        "Conv2D": "SeparableConv2D",
        "MaxPooling2D": "AveragePooling2D",
        "LSTM": "GRU",
        "GRU": "LSTM",
    }
    return others.get(row.type, "")


def _lie(kind: str, table: Table, style: str, changed: dict[int, Row]) -> Lie:
    rows = tuple(changed.get(number, row) for number, row in enumerate(table.rows))
    true, false = tables.written(table, style), tables.written(table._replace(rows=rows), style)
    is_mended = all(_is_alike(_shown(true, number), _shown(false, number)) for number in changed)
    return Lie(kind, false.text, tuple(_lines(false, number) for number in sorted(changed)), is_mended)


def _is_alike(true: list[str], false: list[str]) -> bool:
    """Whether no cell of a row is cut, and each is wrapped as it was."""
    lines = "".join(true), "".join(false)
    if any("…" in line or line.count("(") != line.count(")") for line in lines):
        return False
    if any(line.count("[") != line.count("]") for line in lines):
        return False
    return [len(_WORD.findall(line)) for line in true] == [len(_WORD.findall(line)) for line in false]


def _shown(written: tables.Written, number: int) -> list[str]:
    first, last = written.spans[number]
    return written.text.split("\n")[first : last + 1]


def _lines(written: tables.Written, number: int) -> tuple[int, ...]:
    first, last = written.spans[number]
    return tuple(range(first, last + 1))


def _totals(table: Table, style: str) -> Iterator[Lie]:
    shown = len(table.total_names(style))
    for place in range(shown):
        counts = tuple(count + 24 * (number == place) for number, count in enumerate(table.counts))
        sizes = tuple(size + 96 * (number == place) for number, size in enumerate(table.sizes))
        false = tables.written(table._replace(counts=counts, sizes=sizes), style)
        # Nothing says what the weights of an optimizer are.
        yield Lie("total", false.text, (_lines(false, len(table.rows) + place),), is_mended=place < 3)


def _structure(table: Table, style: str) -> Iterator[Lie]:
    rows = table.rows
    if any(row.depth for row in rows):
        return
    for number, row in enumerate(rows):
        if row.type == "InputLayer":
            continue
        if len(rows) > 2:
            false = tables.written(table._replace(rows=(*rows[:number], *rows[number + 1 :])), style)
            # Which of several equal rows is missing can't be seen.
            last = max(place for place in range(number, len(rows)) if _are_equal(rows[number : place + 1]))
            where = tuple(line for place in range(number, last + 1) for line in _lines(false, place))
            yield Lie("removed row", false.text, (where,), is_mended=False)
        added = row._replace(name=f"{row.name}_more")
        false = tables.written(table._replace(rows=(*rows[: number + 1], added, *rows[number + 1 :])), style)
        where = _lines(false, number) + _lines(false, number + 1)
        yield Lie("added row", false.text, (where,), is_mended=False)
        following = rows[number + 1] if number + 1 < len(rows) else None
        if following is not None and _fields(row) != _fields(following):
            swapped = (*rows[:number], following, row, *rows[number + 2 :])
            false = tables.written(table._replace(rows=swapped), style)
            where = _lines(false, number) + _lines(false, number + 1)
            yield Lie("swapped rows", false.text, (where,), is_mended=False)


def _are_equal(rows: tuple[Row, ...]) -> bool:
    return len(set(map(_fields, rows))) == 1


def _fields(row: Row) -> tuple[str, str, int]:
    return row.type, row.output, row.params


def _connections(table: Table, style: str) -> Iterator[Lie]:
    names = [row.name for row in table.rows]
    for number, row in enumerate(table.rows):
        if not row.sources or number < 2:
            continue
        other = next(name for name in names if name not in {source[0] for source in row.sources})
        first, *others = row.sources
        lie = _lie("connection", table, style, {number: row._replace(sources=((other, *first[1:]), *others))})
        if not any("…" in lie.text.split("\n")[line] for line in lie.lines[0]):
            yield lie._replace(is_mended=lie.is_mended and not others)
