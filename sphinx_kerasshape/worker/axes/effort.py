"""Bounds on what symbolic calls cost: one with a loop over a size grows with that size, and may never end.

Operations are counted, and so are the lines that Python runs of the author's code, so that each build stops
at the same place on every machine. What memory code takes (a table that NumPy makes) is known only
afterwards. So layers that are not Keras' own are given larger sizes step by step, as far as the step before
allows.
"""

from __future__ import annotations

import contextlib
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from sphinx_kerasshape.worker.read import declared, identity, trace, weights

_MAX_OPERATIONS = 4_000
"""Operations of a symbolic call on small sizes; one with more is stopped."""
_MAX_MORE = 1_000
"""By how many more operations a call on other sizes may have."""
_MAX_TOTAL = 10_000
"""How many more operations the calls of a phase of the search may have, all together."""
_SMALLEST = 4
_SMALL = 32
"""Calls of sizes up to this one are made without steps."""
_MAX_FACTOR = 16
_MAX_BYTES = 512_000_000
"""What a call may take if that grows with the fourth power of a size: a table of pairs of pixels does."""
_BYTES = 8_000
"""What an operation takes by itself."""
_LEAST_BYTES = 1_000_000
"""What tells nothing."""
_MAX_LINES = 1_000_000
"""Lines of the author's code that a call may run; each step of a loop runs some."""
_NOT_OWN = ("keras", "tensorflow", "numpy")
"""The packages whose lines are not counted."""

Dims = tuple[int, ...]
"""The sizes of all tensors that are given to a call."""


class TooLong(BaseException):
    """A call that is not made, or was stopped: not an ``Exception``, which a layer's code may catch."""


class _Settled(NamedTuple):
    """A call that was made, and by how much the sizes of the next one may be larger."""

    dims: Dims
    factor: int


class Effort:
    """Makes symbolic calls, within bounds."""

    def __init__(self) -> None:
        self._left = _MAX_TOTAL
        self._settled: dict[object, list[_Settled]] = {}
        self._stopped: dict[object, list[Dims]] = {}
        self._least: dict[object, int] = {}
        """The operations of a call on small sizes."""
        self._own: dict[int, tuple[Any, bool]] = {}

    def refill(self) -> None:
        """Begin with the next phase of the search."""
        self._left = _MAX_TOTAL

    def traced(
        self, call: Callable[..., declared.Traced], operation: Any, args: Any, kwargs: Mapping[str, Any]
    ) -> declared.Traced:
        """Return a symbolic call. Raises :class:`TooLong`, or whatever the call raises."""
        dims = _dims(args, kwargs)
        if any(_is_within(stopped, dims) for stopped in self._stopped.get(id(operation), ())):
            raise TooLong
        self._find_least(call, operation, dims, args, kwargs)
        is_small = max(dims, default=0) <= _SMALL or not self._is_own(operation)
        if is_small or any(_is_within(dims, one.dims) for one in self._settled.get(id(operation), ())):
            return self._limited(call, operation, dims, args, kwargs)
        while smaller := self._between(operation, dims):
            with contextlib.suppress(Exception):  # A size in between may be one that is refused.
                self._measured(call, operation, smaller, *_resized(args, kwargs, smaller))
        return self._measured(call, operation, dims, args, kwargs)

    def _between(self, operation: Any, dims: Dims) -> Dims | None:
        """Return the sizes of a call to make before; ``None`` if one was made whose sizes are near."""
        settled = self._settled.get(id(operation), [])
        if any(_is_within(dims, tuple(size * one.factor for size in one.dims)) for one in settled):
            return None
        start = _Settled((1,) * len(dims), _SMALL)
        nearest = min((start, *settled), key=lambda one: _ratio(dims, one.dims))
        reached = tuple(
            min(size, known * nearest.factor) for size, known in zip(dims, nearest.dims, strict=True)
        )
        if reached == nearest.dims or any(reached == one.dims for one in settled):
            raise TooLong
        return reached

    def _measured(
        self, call: Callable[..., declared.Traced], operation: Any, dims: Dims, args: Any, kwargs: Any
    ) -> declared.Traced:
        """Return a call, and note what it takes. Raises what :meth:`traced` does."""
        before = self._left
        least = self._least[id(operation)]
        is_tracing = tracemalloc.is_tracing()
        if not is_tracing:
            tracemalloc.start()
        tracemalloc.reset_peak()
        held, _ = tracemalloc.get_traced_memory()
        is_settled = True
        try:
            with _stopped_after(_MAX_LINES):
                return self._limited(call, operation, dims, args, kwargs)
        except MemoryError:
            is_settled = False
            raise TooLong from None
        except TooLong:
            is_settled = False
            raise
        finally:
            _, peak = tracemalloc.get_traced_memory()
            if not is_tracing:
                tracemalloc.stop()
            count = least + before - self._left
            factor = _factor(peak - held - count * _BYTES) if is_settled else 1
            self._settled.setdefault(id(operation), []).append(_Settled(dims, factor))

    def _find_least(
        self, call: Callable[..., declared.Traced], operation: Any, dims: Dims, args: Any, kwargs: Any
    ) -> None:
        """Count the operations of a call on small sizes, if they are not known."""
        if id(operation) in self._least:
            return
        self._least[id(operation)] = _MAX_OPERATIONS
        smallest = tuple(min(size, _SMALLEST) for size in dims)
        with contextlib.suppress(Exception), _counted(_MAX_OPERATIONS) as count:
            call(operation, *_resized(args, kwargs, smallest))
            self._least[id(operation)] = count[0]

    def _limited(
        self, call: Callable[..., declared.Traced], operation: Any, dims: Dims, args: Any, kwargs: Any
    ) -> declared.Traced:
        least, most = self._least[id(operation)], min(_MAX_MORE, self._left)
        with _counted(least + most) as count:
            try:
                return call(operation, args, kwargs)
            except TooLong:
                if most == _MAX_MORE:
                    self._stopped.setdefault(id(operation), []).append(dims)
                raise
            finally:
                self._left -= min(max(0, count[0] - least), self._left)

    def _is_own(self, operation: Any) -> bool:
        """Whether code that is not Keras' runs in a call; the operation is kept, and with it its id."""
        if id(operation) not in self._own:
            layers = weights.all_layers(operation) if hasattr(operation, "weights") else ()
            is_plain = str(type(operation).__module__).startswith("keras.src.")
            is_own = not is_plain or not all(map(identity.is_of_keras, layers))
            self._own[id(operation)] = operation, is_own
        return self._own[id(operation)][1]


