"""The columns that a table of layers can have, and what stands in each of their cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from docutils import nodes

from sphinx_kerasshape.claims.formula import formula
from sphinx_kerasshape.messages.report import LayerRow, Model, TensorSpec, Weight
from sphinx_kerasshape.render.style import NOTHING, Style, size_text
from sphinx_kerasshape.render.translate import _


class Line(NamedTuple):
    """A line of the table: one call of a layer, of which the first also speaks for the layer."""

    path: str
    anchor: str
    row: LayerRow
    call: int = 0
    weights: tuple[Weight, ...] = ()
    """The layer's, also those of layers inside it."""

    @property
    def first(self) -> bool:
        """Whether this is the layer's first line."""
        return self.call == 0

    @property
    def counts(self) -> bool:
        """Whether this line shows what the layer holds: its first one, unless an earlier row has it all."""
        return self.first and not self.row.is_shared

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The call's inputs."""
        return self.row.calls[self.call].inputs if self.row.calls else ()

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The call's outputs."""
        return self.row.calls[self.call].outputs if self.row.calls else ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The calls that this call takes its inputs from."""
        return self.row.calls[self.call].sources if self.row.calls else ()


Cell = Callable[[Line, Style], list[nodes.Node]]


class Column(NamedTuple):
    """A column: its head, and how its cells are made."""

    title: Callable[[], str]
    cell: Cell
    numeric: bool = False


def names(chosen: tuple[str, ...], model: Model) -> tuple[str, ...]:
    """Return the columns of a model's table, where the author named none."""
    if chosen:
        return chosen
    return ("layer", "output", "params") if model.chain else ("layer", "output", "params", "connected")


def _join(parts: Iterable[nodes.Node]) -> list[nodes.Node]:
    joined: list[nodes.Node] = []
    for part in parts:
        joined += [nodes.Text(", "), part] if joined else [part]
    return joined or [nodes.Text(NOTHING)]


def _layer(line: Line, style: Style) -> list[nodes.Node]:
    name = style.name(line.path)
    if line.first:
        return [name, *(nodes.Text(f" ({text})") for text in _remarks(line.row))]
    return [name, nodes.Text(" " + _("(call %d)") % (line.call + 1))]


def _remarks(row: LayerRow) -> Iterator[str]:
    """Give what is to be said of a layer that its values don't say."""
    if row.note:
        yield _("called in training only") if row.note == "training" else _("not called")
    if row.shared:
        yield _("shared") if row.is_shared else _("partly shared")


def _type(line: Line, style: Style) -> list[nodes.Node]:
    return [style.name(line.row.type)]


def _shapes(tensors: tuple[TensorSpec, ...], style: Style) -> list[nodes.Node]:
    return _join(style.tensor(tensor) for tensor in tensors)


def _dtypes(line: Line, style: Style) -> list[nodes.Node]:
    return _join(style.name(dtype) for dtype in dict.fromkeys(t.dtype for t in line.outputs))


def _count(count: int, line: Line, style: Style) -> list[nodes.Node]:
    # A shared layer's weights are there once, however often it is called.
    return [nodes.Text(style.number(count) if line.counts else NOTHING)]


def _formula(line: Line, style: Style) -> list[nodes.Node]:
    text = formula(line.row.type, line.weights) if line.counts else ""
    return [style.shape_as_written(text) if text else nodes.Text(NOTHING)]


def _bytes(line: Line, style: Style) -> list[nodes.Node]:
    return [nodes.Text(size_text(line.row.bytes) if line.counts else NOTHING)]


def _flops(line: Line, style: Style) -> list[nodes.Node]:
    count = line.row.flops
    return [nodes.Text(style.number(count) if line.first and count is not None else NOTHING)]


def _weights(line: Line, style: Style) -> list[nodes.Node]:
    if not line.counts:
        return [nodes.Text(NOTHING)]
    found: list[nodes.Node] = []
    for weight in line.weights:
        pair = nodes.inline("", "", style.name(weight.name), nodes.Text("\N{NO-BREAK SPACE}"))
        pair += style.shape(weight.shape)
        found.append(pair)
    return _join(found)


COLUMNS: dict[str, Column] = {
    "layer": Column(lambda: _("Layer"), _layer),
    "type": Column(lambda: _("Type"), _type),
    "input": Column(lambda: _("Input shape"), lambda line, style: _shapes(line.inputs, style)),
    "output": Column(lambda: _("Output shape"), lambda line, style: _shapes(line.outputs, style)),
    "params": Column(
        lambda: _("Params"), lambda line, style: _count(line.row.params, line, style), numeric=True
    ),
    "trainable": Column(
        lambda: _("Trainable params"),
        lambda line, style: _count(line.row.trainable, line, style),
        numeric=True,
    ),
    "formula": Column(lambda: _("Made of"), _formula),
    "bytes": Column(lambda: _("Memory"), _bytes, numeric=True),
    "flops": Column(lambda: _("FLOPs"), _flops, numeric=True),
    "weights": Column(lambda: _("Weights"), _weights),
    "dtype": Column(lambda: _("Dtype"), _dtypes),
    "connected": Column(lambda: _("Connected to"), lambda line, style: _join(map(style.name, line.sources))),
}
