"""Rows that a printed summary lacks or has too many, as edits in the style of the rows that it has."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from sphinx_kerasshape.audit.document import Place, Row, Summary
from sphinx_kerasshape.audit.judging.truth import connections, output, shapes, trainable
from sphinx_kerasshape.audit.verdict import Edit, RowEdit
from sphinx_kerasshape.messages.report import LayerRow

_COUNTED = re.compile(r"(.*?)(?:_(\d+))?$")


def deleted(summary: Summary, number: int, gone: Collection[int]) -> tuple[RowEdit, ...]:
    """Return the edits that delete a row; ``gone`` has all that are deleted."""
    if len(gone) == len(summary.rows) or not _is_plain(summary):
        return ()
    rows = summary.rows
    is_last = all(later in gone for later in range(number, len(rows)))
    pair = (number - 1, number) if is_last else (number, number + 1)
    return (RowEdit(rows[number].place, _places(summary, *pair)),)


def moved(summary: Summary, number: int, home: int, gone: Collection[int]) -> tuple[RowEdit, ...]:
    """Return the edits that move a row before another one."""
    away = deleted(summary, number, gone)
    place = _beside(summary, home, gone)
    if not away or place is None:
        return ()
    row, is_behind = place
    return (*away, RowEdit(row, _places(summary, 0, 1), summary.rows[number].place, (), is_behind))


def inserted(
    summary: Summary, number: int, layers: Sequence[LayerRow], names: Mapping[str, str], separator: str
) -> tuple[RowEdit, ...]:
    """Return the edits that insert layers before a row; none, if no row shows how."""
    if len(summary.rows) < 2 or not _is_plain(summary):
        return ()
    is_behind = number == len(summary.rows)
    beside = summary.rows[number - is_behind].place
    own = dict(names)
    edits = []
    for layer in layers:
        name = _name(summary, layer, own)
        like = next((row for row in _nearest(summary, number) if _is_model(row, layer, summary)), None)
        cells = _cells(like, layer, name, own, separator) if like is not None and name else None
        if like is None or cells is None:
            return ()
        own[name] = layer.name
        edits.append(RowEdit(beside, _places(summary, 0, 1), like.place, cells, is_behind))
    return tuple(edits)


def _is_plain(summary: Summary) -> bool:
    """Whether all rows are drawn alike: lines draw nested models in ways of their own."""
    return len(summary.rows) > 1 and (summary.is_boxed or not any(row.depth for row in summary.rows))


def _places(summary: Summary, first: int, second: int) -> tuple[Place, Place]:
    return summary.rows[first].place, summary.rows[second].place


def _beside(summary: Summary, home: int, gone: Collection[int]) -> tuple[Place, bool] | None:
    """Return a row that stays, and whether the place before another one is behind it."""
    after = next((number for number in range(home, len(summary.rows)) if number not in gone), None)
    if after is not None:
        return summary.rows[after].place, False
    before = next((number for number in range(home - 1, -1, -1) if number not in gone), None)
    return None if before is None else (summary.rows[before].place, True)


def _nearest(summary: Summary, number: int) -> list[Row]:
    pairs = sorted(enumerate(summary.rows), key=lambda pair: abs(pair[0] - number + 0.5))
    return [row for _, row in pairs]


def _is_model(row: Row, layer: LayerRow, summary: Summary) -> bool:
    """Whether a row can be copied for a layer: it has all cells, whole and on one line."""
    cells = [row.name, row.type, row.output, row.params]
    has_sources = any(one.connected.text for one in summary.rows)
    is_source = bool(layer.calls and layer.calls[-1].sources)
    if has_sources and is_source != (row.connected.text not in ("", "-")):
        return False
    cells += [row.connected] if has_sources and row.connected.text else []
    is_whole = all(len(cell.places) == 1 and not cell.is_cut for cell in cells)
    return is_whole and row.depth == layer.depth and row.type.places[0].start == row.name.places[0].end + 2


def _cells(
    row: Row, layer: LayerRow, name: str, names: dict[str, str], separator: str
) -> tuple[Edit, ...] | None:
    """Return what makes a copy of a row one of a layer; ``None`` if that isn't known."""
    start, end = row.name.places[0], row.type.places[0]
    edits = [
        Edit(Place(start.text, start.start, end.end + 1), f"{name} ({layer.type})", is_cell=True),
        Edit(row.output.places[0], output(row.output, shapes(layer)), is_cell=True),
        Edit(row.params.places[0], f"{layer.params:,}".replace(",", separator), is_cell=True),
    ]
    if row.connected.text not in ("", "-"):
        edits.append(Edit(row.connected.places[0], connections(row.connected, layer, names), is_cell=True))
    if row.trainable.text:
        actual = trainable(layer)
        if not actual or row.trainable.text not in ("Y", "N"):
            return None
        edits.append(Edit(row.trainable.places[0], actual, is_cell=True))
    return tuple(edits) if layer.calls else None


def _name(summary: Summary, layer: LayerRow, names: Mapping[str, str]) -> str:
    """Return what a table calls a layer: Keras may have counted all names of a kind up; empty if unclear."""
    base, number = _counted(layer.name)
    steps = {
        _counted(stated)[1] - _counted(own)[1]
        for stated, own in names.items()
        if _counted(stated)[0] == _counted(own)[0] == base
    }
    if len(steps) > 1:
        return ""
    number += next(iter(steps), 0)
    name = f"{base}_{number}" if number else base
    return "" if name in {row.name.text for row in summary.rows} else name


def _counted(name: str) -> tuple[str, int]:
    match = _COUNTED.match(name)
    return (match[1], int(match[2] or 0)) if match else (name, 0)
