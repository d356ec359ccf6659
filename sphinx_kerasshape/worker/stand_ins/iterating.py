"""Batches that code takes from data sets of TensorFlow itself: a few are enough, and one may be made up."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from sphinx_kerasshape.worker.stand_ins.adapting import MISSING
from sphinx_kerasshape.worker.stand_ins.used import Used

_ENOUGH = 2
"""The batches that a loop of the code's own trains with."""
_KEEPING = frozenset(
    ("Map", "ParallelMap", "Prefetch", "Shuffle", "Cache", "Take", "Skip", "Repeat", "Options", "Shard")
)
"""The kinds of data sets whose batches are as large as those that they are made from."""


def install(used: Used) -> None:
    """Have data sets end behind a few batches once the code trains by a loop of its own: they are all alike.

    The first batch of data that is not here is zeros, if it is known how large it is.
    """
    enter, iterate = tf.GradientTape.__enter__, tf.data.Dataset.__iter__
    is_training = False

    def entered(tape: Any) -> Any:
        nonlocal is_training
        is_training = True
        used.note("training")
        return enter(tape)

    class Batches:
        def __init__(self, data: Any) -> None:
            self._data = data
            self._batches = iterate(data)
            self._count = 0

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> Any:
            self._count += 1
            if is_training and self._count > _ENOUGH:
                raise StopIteration
            try:
                return next(self._batches)
            except tf.errors.OpError as error:
                batch = _zeros(self._data) if self._count == 1 and MISSING in str(error) else None
                if batch is None:
                    raise
                used.note("a batch of zeros")
                return batch

        def __getattr__(self, name: str) -> Any:
            return getattr(self._batches, name)

    def iterated(data: Any) -> Any:
        return Batches(data) if tf.executing_eagerly() else iterate(data)

    tf.GradientTape.__enter__ = entered
    tf.data.Dataset.__iter__ = iterated


def _zeros(data: Any) -> Any:
    """Return a batch of numbers in the shape that a data set states; ``None`` if it does not."""
    size = _batch_size(data)
    shapes = []
    for spec in tf.nest.flatten(data.element_spec):
        if not isinstance(spec, tf.TensorSpec) or spec.dtype == tf.string or spec.shape.rank is None:
            return None
        shape = [*spec.shape]
        if shape and shape[0] is None:
            shape[0] = size
        if None in shape:
            return None
        shapes.append(tf.zeros(shape, spec.dtype))
    return tf.nest.pack_sequence_as(data.element_spec, shapes)


def _batch_size(data: Any) -> int | None:
    """Return how many examples the batches of a data set have, if it says so."""
    while data is not None:
        kind = type(data).__name__.strip("_").removesuffix("Dataset").removesuffix("V2")
        if kind in ("Batch", "ParallelBatch"):
            return int(data._batch_size)
        data = getattr(data, "_input_dataset", None) if kind in _KEEPING else None
    return None
