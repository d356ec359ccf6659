"""The columns that a table of layers can have, with the content of their cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from docutils import nodes

from sphinx_kerasshape import claims
from sphinx_kerasshape.messages.layers import Origin, origin
from sphinx_kerasshape.messages.report import LayerRow, Model, TensorSpec, Weight
from sphinx_kerasshape.render.style import NOTHING, Style
from sphinx_kerasshape.render.translate import _


class Row(NamedTuple):
    """A row of the table: a call of a layer. The first row of a layer also has the values of the layer."""

    path: str
    anchor: str
    layer: LayerRow
    call: int = 0
    weights: tuple[Weight, ...] = ()
    """The weights of the layer and of all layers inside it."""

    @property
    def is_first(self) -> bool:
        """Whether this is the layer's first row."""
        return self.call == 0

    @property
    def shows_weights(self) -> bool:
        """Whether the layer's weights are in this row: its first one, unless earlier layers have them all."""
        return self.is_first and not self.layer.is_shared

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The call's inputs."""
        return self.layer.calls[self.call].inputs if self.layer.calls else ()

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The call's outputs."""
        return self.layer.calls[self.call].outputs if self.layer.calls else ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The calls whose outputs are the inputs of this call."""
        return self.layer.calls[self.call].sources if self.layer.calls else ()


Cell = Callable[[Row, Style], list[nodes.Node]]


class Column(NamedTuple):
    """A column: its head, and the functions that make its cells and the text of its total."""

    title: Callable[[], str]
    cell: Cell
    numeric: bool = False
    total: Callable[[Model, Style], str] = lambda model, style: ""
    """Not that of ``params``, whose total has several rows."""


def names(chosen: tuple[str, ...], model: Model) -> tuple[str, ...]:
    """Return the columns of a model's table: those that the author chose, or the default ones."""
    if chosen:
        return chosen
    return ("layer", "output", "params") if model.chain else ("layer", "output", "params", "connected")


def _join(parts: Iterable[nodes.Node]) -> list[nodes.Node]:
    joined: list[nodes.Node] = []
    for part in parts:
        joined += [nodes.Text(", "), part] if joined else [part]
    return joined or [nodes.Text(NOTHING)]


def _layer(row: Row, style: Style) -> list[nodes.Node]:
    name = style.name(row.path)
    if row.is_first:
        return [name, *(nodes.Text(f" ({text})") for text in _remarks(row.layer))]
    return [name, nodes.Text(" " + _("(call %d)") % (row.call + 1))]


def _connected(row: Row, style: Style) -> list[nodes.Node]:
    return _join(_origin(origin(source), style) for source in row.sources)


def _origin(place: Origin, style: Style) -> nodes.Node:
    name = style.name(place.layer)
    remarks = [_("(call %d)") % place.call] if place.call > 1 else []
    remarks += [_("(output %d)") % place.output] if place.output > 1 else []
    return nodes.inline("", "", name, nodes.Text(" " + " ".join(remarks))) if remarks else name


def _remarks(layer: LayerRow) -> Iterator[str]:
    """Yield the remarks behind a layer's name."""
    if layer.note.startswith("untracked"):
        yield _("not tracked")
    elif layer.note:
        yield _("called in training only") if layer.note == "training" else _("not called")
    if layer.shared:
        yield _("shared") if layer.is_shared else _("partly shared")


def _type(row: Row, style: Style) -> list[nodes.Node]:
    return [style.name(row.layer.type)]


def shapes(tensors: tuple[TensorSpec, ...], style: Style) -> list[nodes.Node]:
    """Return the shapes of tensors, separated by commas."""
    return _join(style.tensor(tensor) for tensor in tensors)


def _dtypes(row: Row, style: Style) -> list[nodes.Node]:
    return _join(style.name(dtype) for dtype in dict.fromkeys(t.dtype for t in row.outputs))


def _count(count: int, row: Row, style: Style) -> list[nodes.Node]:
    # The weights of a shared layer count once, however often it is called.
    return [nodes.Text(style.number(count) if row.shows_weights else NOTHING)]


def _formula(row: Row, style: Style) -> list[nodes.Node]:
    text = claims.formula.formula(row.weights) if row.shows_weights else ""
    return [style.shape_as_written(text) if text else nodes.Text(NOTHING)]


def _bytes(row: Row, style: Style) -> list[nodes.Node]:
    return [nodes.Text(style.size(row.layer.bytes) if row.shows_weights else NOTHING)]


def _flops(row: Row, style: Style) -> list[nodes.Node]:
    count = row.layer.flops
    return [nodes.Text(style.number(count) if row.is_first and count is not None else NOTHING)]


def _total_flops(model: Model, style: Style) -> str:
    return style.number(model.flops) if model.flops is not None else ""


def _weights(row: Row, style: Style) -> list[nodes.Node]:
    pairs = []
    for weight in row.weights if row.shows_weights else ():
        space = nodes.Text("\N{NO-BREAK SPACE}")
        pairs.append(nodes.inline("", "", style.name(weight.name), space, style.shape(weight.shape)))
    return _join(pairs)


COLUMNS: dict[str, Column] = {
    "layer": Column(lambda: _("Layer"), _layer),
    "type": Column(lambda: _("Type"), _type),
    "input": Column(lambda: _("Input shape"), lambda row, style: shapes(row.inputs, style)),
    "output": Column(lambda: _("Output shape"), lambda row, style: shapes(row.outputs, style)),
    "params": Column(
        lambda: _("Params"), lambda row, style: _count(row.layer.params, row, style), numeric=True
    ),
    "trainable": Column(
        lambda: _("Trainable params"),
        lambda row, style: _count(row.layer.trainable, row, style),
        numeric=True,
        total=lambda model, style: style.number(model.trainable),
    ),
    "formula": Column(lambda: _("Made of"), _formula),
    "bytes": Column(
        lambda: _("Memory"), _bytes, numeric=True, total=lambda model, style: style.size(model.bytes)
    ),
    "flops": Column(lambda: _("FLOPs"), _flops, numeric=True, total=_total_flops),
    "weights": Column(lambda: _("Weights"), _weights),
    "dtype": Column(lambda: _("Dtype"), _dtypes),
    "connected": Column(lambda: _("Connected to"), _connected),
}
