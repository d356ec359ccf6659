"""The rows and totals of a printed summary, compared with a model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Cell, Row, Summary, Total
from sphinx_kerasshape.audit.verdict import DRIFTED, HOLDS, Edit, Verdict
from sphinx_kerasshape.claims.counts import Unreadable
from sphinx_kerasshape.claims.shapes import shape_claim
from sphinx_kerasshape.messages.report import LayerRow, Model, Shape, shape_text

_VAGUE = re.compile(r"multiple|\?|--|", re.IGNORECASE)
"""What Keras prints where it says nothing."""
_COUNTER = re.compile(r"_\d+$")
_SOURCE = re.compile(r"([^\s,\[\]]+)(?:\[\d+\]\[\d+\])?")
_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")
_OLD_TYPES = {"Model": "Functional", "SlicingOpLambda": "GetItem", "TFOpLambda": "", "TensorFlowOpLayer": ""}
"""Types of older versions by what they are now; empty: of some operation."""


class Fit(NamedTuple):
    """How well a summary fits a model."""

    rows: float
    """The share of rows that have a counterpart of the same type, of 1."""
    details: int
    """How many cells are the same."""


def fit(summary: Summary, model: Model) -> Fit:
    """Return how well a summary fits a model."""
    stated, actual = _types(summary.rows), [row.type for row in shown(summary, model)]
    matched = SequenceMatcher(None, stated, actual, autojunk=False).ratio()
    verdicts = list(compared(summary, model, None))
    return Fit(matched, sum(one.verdict == HOLDS for one in verdicts))


def shown(summary: Summary, model: Model) -> list[LayerRow]:
    """Return the rows of a model that a summary of it prints."""
    is_nested = any(row.depth for row in summary.rows)
    rows = [row for row in model.layers if is_nested or not row.depth]
    if any(row.type.text == "InputLayer" for row in summary.rows if not row.depth):
        return rows
    return [row for row in rows if row.type != "InputLayer"]


def compared(summary: Summary, model: Model, optimizer: int | None) -> Iterator[Verdict]:
    """Yield a verdict on each row and each total of a summary."""
    actual = shown(summary, model)
    pairs, missing = _aligned(summary, actual)
    names = {row.name.text: pair.name for row, pair in zip(summary.rows, pairs, strict=True) if pair}
    for row, counterpart in zip(summary.rows, pairs, strict=True):
        yield _row(row, counterpart, names, missing.get(id(row), ()))
    lost = missing.get(0, ())
    for total in summary.totals:
        yield _total(total, model, optimizer, lost)
        lost = ()


def _types(rows: Sequence[Row]) -> list[str]:
    return [row.type.text.rstrip("…") for row in rows]


def _aligned(
    summary: Summary, actual: Sequence[LayerRow]
) -> tuple[list[LayerRow | None], dict[int, tuple[LayerRow, ...]]]:
    """Return the counterpart of each stated row; and the rows left out, by the ``id`` of the next one."""
    stated = [_full_type(row, actual) for row in summary.rows]
    kinds = [row.type for row in actual]
    pairs: list[LayerRow | None] = []
    missing: dict[int, tuple[LayerRow, ...]] = {}
    for tag, start, end, first, last in SequenceMatcher(None, stated, kinds, autojunk=False).get_opcodes():
        rows = list(actual[first:last])
        if tag in ("equal", "replace"):
            pairs += (rows + [None] * (end - start))[: end - start]
            rows = rows[end - start :]
        elif tag == "delete":
            pairs += [None] * (end - start)
        if rows and not summary.is_partial:
            missing[id(summary.rows[end]) if end < len(stated) else 0] = tuple(rows)
    return pairs, missing


def _full_type(row: Row, actual: Sequence[LayerRow]) -> str:
    """Return a stated type, completed if the column has cut it off."""
    text = row.type.text.rstrip("…")
    if not row.type.is_cut:
        return text
    return next((layer.type for layer in actual if layer.type.startswith(text)), text)


def _row(row: Row, layer: LayerRow | None, names: dict[str, str], missing: Sequence[LayerRow]) -> Verdict:
    stated = _row_text(row)
    if missing:
        left_out = ", ".join(f"{one.name} ({one.type})" for one in missing)
        before = f"before it, the model has {left_out}"
    if layer is None:
        return Verdict("summary", row.place, stated, DRIFTED, "", "the model has no such layer here")
    differences = [*_differences(row, layer, names)]
    if not differences and not missing:
        return Verdict("summary", row.place, stated, HOLDS)
    reasons = [*([before] if missing else []), *(f"{what} is {actual}" for what, _, actual in differences)]
    edits = tuple(Edit(cell.places[0], actual) for _, cell, actual in differences if len(cell.places) == 1)
    is_mended = not missing and len(edits) == len(differences)
    return Verdict(
        "summary",
        row.place,
        stated,
        DRIFTED,
        _layer_text(layer, row),
        "; ".join(reasons),
        edits=edits if is_mended else (),
    )


def _row_text(row: Row) -> str:
    name = f"{row.name.text} ({row.type.text})" if row.type.text else row.name.text
    return "  ".join(filter(None, (name, row.output.text, row.params.text)))


def _layer_text(layer: LayerRow, row: Row) -> str:
    name = _COUNTER.sub("", row.name.text) if layer.name != row.name.text else layer.name
    parts = (f"{name} ({layer.type})", _output(_shapes(layer)), f"{layer.params:,}")
    return "  ".join(filter(None, parts))


def _shapes(layer: LayerRow) -> tuple[Shape, ...]:
    """Return the shapes that a summary prints: those of the last call."""
    return tuple(tensor.shape for tensor in layer.calls[-1].outputs) if layer.calls else ()


def _output(shapes: Sequence[Shape]) -> str:
    return ", ".join(map(shape_text, shapes))


def _differences(row: Row, layer: LayerRow, names: dict[str, str]) -> Iterator[tuple[str, Cell, str]]:
    """Yield what differs: the name of a column, its cell, and the true text."""
    if not _is_type(row.type, layer.type):
        yield "its type", row.type, layer.type
    if not _is_output(row.output, layer):
        yield "its output", row.output, _restated(row.output, _shapes(layer))
    if not _is_count(row.params, layer.params):
        yield "its number of params", row.params, _grouped(row.params.text, layer.params)
    if row.trainable.text in ("Y", "N") and layer.params:
        actual = "Y" if layer.trainable else "N"
        if actual != row.trainable.text:
            yield "trainable", row.trainable, actual
    if not _is_connected(row.connected, layer, names):
        yield "its connections are wrong: it", row.connected, f"connected to {', '.join(_sources(layer))}"


def _is_type(cell: Cell, actual: str) -> bool:
    text = cell.text.rstrip("…")
    if not text or text == actual or (cell.is_cut and actual.startswith(text)):
        return True
    return _OLD_TYPES.get(text) == ""


def _is_output(cell: Cell, layer: LayerRow) -> bool:
    """Whether a cell states the output of a call, as far as it can be read."""
    if _VAGUE.fullmatch(cell.text) or not layer.calls:
        return True
    calls = [tuple(tensor.shape for tensor in call.outputs) for call in layer.calls]
    if cell.is_cut:
        start = _bare(cell.text)
        return any(_bare(_output(shapes)).startswith(start) for shapes in calls)
    try:
        claim = shape_claim(cell.text)
    except Unreadable:
        return True
    return any(claim.holds(shapes) or _bare(cell.text) == _bare(_output(shapes)) for shapes in calls)


def _bare(text: str) -> str:
    """Return a list of shapes without the marks that versions of Keras write differently."""
    return re.sub(r"[\s\[\]…]|(?<=\()\(|\)(?=\))|,(?=\))", "", text)


def _restated(cell: Cell, shapes: Sequence[Shape]) -> str:
    try:
        return shape_claim(cell.text).restated(tuple(shapes))
    except Unreadable:
        return _output(shapes)


def _is_count(cell: Cell, actual: int) -> bool:
    digits = re.sub(r"[,._'\s]", "", cell.text)
    return not digits.isdecimal() or int(digits) == actual


def _grouped(like: str, number: int) -> str:
    """Return a number with the separators of another one."""
    if separator := re.search(r"\d([,._' ])\d{3}", like):
        return f"{number:,}".replace(",", separator[1])
    return str(number) if like.isdecimal() and len(like) > 3 else f"{number:,}"


def _sources(layer: LayerRow) -> tuple[str, ...]:
    return layer.calls[-1].sources if layer.calls else ()


def _is_connected(cell: Cell, layer: LayerRow, names: dict[str, str]) -> bool:
    """Whether a cell names the sources of a call; names that Keras has counted up may differ."""
    if not cell.text or cell.text == "-" or cell.is_cut or not layer.calls:
        return True
    stated = [match[1] for match in _SOURCE.finditer(cell.text)]
    if any(name not in names for name in stated):
        return True
    known = [names[name] for name in stated]
    every = [[_SOURCE.match(source)[1] for source in call.sources] for call in layer.calls]  # type: ignore[index]
    return known in every or known == [name for names_ in every for name in names_]


def _total(total: Total, model: Model, optimizer: int | None, missing: Sequence[LayerRow]) -> Verdict:
    values = {
        "total": model.params,
        "trainable": model.trainable,
        "non_trainable": model.non_trainable,
        "optimizer": optimizer,
    }
    count = values[total.kind]
    label = total.kind.replace("_", "-").capitalize()
    stated = f"{label} params: {total.count.text}" + (f" ({total.size.text})" if total.size.text else "")
    if count is None:
        return Verdict("summary", total.place, stated, DRIFTED, "", "the model's optimizer has none yet")
    whole = count + (optimizer or 0) if total.kind == "total" else count
    edits = []
    if not (_is_count(total.count, count) or _is_count(total.count, whole)):
        edits.append(Edit(total.count.places[0], _grouped(total.count.text, whole)))
    size = _size(total.size.text, whole, model) if total.size.text else ""
    if size and total.kind in ("total", "trainable", "non_trainable") and edits:
        edits.append(Edit(total.size.places[0], size))
    if missing:
        left_out = ", ".join(f"{one.name} ({one.type})" for one in missing)
        return Verdict("summary", total.place, stated, DRIFTED, "", f"above it, the model has {left_out}")
    if not edits:
        return Verdict("summary", total.place, stated, HOLDS)
    actual = f"{label} params: {edits[0].text}" + (f" ({size})" if size else "")
    reason = f"the model has {whole:,}"
    return Verdict("summary", total.place, stated, DRIFTED, actual, reason, edits=tuple(edits))


def _size(like: str, count: int, model: Model) -> str:
    """Return the memory of some parameters as Keras prints it."""
    size = count * model.bytes / model.params if model.params else 0.0
    unit = 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    name = "Byte" if unit == 0 and "Byte" in like else _UNITS[unit]
    return f"{size:.2f} {name}"
