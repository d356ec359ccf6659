"""Values of a document's code as plain ones: tensors, shapes and counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod
from typing import Any

from sphinx_kerasshape.messages.report import TensorSpec

_MAX_TENSORS = 1_000
_MAX_DEPTH = 5
_WORD = re.compile(r"[\w.]*")


class Unobservable(Exception):
    """A value that is neither a tensor, a shape, nor a count; the message says what it is."""


def whole_number(value: Any) -> int | None:
    """Return a value that is a whole number."""
    import numpy

    return int(value) if isinstance(value, (int, numpy.integer)) and not isinstance(value, bool) else None


def tensors(value: Any) -> tuple[TensorSpec, ...]:
    """Return the tensors, arrays or shapes that a value is or holds. Raises :class:`Unobservable`."""
    found = tuple(_tensors(value, 0))
    if len(found) > _MAX_TENSORS:
        raise Unobservable(f"a value that holds {len(found):,} tensors")
    return found


def optimizer_params(model: Any) -> int | None:
    """Return how many parameters a model's optimizer has; ``None`` if it has none yet."""
    optimizer: Any = getattr(model, "optimizer", None)
    if not getattr(model, "compiled", True) or not getattr(optimizer, "built", False):
        return None
    variables = optimizer.variables
    shapes = (variable.shape for variable in (variables() if callable(variables) else variables))
    return sum(prod(map(int, shape)) for shape in shapes)


def _tensors(value: Any, depth: int) -> Iterator[TensorSpec]:
    import tensorflow as tf

    if isinstance(value, tf.data.Dataset):
        value = value.element_spec
    if isinstance(value, tf.TensorShape) or _is_shape(value):
        yield TensorSpec(_sizes(value), "")
    elif hasattr(value, "shape"):
        yield TensorSpec(_sizes(value.shape), _dtype(value))
    elif isinstance(value, (list, tuple, dict)) and value and depth < _MAX_DEPTH:
        for item in [*(value.values() if isinstance(value, dict) else value)][: _MAX_TENSORS + 1]:
            yield from _tensors(item, depth + 1)
    else:
        raise Unobservable(f"a value of type {type(value).__name__}")


def _is_shape(value: Any) -> bool:
    if isinstance(value, list) and not value:
        return False
    return isinstance(value, (list, tuple)) and all(
        size is None or whole_number(size) is not None for size in value
    )


def _sizes(shape: Any) -> tuple[int | None, ...]:
    try:
        return tuple(None if size is None else int(size) for size in shape)
    except (TypeError, ValueError):
        raise Unobservable("a tensor whose shape is not known") from None


def _dtype(value: Any) -> str:
    dtype = getattr(value, "dtype", "")
    name = str(getattr(dtype, "name", dtype))
    return name if _WORD.fullmatch(name) else ""
