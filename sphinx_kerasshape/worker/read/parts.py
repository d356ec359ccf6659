"""What a model is made of, level by level: layers and other operations, with their calls.

A functional model's parts are read from its graph, those of other layers from their calls.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.report import LayerCall, Shape, TensorSpec
from sphinx_kerasshape.worker.axes.follow import Symbols
from sphinx_kerasshape.worker.read import trace, weights
from sphinx_kerasshape.worker.read.recorder import Origin, RecordedCall, Seen, graph_of
from sphinx_kerasshape.worker.read.trace import Signature


class Part(NamedTuple):
    """A layer or other operation of a model, or a weight that is the model's own."""

    what: Any
    calls: tuple[LayerCall, ...] = ()
    uncalled: Traced | None = None
    """Of a layer that no call reaches: the outermost calls that don't."""
    is_weight: bool = False
    signatures: tuple[Signature, ...] = ()
    """Of a graph's layer: what each call was given."""
    traced: Traced | None = None
    """Of a layer whose calls were noted: these."""


class Graph:
    """The operations of a functional model, and those of their calls that belong to it."""

    def __init__(self, functional: Any, symbols: Symbols) -> None:
        self.functional = functional
        self.symbols = symbols
        members = {id(node) for nodes in functional._nodes_by_depth.values() for node in nodes}
        self._calls = {
            id(operation): [node for node in operation._inbound_nodes if id(node) in members]
            for operation in functional.operations
        }
        self._numbers = {id(node): n for nodes in self._calls.values() for n, node in enumerate(nodes)}

    def parts(self, model: Any) -> Iterator[Part]:
        """Give the operations of the graph of a model, in its order."""
        import keras

        yield from _own_weights(model)
        for operation in model.layers if isinstance(model, keras.Sequential) else self.functional.operations:
            nodes = self.calls(operation)
            given = tuple(Signature(node.arguments.args, node.arguments.kwargs) for node in nodes)
            yield Part(operation, tuple(map(self._call, nodes)), signatures=given)

    def calls(self, operation: Any) -> list[Any]:
        """Return the calls of an operation, in order of calling."""
        return self._calls.get(id(operation), [])

    def is_chain(self) -> bool:
        """Whether each operation has one call, on the output of the one before it alone."""
        before: list[Any] = []
        for operation in self.functional.operations:
            nodes = self.calls(operation)
            if len(nodes) != 1 or len(nodes[0].outputs) != 1:
                return False
            if [tensor._keras_history[0] for tensor in nodes[0].input_tensors] != before:
                return False
            before = [operation]
        return True

    def ends(self, tensors: Iterable[Any]) -> tuple[TensorSpec, ...]:
        """Read the tensors at the ends of the graph, each with the name of its operation."""
        return tuple(self._tensor(one)._replace(name=str(one._keras_history[0].name)) for one in tensors)

    def _call(self, node: Any) -> LayerCall:
        inputs, outputs = (tuple(map(self._tensor, ends)) for ends in (node.input_tensors, node.outputs))
        return LayerCall(inputs, outputs, tuple(map(self._source, node.input_tensors)))

    def _tensor(self, tensor: Any) -> TensorSpec:
        return TensorSpec(_shape(tensor.shape), str(tensor.dtype), symbolic=self.symbols.get(id(tensor), ()))

    def _source(self, tensor: Any) -> str:
        """Return the call that a tensor is from, as :class:`Call` writes it."""
        operation, index, output = tensor._keras_history
        if operation is None:
            return str(tensor.name)
        node = operation._inbound_nodes[index]
        if len(self.calls(operation)) == 1 and len(node.outputs) == 1:
            return str(operation.name)
        return f"{operation.name}[{self._numbers.get(id(node), index)}][{output}]"


