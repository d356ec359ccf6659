"""Masks that tensors carry: Keras passes them to layers, but a graph's nodes don't always have them.

A call of a layer with several inputs, or one that converts its input to another dtype, gets the masks of
its inputs as arguments that the node of the call does not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Masks = Mapping[int, Mapping[str, tuple[Any, Any]]]
"""By the id of a node: for each parameter that gets masks, the tensors of the graph, and their masks."""

_found: dict[int, tuple[Any, Masks]] = {}
"""The masks of each functional model, by its id; the model is kept, and with it its id."""


def masks(functional: Any) -> Masks:
    """Return the masks that Keras adds to the arguments of a graph's calls."""
    if id(functional) not in _found:
        removed: set[int] = set()
        added = {}
        for depth in sorted(functional._nodes_by_depth, reverse=True):
            for node in functional._nodes_by_depth[depth]:
                if given := _added(node, removed):
                    added[id(node)] = given
                removed.update(_removed(node))
        _found[id(functional)] = functional, added
    return _found[id(functional)][1]


def filled(node: Any, added: Masks, values: Mapping[int, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the arguments of a call, masks among them, with other tensors in place of the graph's own."""
    import keras

    args, kwargs = node.arguments.fill_in(values)
    for name, (tensors, given) in added.get(id(node), {}).items():
        kwargs[name] = keras.tree.map_structure(lambda own, mask: _like(values[id(own)], mask), tensors, given)
    return args, kwargs


def given(node: Any, added: Masks) -> dict[str, Any]:
    """Return the masks that a call of the graph's own tensors gets."""
    return {name: value for name, (_tensors, value) in added.get(id(node), {}).items()}


def _like(tensor: Any, mask: Any) -> Any:
    """Return a mask for a tensor that has other sizes than the mask's own one."""
    import keras

    shape = tuple(tensor.shape)[: len(mask.shape)]
    return mask if shape == tuple(mask.shape) else keras.KerasTensor(shape, dtype=mask.dtype)


def _added(node: Any, removed: set[int]) -> dict[str, tuple[Any, Any]]:
    """Return what Keras adds in ``Layer.__call__`` to the arguments of a node."""
    import keras

    def mask(tensor: Any) -> Any:
        return None if id(tensor) in removed else getattr(tensor, "_keras_mask", None)

    if not isinstance(node.operation, keras.Layer) or not any(map(mask, node.input_tensors)):
        return {}
    bound = node.operation._call_signature.bind(*node.arguments.args, **node.arguments.kwargs)
    tensors = {name: value for name, value in bound.arguments.items() if _is_of_tensors(value)}
    names = ["mask"] if len(tensors) == 1 else [f"{name}_mask" for name in tensors]
    parameters = node.operation._call_signature.parameters
    return {
        name: (value, keras.tree.map_structure(mask, value))
        for name, value in zip(names, tensors.values(), strict=True)
        if name in parameters and bound.arguments.get(name) is None
        # One without a mask among several is left to the graph.
        and all(mask(tensor) is not None for tensor in keras.tree.flatten(value))
    }


def _is_of_tensors(value: Any) -> bool:
    import keras

    flat = keras.tree.flatten(value)
    return bool(flat) and all(isinstance(item, keras.KerasTensor) for item in flat)


def _removed(node: Any) -> set[int]:
    """Return the tensors that have no mask any more after a call: Keras' attention takes it from its inputs."""
    import keras

    is_attention = isinstance(node.operation, keras.layers.MultiHeadAttention)
    return set(map(id, node.input_tensors)) if is_attention else set()
