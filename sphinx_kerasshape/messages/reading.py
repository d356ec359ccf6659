"""Reports read from JSON that others may have written, and checked as a whole.

Whoever can change a lock or a cache could otherwise make a build take hours, or all memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sphinx_kerasshape.messages.codec import decode
from sphinx_kerasshape.messages.report import LayerRow, Model, Report, TensorSpec

_MOST = {
    "layers": 10_000,
    "calls of layers": 20_000,
    "weights": 50_000,
    "tensors and connections": 200_000,
    "axes": 100,
    # A thousand models inside each other have some 23 million, and a million.
    "characters of paths": 1 << 25,
    "weights of layers with all layers around them": 1 << 21,
}


def report_of(data: object) -> Report:
    """Decode a report. Raises ``ValueError`` for any other layout, and for a model that can't be one."""
    report = decode(Report, data)
    if report.model is not None:
        _check(report.model)
    return report


def _check(model: Model) -> None:
    """Raise ``ValueError`` for a model that is too large, or whose values don't fit each other."""
    counted = {"layers": len(model.layers), "axes": len(model.axes), **_sizes(model.layers)}
    counted["tensors and connections"] += len(model.inputs) + len(model.outputs)
    for what, count in counted.items():
        if count > _MOST[what]:
            raise ValueError(f"a model of {count:,} {what}, {_MOST[what]:,} at most")
    for tensor in _tensors(model):
        if tensor.symbolic and len(tensor.symbolic) != len(tensor.shape):
            raise ValueError(f"{len(tensor.symbolic)} names for a shape of {len(tensor.shape)} sizes")


def _tensors(model: Model) -> Iterator[TensorSpec]:
    yield from model.inputs
    yield from model.outputs
    for row in model.layers:
        for call in row.calls:
            yield from call.inputs
            yield from call.outputs


def _sizes(rows: Iterable[LayerRow]) -> dict[str, int]:
    paths = weights = held = calls = ends = 0
    for row, path, depth in _with_paths(rows):
        lines = max(1, len(row.calls))
        calls += lines
        ends += sum(len(call.inputs) + len(call.outputs) + len(call.sources) for call in row.calls)
        weights += len(row.weights)
        paths += path * lines
        held += len(row.weights) * (depth + 1)
    return {
        "calls of layers": calls,
        "weights": weights,
        "tensors and connections": ends,
        "characters of paths": paths,
        "weights of layers with all layers around them": held,
    }


def _with_paths(rows: Iterable[LayerRow]) -> Iterator[tuple[LayerRow, int, int]]:
    """Give rows with the lengths of their paths, and their depths."""
    above = [0]
    for row in rows:
        if not 0 <= row.depth < len(above):
            raise ValueError(f"a layer of depth {row.depth} behind one of depth {len(above) - 2}")
        del above[row.depth + 1 :]
        above.append(above[-1] + len(row.name) + 1)
        yield row, above[-1], row.depth
