"""What cells of a printed summary would say of a layer, in the notation of others."""

from __future__ import annotations

from collections.abc import Sequence

from sphinx_kerasshape.audit.document import Cell
from sphinx_kerasshape.audit.judging.agreement import SOURCE, output_text, sources
from sphinx_kerasshape.claims.counts import Unreadable
from sphinx_kerasshape.claims.shapes import shape_claim
from sphinx_kerasshape.messages.report import LayerRow, Shape

_TRAINED = frozenset(("kernel", "bias", "gamma", "beta", "embeddings", "recurrent_kernel"))
"""Weights that are trained unless their layer is frozen."""


def shapes(layer: LayerRow) -> tuple[Shape, ...]:
    """Return the shapes that a summary prints: those of the last call."""
    return tuple(tensor.shape for tensor in layer.calls[-1].outputs) if layer.calls else ()


def trainable(layer: LayerRow) -> str:
    """Return what Keras prints of a layer; empty if the weights, which may be statistics, don't say it."""
    if layer.trainable:
        return "Y"
    return "N" if any(weight.name in _TRAINED for weight in layer.weights) else ""


def output(cell: Cell, actual: Sequence[Shape]) -> str:
    """Return shapes in the notation of a cell."""
    try:
        return shape_claim(cell.text).restated(tuple(actual))
    except Unreadable:
        return output_text(actual)


def connections(cell: Cell, layer: LayerRow, names: dict[str, str]) -> str:
    """Return what a layer is connected to, with the names and in the notation of a cell."""
    stated = {name: own for own, name in names.items()}
    found = list(SOURCE.finditer(cell.text))
    every = [source for some in sources(layer) for source in some]
    actual = every if len(every) == len(found) else sources(layer)[-1]
    indexes = [match[0].removeprefix(match[1]) for match in found]
    indexes += indexes[-1:] * (len(actual) - len(found))
    texts = [stated.get(name, name) + index for name, index in zip(actual, indexes, strict=False)]
    return str(texts) if cell.text.startswith("['") else ", ".join(texts)
