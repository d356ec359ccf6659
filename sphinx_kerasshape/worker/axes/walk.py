"""A walk through a model's graph with other inputs, which records the shapes of all tensors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sphinx_kerasshape.worker.axes.effort import TooLong
from sphinx_kerasshape.worker.read import masks
from sphinx_kerasshape.worker.read.recorder import graph_of

TensorPath = tuple[int, ...]
"""The id of a tensor of the graph, after the ids of the calls of nested models that it is in."""
Outputs = Callable[[TensorPath, Any, Any, Any], Any]
"""Returns the symbolic outputs of a node, which is at some path, for some arguments."""
Sizes = dict[str, int]


class Refused(Exception):
    """The model does not take some sizes; ``layer`` is the one that refuses them."""

    def __init__(self, layer: str) -> None:
        super().__init__(layer)
        self.layer = layer


class Unsettled(Refused):
    """Whether the model takes some sizes was not found out: a call of ``layer`` takes too long."""


class Unfollowed(Exception):
    """No sizes were found that the model takes; the message says how to mend that."""


@dataclass(frozen=True)
class Link:
    """Tensors and those made from them, by the call of an operation or on the way into or out of a model."""

    inputs: tuple[TensorPath, ...]
    outputs: tuple[TensorPath, ...]


@dataclass
class Probe:
    """The shapes of all tensors for some sizes, and the links between the tensors."""

    sizes: Sizes
    shapes: dict[TensorPath, tuple[int, ...]] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    is_checked: bool | None = None
    """Whether all calls that may refuse the sizes were made; ``None`` if that was not asked for."""


def walk(
    functional: Any, tensors: list[Any], path: TensorPath, probe: Probe, outputs_of: Outputs
) -> dict[int, Any]:
    """Go through a graph with other inputs; return what replaces each of its tensors, by the id."""
    import tensorflow as tf

    values: dict[int, Any] = {}
    _replace(functional.inputs, tensors, values, path, probe)
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        for node in functional._nodes_by_depth[depth]:
            if node.is_input or any(id(tensor) not in values for tensor in node.input_tensors):
                continue
            args, kwargs = masks.filled(functional, node, values)
            outputs = _call(node, args, kwargs, path, probe, outputs_of)
            try:
                _replace(node.outputs, tf.nest.flatten(outputs), values, path, probe)
            except ValueError:
                raise Refused(str(node.operation.name)) from None
            if not graph_of(node.operation):
                probe.links.append(Link(_paths(path, node.input_tensors), _paths(path, node.outputs)))
    return values


def _call(node: Any, args: Any, kwargs: Any, path: TensorPath, probe: Probe, outputs_of: Outputs) -> Any:
    import tensorflow as tf

    operation = node.operation
    inner = graph_of(operation)
    try:
        if inner is None:
            return outputs_of((*path, id(node)), operation, args, kwargs)
        inputs = args[0] if args else kwargs["inputs"]
        inner._assert_input_compatibility(inputs)
    except TooLong:
        raise Unsettled(str(operation.name)) from None
    except Exception as error:
        raise Refused(str(operation.name)) from error
    inside = (*path, id(node))
    probe.links.append(Link(_paths(path, node.input_tensors), _paths(inside, inner.inputs)))
    values = walk(inner, tf.nest.flatten(inputs), inside, probe, outputs_of)
    probe.links.append(Link(_paths(inside, inner.outputs), _paths(path, node.outputs)))
    return [values[id(tensor)] for tensor in inner.outputs]


def _paths(path: TensorPath, tensors: Any) -> tuple[TensorPath, ...]:
    return tuple((*path, id(tensor)) for tensor in tensors)


def _replace(own: Any, others: Any, values: dict[int, Any], path: TensorPath, probe: Probe) -> None:
    """Replace a graph's own tensors by others, and record their shapes."""
    for tensor, other in zip(own, others, strict=True):
        shape = tuple(other.shape)
        if any(size is None or size < 1 for size in shape):
            raise ValueError(shape)
        values[id(tensor)] = masks.with_mask(tensor, other)
        probe.shapes[*path, id(tensor)] = tuple(map(int, shape))
