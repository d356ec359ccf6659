"""A recorder of layer calls: their inputs, their outputs, and the calls that the inputs come from."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from sphinx_kerasshape.messages.report import TensorSpec


class Origin(NamedTuple):
    """Where an input of a call comes from: an output of a sibling call, or an input of the outer call."""

    call: RecordedCall
    number: int
    """The number of the output, or of the input."""


@dataclass(eq=False)
class RecordedCall:
    """A call of a layer, with the calls that it made in turn."""

    layer: Any
    inputs: list[TensorSpec]
    """Each has the name of its parameter of ``call()``."""
    graph: int = 0
    outputs: list[TensorSpec] = field(default_factory=list)
    origins: list[tuple[Origin, ...]] = field(default_factory=list)
    """The origins of each input."""
    inner: list[RecordedCall] = field(default_factory=list)
    known: dict[Any, tuple[Origin, ...]] = field(default_factory=dict)
    """The origins of the tensors that were met inside the call."""

    def give(self, value: Any) -> None:
        """Set its outputs to the tensors in a value, unless they are those that it has."""
        found = [(tuple(tensor.shape), str(tensor.dtype)) for _, tensor in _named_tensors("", value)]
        if found != [(output.shape, output.dtype) for output in self.outputs]:
            self.outputs = [_spec(tensor, name) for name, tensor in _named_tensors("", value)]

    def layers(self) -> set[int]:
        """Return the ids of its layer and of all layers that it has called, at any depth."""
        ids: set[int] = set()
        stack = [self]
        while stack:
            call = stack.pop()
            ids.add(id(call.layer))
            stack += call.inner
        return ids


@contextlib.contextmanager
def recording() -> Iterator[list[RecordedCall]]:
    """Record the calls of all layers; yields the list of outermost calls."""
    import keras

    recorder = _Recorder(keras.Layer.__call__)

    def recorded_call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        return recorder.call(layer, args, kwargs)

    keras.Layer.__call__ = recorded_call
    try:
        with _functions_inline():
            yield recorder.runs
    finally:
        keras.Layer.__call__ = recorder.original


@contextlib.contextmanager
def _functions_inline() -> Iterator[None]:
    """Run the code of each ``tf.function`` itself: a graph that it has made before calls no layers."""
    import tensorflow as tf

    kind = type(tf.function(lambda: None))
    original = kind.__call__

    def call(function: Any, *args: Any, **kwargs: Any) -> Any:
        code = function.python_function
        if tf.executing_eagerly():
            return code(*args, **kwargs)
        # As the function does, with statements on tensors turned into operations.
        convert = tf.autograph.experimental.do_not_convert if not function._autograph else _converted
        return convert(code)(*args, **kwargs)

    kind.__call__ = call
    try:
        yield
    finally:
        kind.__call__ = original


def _converted(code: Callable[..., Any]) -> Callable[..., Any]:
    import tensorflow as tf

    status = tf.__internal__.autograph.control_status_ctx()
    return cast("Callable[..., Any]", tf.__internal__.autograph.tf_convert(code, status, user_requested=True))


class _Recorder:
    """The calls recorded so far, and those that are in progress."""

    def __init__(self, original: Callable[..., Any]) -> None:
        self.original = original
        self.runs: list[RecordedCall] = []
        self._stack: list[RecordedCall] = []
        self._tensors: list[Any] = []
        """All tensors, kept so that no later one gets the id, and so the key, of an earlier one."""

    def call(self, layer: Any, args: Any, kwargs: Any) -> Any:
        """Call a layer, and record the call unless it is part of a graph, which is read without calls."""
        if self._stack and graph_of(self._stack[-1].layer) is not None:
            return self.original(layer, *args, **kwargs)
        with self._inner_call(layer):
            return self.record(layer, self.original, args, kwargs)

    def record(self, layer: Any, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call a function of a layer, and record the call."""
        tensors, inputs = _inputs(layer, args, kwargs)
        call = RecordedCall(layer, inputs, _graph_id())
        outer = self._stack[-1] if self._stack else None
        call.origins = [_origins(tensor, outer) if outer else () for tensor in tensors]
        for number, tensor in enumerate(tensors):
            call.known.setdefault(_key(tensor), (Origin(call, number),))
        self._stack.append(call)
        try:
            value = function(layer, *args, **kwargs)
        finally:
            self._stack.pop()
        named = _named_tensors("", value)
        outputs = [tensor for _, tensor in named]
        self._tensors += [*tensors, *outputs]
        call.outputs = [_spec(tensor, name or _maker(tensor, call)) for name, tensor in named]
        call.known = {}
        if outer is None:
            self.runs.append(call)
        else:
            outer.inner.append(call)
            for number, tensor in enumerate(outputs):
                outer.known[_key(tensor)] = (Origin(call, number),)
        return value

    @contextlib.contextmanager
    def _inner_call(self, layer: Any) -> Iterator[None]:
        """Record the calls that a TimeDistributed makes of its inner layer's ``call`` itself."""
        import keras

        if not isinstance(layer, keras.layers.TimeDistributed):
            yield
            return
        inner = layer.layer
        function = type(inner).call

        def call(*args: Any, **kwargs: Any) -> Any:
            if self._stack[-1].layer is inner:
                return function(inner, *args, **kwargs)
            return self.record(inner, function, args, kwargs)

        call.__signature__ = inspect.signature(inner.call)  # type: ignore[attr-defined]
        call.is_recorder = True  # type: ignore[attr-defined]
        object.__setattr__(inner, "call", call)
        try:
            yield
        finally:
            object.__delattr__(inner, "call")


