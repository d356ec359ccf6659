"""The rows and totals of a printed summary, compared with a model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Cell, Row, Summary, Total
from sphinx_kerasshape.audit.judging.agreement import (
    is_count,
    is_output,
    is_row,
    is_type,
    output_text,
    sources,
    sources_in,
)
from sphinx_kerasshape.audit.judging.alignment import aligned
from sphinx_kerasshape.audit.judging.restating import restated
from sphinx_kerasshape.audit.judging.rows import deleted, inserted, moved
from sphinx_kerasshape.audit.judging.truth import connections, output, shapes, trainable
from sphinx_kerasshape.audit.verdict import DRIFTED, HOLDS, Edit, Verdict
from sphinx_kerasshape.messages.report import LayerCall, LayerRow, Model

_COUNTER = re.compile(r"_\d+$")
_BATCH = re.compile(r"\[?\((\d+),")
_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


_LEAST_SHARE = 0.5
"""The share of rows that a summary must have in common with a model to be of it, if no call says so."""


class Fit(NamedTuple):
    """How well a summary fits a model."""

    rows: float
    """The share of rows that have a counterpart of the same type, of 1."""
    details: int
    """How many cells are the same."""

    @property
    def is_likely(self) -> bool:
        """Whether the summary may be of the model, if no call says of which it is."""
        return self.rows >= _LEAST_SHARE


def fit(summary: Summary, model: Model) -> Fit:
    """Return how well a summary fits a model."""
    stated, actual = _types(summary.rows), [row.type for row in shown(summary, model)]
    matched = SequenceMatcher(None, stated, actual, autojunk=False).ratio()
    verdicts = list(compared(summary, model, None))
    return Fit(matched, sum(one.verdict == HOLDS for one in verdicts))


def shown(summary: Summary, model: Model) -> list[LayerRow]:
    """Return the rows of a model that a summary of it prints.

    Some versions unfold nested models without a sign; so it is tried whether that fits better.
    """
    every = _printed(summary, model.layers)
    outer = [row for row in every if not row.depth]
    if any(row.depth for row in summary.rows):
        return every
    if len(summary.rows) <= len(outer) or len(every) == len(outer):
        return outer
    return min(outer, every, key=lambda rows: aligned(summary, rows).cost)


def _printed(summary: Summary, rows: Sequence[LayerRow]) -> list[LayerRow]:
    if any(row.type.text == "InputLayer" for row in summary.rows if not row.depth):
        return list(rows)
    return [row for row in rows if row.type != "InputLayer"]


def compared(summary: Summary, model: Model, optimizer: int | None) -> Iterator[Verdict]:
    """Yield a verdict on each row and each total of a summary."""
    layers = _of_batch(summary, model, shown(summary, model))
    pairs, missing, _ = aligned(summary, layers)
    missing = {} if summary.is_partial else _listed(model, missing)
    places, homes = _misplaced(summary.rows, pairs, missing, layers)
    names = {row.name.text: pair.name for row, pair in zip(summary.rows, pairs, strict=True) if pair}
    separator = _separator(summary)
    gone = {number for number, pair in enumerate(pairs) if pair is None}
    for number, (row, counterpart) in enumerate(zip(summary.rows, pairs, strict=True)):
        before = missing.get(number, ())
        if number in places:
            edits = moved(summary, number, homes[number], gone)
            yield Verdict("summary", row.place, _row_text(row), DRIFTED, "", places[number], edits=edits)
            continue
        verdict = _row(row, counterpart, names, before, separator)
        if counterpart is None:
            verdict = verdict._replace(edits=deleted(summary, number, gone))
        elif before and not (_differs(row, counterpart, names, separator)):
            verdict = verdict._replace(edits=inserted(summary, number, before, names, separator))
        if number + 1 == len(pairs) and verdict.verdict == HOLDS and not summary.totals and summary.is_closed:
            verdict = _cut_off(verdict, missing.get(len(pairs), ()))
            verdict = verdict._replace(
                edits=inserted(summary, len(pairs), missing.get(len(pairs), ()), names, separator)
            )
        yield verdict
    lost = missing.get(len(summary.rows), ())
    if not any(total.kind == "optimizer" for total in summary.totals):
        optimizer = None  # this version, or this state of the model, counts none
    for total in summary.totals:
        verdict = _total(total, model, optimizer, lost)
        if lost:
            more = inserted(summary, len(pairs), lost, names, separator)
            verdict = verdict._replace(
                edits=(*more, *_total(total, model, optimizer, ()).edits) if more else ()
            )
        yield verdict
        lost = ()


def _cut_off(verdict: Verdict, missing: Sequence[LayerRow]) -> Verdict:
    """Return the verdict on the last row of a table that ends as if it were whole."""
    if not missing:
        return verdict
    reason = f"behind it, the model has {', '.join(f'{one.name} ({one.type})' for one in missing)}"
    return verdict._replace(verdict=DRIFTED, reason=reason)


def _differs(row: Row, layer: LayerRow, names: dict[str, str], separator: str) -> bool:
    return any(True for _ in _differences(row, layer, names, separator))


def _of_batch(summary: Summary, model: Model, layers: list[LayerRow]) -> list[LayerRow]:
    """Return rows with the batch that the author's own call had, since classes are read with an open one."""
    if model.type in ("Sequential", "Functional"):
        return layers
    sizes = {match[1] for row in summary.rows if (match := _BATCH.match(row.output.text))}
    if len(sizes) != 1:
        return layers
    size = int(sizes.pop())
    return [
        layer._replace(calls=tuple(_call_of_batch(call, size) for call in layer.calls)) for layer in layers
    ]


