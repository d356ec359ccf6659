"""Arrays whose items are all the same: they have the shape and dtype of a data set, but no memory.

All items are one place in memory. What makes a new array of the same items (a conversion, arithmetic,
indexing, joining) gives such an array again; anything else makes an ordinary one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sphinx_kerasshape.worker.stand_ins.used import NotHere

_JOINING = frozenset(
    (
        *(np.concatenate, np.stack, np.vstack, np.hstack, np.dstack, np.append),
        *(np.pad, np.repeat, np.tile, np.copy, np.resize, np.zeros_like, np.ones_like),
    )
)
"""Functions of NumPy that repeat or join their arguments, whose result has a memory of its own."""


_COMPARING = frozenset(
    (
        *(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal),
        *(np.isnan, np.isfinite, np.logical_and, np.logical_or, np.logical_not),
    )
)
_COUNTING = frozenset(
    (
        *(np.unique, np.bincount, np.argmax, np.argmin, np.argsort, np.nonzero, np.flatnonzero),
        *(np.count_nonzero, np.argwhere, np.where, np.isin, np.any, np.all, np.array_equal),
    )
)
"""Functions whose results, or the shapes of these, depend on what the items are."""


class Uniform(np.ndarray):
    """An array whose items are all the same, unless it has come from an operation that keeps its class."""

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the items as another dtype."""
        if is_unknown(self):
            return self if np.dtype(dtype).kind != "f" else _strided(self.dtype.type(np.nan), self.shape)
        return uniform(self.shape, dtype) if is_uniform(self) else super().astype(dtype, *args, **kwargs)

    def copy(self, order: Any = "C") -> Any:
        """Return another such array."""
        return _like(self, self.shape) if is_uniform(self) else super().copy(order)

    def flatten(self, order: Any = "C") -> Any:
        """Return the items along one axis."""
        return _like(self, (self.size,)) if is_uniform(self) else super().flatten(order)

    def __getitem__(self, index: Any) -> Any:
        if is_uniform(self) and any(map(_is_list, index if isinstance(index, tuple) else (index,))):
            return _like(self, np.broadcast_to(np.False_, self.shape)[index].shape)
        return super().__getitem__(index)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        if ufunc in _COMPARING and any(map(is_unknown, inputs)):
            raise NotHere("the document does not show what the items are")
        if ufunc.signature is None and "where" not in kwargs:
            if method == "reduce" and out is None and is_uniform(inputs[0]):
                return _reduced(ufunc, inputs[0], *inputs[1:], **kwargs)
            if method == "__call__":
                shape = np.broadcast_shapes(*map(np.shape, inputs))
                if out is None and any(is_uniform(item) and item.shape == shape for item in inputs):
                    return _spread(ufunc(*map(_first, inputs), **kwargs), shape)
                if out is not None and all(is_uniform(item) and item.shape == shape for item in out):
                    ufunc(*map(_corner, inputs), out=tuple(map(_corner, out)), **kwargs)
                    return out[0] if len(out) == 1 else out
        if out is not None:
            kwargs["out"] = tuple(map(_plain, out))
        result = getattr(ufunc, method)(*map(_plain, inputs), **kwargs)
        return out[0] if out is not None and len(out) == 1 else result

    def __array_function__(self, function: Any, kinds: Any, args: Any, kwargs: Any) -> Any:
        if function in _COUNTING and any(map(is_unknown, _arrays([args, kwargs]))):
            raise NotHere("the document does not show what the items are")
        if function in _JOINING and all(is_uniform(array) for array in _arrays([args, kwargs])):
            shape = function(*_as_flags(args), **_as_flags(kwargs)).shape
            arrays = _arrays([args, kwargs])
            found = uniform(shape, np.result_type(*(array.dtype for array in arrays)))
            return _like(next(filter(is_unknown, arrays)), shape) if any(map(is_unknown, arrays)) else found
        return super().__array_function__(function, kinds, args, kwargs)


def uniform(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return an array of zeros that takes no memory."""
    return _strided(np.zeros(1, dtype), shape)


def is_uniform(array: Any) -> bool:
    """Whether all items of an array are one place in memory."""
    if not isinstance(array, Uniform):
        return False
    return all(stride == 0 or size == 1 for stride, size in zip(array.strides, array.shape, strict=True))


def is_unknown(array: Any) -> bool:
    """Whether nobody knows what the items of an array are: they are no numbers."""
    return is_uniform(array) and array.dtype.kind == "f" and array.size > 0 and bool(np.isnan(_first(array)))


def _like(array: Any, shape: tuple[int, ...]) -> Any:
    """Return an array of another shape with the same items, if these are unknown; else of zeros."""
    return _strided(_first(array), shape) if is_unknown(array) else uniform(shape, array.dtype)


def _strided(item: Any, shape: tuple[int, ...]) -> Any:
    place = np.ascontiguousarray(item).reshape(1)
    # Not np.broadcast_to, whose arrays can't be changed in place.
    return np.lib.stride_tricks.as_strided(place, shape, (0,) * len(shape)).view(Uniform)


def _spread(result: Any, shape: tuple[int, ...]) -> Any:
    if isinstance(result, tuple):
        return tuple(_spread(item, shape) for item in result)
    return _strided(np.asarray(result), shape)


def _reduced(ufunc: Any, array: Any, axis: Any = 0, **kwargs: Any) -> Any:
    """Return what reduces an array along some axes."""
    axes = range(array.ndim) if axis is None else np.atleast_1d(axis) % array.ndim
    small = ufunc.reduce(_corner(array), axis=axis, **kwargs)
    kept = [1 if number in axes else size for number, size in enumerate(array.shape)]
    if not kwargs.get("keepdims"):
        kept = [size for number, size in enumerate(array.shape) if number not in axes]
    return _spread(small, tuple(kept)) if kept else small


def _corner(item: Any) -> Any:
    """Return the part of an array that has one item along each axis."""
    return _plain(item)[(slice(0, 1),) * item.ndim] if isinstance(item, np.ndarray) else item


def _plain(item: Any) -> Any:
    return item.view(np.ndarray) if isinstance(item, Uniform) else item


def _first(item: Any) -> Any:
    """Return the first item of an array, as one of the same dtype without axes."""
    if not isinstance(item, np.ndarray):
        return item if np.ndim(item) == 0 else np.asarray(item).reshape(-1)[0]
    return _plain(item)[(0,) * item.ndim] if item.size else item.dtype.type(0)


def _is_list(index: Any) -> bool:
    return isinstance(index, (list, np.ndarray)) and np.ndim(index) > 0


def _arrays(value: Any) -> list[Any]:
    """Return the arrays in arguments."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        value = [*value.values()]
    return [array for item in value for array in _arrays(item)] if isinstance(value, (list, tuple)) else []


def _as_flags(value: Any) -> Any:
    """Return arguments with arrays of one byte an item in place of uniform ones."""
    if is_uniform(value):
        return np.broadcast_to(np.False_, value.shape)
    if isinstance(value, dict):
        return {key: _as_flags(item) for key, item in value.items()}
    return type(value)(map(_as_flags, value)) if isinstance(value, (list, tuple)) else value
