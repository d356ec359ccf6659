"""A Keras model, read into a :class:`~sphinx_kerasshape.messages.Model`.

Shapes come from the tensors of the model's own graph, counts from its variables,
each counted once. The text of ``summary()`` is never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import prod
from typing import Any

from sphinx_kerasshape.messages import Call, LayerRow, Model, Tensor, Weight


class Unreadable(Exception):
    """A model that can't be read as it is; the message says how to mend that."""

    problem = "unbuilt"


def read(model: Any) -> Model:
    """Read a model. Raises :class:`Unreadable` where Keras does not know its shapes."""
    graph = _graph(model)
    rows = tuple(_rows(model, graph))
    weights = _weights(model)
    total = _params(weights)
    trainable = _params(weight for weight in weights if weight.trainable)
    return Model(
        name=str(model.name),
        type=type(model).__name__,
        chain=_is_chain(graph),
        inputs=_named(graph.inputs, [tensor._keras_history.operation.name for tensor in graph.inputs]),
        outputs=_named(graph.outputs, graph.output_names),
        layers=rows,
        params=total,
        trainable=trainable,
        non_trainable=total - trainable,
        bytes=sum(weight.params * item_size(weight.dtype) for weight in weights),
    )


def item_size(dtype: str) -> int:
    """Return the bytes of one number of a dtype; 1 for ``bool``, 0 for ``string``."""
    if dtype == "bool":
        return 1
    bits = re.search(r"\d+", dtype)
    return (int(bits[0]) + 7) // 8 if bits else 0


def _graph(model: Any) -> Any:
    """Return the graph of operations that a model is."""
    import keras

    if isinstance(model, keras.Sequential):
        if model._functional is None:
            raise Unreadable(_unbuilt_sequential(model))
        return model._functional
    if hasattr(model, "operations") and hasattr(model, "_nodes"):
        return model
    kind = type(model).__name__
    raise Unreadable(
        f"{kind} is a subclassed model: Keras knows its shapes only when it is called. "
        "Show a functional one: inputs = keras.Input(shape=...), "
        f"keras.Model(inputs, {kind}(...)(inputs))"
    )


def _unbuilt_sequential(model: Any) -> str:
    first = type(model.layers[0]).__name__ if model.layers else ""
    hint = {
        "Embedding": "keras.Input(shape=(None,))",
        "Dense": "keras.Input(shape=(features,))",
        "Conv2D": "keras.Input(shape=(height, width, channels))",
        "LSTM": "keras.Input(shape=(None, features))",
    }.get(first, "keras.Input(shape=...)")
    return (
        f"the Sequential model {str(model.name)!r} has no input shape, so its layers have no "
        f"shapes or weights yet: put {hint} in front of its layers"
    )


def _rows(model: Any, graph: Any) -> Iterator[LayerRow]:
    """Give the rows in order; a stack, not recursion, for models nested very deeply."""
    stack = [(0, graph, iter(_operations(model, graph)))]
    while stack:
        depth, graph, operations = stack[-1]
        operation = next(operations, None)
        if operation is None:
            stack.pop()
            continue
        yield _row(operation, depth, graph)
        inner = _inner_graph(operation)
        if inner is not None:
            stack.append((depth + 1, inner, iter(_operations(operation, inner))))


def _operations(model: Any, graph: Any) -> list[Any]:
    import keras

    return list(model.layers if isinstance(model, keras.Sequential) else graph.operations)


def _inner_graph(operation: Any) -> Any:
    import keras

    if not isinstance(operation, keras.Model):
        return None
    try:
        return _graph(operation)
    except Unreadable:
        return None


def _row(operation: Any, depth: int, graph: Any) -> LayerRow:
    weights = _weights(operation)
    return LayerRow(
        name=str(operation.name),
        type=type(operation).__name__,
        depth=depth,
        calls=tuple(_call(node, graph) for node in _nodes(operation, graph)),
        params=_params(weights),
        trainable=_params(weight for weight in weights if weight.trainable),
        bytes=sum(weight.params * item_size(weight.dtype) for weight in weights),
        weights=weights,
    )


def _nodes(operation: Any, graph: Any) -> list[Any]:
    """Return the calls of an operation that belong to this graph, in order of calling."""
    if len(operation._inbound_nodes) == 1:
        return list(operation._inbound_nodes)
    members = _members(graph)
    return [node for node in operation._inbound_nodes if id(node) in members]


def _members(graph: Any) -> set[int]:
    found: set[int] | None = graph.__dict__.get("_kerasshape_members")
    if found is None:
        found = {id(node) for nodes in graph._nodes_by_depth.values() for node in nodes}
        object.__setattr__(graph, "_kerasshape_members", found)
    return found


def _call(node: Any, graph: Any) -> Call:
    inputs = node.input_tensors
    sources = tuple(_source(tensor, graph) for tensor in inputs)
    return Call(_tensors(inputs), _tensors(node.outputs), sources)


def _source(tensor: Any, graph: Any) -> str:
    operation, call, output = tensor._keras_history
    node = operation._inbound_nodes[call]
    calls = [id(one) for one in _nodes(operation, graph)]
    if len(calls) == 1 and len(node.outputs) == 1:
        return str(operation.name)
    return f"{operation.name}[{calls.index(id(node))}][{output}]"


def _tensors(tensors: Iterable[Any]) -> tuple[Tensor, ...]:
    return tuple(Tensor(tuple(tensor.shape), str(tensor.dtype)) for tensor in tensors)


def _named(tensors: Iterable[Any], names: Iterable[str]) -> tuple[Tensor, ...]:
    pairs = zip(_tensors(tensors), names, strict=True)
    return tuple(replace(tensor, name=str(name)) for tensor, name in pairs)


def _weights(layer: Any) -> tuple[Weight, ...]:
    """Return a layer's variables, each once, however often it is reached."""
    trainable = {id(variable) for variable in getattr(layer, "trainable_weights", ())}
    unique = {id(variable): variable for variable in getattr(layer, "weights", ())}
    return tuple(
        Weight(
            name=str(variable.name),
            path=str(variable.path),
            shape=tuple(variable.shape),
            dtype=str(variable.dtype),
            trainable=key in trainable,
        )
        for key, variable in unique.items()
    )


def _params(weights: Iterable[Weight]) -> int:
    return sum(prod(weight.shape) for weight in weights)


def _is_chain(graph: Any) -> bool:
    """Whether each operation has one call, on the output of the one before it alone."""
    before = None
    for operation in graph.operations:
        nodes = _nodes(operation, graph)
        if len(nodes) != 1 or len(nodes[0].outputs) != 1:
            return False
        if [tensor._keras_history.operation for tensor in nodes[0].input_tensors] != (
            [before] if before is not None else []
        ):
            return False
        before = operation
    return True
