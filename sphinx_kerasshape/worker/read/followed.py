"""Tensors between layers whose open sizes are followed from the inputs of their graph."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.report import TensorSpec
from sphinx_kerasshape.worker.axes import follow
from sphinx_kerasshape.worker.axes.walk import Unfollowed
from sphinx_kerasshape.worker.read import observed
from sphinx_kerasshape.worker.read.undisturbed import undisturbed

_OPEN = re.compile(r"^(?!depends|None).*[A-Za-z_]")
_MAX_SIZES = 50
_MAX_OPERATIONS = 200
"""Operations of a graph that is followed: what comments name axes of is small."""


class Followed(NamedTuple):
    """A tensor with its sizes as expressions, and the open sizes of all tensors of its graph."""

    spec: TensorSpec
    sizes: tuple[str, ...]


class Following:
    """Tensors that are followed when all are known: those of one graph together, in one go."""

    def __init__(self) -> None:
        self._later: dict[int, tuple[TensorSpec, Any]] = {}

    def tensors(self, value: Any) -> tuple[TensorSpec, ...]:
        """Return the tensors that a value is or holds, as :func:`.observed.tensors` does."""
        found = observed.tensors(value)
        if len(found) == 1 and _is_open(value, found[0]):
            self._later[id(found[0])] = found[0], value
        return found

    def followed(self) -> dict[int, Followed]:
        """Return what is known of tensors, by the ``id`` of what :meth:`tensors` has returned."""
        symbols: dict[int, Followed] = {}
        for some in _by_graph([value for _, value in self._later.values()]):
            symbols |= _symbols(some)
        return {
            key: symbols[id(value)]._replace(spec=spec._replace(symbolic=symbols[id(value)].spec.symbolic))
            for key, (spec, value) in self._later.items()
            if id(value) in symbols
        }


def with_symbols(value: Any, spec: TensorSpec) -> TensorSpec:
    """Return a tensor with its sizes as expressions of the open axes of its inputs, if these are known."""
    following = Following()
    following._later[id(spec)] = spec, value
    found = following.followed() if _is_open(value, spec) else {}
    return found[id(spec)].spec if found else spec


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


def _symbols(values: Sequence[Any]) -> dict[int, Followed]:
    """Return the expressions for tensors of one graph; if not all can be followed, for those that can."""
    import keras

    with contextlib.suppress(follow.BadAxes, Unfollowed, ValueError, AttributeError):
        inputs = _sources(values)
        names = {id(one): str(one._keras_history[0].name) for one in inputs}
        with undisturbed():
            graph = keras.Model(inputs, list(values))
            batch = f"{names[id(inputs[0])]}_0" if inputs else ""
            named = (
                f"{names[id(one)]}: {_axes(names[id(one)], batch, one)}"
                for one in inputs
                if None in one.shape
            )
            _, symbols = follow.follow(graph, " | ".join(named))
            every = dict.fromkeys(size for some in symbols.values() for size in some)
            sizes = tuple(size for size in every if _OPEN.search(size) and len(size) < 100)[:_MAX_SIZES]
            return {
                id(value): Followed(TensorSpec((), "", symbolic=symbols[id(output)]), sizes)
                for value, output in zip(values, graph.outputs, strict=True)
            }
    half = len(values) // 2
    return _symbols(values[:half]) | _symbols(values[half:]) if half else {}


def _sources(values: Sequence[Any]) -> list[Any]:
    """Return the inputs of graphs. Keras' own function visits a tensor once for each way to it."""
    found, seen, todo = [], set[int](), list(values)[::-1]
    while todo:
        tensor = todo.pop()
        if id(tensor) not in seen:
            seen.add(id(tensor))
            operation, index, _ = tensor._keras_history
            before = operation._inbound_nodes[index].input_tensors
            todo += before[::-1]
            found += [] if before else [tensor]
    return found


def _axes(name: str, batch: str, tensor: Any) -> str:
    """Return a name for each open axis of an input; all inputs have as many samples."""
    open_ = (place for place, size in enumerate(tensor.shape) if size is None)
    return ", ".join(f"{name}_{place}" if place else batch for place in open_)
