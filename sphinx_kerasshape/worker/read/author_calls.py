"""Records the inputs that the author's code calls models with."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from sphinx_kerasshape.worker.read import inputs
from sphinx_kerasshape.worker.read.recorder import graph_of
from sphinx_kerasshape.worker.read.trace import Signature, is_symbolic
from sphinx_kerasshape.worker.read.undisturbed import Content, content_of, take_back

_last_calls: dict[int, tuple[Any, Signature]] = {}
"""The last call of each model without a graph, by the model's id; the model is kept, and with it its id."""
_first_calls: dict[int, tuple[Any, Content]] = {}
"""What each such model held before its first call, by the model's id."""


def watch() -> None:
    """Record the calls of models from now on."""
    import keras

    def recorded_call(model: Any, *args: Any, **kwargs: Any) -> Any:
        if graph_of(model) is None and id(model) not in _first_calls:
            _first_calls[id(model)] = model, content_of(model)
        outputs = keras.Layer.__call__(model, *args, **kwargs)
        if graph_of(model) is None:
            signature = Signature(*keras.tree.map_structure(_symbolic, (args, kwargs)))
            _last_calls[id(model)] = model, _in_inference(model, signature)
        return outputs

    keras.Model.__call__ = recorded_call


def note_build(model: Any) -> None:
    """Take what a loaded class was built for as a call: its batch is that of a call before it was saved."""
    import keras

    if isinstance(model, keras.Model) and graph_of(model) is None:
        for signature in signatures(model):
            _last_calls[id(model)] = model, signature


def forget_values(model: Any) -> bool:
    """Take from a model the values that it has kept since its first call; return whether there were any."""
    return id(model) in _first_calls and take_back(_first_calls[id(model)][1])


def signatures(model: Any) -> Iterator[Signature]:
    """Yield inputs to call a model with, the best first.

    They are those of the code's last call, first with an open batch axis; else the shapes that the code
    has built the model with.
    """
    if id(model) in _last_calls:
        signature = _last_calls[id(model)][1]
        yield signature.map(_with_open_batch)
        yield signature
        return
    if hasattr(model, "_inputs_struct"):
        yield Signature((model._inputs_struct,), {})
        return
    built = getattr(model, "_build_shapes_dict", None) if model.built else None
    shapes = list(built.values()) if isinstance(built, dict) else []
    if shapes and all(shape is not None for shape in shapes):
        signature = Signature(tuple(_of_shapes(shape) for shape in shapes), inputs.flags(model))
        if _takes(model, signature):
            yield signature


def _takes(model: Any, signature: Signature) -> bool:
    """Whether ``call()`` takes these arguments: a model can be built with fewer than it requires."""
    try:
        inspect.signature(model.call).bind(*signature.args, **signature.kwargs)
    except TypeError:
        return False
    return True


def _in_inference(model: Any, signature: Signature) -> Signature:
    """Leave ``training`` to the model, where its ``call()`` lets us: pages show what a trained model does."""
    parameter = inspect.signature(model.call).parameters.get("training")
    if parameter is None or parameter.default is parameter.empty:
        return signature
    return signature._replace(kwargs={k: v for k, v in signature.kwargs.items() if k != "training"})


def _symbolic(value: Any) -> Any:
    """Return a symbolic tensor in place of one with values, and anything else as it is."""
    import keras

    if is_symbolic(value) or not (hasattr(value, "shape") and hasattr(value, "dtype")):
        return value
    shape = tuple(None if size is None else int(size) for size in value.shape)
    return keras.KerasTensor(shape, dtype=keras.backend.standardize_dtype(value.dtype))


def _with_open_batch(tensor: Any) -> Any:
    import keras

    return keras.KerasTensor((None, *tensor.shape[1:]), dtype=tensor.dtype) if tensor.shape else tensor


def _of_shapes(shapes: Any) -> Any:
    """Return symbolic tensors in the structure of their shapes."""
    import keras

    if isinstance(shapes, dict):
        return {name: _of_shapes(shape) for name, shape in shapes.items()}
    if _is_shape(shapes):
        return keras.KerasTensor(tuple(shapes), dtype=keras.config.floatx())
    return [_of_shapes(shape) for shape in shapes]


def _is_shape(shape: Iterable[Any]) -> bool:
    return all(size is None or isinstance(size, int) for size in shape)
