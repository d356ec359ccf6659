"""A Keras model, read into a :class:`~sphinx_kerasshape.messages.Model`.

Shapes come from the tensors of the model's own graph, counts from its variables,
each counted once. The text of ``summary()`` is never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sphinx_kerasshape.messages import Call, LayerRow, Model, Shape, Tensor, Weight
from sphinx_kerasshape.worker import follow
from sphinx_kerasshape.worker.follow import Symbols


class Unreadable(Exception):
    """A model that can't be read as it is; the message says how to mend that."""

    problem = "unbuilt"


def read(model: Any, axes: str = "") -> Model:
    """Read a model; ``axes`` names its open dimensions.

    Raises :class:`Unreadable` where Keras does not know its shapes, and
    :class:`follow.Unnamed` where the names don't fit.
    """
    functional = _functional(model)
    named, symbols = follow.named(functional, axes) if axes else ((), {})
    graph = _Graph(functional, symbols)
    rows = tuple(_rows(model, graph))
    weights = _weights(model)
    total = _params(weights)
    trainable = _params(weight for weight in weights if weight.trainable)
    return Model(
        name=str(model.name),
        type=type(model).__name__,
        chain=graph.is_chain(),
        inputs=_named(functional.inputs, symbols),
        outputs=_named(functional.outputs, symbols),
        layers=rows,
        params=total,
        trainable=trainable,
        non_trainable=total - trainable,
        bytes=_bytes(weights),
        axes=named,
    )


def item_size(dtype: str) -> int:
    """Return the bytes of one number of a dtype; 1 for ``bool``, 0 for ``string``."""
    if dtype == "bool":
        return 1
    bits = re.search(r"\d+", dtype)
    return (int(bits[0]) + 7) // 8 if bits else 0


class _Graph:
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

    def calls(self, operation: Any) -> list[Any]:
        """Return the calls of an operation, in order of calling."""
        return self._calls.get(id(operation), [])

    def source(self, tensor: Any) -> str:
        """Return the call that a tensor is from, as :class:`Call` writes it."""
        operation, index, output = tensor._keras_history
        if operation is None:
            return str(tensor.name)
        node = operation._inbound_nodes[index]
        if len(self.calls(operation)) == 1 and len(node.outputs) == 1:
            return str(operation.name)
        return f"{operation.name}[{self._numbers.get(id(node), index)}][{output}]"

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


def _functional(model: Any) -> Any:
    """Return the functional model that a model is, or is made of."""
    import keras

    if isinstance(model, keras.Sequential):
        if model._functional is None:
            raise Unreadable(_unbuilt_sequential(model))
        return model._functional
    if hasattr(model, "operations") and hasattr(model, "_nodes_by_depth"):
        return model
    kind = type(model).__name__
    raise Unreadable(
        f"{kind} is a subclassed model: Keras knows its shapes only when it is called. "
        "Show a functional one: inputs = keras.Input(shape=...), "
        f"keras.Model(inputs, {kind}(...)(inputs))"
    )


def _unbuilt_sequential(model: Any) -> str:
    name = f"the Sequential model {str(model.name)!r}"
    if not model.layers:
        return f"{name} has no layers"
    if model.built or len(model._layers) > len(model.layers):
        return (
            f"Keras can't tell the shapes of {name}, though it has an input shape: "
            "one of its layers needs a compute_output_shape() method"
        )
    shape = {
        "Embedding": "(None, None)",
        "Dense": "(None, features)",
        "Conv1D": "(None, steps, channels)",
        "Conv2D": "(None, height, width, channels)",
        "LSTM": "(None, None, features)",
        "GRU": "(None, None, features)",
    }.get(type(model.layers[0]).__name__, "(None, ...)")
    return (
        f"{name} has no input shape, so its layers have no shapes or weights yet: give the directive "
        f"':input: {shape}', the batch axis first, or put a keras.Input in front of its layers"
    )


def _rows(model: Any, graph: _Graph) -> Iterator[LayerRow]:
    """Give the rows in order; a stack, not recursion, for models nested very deeply."""
    stack = [(graph, iter(_operations(model, graph)))]
    while stack:
        graph, operations = stack[-1]
        operation = next(operations, None)
        if operation is None:
            stack.pop()
            continue
        yield _row(operation, len(stack) - 1, graph)
        inner = _inner_graph(operation, graph.symbols)
        if inner is not None:
            stack.append((inner, iter(_operations(operation, inner))))


def _operations(model: Any, graph: _Graph) -> list[Any]:
    import keras

    return list(model.layers if isinstance(model, keras.Sequential) else graph.functional.operations)


def _inner_graph(operation: Any, symbols: Symbols) -> _Graph | None:
    import keras

    if not isinstance(operation, keras.Model):
        return None
    try:
        return _Graph(_functional(operation), symbols)
    except Unreadable:
        return None


def _row(operation: Any, depth: int, graph: _Graph) -> LayerRow:
    weights = _weights(operation)
    return LayerRow(
        name=str(operation.name),
        type=type(operation).__name__,
        depth=depth,
        calls=tuple(_call(node, graph) for node in graph.calls(operation)),
        params=_params(weights),
        trainable=_params(weight for weight in weights if weight.trainable),
        bytes=_bytes(weights),
        weights=weights,
    )


def _call(node: Any, graph: _Graph) -> Call:
    inputs = node.input_tensors
    sources = tuple(map(graph.source, inputs))
    return Call(_tensors(inputs, graph.symbols), _tensors(node.outputs, graph.symbols), sources)


def _tensors(tensors: Iterable[Any], symbols: Symbols) -> tuple[Tensor, ...]:
    return tuple(
        Tensor(_shape(tensor.shape), str(tensor.dtype), symbolic=symbols.get(id(tensor), ()))
        for tensor in tensors
    )


def _named(tensors: Iterable[Any], symbols: Symbols) -> tuple[Tensor, ...]:
    """Read the tensors at the ends of a graph, each with the name of its operation."""
    found = zip(tensors, _tensors(tensors, symbols), strict=True)
    return tuple(read._replace(name=str(tensor._keras_history[0].name)) for tensor, read in found)


def _shape(shape: Iterable[Any]) -> Shape:
    # Sizes may be NumPy's integers, as the author wrote them.
    return tuple(None if size is None else int(size) for size in shape)


def _weights(layer: Any) -> tuple[Weight, ...]:
    """Return a layer's variables, each once, however often it is reached."""
    trainable = {id(variable) for variable in getattr(layer, "trainable_weights", ())}
    unique = {id(variable): variable for variable in getattr(layer, "weights", ())}
    return tuple(
        Weight(
            name=str(variable.name),
            path=str(variable.path),
            shape=tuple(int(size) for size in variable.shape),
            dtype=str(variable.dtype),
            trainable=key in trainable,
        )
        for key, variable in unique.items()
    )


def _params(weights: Iterable[Weight]) -> int:
    return sum(weight.params for weight in weights)


def _bytes(weights: Iterable[Weight]) -> int:
    return sum(weight.params * item_size(weight.dtype) for weight in weights)
