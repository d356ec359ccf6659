"""The parts of a model, level by level: its layers and other operations, with their calls.

The parts of a functional model are read from its graph, those of other layers from recorded calls.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.report import LayerCall, Shape, TensorSpec
from sphinx_kerasshape.worker.axes.follow import Symbols
from sphinx_kerasshape.worker.read import declared, masks, reopened, trace, weights
from sphinx_kerasshape.worker.read.recorder import Origin, RecordedCall
from sphinx_kerasshape.worker.read.trace import Signature


class Part(NamedTuple):
    """A layer or other operation of a model, or a weight that the model itself holds."""

    element: Any
    calls: tuple[LayerCall, ...] = ()
    uncalled: Traced | None = None
    """For a layer that was not called: the outermost calls, which don't reach it."""
    is_weight: bool = False
    signatures: tuple[Signature, ...] = ()
    """For a layer of a graph: the arguments of each call."""
    traced: Traced | None = None
    """For a layer whose calls were recorded: these calls."""
    declared: str = ""
    """For a layer of a graph that declares other outputs than a call gives: what it declares."""
    refused: str = ""
    """For a layer of a graph that refuses what those before it really give: why."""


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
        self._corrections = declared.corrections(functional)
        self._numbers = {id(node): n for nodes in self._calls.values() for n, node in enumerate(nodes)}

    def parts(self, model: Any) -> Iterator[Part]:
        """Yield the operations of the graph of a model, in the model's order."""
        import keras

        yield from _own_weights(model)
        for operation in model.layers if isinstance(model, keras.Sequential) else self.functional.operations:
            nodes = self.calls(operation)
            signatures = tuple(map(self._signature, nodes))
            found = self._corrections
            yield Part(
                operation,
                tuple(map(self._call, nodes)),
                signatures=signatures,
                declared=found.declared.get(id(operation), ""),
                refused=found.refused.get(id(operation), ""),
            )

    def calls(self, operation: Any) -> list[Any]:
        """Return the calls of an operation, in the order of calling."""
        return self._calls.get(id(operation), [])

    def is_chain(self) -> bool:
        """Whether each operation has one call, whose only input is the output of the operation before it."""
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
        """Describe the inputs or outputs of the graph, each with the name of its operation."""
        return tuple(
            self._tensor(tensor)._replace(name=str(tensor._keras_history[0].name)) for tensor in tensors
        )

    def _signature(self, node: Any) -> Signature:
        """Return the arguments of a call: real tensors, with their masks."""
        real = {id(one): self._corrections.tensors.get(id(one), one) for one in node.input_tensors}
        return Signature(*masks.filled(self.functional, node, real))

    def _call(self, node: Any) -> LayerCall:
        inputs, outputs = (tuple(map(self._tensor, ends)) for ends in (node.input_tensors, node.outputs))
        return LayerCall(inputs, outputs, tuple(map(self._source, node.input_tensors)))

    def _tensor(self, tensor: Any) -> TensorSpec:
        symbolic = self.symbols.get(id(tensor), ())
        real = self._corrections.tensors.get(id(tensor), tensor)
        return TensorSpec(_shape(real.shape), str(real.dtype), symbolic=symbolic)

    def _source(self, tensor: Any) -> str:
        """Return the call that makes a tensor, as :class:`LayerCall` writes it."""
        operation, index, output = tensor._keras_history
        if operation is None:
            return str(tensor.name)
        node = operation._inbound_nodes[index]
        if len(self.calls(operation)) == 1 and len(node.outputs) == 1:
            return str(operation.name)
        return f"{operation.name}[{self._numbers.get(id(node), index)}][{output}]"


