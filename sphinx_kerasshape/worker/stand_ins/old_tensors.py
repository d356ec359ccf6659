"""What symbols, losses and files could be in older versions.

Functions of TensorFlow took symbols, losses of symbols could be added to models, and models were saved to
folders.
"""

from __future__ import annotations

import importlib
import inspect
import os
from collections.abc import Callable
from functools import wraps
from typing import Any

import keras
import tensorflow as tf
from keras.src import backend
from keras.src.backend.common.global_state import get_global_attribute
from keras.src.models.functional import Functional
from keras.src.saving import saving_api
from keras.src.utils.naming import auto_name
from tensorflow.python.util import tf_export

from sphinx_kerasshape.worker.stand_ins.used import Used, replace


class TFOpLambda(keras.Layer):  # type: ignore[misc]
    """A function of TensorFlow as a layer, as older summaries print it."""

    def __init__(self, function: Any, args: Any, kwargs: Any) -> None:
        name = tf_export.get_canonical_name_for_symbol(function) or function.__name__
        super().__init__(name=auto_name(f"tf.{name}"))

        self.call = _of_tensors(function, args, kwargs)


def install(used: Used) -> None:
    """Have all that work, for as long as the process lives."""
    dispatcher: Any = tf.__internal__.dispatch.GlobalOpDispatcher

    class Symbols(dispatcher):  # type: ignore[misc]
        def handle(self, op: Any, args: Any, kwargs: Any) -> Any:
            """Return what a function gives for symbols."""
            symbols = _symbols(args, kwargs)
            if not symbols:
                return self.NOT_SUPPORTED
            return _applied(op, args, kwargs, symbols, used)

    Symbols().register()
    old = importlib.import_module("keras._tf_keras.keras.backend")
    for name, function in [*vars(old).items()]:
        if inspect.isfunction(function):
            setattr(old, name, _of_symbols(function, used))
    _masks()
    _losses(used)
    _folders(used)


def _symbols(*values: Any) -> list[Any]:
    return [item for item in keras.tree.flatten(values) if isinstance(item, keras.KerasTensor)]


def _of_tensors(function: Any, args: Any, kwargs: Any) -> Callable[[list[Any]], Any]:
    """Return what calls a function with tensors in place of the symbols in its arguments."""

    def call(tensors: list[Any]) -> Any:
        given = iter(tensors)
        args_, kwargs_ = keras.tree.map_structure(
            lambda item: next(given) if isinstance(item, keras.KerasTensor) else item, (args, kwargs)
        )
        return function(*args_, **kwargs_)

    return call


def _applied(function: Any, args: Any, kwargs: Any, symbols: list[Any], used: Used) -> Any:
    """Return what a function gives for symbols: a layer's output, unless a layer is calling it."""
    used.note("layers in place of functions of TensorFlow")
    if get_global_attribute("current_call_ctx") is not None:
        return backend.compute_output_spec(_of_tensors(function, args, kwargs), symbols)
    return TFOpLambda(function, args, kwargs)(symbols)


def _of_symbols(function: Any, used: Used) -> Any:
    """Return a function of the backend that takes symbols too, whose dtypes are not those of TensorFlow."""

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except AttributeError:
            symbols = _symbols(args, kwargs)
            if not symbols:
                raise
            return _applied(function, args, kwargs, symbols, used)

    return called


def _masks() -> None:
    """Drop masks that layers compute by functions of TensorFlow: they're in no graph, and change no shape."""
    set_mask = keras.Layer._set_mask_metadata

    @wraps(set_mask)
    def of_graphs(layer: Any, inputs: Any, outputs: Any, previous: Any) -> None:
        set_mask(layer, inputs, outputs, previous)
        for output in _symbols(outputs):
            mask = getattr(output, "_keras_mask", None)
            if isinstance(mask, keras.KerasTensor) and not hasattr(mask, "_keras_history"):
                del output._keras_mask

    keras.Layer._set_mask_metadata = of_graphs


def _losses(used: Used) -> None:
    add_loss = keras.Layer.add_loss

    @wraps(add_loss)
    def without_symbols(layer: Any, loss: Any, inputs: Any = None, **_: Any) -> None:
        losses = loss if isinstance(loss, (list, tuple)) else [loss]
        real = [one for one in losses if not isinstance(one, keras.KerasTensor) and not callable(one)]
        if inputs is not None or len(real) < len(losses):
            used.note("no losses of symbols")
        add_loss(layer, real)

    keras.Layer.add_loss = Functional.add_loss = without_symbols
    keras.Layer.add_metric = lambda *_, **__: used.note("no add_metric")


def _folders(used: Used) -> None:
    """Take names without an ending for files of Keras."""
    save, load = saving_api.save_model, saving_api.load_model

    def path(filepath: Any) -> Any:
        plain = str(filepath)
        is_path = isinstance(filepath, (str, os.PathLike))
        if not is_path or plain.endswith((".keras", ".h5", ".hdf5")):
            return filepath
        used.note("a file that ends in .keras in place of a folder")
        return f"{plain.rstrip('/')}.keras"

    def save_model(model: Any, filepath: Any, **options: Any) -> Any:
        more = options.pop("kwargs", {})
        return save(model, path(filepath), **options, **more)

    def load_model(filepath: Any, **options: Any) -> Any:
        return load(path(filepath), **options)

    replace(save, save_model)
    replace(load, load_model)
