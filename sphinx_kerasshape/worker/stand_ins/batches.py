"""Symbols for the batches that training and inference would get from data, and how many samples it has."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src import backend
from keras.src.trainers.data_adapters import data_adapter_utils
from keras.src.trainers.epoch_iterator import EpochIterator

BATCH = 32
"""How many samples a batch has unless the code says it."""
_MAX_BATCHES = 1_000
"""How many batches are counted one by one: the last one may have fewer samples."""
Given = dict[str, Any]
"""The arguments of a method by name, with defaults."""


def element(given: Given) -> Any:
    """Return symbols for a batch, as TensorFlow describes the elements of the data that is given."""
    if hasattr(given["x"], "symbols"):
        return given["x"].symbols()
    parts = {name: given[name] for name in ("x", "y", "sample_weight")}
    samples = samples_of([*parts.values()])
    if samples is not None:
        samples = int(samples * (1 - (given.get("validation_split") or 0)))
        size = given["batch_size"] or BATCH
        # The batch axis is open if the last batch has fewer samples; older Keras looks at the first one only.
        is_open = samples % size and hasattr(keras.Model, "_maybe_symbolic_build")
        axis = None if is_open else min(samples, size)
        return tuple(symbols_of(part, axis) for part in parts.values())
    sizes = {name: given[name] for name in ("batch_size", "steps_per_epoch")}
    dataset = EpochIterator(**parts, **sizes).data_adapter.get_tf_dataset()
    return keras.tree.map_structure(_symbol_of_spec, dataset.element_spec)


def samples_of(arrays: Any) -> int | None:
    """Return how many samples arrays have; ``None`` if they are none, or differ in that."""
    leaves = [leaf for leaf in keras.tree.flatten(arrays) if leaf is not None]
    if not all(
        hasattr(leaf, "shape") and hasattr(leaf, "__getitem__") and len(leaf.shape) for leaf in leaves
    ):
        return None
    sizes = {leaf.shape[0] for leaf in leaves}
    return int(sizes.pop()) if len(sizes) == 1 else None


def first_batch(given: Given) -> tuple[Any, int]:
    """Return symbols for the first batch of data that is no arrays, and how many samples there are in all."""
    sizes = {"batch_size": given["batch_size"], "steps_per_epoch": given["steps"]}
    adapter = EpochIterator(x=given["x"], **sizes).data_adapter
    dataset = adapter.get_tf_dataset()
    x = data_adapter_utils.unpack_x_y_sample_weight(next(iter(dataset)))[0]
    size = int(keras.tree.flatten(x)[0].shape[0])
    if given["steps"] is None and 0 < int(dataset.cardinality()) <= _MAX_BATCHES:
        return symbols_of(x), int(dataset.reduce(np.int64(0), _counted))
    return symbols_of(x), size * (given["steps"] or adapter.num_batches or 1)


def _counted(samples: Any, *batch: Any) -> Any:
    return samples + tf.shape(tf.nest.flatten(batch)[0], tf.int64)[0]


def symbols_of(arrays: Any, *batch: int | None) -> Any:
    """Return symbols for arrays, with another batch axis if one is given."""

    def symbol(array: Any) -> Any:
        if array is None:
            return None
        array = array if hasattr(array, "shape") and hasattr(array, "dtype") else np.asarray(array)
        shape = (*batch, *array.shape[len(batch) :])
        is_text = getattr(array.dtype, "kind", "") in ("O", "S", "U")
        return _symbol(shape, "string" if is_text else backend.standardize_dtype(array.dtype))

    return keras.tree.map_structure(symbol, arrays)


def _symbol_of_spec(spec: Any) -> Any:
    if not hasattr(spec, "shape") or not hasattr(spec, "dtype"):
        return None
    if spec.shape.rank is None:
        raise ValueError("the data has no known shape")
    return _symbol(tuple(spec.shape), spec.dtype.name)


def _symbol(shape: tuple[int | None, ...], dtype: str) -> Any:
    return keras.KerasTensor(shape, dtype="float32" if dtype == "float64" else dtype)