class Traced:
    """The recorded calls of a layer, and the layers that are called in training only."""

    def __init__(
        self,
        layer: Any,
        signatures: tuple[Signature, ...],
        recorded: list[RecordedCall],
        root: Traced | None = None,
    ) -> None:
        self._layer = layer
        self._signatures = signatures
        self._recorded = recorded
        self._root = root or self

    @property
    def calls_layers(self) -> bool:
        """Whether a call called layers."""
        return any(call.inner for call in self._recorded)

    def parts(self) -> Iterator[Part]:
        """Yield the layers that the calls called, in order, and then those that they didn't."""
        import keras

        yield from _own_weights(self._layer)
        calls_by_layer: dict[int, list[RecordedCall]] = {}
        for outer in self._recorded:
            for call in outer.inner:
                calls_by_layer.setdefault(id(call.layer), []).append(call)
        for calls in calls_by_layer.values():
            layer = calls[0].layer
            described = tuple(self._call(call, calls_by_layer) for call in calls)
            yield Part(layer, described, traced=Traced(layer, self._signatures, calls, self._root))
        for layer in weights.inner_layers(self._layer):
            # A class that is made from a graph calls what the graph does, but not its inputs.
            is_input = isinstance(layer, keras.layers.InputLayer)
            is_shown = weights.all_variables(layer) or not (is_input or _is_from_keras(self._layer))
            if id(layer) not in calls_by_layer and is_shown:
                yield Part(layer, uncalled=self._root)

    @cached_property
    def in_training(self) -> set[int]:
        """The ids of all layers, at any depth, that are called in training; finding out may build some."""
        if "training" not in inspect.signature(self._layer.call).parameters:
            return set()
        training = (item._replace(kwargs={**item.kwargs, "training": True}) for item in self._signatures)
        return set().union(*(call.layers() for call in _recorded(self._layer, training)))

    def _call(self, call: RecordedCall, calls_by_layer: dict[int, list[RecordedCall]]) -> LayerCall:
        sources: list[str] = []
        for origins in call.origins:
            names = (self._source(origin, calls_by_layer) for origin in origins)
            sources += dict.fromkeys(filter(None, names))
        return LayerCall(tensors(call.inputs), tensors(call.outputs), tuple(sources))

    def _source(self, origin: Origin, calls_by_layer: dict[int, list[RecordedCall]]) -> str:
        """Return the name of a sibling call, or of a parameter of the outer call."""
        call, number = origin
        if any(call is outer for outer in self._recorded):
            return call.inputs[number].name
        calls = calls_by_layer.get(id(call.layer), [])
        if len(calls) == 1 and len(call.outputs) == 1:
            return str(call.layer.name)
        index = next((n for n, sibling in enumerate(calls) if sibling is call), None)
        return f"{call.layer.name}[{index}][{number}]" if index is not None else ""


def inside(part: Part, symbols: Symbols) -> Iterator[Part]:
    """Yield the parts of a part."""
    layer = part.element
    graph = None if part.is_weight else reopened.graph_for(layer, part.calls)
    if graph is not None:
        yield from Graph(graph, symbols).parts(layer)
    elif part.traced is not None:
        is_shown = _can_be_unfolded(layer) or (_may_hide_layers(layer) and part.traced.calls_layers)
        yield from part.traced.parts() if is_shown else ()
    elif not part.is_weight and (_can_be_unfolded(layer) or _may_hide_layers(layer)):
        recorded = _recorded(layer, part.signatures)
        if any(call.inner for call in recorded) or (_can_be_unfolded(layer) and (recorded or part.uncalled)):
            yield from Traced(layer, part.signatures, recorded, part.uncalled).parts()


def tensors(specs: Iterable[TensorSpec], *, named: bool = False) -> tuple[TensorSpec, ...]:
    """Return the tensors of a recorded call, with or without their names."""
    return tuple(spec if named else spec._replace(name="") for spec in specs)


def _recorded(layer: Any, signatures: Iterable[Signature]) -> list[RecordedCall]:
    """Call a layer once more; return no calls if one fails, though the model's own call did not."""
    try:
        return [trace.record(layer, item, symbolic_only=_is_from_keras(layer)) for item in signatures]
    except Exception:
        return []


def _can_be_unfolded(layer: Any) -> bool:
    """Whether there is something to see inside a layer; the cell of an LSTM is the LSTM itself."""
    import keras

    is_rnn = isinstance(layer, keras.layers.RNN) and type(layer) is not keras.layers.RNN
    return bool(weights.inner_layers(layer)) and not (is_rnn and _is_from_keras(layer))


def _may_hide_layers(layer: Any) -> bool:
    """Whether a layer runs code of the author's, which may call layers that Keras does not track."""
    import keras

    is_own = isinstance(layer, keras.Layer) and not _is_from_keras(layer)
    return is_own or isinstance(layer, keras.layers.Lambda)


def _is_from_keras(layer: Any) -> bool:
    return type(layer).__module__.startswith("keras.")


def _own_weights(layer: Any) -> Iterator[Part]:
    """Yield the weights that a layer holds itself, besides those of the layers inside it."""
    for variable in weights.own_variables(layer):
        yield Part(variable, is_weight=True)


def _shape(shape: Iterable[Any]) -> Shape:
    # Sizes may be integers of NumPy, as the author wrote them.
    return tuple(None if size is None else int(size) for size in shape)
