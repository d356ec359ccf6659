"""A recorder of the calls of layers: what went in, what came out, and which calls it came from."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.report import Shape


class Seen(NamedTuple):
    """A tensor that went into a call, or came out of it."""

    shape: Shape
    dtype: str
    name: str = ""
    """Of an input: the parameter of ``call()`` that it was given for."""


class Origin(NamedTuple):
    """Where an input of a call is from: a call beside it, or the call that both are part of."""

    call: RecordedCall
    number: int
    """Of the outputs of the call beside; of the inputs of the one around."""


@dataclass(eq=False)
class RecordedCall:
    """A call of a layer, with the calls that it made in turn."""

    layer: Any
    inputs: list[Seen]
    graph: int = 0
    outputs: list[Seen] = field(default_factory=list)
    origins: list[tuple[Origin, ...]] = field(default_factory=list)
    """Of each input."""
    inner: list[RecordedCall] = field(default_factory=list)
    known: dict[Any, tuple[Origin, ...]] = field(default_factory=dict)
    """The origins of tensors that were met inside."""


@contextlib.contextmanager
def recording() -> Iterator[list[RecordedCall]]:
    """Note the calls of all layers; gives those that are part of no other."""
    import keras

    recorder = _Recorder(keras.Layer.__call__)

    def noted_call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        return recorder.call(layer, args, kwargs)

    keras.Layer.__call__ = noted_call
    try:
        yield recorder.runs
    finally:
        keras.Layer.__call__ = recorder.original


class _Recorder:
    """The calls noted so far, and those that are going on."""

    def __init__(self, original: Callable[..., Any]) -> None:
        self.original = original
        self.runs: list[RecordedCall] = []
        self._stack: list[RecordedCall] = []
        self._met: list[Any] = []
        """All tensors, so that none gives its place in memory, and so its key, to another."""

    def call(self, layer: Any, args: Any, kwargs: Any) -> Any:
        """Make a call, and note it."""
        if self._stack and graph_of(self._stack[-1].layer) is not None:
            return self.original(layer, *args, **kwargs)  # It has a graph, which says all.
        with self._inner_called(layer):
            return self.noted(layer, self.original, args, kwargs)

    def noted(self, layer: Any, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call a layer in a way, and note it."""
        tensors, inputs = _inputs(layer, args, kwargs)
        call = RecordedCall(layer, inputs, _place())
        above = self._stack[-1] if self._stack else None
        call.origins = [_origins(tensor, above) if above else () for tensor in tensors]
        for number, tensor in enumerate(tensors):
            call.known.setdefault(_key(tensor), (Origin(call, number),))
        self._stack.append(call)
        try:
            made = function(layer, *args, **kwargs)
        finally:
            self._stack.pop()
        named = _named("", made)
        outputs = [tensor for _, tensor in named]
        self._met += [*tensors, *outputs]
        call.outputs = [_seen(tensor, name or _maker(tensor, call)) for name, tensor in named]
        call.known = {}
        if above is None:
            self.runs.append(call)
        else:
            above.inner.append(call)
            for number, tensor in enumerate(outputs):
                above.known[_key(tensor)] = (Origin(call, number),)
        return made

    @contextlib.contextmanager
    def _inner_called(self, layer: Any) -> Iterator[None]:
        """Let a TimeDistributed's own layer be noted, whose ``call`` it calls itself."""
        import keras

        if not isinstance(layer, keras.layers.TimeDistributed):
            yield
            return
        inner = layer.layer
        function = type(inner).call

        def call(*args: Any, **kwargs: Any) -> Any:
            if self._stack[-1].layer is inner:
                return function(inner, *args, **kwargs)
            return self.noted(inner, function, args, kwargs)

        call.__signature__ = inspect.signature(inner.call)  # type: ignore[attr-defined]
        object.__setattr__(inner, "call", call)
        try:
            yield
        finally:
            object.__delattr__(inner, "call")


def graph_of(layer: Any) -> Any:
    """Return the functional model that a layer is, or is made of; ``None`` if it has none."""
    import keras

    if isinstance(layer, keras.Sequential):
        return layer._functional
    return layer if isinstance(layer, keras.Model) and hasattr(layer, "_nodes_by_depth") else None


def _inputs(layer: Any, args: Any, kwargs: Any) -> tuple[list[Any], list[Seen]]:
    """Return the tensors that a call is given, and what is noted of them."""
    try:
        named = inspect.signature(layer.call).bind_partial(*args, **kwargs).arguments
    except (TypeError, ValueError):
        named = {"inputs": args, **kwargs}
    found = [pair for name, value in named.items() for pair in _named(name, value)]
    return [tensor for _, tensor in found], [_seen(tensor, name) for name, tensor in found]


def _named(name: str, value: Any) -> list[tuple[str, Any]]:
    """Return the tensors in a value; those of a dict have its keys for names."""
    import keras

    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return [pair for key in sorted(value) for pair in _named(key, value[key])]
    flat = keras.tree.flatten(value)
    return [(name, item) for item in flat if hasattr(item, "shape") and hasattr(item, "dtype")]


def _maker(tensor: Any, call: RecordedCall) -> str:
    """Return the name of the layer whose call gave an output of the call around it."""
    origins = _origins(tensor, call)
    return str(origins[0].call.layer.name) if len(origins) == 1 and origins[0].call is not call else ""


def _seen(tensor: Any, name: str) -> Seen:
    rank = getattr(tensor.shape, "rank", 0)
    shape = () if rank is None else tuple(None if size is None else int(size) for size in tensor.shape)
    return Seen(shape, str(getattr(tensor.dtype, "name", tensor.dtype)), name)


def _place() -> int:
    """Return what tells the inside of a loop's body from the code around it."""
    import tensorflow as tf

    return 0 if tf.executing_eagerly() else id(tf.compat.v1.get_default_graph())


def _key(tensor: Any) -> Any:
    # TensorFlow makes new objects for what is one tensor of a graph.
    operation = _operation(tensor)
    return (id(operation.graph), tensor.name) if operation is not None else id(tensor)


def _operation(tensor: Any) -> Any:
    """Return the operation of TensorFlow that a tensor of a graph is from."""
    try:
        return tensor.op
    except Exception:
        return None  # There is none where values are computed at once.


def _origins(tensor: Any, around: RecordedCall) -> tuple[Origin, ...]:
    """Return which calls a tensor is made from, through operations that are no layers."""
    start = _key(tensor)
    found: dict[Origin, None] = {}
    seen = {start}
    stack = [tensor]
    while stack:
        here = stack.pop()
        known = around.known.get(_key(here))
        operation = _operation(here) if known is None else None
        found.update(dict.fromkeys(known or ()))
        for before in reversed(operation.inputs if operation is not None else ()):
            if _key(before) not in seen:
                seen.add(_key(before))
                stack.append(before)
    around.known[start] = tuple(found)
    return tuple(found)