class Traced:
    """A layer's calls as they were noted, and the layers that only training calls."""

    def __init__(
        self,
        layer: Any,
        signatures: tuple[Signature, ...],
        noted: list[RecordedCall],
        root: Traced | None = None,
    ) -> None:
        self._layer = layer
        self._signatures = signatures
        self._noted = noted
        self._root = root or self

    def parts(self) -> Iterator[Part]:
        """Give the layers that the calls called, in order, and those that they did not call."""
        yield from _own_weights(self._layer)
        beside: dict[int, list[RecordedCall]] = {}
        for call in self._noted:
            for inner in call.inner:
                beside.setdefault(id(inner.layer), []).append(inner)
        for several in beside.values():
            layer = several[0].layer
            read = tuple(self._call(call, beside) for call in several)
            yield Part(layer, read, traced=Traced(layer, self._signatures, several, self._root))
        for layer in weights.layers(self._layer):
            if id(layer) not in beside and (weights.weights(layer) or not _is_kerases(self._layer)):
                yield Part(layer, uncalled=self._root)

    @cached_property
    def in_training(self) -> set[int]:
        """The layers, at whatever depth, that are called in training; looking may build some."""
        found: set[int] = set()
        if "training" not in inspect.signature(self._layer.call).parameters:
            return found
        training = (one._replace(kwargs={**one.kwargs, "training": True}) for one in self._signatures)
        stack = _noted(self._layer, training)
        while stack:
            call = stack.pop()
            found.add(id(call.layer))
            stack += call.inner
        return found

    def _call(self, call: RecordedCall, beside: dict[int, list[RecordedCall]]) -> LayerCall:
        sources: list[str] = []
        for origins in call.origins:
            sources += dict.fromkeys(filter(None, (self._source(origin, beside) for origin in origins)))
        return LayerCall(tensors(call.inputs), tensors(call.outputs), tuple(sources))

    def _source(self, origin: Origin, beside: dict[int, list[RecordedCall]]) -> str:
        """Return the name of a call beside, or of the parameter of the call around."""
        call, number = origin
        if any(call is one for one in self._noted):
            return call.inputs[number].name
        several = beside.get(id(call.layer), [])
        if len(several) == 1 and len(call.outputs) == 1:
            return str(call.layer.name)
        index = next((n for n, one in enumerate(several) if one is call), None)
        return f"{call.layer.name}[{index}][{number}]" if index is not None else ""


def inside(part: Part, symbols: Symbols) -> Iterator[Part]:
    """Give the parts of a part; a layer's without a graph from its calls."""
    layer = part.what
    graph = None if part.is_weight else graph_of(layer)
    if graph is not None:
        yield from Graph(graph, symbols).parts(layer)
    elif part.traced is not None:
        yield from part.traced.parts() if _is_open(layer) else ()
    elif not part.is_weight and _is_open(layer):
        noted = _noted(layer, part.signatures)
        if noted or part.uncalled:
            yield from Traced(layer, part.signatures, noted, part.uncalled).parts()


def _noted(layer: Any, signatures: Iterable[Signature]) -> list[RecordedCall]:
    """Call a layer once more; nothing is noted where that fails, as the model's call did not."""
    try:
        return [trace.calls(layer, one, symbolic_only=_is_kerases(layer)) for one in signatures]
    except Exception:
        return []


def _is_open(layer: Any) -> bool:
    """Whether there is something to see inside a layer: an LSTM's cell is the LSTM itself."""
    import keras

    if isinstance(layer, keras.layers.RNN) and type(layer) is not keras.layers.RNN and _is_kerases(layer):
        return False
    return bool(weights.layers(layer))


def _is_kerases(layer: Any) -> bool:
    return type(layer).__module__.startswith("keras.")


def _own_weights(layer: Any) -> Iterator[Part]:
    """Give the weights that a layer has besides those of the layers inside it."""
    for variable in weights.own(layer):
        yield Part(variable, is_weight=True)


def tensors(seen: Iterable[Seen], *, named: bool = False) -> tuple[TensorSpec, ...]:
    """Read the tensors of a call."""
    return tuple(TensorSpec(one.shape, one.dtype, one.name if named else "") for one in seen)


def _shape(shape: Iterable[Any]) -> Shape:
    # Sizes may be NumPy's integers, as the author wrote them.
    return tuple(None if size is None else int(size) for size in shape)