@contextlib.contextmanager
def _counted(most: int) -> Iterator[list[int]]:
    """Count the operations that are added to graphs. Raises :class:`TooLong` where one is too much."""
    from tensorflow.python.framework.func_graph import FuncGraph

    count = [0]
    original = FuncGraph._create_op_internal

    def counted(graph: Any, *args: Any, **kwargs: Any) -> Any:
        count[0] += 1
        if count[0] > most:
            raise TooLong
        return original(graph, *args, **kwargs)

    FuncGraph._create_op_internal = counted
    try:
        yield count
    finally:
        FuncGraph._create_op_internal = original


@contextlib.contextmanager
def _stopped_after(most: int) -> Iterator[None]:
    """Count the lines that run of code that is neither Keras' nor TensorFlow's. Raises :class:`TooLong`."""
    folders = tuple(f"{Path(str(sys.modules[name].__file__)).parent}/" for name in _NOT_OWN)
    count = 0

    def lines(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += 1
        if count > most:
            raise TooLong
        return lines

    def functions(frame: FrameType, event: str, argument: object) -> Any:
        return None if frame.f_code.co_filename.startswith(folders) else lines

    before = sys.gettrace()
    sys.settrace(functions)
    try:
        yield
    finally:
        sys.settrace(before)


def _factor(size: float) -> int:
    """Return by how much sizes may grow from one call to the next, for the memory that one takes."""
    return max(1, min(_MAX_FACTOR, int((_MAX_BYTES / max(size, _LEAST_BYTES)) ** 0.25)))


def _ratio(dims: Dims, others: Dims) -> float:
    return max((size / max(1, other) for size, other in zip(dims, others, strict=True)), default=1)


def _is_within(small: Dims, large: Dims) -> bool:
    return all(size <= other for size, other in zip(small, large, strict=True))


def _dims(args: Any, kwargs: Mapping[str, Any]) -> Dims:
    import tensorflow as tf

    tensors = filter(trace.is_symbolic, tf.nest.flatten((args, dict(kwargs))))
    return tuple(size or 1 for tensor in tensors for size in tensor.shape)


def _resized(args: Any, kwargs: Mapping[str, Any], dims: Dims) -> tuple[Any, Any]:
    """Return arguments with tensors of other sizes, given in the order of the tensors."""
    import keras
    import tensorflow as tf

    sizes = iter(dims)
    flat = [
        keras.KerasTensor([next(sizes) for _ in item.shape], dtype=item.dtype)
        if trace.is_symbolic(item)
        else item
        for item in tf.nest.flatten((args, dict(kwargs)))
    ]
    resized_args, resized_kwargs = tf.nest.pack_sequence_as((args, dict(kwargs)), flat)
    return resized_args, resized_kwargs
