"""Runs in which no weight memory is allocated.

Keras' own ``StatelessScope(initialize_variables=False)`` defers every variable's
initial value: layers, shapes and counts are the same, the memory is not there. Plain
Keras with real weights is what the page must show all the same, so for as long as the
process lives:

* A variable that is made from a value (an optimizer's ``learning_rate``), which the
  scope forbids, is made as if there were no scope, and so is one whose initializer
  might fail. A deferred variable that is given a value has it from then on.
* Asked for the value of a deferred variable, Keras draws a placeholder. That is right
  while shapes are traced. Any other look at it gets :class:`NeedsValues`, which ends the
  weightless run.
"""

from __future__ import annotations

import contextlib
import threading
import types
from collections.abc import Callable, Iterator
from math import prod
from typing import Any, NoReturn

_SMALL = 1 << 16
"""How many numbers may be drawn to see whether the author's own initializer works."""


class NeedsValues(BaseException):
    """The code looks at weights, so it has to run with real ones."""


@contextlib.contextmanager
def scope() -> Iterator[None]:
    """Defer the variables that are created inside, and refuse to make up their values."""
    run = _Run()
    try:
        with run.scope:
            yield
    finally:
        # Said again here: a thread, or a bare ``except``, may have kept it from us.
        if run.refused:
            raise NeedsValues


class _Given:
    """An initializer that gives a number which is already there."""

    def __init__(self, number: float) -> None:
        self.number = number

    def __call__(self, shape: tuple[int, ...], dtype: str) -> Any:
        from keras import ops

        return ops.convert_to_tensor(self.number, dtype=dtype)


class _Run:
    """The one weightless run of this process."""

    def __init__(self) -> None:
        import keras

        self.refused = False
        self.scope = keras.StatelessScope(collect_losses=True, initialize_variables=False)
        self.scope.add_update = self._assign
        self.scope.get_current_value = lambda variable: variable._value
        self.scope.add_loss = lambda _loss: self.refuse()
        variable = _variable_class()
        variable.__init__ = self._creator(variable.__init__)
        variable._value = _Value(self)
        self._last()

    def refuse(self) -> NoReturn:
        """End the weightless run."""
        self.refused = True
        raise NeedsValues

    def look(self, variable: Any) -> None:
        """See to it that plain Keras would say the same of a variable without a value."""
        if isinstance(getattr(variable, "_initializer", None), _Given):
            import tensorflow as tf

            with self.outside(), tf.init_scope():
                variable._initialize(variable._initializer((), variable._dtype))
        elif not self._traces():
            self.refuse()

    @contextlib.contextmanager
    def outside(self) -> Iterator[None]:
        """Leave all scopes for a moment."""
        from keras.src.backend.common import global_state, stateless_scope

        before = stateless_scope.get_stateless_scope()
        global_state.set_global_attribute("stateless_scope", None)
        try:
            yield
        finally:
            global_state.set_global_attribute("stateless_scope", before)

    def _last(self) -> None:
        """Have the scope in new threads as well, and after ``clear_session()``."""
        from keras.src.backend.common import global_state

        class Tracker(threading.local):
            stateless_scope = self.scope

        tracker = Tracker()
        vars(tracker).update(vars(global_state.GLOBAL_STATE_TRACKER))
        vars(tracker).pop("stateless_scope", None)
        global_state.GLOBAL_STATE_TRACKER = tracker
        global_state.threading = types.SimpleNamespace(local=Tracker)

    def _is_outermost(self) -> bool:
        from keras.src.backend.common.stateless_scope import get_stateless_scope

        return get_stateless_scope() is self.scope

    def _traces(self) -> bool:
        """Whether Keras itself is inferring shapes, which are all that comes of it."""
        import tensorflow as tf

        try:
            from keras.src.backend.common.symbolic_scope import in_symbolic_scope
        except ImportError:  # before Keras 3.1
            return not self._is_outermost() and not tf.executing_eagerly()
        return in_symbolic_scope() and not tf.executing_eagerly()

    def _assign(self, update: tuple[Any, Any]) -> None:
        """Give a variable a value, outside of all tracing: for good, as without a scope."""
        import keras
        import tensorflow as tf

        variable, value = update
        if not tf.executing_eagerly():
            self.refuse()
        with self.outside():
            if _is_deferred(variable):
                variable._initialize(keras.ops.cast(value, variable._dtype))
            else:
                variable._direct_assign(value)

    def _creator(self, create: Callable[..., None]) -> Callable[..., None]:
        def create_deferred(
            variable: Any, initializer: Any, shape: Any = None, dtype: Any = None, *args: Any, **more: Any
        ) -> None:
            if isinstance(initializer, str):
                import keras

                initializer = keras.initializers.get(initializer)
            place: Any = contextlib.nullcontext()
            if callable(initializer):
                if not _never_fails(initializer, shape, dtype) and self._is_drawn(initializer, shape, dtype):
                    place = self.outside()
            elif self._is_outermost():
                if type(initializer) in (bool, int, float) and dtype is not None:
                    # Drawn when first looked at: the start of TensorFlow's runtime costs time.
                    initializer, shape = _Given(initializer), ()
                else:
                    place = self.outside()
            with place:
                create(variable, initializer, shape, dtype, *args, **more)

        return create_deferred

    def _is_drawn(self, initializer: Any, shape: Any, dtype: Any) -> bool:
        """Whether a variable is to be drawn at once, to see whether its initializer works."""
        return True


class _Value:
    """``Variable._value``, which a variable without a value must not be asked for."""

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
