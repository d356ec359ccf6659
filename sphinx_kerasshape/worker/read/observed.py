"""Values of a document's code as plain ones: tensors, shapes and counts."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from itertools import islice
from math import prod
from typing import Any

from sphinx_kerasshape.messages.codec import NUMBER_LIMIT
from sphinx_kerasshape.messages.report import TensorSpec
from sphinx_kerasshape.worker.read.undisturbed import undisturbed

_MAX_TENSORS = 1_000
_MAX_DEPTH = 5
_MAX_TRAINED = 50_000_000
"""Parameters of a model whose optimizer is made to count what it has."""
_MAX_AXES = 64
_WORD = re.compile(r"[\w.]*")


class Unobservable(Exception):
    """A value that is neither a tensor, a shape, nor a count; the message says what it is."""


def whole_number(value: Any) -> int | None:
    """Return a value that is a whole number."""
    import numpy

    is_whole = isinstance(value, (int, numpy.integer)) and not isinstance(value, bool)
    return int(value) if is_whole and abs(int(value)) < NUMBER_LIMIT else None


def tensors(value: Any) -> tuple[TensorSpec, ...]:
    """Return the tensors, arrays or shapes that a value is or holds. Raises :class:`Unobservable`."""
    found = tuple(islice(_tensors(value, 0), _MAX_TENSORS + 1))
    if len(found) > _MAX_TENSORS:
        raise Unobservable(f"a value that holds more than {_MAX_TENSORS:,} tensors")
    return found


def optimizer_params(model: Any) -> int | None:
    """Return how many parameters a model's optimizer has once it trains; ``None`` if there is none.

    A page may leave out how the model was trained.
    """
    optimizer: Any = getattr(model, "optimizer", None)
    if optimizer is None or not getattr(model, "compiled", True):
        return None
    if not getattr(optimizer, "built", False):
        optimizer = _built(optimizer, model)
        if optimizer is None:
            return None
    variables = optimizer.variables
    shapes = (variable.shape for variable in (variables() if callable(variables) else variables))
    return sum(prod(map(int, shape)) for shape in shapes)


def _built(optimizer: Any, model: Any) -> Any:
    """Return a copy of an optimizer that is ready to train a model; ``None`` if there can be none."""
    # Optimizers and models of the author's own may fail in many ways.
    with contextlib.suppress(Exception), undisturbed():
        if model.built and model.count_params() < _MAX_TRAINED:
            copy = type(optimizer).from_config(optimizer.get_config())
            copy.build(model.trainable_variables)
            return copy
    return None


def _tensors(value: Any, depth: int) -> Iterator[TensorSpec]:
    import tensorflow as tf

    if isinstance(value, tf.data.Dataset):
        value = value.element_spec
    if isinstance(value, tf.TensorShape) or _is_shape(value):
        yield TensorSpec(_sizes(value), "")
    elif hasattr(value, "shape"):
        yield TensorSpec(_sizes(value.shape), _dtype(value))
    elif isinstance(value, (list, tuple, dict)) and value and depth < _MAX_DEPTH:
        for item in islice(value.values() if isinstance(value, dict) else value, _MAX_TENSORS):
            yield from _tensors(item, depth + 1)
    else:
        raise Unobservable(f"a value of type {type(value).__name__}")


def _is_shape(value: Any) -> bool:
    if not isinstance(value, (list, tuple)) or (isinstance(value, list) and not value):
        return False
    sizes = [*islice(value, _MAX_AXES + 1)]
    return len(sizes) <= _MAX_AXES and all(size is None or whole_number(size) is not None for size in sizes)


def _sizes(shape: Any) -> tuple[int | None, ...]:
    try:
        sizes = tuple(None if size is None else int(size) for size in islice(shape, _MAX_AXES + 1))
    except (TypeError, ValueError):
        raise Unobservable("a tensor whose shape is not known") from None
    if len(sizes) > _MAX_AXES or prod(size or 1 for size in sizes) >= NUMBER_LIMIT:
        raise Unobservable("a tensor of no possible shape")
    return sizes


def _dtype(value: Any) -> str:
    dtype = getattr(value, "dtype", "")
    name = str(getattr(dtype, "name", dtype))
    return name if _WORD.fullmatch(name) else ""
