"""What is equal for layers, and for calls, that do the same: one is tried for all."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from sphinx_kerasshape.worker.read import masks, weights
from sphinx_kerasshape.worker.read.trace import quiet

_OF_KERAS = ("keras.src.layers.", "keras.src.models.", "keras.src.applications.")


def is_of_keras(layer: Any) -> bool:
    """Whether a layer is of one of Keras' own classes, with no function of the author's."""
    is_own = not type(layer).__module__.startswith(_OF_KERAS) or "call" in vars(layer)
    return not is_own and all(_is_from_keras(value) for value in vars(layer).values())


def _is_from_keras(value: Any) -> bool:
    """Whether a value is no function of the author's, such as an activation of one's own."""
    is_function = callable(value) and hasattr(value, "__name__")
    return not is_function or str(getattr(value, "__module__", "")).startswith(("keras.", "tensorflow."))


def key(operation: Any, args: Any, kwargs: Any) -> str:
    """Return what is equal for calls that give equal tensors: the operation's identity and the arguments."""
    return f"{identity(operation)} {given(args, kwargs)}"


def given(args: Any, kwargs: Mapping[str, Any]) -> list[Any]:
    """Return what is equal for equal arguments of a call."""
    import tensorflow as tf

    flat = tf.nest.flatten((args, dict(kwargs)))
    masked = [masks.mask_of(item) is not None for item in flat]
    return [
        (*spec(item), *(["masked"] if is_masked else [])) if hasattr(item, "shape") else repr(item)
        for item, is_masked in zip(flat, masked, strict=True)
    ]


def identity(operation: Any) -> str:
    """Return what is equal for operations that do the same: class, configuration, and what they hold."""
    import keras

    try:
        with quiet():
            config = json.dumps(_without_names(operation.get_config()), default=repr, sort_keys=True)
    except Exception:
        return f"id {id(operation)}"
    layers = weights.all_layers(operation) if isinstance(operation, keras.Layer) else ()
    held = [_held(layer) for layer in layers if not is_of_keras(layer)]
    kind = type(operation)
    return f"{kind.__module__}.{kind.__qualname__} {id(kind)} {config} {held}"


def _held(layer: Any) -> str:
    """Return what a layer, which is not of Keras' own classes, holds: its config may lack some of it."""
    shapes = [weights.shape_of(variable) for variable in weights.own_variables(layer)]
    own = {name: _plain(value) for name, value in vars(layer).items() if name not in _of_any_layer()}
    return f"{id(type(layer))} {own} {shapes}"


@functools.cache
def _of_any_layer() -> frozenset[str]:
    """Return the names of the attributes that Keras and TensorFlow give to each layer with a layer inside."""
    import keras

    layer = keras.Layer(name="plain")
    layer.inner = keras.Layer(name="inner")
    return frozenset(vars(layer)) - {"inner"}


def _plain(value: Any) -> Any:
    """Return a value that is equal for equal plain ones, and for layers, which are compared by themselves."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [*map(_plain, value)]
    is_of_class = hasattr(value, "weights") or type(value).__module__.startswith("keras.src.")
    return f"{type(value)}" if is_of_class else f"id {id(value)}"


def _without_names(config: Any) -> Any:
    if isinstance(config, dict):
        return {key: _without_names(value) for key, value in config.items() if key != "name"}
    return [_without_names(item) for item in config] if isinstance(config, (list, tuple)) else config


def spec(tensor: Any) -> tuple[Any, str]:
    """Return the shape and dtype of a tensor."""
    return tuple(tensor.shape), str(getattr(tensor.dtype, "name", tensor.dtype))
