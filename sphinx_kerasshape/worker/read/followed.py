"""Tensors between layers whose open sizes are followed from the inputs of their graph."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from sphinx_kerasshape.messages.report import TensorSpec
from sphinx_kerasshape.worker.axes import follow
from sphinx_kerasshape.worker.read import observed
from sphinx_kerasshape.worker.read.undisturbed import undisturbed

_MAX_OPERATIONS = 200
"""Operations of a graph that is followed: what comments name axes of is small."""


class Following:
    """Tensors that are followed when all are known: those of one graph together, so that it is walked once."""

    def __init__(self) -> None:
        self._later: dict[int, tuple[TensorSpec, Any]] = {}

    def tensors(self, value: Any) -> tuple[TensorSpec, ...]:
        """Return the tensors that a value is or holds, as :func:`.observed.tensors` does."""
        found = observed.tensors(value)
        if len(found) == 1 and _is_open(value, found[0]):
            self._later[id(found[0])] = found[0], value
        return found

    def symbols(self) -> dict[int, TensorSpec]:
        """Return what tensors are with symbols, by the ``id`` of what :meth:`tensors` has returned."""
        symbols: dict[int, tuple[str, ...]] = {}
        for some in _by_graph([value for _, value in self._later.values()]):
            symbols |= _symbols(some)
        return {
            key: spec._replace(symbolic=symbols[id(value)])
            for key, (spec, value) in self._later.items()
            if id(value) in symbols
        }


def with_symbols(value: Any, spec: TensorSpec) -> TensorSpec:
    """Return a tensor with its sizes as expressions of the open axes of its inputs, if these are known."""
    following = Following()
    following._later[id(spec)] = spec, value
    return following.symbols().get(id(spec), spec) if _is_open(value, spec) else spec


def _is_open(value: Any, spec: TensorSpec) -> bool:
    import keras

    return None in spec.shape and isinstance(value, keras.KerasTensor)


def _by_graph(values: Sequence[Any]) -> Iterator[list[Any]]:
    """Yield the tensors of each graph together, as far as it is small."""
    graph_of: dict[int, list[Any]] = {}
    """For each node: all nodes of its graph so far."""
    tensors: dict[int, list[Any]] = {}
    for value in values:
        nodes, around = _nodes(value, graph_of)
        graph = max(around, key=len, default=[])
        added = [node for other in around if other is not graph for node in other] + nodes
        if len(graph) + len(added) > _MAX_OPERATIONS:
            continue
        for other in around:
            if other is not graph:
                tensors.setdefault(id(graph), []).extend(tensors.pop(id(other)))
        graph += added
        graph_of |= {id(node): graph for node in added}
        tensors.setdefault(id(graph), []).append(value)
    yield from tensors.values()


def _nodes(value: Any, graph_of: dict[int, list[Any]]) -> tuple[list[Any], list[list[Any]]]:
    """Return the nodes that make a tensor and are of no graph yet, and the graphs that they lead to."""
    nodes: dict[int, Any] = {}
    around: dict[int, list[Any]] = {}
    todo = [value]
    while todo and len(nodes) <= _MAX_OPERATIONS:
        operation, index, _ = todo.pop()._keras_history
        node = operation._inbound_nodes[index]
        if id(node) in graph_of:
            around[id(graph_of[id(node)])] = graph_of[id(node)]
        elif id(node) not in nodes:
            nodes[id(node)] = node
            todo += node.input_tensors
    return [*nodes.values()], [*around.values()]


def _symbols(values: Sequence[Any]) -> dict[int, tuple[str, ...]]:
    """Return the expressions for tensors of one graph; if not all can be followed, for those that can."""
    import keras

    with contextlib.suppress(follow.BadAxes, follow.Unfollowed, ValueError, AttributeError):
        every = {id(one): one for value in values for one in keras.utils.get_source_inputs(value)}
        inputs = [*every.values()]
        names = {id(one): str(one._keras_history[0].name) for one in inputs}
        with undisturbed():
            graph = keras.Model(inputs, list(values))
            named = (f"{names[id(one)]}: {_axes(names[id(one)], one)}" for one in inputs if None in one.shape)
            _, symbols = follow.follow(graph, " | ".join(named))
            return {
                id(value): symbols[id(output)] for value, output in zip(values, graph.outputs, strict=True)
            }
    half = len(values) // 2
    return _symbols(values[:half]) | _symbols(values[half:]) if half else {}


def _axes(name: str, tensor: Any) -> str:
    """Return a name for each open axis of an input."""
    return ", ".join(f"{name}_{place}" for place, size in enumerate(tensor.shape) if size is None)