def _call_of_batch(call: LayerCall, size: int) -> LayerCall:
    outputs = (
        one._replace(shape=(size, *one.shape[1:])) if one.shape[:1] == (None,) else one
        for one in call.outputs
    )
    return call._replace(outputs=tuple(outputs))


def _listed(model: Model, missing: dict[int, tuple[LayerRow, ...]]) -> dict[int, tuple[LayerRow, ...]]:
    """Return the rows left out that Keras would print.

    A class of one's own may call layers that it does not keep, such as ``concatenate``; Keras lists none.
    """
    if model.type in ("Sequential", "Functional"):
        return missing
    kept = {place: tuple(row for row in rows if row.params) for place, rows in missing.items()}
    return {place: rows for place, rows in kept.items() if rows}


def _misplaced(
    rows: Sequence[Row],
    pairs: Sequence[LayerRow | None],
    missing: dict[int, tuple[LayerRow, ...]],
    layers: Sequence[LayerRow],
) -> tuple[dict[int, str], dict[int, int]]:
    """Return where the layers of misplaced rows are, and before which row, by the numbers of the rows.

    They aren't missing then.
    """
    found, homes = {}, {}
    for number, (row, pair) in enumerate(zip(rows, pairs, strict=True)):
        lost = [(place, layer) for place, some in missing.items() for layer in some if is_row(row, layer)]
        if pair is None and lost:
            place, layer = min(lost, key=lambda entry: abs(entry[0] - number))
            missing[place] = tuple(one for one in missing[place] if one is not layer)
            index = next(index for index, one in enumerate(layers) if one is layer)
            before = layers[index - 1] if index else None
            where = f"behind {before.name} ({before.type})" if before else "first"
            found[number], homes[number] = f"the model has it {where}", place
    return found, homes


def _separator(summary: Summary) -> str:
    """Return what separates thousands in the column of params."""
    for row in summary.rows:
        if match := re.search(r"\d([,._' ]?)\d{3}$", row.params.text):
            return match[1]
    return "," if summary.is_boxed else ""


def _types(rows: Sequence[Row]) -> list[str]:
    return [row.type.text.rstrip("…") for row in rows]


def _row(
    row: Row, layer: LayerRow | None, names: dict[str, str], missing: Sequence[LayerRow], separator: str
) -> Verdict:
    stated = _row_text(row)
    if missing:
        left_out = ", ".join(f"{one.name} ({one.type})" for one in missing)
        before = f"before it, the model has {left_out}"
    if layer is None:
        return Verdict("summary", row.place, stated, DRIFTED, "", "the model has no such layer here")
    differences = [*_differences(row, layer, names, separator)]
    if not differences and not missing:
        return Verdict("summary", row.place, stated, HOLDS)
    reasons = [*([before] if missing else []), *(f"{what} is {actual}" for what, _, actual in differences)]
    more = (row.connected, row.trainable)
    edits = [restated(cell, actual) for _, cell, actual in differences]
    is_mended = not missing and all(edits)
    others = [actual for _, cell, actual in differences if cell in more]
    return Verdict(
        "summary",
        row.place,
        stated,
        DRIFTED,
        _layer_text(layer, row, separator, others) if differences else "",
        "; ".join(reasons),
        edits=tuple(edit for some in edits for edit in some) if is_mended else (),
    )


def _row_text(row: Row) -> str:
    name = f"{row.name.text} ({row.type.text})" if row.type.text else row.name.text
    return "  ".join(filter(None, (name, row.output.text, row.params.text)))


def _layer_text(layer: LayerRow, row: Row, separator: str, more: Sequence[str]) -> str:
    name = _COUNTER.sub("", row.name.text) if layer.name != row.name.text else layer.name
    params = f"{layer.params:,}".replace(",", separator)
    return "  ".join(filter(None, (f"{name} ({layer.type})", output_text(shapes(layer)), params, *more)))


def _differences(
    row: Row, layer: LayerRow, names: dict[str, str], separator: str
) -> Iterator[tuple[str, Cell, str]]:
    """Yield what differs: the name of a column, its cell, and the true text."""
    if not is_type(row.type, layer.type):
        yield "its type", row.type, layer.type
    if layer.note == "unbuilt" and row.output.text not in ("", "?", "multiple"):
        yield "its output", row.output, "?"
    elif not is_output(row.output, layer):
        yield "its output", row.output, output(row.output, shapes(layer))
    if not is_count(row.params, layer.params):
        yield "its number of params", row.params, f"{layer.params:,}".replace(",", separator)
    actual = trainable(layer)
    if actual and row.trainable.text in ("Y", "N") and actual != row.trainable.text:
        yield "whether it is trained", row.trainable, actual
    if not _is_connected(row.connected, layer, names):
        yield "what it is connected to", row.connected, connections(row.connected, layer, names)


def _grouped(like: str, number: int) -> str:
    """Return a number with the separators of another one."""
    if separator := re.search(r"\d([,._' ])\d{3}", like):
        return f"{number:,}".replace(",", separator[1])
    return str(number) if like.isdecimal() and len(like) > 3 else f"{number:,}"


def _is_connected(cell: Cell, layer: LayerRow, names: dict[str, str]) -> bool:
    """Whether a cell names the sources of a call; names that Keras has counted up may differ."""
    if not cell.text or cell.text == "-" or cell.is_cut or not layer.calls:
        return True
    stated = sources_in(cell)
    if any(name not in names for name in stated):
        return True
    every = sources(layer)
    options = [*every, [name for some in every for name in some]]
    return stated in options or [names[name] for name in stated] in options


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
    if not is_count(total.count, whole):
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