def graph_of(layer: Any) -> Any:
    """Return the functional model that a layer is or has inside; ``None`` if there is none."""
    import keras

    if not isinstance(layer, keras.Model):
        return None
    kind: Any = type(layer)
    # An author's own code may call more than the graph that the model was made from.
    if "call" in vars(layer) and not hasattr(layer.call, "is_recorder"):
        return None
    if isinstance(layer, keras.Sequential):
        return layer._functional if _calls_its_graph(kind) else None
    return layer if hasattr(layer, "_nodes_by_depth") and _calls_its_graph(kind) else None


@functools.cache
def _calls_its_graph(kind: Any) -> bool:
    """Whether the models of a class do what their graphs say."""
    import keras
    from keras.src.models.functional import Functional

    own = [base for base in kind.__mro__ if not base.__module__.startswith(("keras.", "builtins"))]
    if any("__call__" in vars(base) for base in own):
        return False
    return kind.call is (keras.Sequential if issubclass(kind, keras.Sequential) else Functional).call


def _inputs(layer: Any, args: Any, kwargs: Any) -> tuple[list[Any], list[TensorSpec]]:
    """Return the tensors among the arguments of a call, and what is recorded of them."""
    try:
        arguments = inspect.signature(layer.call).bind_partial(*args, **kwargs).arguments
    except (TypeError, ValueError):
        arguments = {"inputs": args, **kwargs}
    named = [pair for name, value in arguments.items() for pair in _named_tensors(name, value)]
    return [tensor for _, tensor in named], [_spec(tensor, name) for name, tensor in named]


def _named_tensors(name: str, value: Any) -> list[tuple[str, Any]]:
    """Return the tensors in a value, each with a name; those in a dict have its keys."""
    import keras

    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return [pair for key in sorted(value) for pair in _named_tensors(key, value[key])]
    flat = keras.tree.flatten(value)
    return [(name, item) for item in flat if hasattr(item, "shape") and hasattr(item, "dtype")]


def _maker(tensor: Any, call: RecordedCall) -> str:
    """Return the name of the inner layer whose call made an output of a call."""
    origins = _origins(tensor, call)
    return str(origins[0].call.layer.name) if len(origins) == 1 and origins[0].call is not call else ""


def _spec(tensor: Any, name: str) -> TensorSpec:
    rank = getattr(tensor.shape, "rank", 0)
    shape = () if rank is None else tuple(None if size is None else int(size) for size in tensor.shape)
    return TensorSpec(shape, str(getattr(tensor.dtype, "name", tensor.dtype)), name)


def _graph_id() -> int:
    """Return a number that differs between the body of a loop and the code around it."""
    import tensorflow as tf

    return 0 if tf.executing_eagerly() else id(tf.compat.v1.get_default_graph())


def _key(tensor: Any) -> Any:
    # TensorFlow makes several objects for one tensor of a graph.
    operation = _operation(tensor)
    return (id(operation.graph), tensor.name) if operation is not None else id(tensor)


def _operation(tensor: Any) -> Any:
    """Return TensorFlow's operation that makes a tensor of a graph."""
    try:
        return tensor.op
    except Exception:
        return None  # A tensor with values has none.


def _origins(tensor: Any, outer: RecordedCall) -> tuple[Origin, ...]:
    """Return the calls that a tensor is made from, through operations that aren't layers."""
    start = _key(tensor)
    origins: dict[Origin, None] = {}
    seen = {start}
    stack = [tensor]
    while stack:
        here = stack.pop()
        known = outer.known.get(_key(here))
        operation = _operation(here) if known is None else None
        origins.update(dict.fromkeys(known or ()))
        for before in reversed(operation.inputs if operation is not None else ()):
            if _key(before) not in seen:
                seen.add(_key(before))
                stack.append(before)
    outer.known[start] = tuple(origins)
    return tuple(origins)
