"""Runs that allocate no memory for weights.

Keras' own ``StatelessScope(initialize_variables=False)`` defers every variable's initial value: layers,
shapes and counts are the same without the memory. Yet a page must show what plain Keras would say, so for
as long as the process lives, and in all of its threads:

* While Keras infers shapes, the value of a deferred variable is a placeholder. Any other access raises
  :class:`NeedsValues`, which ends the weightless run.
* A variable that is made from a value (an optimizer's ``learning_rate``) has that value, though the scope
  would forbid it. A variable that is assigned a value keeps it. A small variable whose initial value is not
  random, such as zeros, gets its value when it is accessed.
* An initializer that might fail is tried, since without the scope it would fail.
"""

from __future__ import annotations

import contextlib
import threading
import types
from collections.abc import Callable, Iterator
from math import prod
from typing import Any, NoReturn

_SMALL = 1 << 16
"""How many numbers a variable may hold to be initialized all the same, where that helps."""


class NeedsValues(BaseException):
    """The code accesses weights, so it has to run with real ones."""


@contextlib.contextmanager
def scope() -> Iterator[None]:
    """Defer the variables that are created inside. Raises :class:`NeedsValues` where that does not work."""
    run = _Run()
    try:
        yield
    finally:
        # A thread or a bare ``except`` may have swallowed the exception.
        if run.refused:
            raise NeedsValues


class _Run:
    """The weightless run of this process."""

    def __init__(self) -> None:
        import keras

        self.refused = False
        self.scope = keras.StatelessScope(collect_losses=True, initialize_variables=False)
        self.scope.add_update = self._assign
        self.scope.get_current_value = lambda variable: variable._value
        self._enter()
        variable = _variable_class()
        variable.__init__ = self._creator(variable.__init__)
        variable._value = _ValueDescriptor(self)

    def refuse(self) -> NoReturn:
        """End the weightless run."""
        self.refused = True
        raise NeedsValues

    def access(self, variable: Any) -> Any:
        """Return the value that a variable needs where it is accessed, and give it that; or end the run."""
        import tensorflow as tf

        initializer, shape, dtype = variable._initializer, variable._shape, variable._dtype
        is_number = isinstance(initializer, _Number)
        if self._infers_shapes() and not is_number:
            # Keras would call the initializer, whose random numbers are many operations of a graph.
            return tf.compat.v1.placeholder(dtype, shape)
        if not is_number and not (_is_constant(initializer) and prod(shape) <= _SMALL):
            self.refuse()
        with self._outside(variable.path):
            variable._initialize(initializer(shape, dtype=dtype))
        return vars(variable)["_value"]

    def _enter(self) -> None:
        """Put the scope where threads, and code after ``clear_session()``, can't miss it."""
        from keras.src.backend.common import global_state

        class Tracker(threading.local):
            stateless_scope = self.scope

        tracker = Tracker()
        vars(tracker).update(vars(global_state.GLOBAL_STATE_TRACKER))
        vars(tracker).pop("stateless_scope", None)
        global_state.GLOBAL_STATE_TRACKER = tracker
        global_state.threading = types.SimpleNamespace(local=Tracker)

    @contextlib.contextmanager
    def _outside(self, path: str = "") -> Iterator[None]:
        """Leave all scopes and graphs for a moment; TensorFlow names variables by ``path``."""
        import tensorflow as tf
        from keras.src.backend.common import global_state, stateless_scope

        before = stateless_scope.get_stateless_scope()
        global_state.set_global_attribute("stateless_scope", None)
        try:
            with tf.init_scope(), _name_scope(path):
                yield
        finally:
            global_state.set_global_attribute("stateless_scope", before)

    def _is_current(self) -> bool:
        """Whether there is no inner scope, such as the one in which Keras infers shapes."""
        from keras.src.backend.common.stateless_scope import get_stateless_scope

        return get_stateless_scope() is self.scope

    def _infers_shapes(self) -> bool:
        import tensorflow as tf

        try:
            from keras.src.backend.common.symbolic_scope import in_symbolic_scope
        except ImportError:  # Keras 3.0
            return not self._is_current() and not tf.executing_eagerly()
        return in_symbolic_scope() and not tf.executing_eagerly()

    def _assign(self, update: tuple[Any, Any]) -> None:
        """Assign a value to a variable for good, as without the scope."""
        import keras
        import tensorflow as tf

        variable, value = update
        if not tf.executing_eagerly():
            self.refuse()
        with self._outside(variable.path):
            if _is_deferred(variable):
                variable._initialize(keras.ops.cast(value, variable._dtype))
            else:
                variable._direct_assign(value)

    def _creator(self, create: Callable[..., None]) -> Callable[..., None]:
        def create_variable(
            variable: Any, initializer: Any, shape: Any = None, dtype: Any = None, *args: Any, **more: Any
        ) -> None:
            place: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
            if not callable(initializer) and not isinstance(initializer, str) and self._is_current():
                if type(initializer) in (bool, int, float) and dtype is not None:
                    initializer, shape = _Number(initializer), ()
                else:
                    place = self._outside()
            with place:
                create(variable, initializer, shape, dtype, *args, **more)
            if _is_deferred(variable):
                self._try(variable)

        return create_variable

    def _try(self, variable: Any) -> None:
        """End the run if a variable's initializer might fail."""
        from keras.src import backend

        initializer, shape, dtype = variable._initializer, variable._shape, variable._dtype
        if _never_fails(initializer, len(shape), dtype):
            return
        is_foreign = not initializer.__module__.startswith("keras.")
        if is_foreign and prod(shape) <= _SMALL and self._is_current():
            with self._outside(variable.path):
                variable._initialize(initializer(shape, dtype=dtype))
            fits = variable._value.shape == shape
        else:
            # An error here may differ from the one that plain Keras has.
            fits = False
            with contextlib.suppress(Exception):
                fits = backend.compute_output_spec(initializer, shape, dtype=dtype).shape == shape
        if not fits:
            self.refuse()


