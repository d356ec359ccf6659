"""Training and inference without any: models are built as ``fit`` and ``predict`` would build them.

Metrics are zeros, and so is what models predict, in its true shape.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src import backend
from keras.src.backend.common.stateless_scope import get_stateless_scope
from keras.src.optimizers.base_optimizer import BaseOptimizer
from keras.src.trainers.data_adapters import data_adapter_utils

from sphinx_kerasshape.worker.stand_ins import iterating
from sphinx_kerasshape.worker.stand_ins.batches import (
    BATCH,
    Given,
    element,
    first_batch,
    samples_of,
    symbols_of,
)
from sphinx_kerasshape.worker.stand_ins.saving import Saved
from sphinx_kerasshape.worker.stand_ins.uniform import is_uniform, uniform
from sphinx_kerasshape.worker.stand_ins.used import Used


class Training:
    """What stands in for the methods of a model that train it, and those that compute with it."""

    def __init__(self, used: Used, saved: Saved) -> None:
        self._used = used
        self._saved = saved
        self._outputs: dict[object, tuple[Any, Any]] = {}
        """What models gave, by what they were called with; the models are kept, and with them their ids."""

    def install(self) -> None:
        """Have no model be trained, and none computed by these methods."""
        methods: dict[str, Callable[[Any, Given], Any]] = {
            "fit": self.fit,
            "evaluate": self.evaluate,
            "predict": self.predict,
            "train_on_batch": self.on_batch,
            "test_on_batch": self.on_batch,
            "predict_on_batch": self.predict_on_batch,
        }
        for name, method in methods.items():
            setattr(keras.Model, name, _method(getattr(keras.Model, name), method))
        if get_stateless_scope() is not None:
            # TensorFlow's optimizers ask variables for their values, to find their places.
            keras.Optimizer._var_key = lambda _optimizer, variable: id(variable)
            keras.Optimizer.add_variable_from_reference = BaseOptimizer.add_variable_from_reference
        iterating.install(self._used)
        slices = _slices(tf.data.Dataset.from_tensor_slices)
        tf.data.Dataset.from_tensor_slices = staticmethod(slices)

    def fit(self, model: Any, given: Given) -> Any:
        """Build a model; return a history in which all is zero."""
        model._assert_compile_called("fit")
        self._used.note("training")
        if not _is_ready(model):
            _build(model, element(given))
        history = keras.callbacks.History()
        history.set_model(model)
        history.set_params({"verbose": 0, "epochs": given["epochs"], "steps": given["steps_per_epoch"]})
        history.epoch = [*range(given["initial_epoch"], given["epochs"])]
        names = [*_logs(model)]
        if given["validation_data"] is not None or given["validation_split"]:
            names += [f"val_{name}" for name in names]
        history.history = {name: [0.0] * len(history.epoch) for name in names}
        model.history = history
        self._keep_checkpoints(model, given)
        return history

    def evaluate(self, model: Any, given: Given) -> Any:
        """Build a model; return that all metrics are zero."""
        model._assert_compile_called("evaluate")
        self._used.note("metrics")
        if not _is_ready(model):
            _build(model, element({**given, "steps_per_epoch": given["steps"]}))
        return _results(model, given)

    def on_batch(self, model: Any, given: Given) -> Any:
        """Build a model for just this batch; return that all metrics are zero."""
        model._assert_compile_called("train_on_batch")
        self._used.note("training")
        batch = tuple(symbols_of(given[name]) for name in ("x", "y", "sample_weight"))
        self._once(model, batch, lambda: _build(model, batch))
        return _results(model, given)

    def predict_on_batch(self, model: Any, given: Given) -> Any:
        """Return zeros of the shape of what a model gives for a batch."""
        self._used.note("predictions")
        x = symbols_of(given["x"])
        outputs = self._once(model, x, lambda: backend.compute_output_spec(model, x, training=False))
        return keras.tree.map_structure(lambda output: _zeros(output, None), outputs)

    def predict(self, model: Any, given: Given) -> Any:
        """Return zeros of the shape of what a model gives; it is built for the first batch."""
        self._used.note("predictions")
        samples = samples_of(given["x"])
        if samples is None:
            x, samples = first_batch(given)
        else:
            x = symbols_of(given["x"], min(samples, given["batch_size"] or BATCH))
        outputs = self._once(model, x, lambda: backend.compute_output_spec(model, x, training=False))
        return keras.tree.map_structure(lambda output: _zeros(output, samples), outputs)

    def _once(self, model: Any, symbols: Any, run: Callable[[], Any]) -> Any:
        """Return what a function gives for a model and an input; loops ask for the same again and again."""
        leaves = [None if leaf is None else (leaf.shape, leaf.dtype) for leaf in keras.tree.flatten(symbols)]
        key = (id(model), len(model._layers), run.__qualname__, tuple(leaves))
        if key not in self._outputs:
            self._outputs[key] = model, run()
        return self._outputs[key][1]

    def _keep_checkpoints(self, model: Any, given: Given) -> None:
        """Save a model as the callbacks of its training would have."""
        callbacks = getattr(given["callbacks"], "callbacks", given["callbacks"]) or ()
        for callback in callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]:
            if isinstance(callback, keras.callbacks.ModelCheckpoint):
                save = self._saved.save_weights if callback.save_weights_only else self._saved.save
                with contextlib.suppress(KeyError, IndexError, ValueError):
                    save(model, str(callback.filepath).format(epoch=given["epochs"]))


def _method(original: Any, stand_in: Callable[[Any, Given], Any]) -> Any:
    """Return a method that takes the arguments of another, and gives them to a stand-in by name."""
    signature = inspect.signature(original)

    @wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(self, *args, **kwargs)
        except TypeError:
            return original(self, *args, **kwargs)
        bound.apply_defaults()
        return stand_in(self, {name: value for name, value in bound.arguments.items() if name != "self"})

    return method


def _build(model: Any, batch: Any) -> None:
    """Build a model, its metrics and its optimizer from symbols for a batch, as training would."""
    x, _, _ = data_adapter_utils.unpack_x_y_sample_weight(batch)
    # A step of the author's own need not call the model itself.
    has_own_step = type(model).train_step is not keras.Model.train_step
    with contextlib.suppress(Exception) if has_own_step else contextlib.nullcontext():
        if not _is_whole(model):
            backend.compute_output_spec(model, x, training=False)
        model._symbolic_build(data_batch=batch)
    if has_own_step and not _is_whole(model):
        with contextlib.suppress(Exception):
            backend.compute_output_spec(model.train_step, batch)


def _is_whole(model: Any) -> bool:
    return all(layer.built for layer in model._flatten_layers())


def _is_ready(model: Any) -> bool:
    """Whether training would build nothing more."""
    parts = (model._compile_metrics, model._compile_loss, model.optimizer)
    return _is_whole(model) and all(part is None or part.built for part in parts)


def _zeros(output: Any, samples: int | None) -> Any:
    """Return zeros of the shape of a symbol, for so many samples."""
    shape = [1 if size is None else size for size in output.shape]
    shape[:1] = [samples] if samples is not None and shape else shape[:1]
    return uniform(tuple(shape), output.dtype)


def _logs(model: Any) -> dict[str, float]:
    """Return the metrics of a model, all zero."""
    with contextlib.suppress(Exception):
        return dict.fromkeys(["loss", *model.get_metrics_result()], 0.0)
    return {"loss": 0.0}


def _results(model: Any, given: Given) -> Any:
    logs = _logs(model)
    return logs if given["return_dict"] else model._flatten_metrics_in_order(logs)


def _slices(original: Any) -> Any:
    """Return what makes a data set from slices of arrays, without copies of the ones that are uniform."""

    @wraps(original)
    def from_tensor_slices(tensors: Any, name: Any = None) -> Any:
        leaves = tf.nest.flatten(tensors)
        if isinstance(tensors, list) or not any(map(is_uniform, leaves)):
            return original(tensors, name=name)
        parts = [_repeated(leaf) if is_uniform(leaf) else original(leaf) for leaf in leaves]
        if not isinstance(tensors, (tuple, dict)):
            return parts[0]
        return tf.data.Dataset.zip(tf.nest.pack_sequence_as(tensors, parts))

    return from_tensor_slices


def _repeated(array: Any) -> Any:
    return tf.data.Dataset.from_tensors(np.array(array[0])).repeat(len(array))
