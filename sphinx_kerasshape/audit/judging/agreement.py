"""Whether cells of a printed summary agree with a layer, as far as they can be read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sphinx_kerasshape.audit.document import Cell, Row
from sphinx_kerasshape.claims.counts import Unreadable
from sphinx_kerasshape.claims.shapes import shape_claim
from sphinx_kerasshape.messages.report import LayerRow, Shape, shape_text

SOURCE = re.compile(r"([^\s,'\[\]]+)(?:\[\d+\]\[\d+\])?")
"""A source in a cell of connections."""
_VAGUE = re.compile(r"multiple|\?|--|", re.IGNORECASE)
"""What Keras prints where it says nothing."""
_OLD_TYPES = {
    "Model": "Functional",
    "SlicingOpLambda": "GetItem",
    "TFOpLambda": "",
    "TensorFlowOpLayer": "",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "Merge": "",
    "Deconvolution2D": "Conv2DTranspose",
    "SeparableConvolution2D": "SeparableConv2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
}
"""Types of older versions by what they are now; empty: of some operation."""


def is_row(row: Row, layer: LayerRow) -> bool:
    """Whether a row states type, output and params of a layer."""
    return (
        is_type(row.type, layer.type) and is_count(row.params, layer.params) and is_output(row.output, layer)
    )


def is_type(cell: Cell, actual: str) -> bool:
    """Whether a cell states a type, or what an older version called it."""
    text = cell.text.rstrip("…")
    if not text or text == actual or (cell.is_cut and actual.startswith(text)):
        return True
    return _OLD_TYPES.get(text) in ("", actual)


def is_output(cell: Cell, layer: LayerRow) -> bool:
    """Whether a cell states the output of a call."""
    if _VAGUE.fullmatch(cell.text) or not layer.calls:
        return True
    calls = [tuple(tensor.shape for tensor in call.outputs) for call in layer.calls]
    if cell.is_cut:
        start = _bare(cell.text)
        return any(_bare(output_text(shapes)).startswith(start) for shapes in calls)
    try:
        claim = shape_claim(cell.text)
    except Unreadable:
        return True
    return any(claim.holds(shapes) or _bare(cell.text) == _bare(output_text(shapes)) for shapes in calls)


def is_count(cell: Cell, actual: int) -> bool:
    """Whether a cell states a number."""
    digits = re.sub(r"[,._'\s]", "", cell.text)
    return not digits.isdecimal() or int(digits) == actual


def output_text(shapes: Sequence[Shape]) -> str:
    """Return shapes as a summary prints them."""
    return ", ".join(map(shape_text, shapes))


def _bare(text: str) -> str:
    """Return a list of shapes without the marks that versions of Keras write differently."""
    return re.sub(r"[\s\[\]…]|(?<=\()\(|\)(?=\))|,(?=\))", "", text)


def sources_in(cell: Cell) -> list[str]:
    """Return the names of the sources in a cell of connections."""
    return [match[1] for match in SOURCE.finditer(cell.text)]


def sources(layer: LayerRow) -> list[list[str]]:
    """Return the names of what each call of a layer takes."""
    return [[source.partition("[")[0] for source in call.sources] for call in layer.calls]
