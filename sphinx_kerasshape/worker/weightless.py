"""Runs in which no weight memory is allocated.

Keras' own ``StatelessScope(initialize_variables=False)`` defers every variable's
initial value: layers, shapes and counts are the same, the memory is not there. Two
things are added to it, both for as long as the process lives:

* A variable that is made from a value rather than an initializer (an optimizer's
  ``iteration`` and ``learning_rate``) is refused by the scope. It is made from an
  initializer that gives this value, so that ``compile`` costs nothing.
* Asked for the value of a deferred variable, Keras would draw one anew each time.
  That is right while shapes are traced. Code that looks at weights gets
  :class:`NeedsValues` instead, which ends the weightless run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


class NeedsValues(BaseException):
    """The code looks at weights, so it has to run with real ones."""


class _Given:
    """An initializer that gives a value which is already there."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, shape: tuple[int, ...], dtype: str) -> Any:
        from keras import ops

        return ops.convert_to_tensor(self.value, dtype=dtype)


@contextlib.contextmanager
def scope() -> Iterator[None]:
    """Defer the variables that are created inside, and refuse to make up their values."""
    import keras

    _accept_values()
    _refuse_inventions()
    with keras.StatelessScope(initialize_variables=False):
        yield


def _accept_values() -> None:
    variable = _variable_class()
    create = variable.__init__

    def create_deferred(
        self: Any, initializer: Any, shape: Any = None, dtype: Any = None, *args: Any, **more: Any
    ) -> None:
        if not callable(initializer) and not isinstance(initializer, str):
            shape, dtype = _shape(initializer), dtype or _dtype(initializer)
            initializer = _Given(initializer)
        create(self, initializer, shape, dtype, *args, **more)

    variable.__init__ = create_deferred


def _variable_class() -> Any:
    """Return the base of all variables; its name has changed between Keras versions."""
    import keras

    common = "keras.src.backend.common.variables"
    return next(kind for kind in keras.Variable.__mro__ if kind.__module__ == common)


def _refuse_inventions() -> None:
    from keras.src.backend.common.symbolic_scope import in_symbolic_scope

    variable = _variable_class()
    read = variable.value.fget

    def value(self: Any) -> Any:
        invented = self._value is None and not isinstance(self._initializer, _Given)
        if invented and not in_symbolic_scope() and not _assigned(self):
            raise NeedsValues
        return read(self)

    variable.value = property(value)


def _assigned(variable: Any) -> bool:
    """Whether the code itself gave the variable a value since it was made."""
    from keras.src.backend.common.stateless_scope import get_stateless_scope

    current = get_stateless_scope()
    return current is not None and current.get_current_value(variable) is not None


def _shape(value: Any) -> tuple[int, ...]:
    import numpy

    return tuple(value.shape) if hasattr(value, "shape") else numpy.shape(value)


def _dtype(value: Any) -> str:
    """Return the dtype that Keras gives a variable made from this value."""
    import numpy
    from keras import backend

    if hasattr(value, "dtype"):
        return str(backend.standardize_dtype(value.dtype))
    kind = numpy.asarray(value).dtype.kind
    return {"b": "bool", "i": "int32", "f": str(backend.floatx())}.get(kind, "float32")
