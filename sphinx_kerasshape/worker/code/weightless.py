"""Runs in which no weight memory is allocated.

Keras' own ``StatelessScope(initialize_variables=False)`` defers every variable's
initial value: layers, shapes and counts are the same, the memory is not there. What a
page shows must be what plain Keras says all the same, so for as long as the process
lives, and in all of its threads:

* Asked for the value of a deferred variable, Keras makes a placeholder. That is right
  while it infers shapes. Any other look gets :class:`NeedsValues`, which ends the
  weightless run.
* A variable that is made from a value (an optimizer's ``learning_rate``) has it, though
  the scope would forbid it, and one that is given a value has it from then on. A small
  one whose value is no matter of chance, such as zeros, has it when it is looked at.
* An initializer that might fail is tried, since without a scope it would fail.
"""

from __future__ import annotations

import contextlib
import threading
import types
from collections.abc import Callable, Iterator
from math import prod
from typing import Any, NoReturn

_SMALL = 1 << 16
"""How many numbers a variable may hold that is initialized all the same, where that helps."""


class NeedsValues(BaseException):
    """The code looks at weights, so it has to run with real ones."""


@contextlib.contextmanager
def scope() -> Iterator[None]:
    """Defer the variables that are created inside, and refuse to make up their values."""
    run = _Run()
    try:
        yield
    finally:
        # A thread, or a bare ``except``, may have swallowed the refusal.
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
        variable._value = _Value(self)

    def refuse(self) -> NoReturn:
        """End the weightless run."""
        self.refused = True
        raise NeedsValues

    def look(self, variable: Any) -> None:
        """Do what a look at a variable without a value asks for."""
        initializer, shape, dtype = variable._initializer, variable._shape, variable._dtype
        is_given = isinstance(initializer, _Given)
        if self._infers_shapes() and not is_given:
            return
        if not is_given and not (_is_constant(initializer) and prod(shape) <= _SMALL):
            self.refuse()
        with self._outside(variable.path):
            variable._initialize(initializer(shape, dtype=dtype))

    def _enter(self) -> None:
        """Put the scope where threads, and ``clear_session()``, find nothing else."""
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
        """Give a variable a value for good, as without a scope."""
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
                    initializer, shape = _Given(initializer), ()
                else:
                    place = self._outside()
            with place:
                create(variable, initializer, shape, dtype, *args, **more)
            if _is_deferred(variable):
                self._try(variable)

        return create_variable

    def _try(self, variable: Any) -> None:
        """See whether a variable can be initialized."""
        from keras.src import backend

        initializer, shape, dtype = variable._initializer, variable._shape, variable._dtype
        if _never_fails(initializer, len(shape), dtype):
            return
        foreign = not initializer.__module__.startswith("keras.")
        if foreign and prod(shape) <= _SMALL and self._is_current():
            with self._outside(variable.path):
                variable._initialize(initializer(shape, dtype=dtype))
            fits = variable._value.shape == shape
        else:
            # An error here may not be quite the one that plain Keras has.
            fits = False
            with contextlib.suppress(Exception):
                fits = backend.compute_output_spec(initializer, shape, dtype=dtype).shape == shape
        if not fits:
            self.refuse()


class _Given:
    """An initializer that gives a number which is there; TensorFlow's runtime may not be yet."""

    def __init__(self, number: float) -> None:
        self._number = number

    def __call__(self, shape: tuple[int, ...], dtype: str) -> Any:
        from keras import ops

        return ops.convert_to_tensor(self._number, dtype=dtype)


class _Value:
    """``Variable._value``, which has a say in each look at it."""

    def __init__(self, run: _Run) -> None:
        self._run = run

    def __get__(self, variable: Any, owner: Any = None) -> Any:
        if variable is None:
            return self
        if vars(variable).get("_value") is None:
            self._run.look(variable)
        return vars(variable).get("_value")

    def __set__(self, variable: Any, value: Any) -> None:
        vars(variable)["_value"] = value


def _variable_class() -> Any:
    """Return the base of all variables; its name has changed between Keras versions."""
    import keras

    common = "keras.src.backend.common.variables"
    return next(kind for kind in keras.Variable.__mro__ if kind.__module__ == common)


def _name_scope(path: str) -> contextlib.AbstractContextManager[Any]:
    import tensorflow as tf

    parent, slash, _ = path.rpartition("/")
    return tf.name_scope(parent + slash) if parent else contextlib.nullcontext()


def _is_deferred(variable: Any) -> bool:
    return vars(variable)["_value"] is None and not isinstance(variable._initializer, _Given)


def _never_fails(initializer: Any, rank: int, dtype: str) -> bool:
    """Whether this is one of Keras' own initializers that takes such a shape and dtype."""
    from keras import backend, initializers

    module = getattr(initializer, "__module__", "")
    if module == initializers.RandomNormal.__module__:
        if type(initializer) is initializers.Orthogonal:
            # TensorFlow decomposes matrices of these dtypes only.
            return rank >= 2 and dtype in ("float16", "float32", "float64")
        return bool(backend.is_float_dtype(dtype))
    if module in ("keras.src.layers.rnn.lstm", "keras.src.layers.rnn.conv_lstm"):
        # The layer's own function adds the forget gate's ones to what its bias_initializer gives.
        cell = initializer.__closure__[0].cell_contents
        return _never_fails(cell.bias_initializer, rank, dtype)
    return _is_constant(initializer)


def _is_constant(initializer: Any) -> bool:
    """Whether this is one of Keras' own initializers that gives the same number everywhere.

    So does, in a way, the one that starts a seed's state.
    """
    import numpy
    from keras import initializers

    if type(initializer) is initializers.Constant:
        return numpy.ndim(initializer.value) == 0
    own = (initializers.Zeros, initializers.Ones)
    return type(initializer) in own or initializer.__module__ == "keras.src.random.seed_generator"
