"""Masks that tensors carry from layer to layer, which the nodes of a graph don't always have as arguments.

A call takes the masks of its inputs from the tensors themselves. So the tensors of a symbolic call have to
carry them too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Removed = Mapping[int, frozenset[int]]
"""By the id of a node: the ids of the tensors whose masks are gone by then."""

_found: dict[int, tuple[Any, Removed]] = {}
"""What is removed in each functional model, by its id; the model is kept, and with it its id."""


def mask_of(tensor: Any) -> Any:
    """Return the mask that a tensor carries; ``None`` if it has none."""
    return getattr(tensor, "_keras_mask", None)


def with_mask(tensor: Any, other: Any) -> Any:
    """Have another symbolic tensor, mostly of other sizes, carry such a mask as a tensor does; return it."""
    import keras

    mask = mask_of(tensor)
    if mask is not None and other is not tensor and other.shape is not None:
        other._keras_mask = keras.KerasTensor(tuple(other.shape)[: len(mask.shape)], dtype=mask.dtype)
    return other


def like(tensor: Any, other: Any) -> Any:
    """Return a symbolic tensor of the shape of another one, with such a mask as a tensor has."""
    import keras

    return with_mask(tensor, keras.KerasTensor(other.shape, dtype=other.dtype))


def output_spec(function: Callable[..., Any], args: Any, kwargs: Mapping[str, Any]) -> Any:
    """Return symbolic tensors such as a function gives, which is called on tensors with masks."""
    import keras
    import tensorflow as tf
    from keras.src import backend

    # Older versions of Keras, whose only backend here lets them, have masks as attributes.
    put = getattr(backend, "set_keras_mask", lambda tensor, mask: setattr(tensor, "_keras_mask", mask))
    get = getattr(backend, "get_keras_mask", mask_of)
    masks = [mask_of(value) for value in tf.nest.flatten((args, dict(kwargs)))]
    if not any(mask is not None for mask in masks):
        return backend.compute_output_spec(function, *args, **kwargs)

    def call(masks: Any, *args: Any, **kwargs: Any) -> Any:
        for tensor, mask in zip(tf.nest.flatten((args, kwargs)), masks, strict=True):
            if mask is not None:
                put(tensor, mask)
        made = function(*args, **kwargs)
        return made, [get(tensor) for tensor in keras.tree.flatten(made)]

    made, passed = backend.compute_output_spec(call, masks, *args, **kwargs)
    for tensor, mask in zip(keras.tree.flatten(made), passed, strict=True):
        if mask is not None:
            tensor._keras_mask = mask
    return made


def passed_on(operation: Any, args: Any, outputs: Any) -> Any:
    """Have declared outputs carry the mask that a call of a layer would pass on; return them."""
    import keras

    mask = mask_of(args[0]) if args else None
    if mask is not None and getattr(operation, "supports_masking", False):
        given = operation.compute_mask(args[0], mask)
        flat = keras.tree.flatten(outputs)
        for tensor, one in zip(flat, keras.tree.flatten(given), strict=False):
            if one is not None:
                tensor._keras_mask = one
    return outputs


def filled(functional: Any, node: Any, values: Mapping[int, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the arguments of a graph's node, with other tensors in place of its own."""
    if removed := _removed(functional).get(id(node)):
        values = {**values, **{own: _bare(values[own]) for own in removed if own in values}}
    args, kwargs = node.arguments.fill_in(values)
    return args, kwargs


def are_passed_in(tensors: Iterable[Any], functional: Any) -> bool:
    """Whether tensors bring masks into a graph, which its own inputs don't have."""
    pairs = zip(tensors, functional.inputs, strict=True)
    return any(mask_of(tensor) is not None and mask_of(own) is None for tensor, own in pairs)


def _removed(functional: Any) -> Removed:
    """Return the tensors that lose their masks: Keras' attention takes them from its inputs."""
    import keras

    if id(functional) not in _found:
        lost: frozenset[int] = frozenset()
        found = {}
        for depth in sorted(functional._nodes_by_depth, reverse=True):
            for node in functional._nodes_by_depth[depth]:
                masked = {id(tensor) for tensor in node.input_tensors if mask_of(tensor) is not None}
                if masked & lost:
                    found[id(node)] = lost & masked
                if isinstance(node.operation, keras.layers.MultiHeadAttention):
                    lost |= masked
        _found[id(functional)] = functional, found
    return _found[id(functional)][1]


def _bare(tensor: Any) -> Any:
    """Return a symbolic tensor of the same shape that has no mask."""
    import keras

    return tensor if mask_of(tensor) is None else keras.KerasTensor(tensor.shape, dtype=tensor.dtype)
