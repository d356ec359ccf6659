"""How large a model's answer may be: more than any real model has is no answer. Standard library only.

Who can change a lock or a cache could otherwise make a build take hours, or all memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx_kerasshape.messages import LayerRow, Model

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


def check(model: Model) -> None:
    """Raise ``ValueError`` for a model that is too large, or whose layers are inside of none."""
    counted = {"layers": len(model.layers), "axes": len(model.axes), **_sizes(model.layers)}
    counted["tensors and connections"] += len(model.inputs) + len(model.outputs)
    for what, count in counted.items():
        if count > _MOST[what]:
            raise ValueError(f"a model of {count:,} {what}, {_MOST[what]:,} at most")


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
