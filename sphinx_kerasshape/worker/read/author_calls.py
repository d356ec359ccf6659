"""With what the author's own code called or built its models: their input shapes, where it says none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sphinx_kerasshape.worker.read.recorder import graph_of
from sphinx_kerasshape.worker.read.trace import Signature, is_symbolic

_last: dict[int, tuple[Any, Signature]] = {}
"""The last call of each model that has no graph, with the model, whose id stays its own so."""
_FLAGS = ("training", "mask")


def watch() -> None:
    """Note the calls of models from now on."""
    import keras

    def noted(model: Any, *args: Any, **kwargs: Any) -> Any:
        made = keras.Layer.__call__(model, *args, **kwargs)
        if graph_of(model) is None:
            kept = {name: value for name, value in kwargs.items() if name not in _FLAGS}
            _last[id(model)] = model, Signature(*keras.tree.map_structure(_described, (args, kept)))
        return made

    keras.Model.__call__ = noted


def signatures(model: Any) -> Iterator[Signature]:
    """Give what to call a model with: as the code did, with an open batch axis first, or as it built it."""
    if id(model) in _last:
        signature = _last[id(model)][1]
        yield signature.map(_with_open_batch)
        yield signature
        return
    built = getattr(model, "_build_shapes_dict", None) if model.built else None
    shapes = list(built.values()) if isinstance(built, dict) else []
    if shapes and all(shape is not None for shape in shapes):
        yield Signature(tuple(_of_shapes(shape) for shape in shapes), {})


def _described(value: Any) -> Any:
    """Put a symbolic tensor into the place of one with values."""
    import keras

    if is_symbolic(value) or not (hasattr(value, "shape") and hasattr(value, "dtype")):
        return value
    shape = tuple(None if size is None else int(size) for size in value.shape)
    return keras.KerasTensor(shape, dtype=keras.backend.standardize_dtype(value.dtype))


def _with_open_batch(tensor: Any) -> Any:
    import keras

    return keras.KerasTensor((None, *tensor.shape[1:]), dtype=tensor.dtype) if tensor.shape else tensor


def _of_shapes(shapes: Any) -> Any:
    import keras

    if isinstance(shapes, dict):
        return {name: _of_shapes(shape) for name, shape in shapes.items()}
    if _is_shape(shapes):
        return keras.KerasTensor(tuple(shapes), dtype=keras.config.floatx())
    return [_of_shapes(shape) for shape in shapes]


def _is_shape(shape: Iterable[Any]) -> bool:
    return all(size is None or isinstance(size, int) for size in shape)