class _Number:
    """An initializer for a number that is known, though TensorFlow's runtime may not be there yet."""

    def __init__(self, number: float) -> None:
        self._number = number

    def __call__(self, shape: tuple[int, ...], dtype: str) -> Any:
        from keras import ops

        return ops.convert_to_tensor(self._number, dtype=dtype)


class _ValueDescriptor:
    """Replaces the attribute ``Variable._value``, to be asked at each access."""

    def __init__(self, run: _Run) -> None:
        self._run = run

    def __get__(self, variable: Any, owner: Any = None) -> Any:
        if variable is None:
            return self
        value = vars(variable).get("_value")
        return self._run.access(variable) if value is None else value

    def __set__(self, variable: Any, value: Any) -> None:
        vars(variable)["_value"] = value


def _variable_class() -> Any:
    """Return the base class of all variables, whose name differs between versions of Keras."""
    import keras

    common = "keras.src.backend.common.variables"
    return next(kind for kind in keras.Variable.__mro__ if kind.__module__ == common)


def _name_scope(path: str) -> contextlib.AbstractContextManager[Any]:
    import tensorflow as tf

    parent, slash, _ = path.rpartition("/")
    return tf.name_scope(parent + slash) if parent else contextlib.nullcontext()


def _is_deferred(variable: Any) -> bool:
    return vars(variable)["_value"] is None and not isinstance(variable._initializer, _Number)


def _never_fails(initializer: Any, rank: int, dtype: str) -> bool:
    """Whether this is one of Keras' own initializers, and takes such a shape and dtype."""
    from keras import backend, initializers

    module = getattr(initializer, "__module__", "")
    if module == initializers.RandomNormal.__module__:
        if type(initializer) is initializers.Orthogonal:
            # TensorFlow decomposes matrices of these dtypes only.
            return rank >= 2 and dtype in ("float16", "float32", "float64")
        return bool(backend.is_float_dtype(dtype))
    if module in ("keras.src.layers.rnn.lstm", "keras.src.layers.rnn.conv_lstm"):
        # The layer's own function adds the ones of the forget gate to what bias_initializer gives.
        cell = initializer.__closure__[0].cell_contents
        return _never_fails(cell.bias_initializer, rank, dtype)
    return _is_constant(initializer)


def _is_constant(initializer: Any) -> bool:
    """Whether this is one of Keras' own initializers that repeat one number, or start a seed's state."""
    import numpy
    from keras import initializers

    if type(initializer) is initializers.Constant:
        return numpy.ndim(initializer.value) == 0
    own = (initializers.Zeros, initializers.Ones)
    return type(initializer) in own or initializer.__module__ == "keras.src.random.seed_generator"
