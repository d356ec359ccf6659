"""Models of Keras 2, where ``TF_USE_LEGACY_KERAS=1`` makes them what ``tf.keras`` is.

They are read through their own API. Their variables are TensorFlow's: there is no
weightless run for them, and no calls are noted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from math import prod
from typing import Any

from sphinx_kerasshape.messages import input_spec
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import (
    LayerCall,
    LayerRow,
    Model,
    Source,
    TensorSpec,
    Weight,
    item_size,
)
from sphinx_kerasshape.worker.code import sources


class Unreadable(Exception):
    """A model that can't be read as it is; the message says how to mend that."""

    problem = Problem.UNBUILT


def is_used() -> bool:
    """Whether ``tf.keras`` is Keras 2 here."""
    return os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true")


def model_class() -> Any:
    """Return the class of its models."""
    import tensorflow as tf

    return tf.keras.Model


def source() -> Source:
    """Return what an answer depends on besides Keras 3, which is installed beside it."""
    return Source("package", "tf-keras", sources.version("tf-keras"))


def read(model: Any, axes: str, text: str) -> Model:
    """Read a functional or Sequential model. Raises :class:`Unreadable`."""
    import tensorflow as tf

    if axes:
        raise Unreadable(":axes: needs a model of Keras 3")
    if isinstance(model, tf.keras.Sequential) and not model._graph_initialized:
        if not text:
            raise Unreadable(
                f"the Sequential model {model.name!r} has no input shape: give the directive "
                "':input: (None, ...)', the batch axis first, or an Input in front of its layers"
            )
        model.build(next(input_spec.tensors(input_spec.parse(text))).shape)
    if not getattr(model, "_is_graph_network", False):
        raise Unreadable(
            f"{type(model).__name__} is a class with a call() of its own, which can be read with Keras 3 "
            "only; show a functional model: tf.keras.Model(inputs, model(inputs))"
        )
    trainable, every = (_unique(weights) for weights in (model.trainable_weights, model.weights))
    rows = tuple(_rows(model))
    params = [sum(prod(weight.shape) for weight in weights) for weights in (every, trainable)]
    return Model(
        name=str(model.name),
        type=type(model).__name__,
        chain=all(len(row.calls) == 1 and len(row.calls[0].sources) <= 1 for row in rows),
        inputs=tuple(_tensor(one, named=True) for one in model.inputs),
        outputs=tuple(_tensor(one, named=True) for one in model.outputs),
        layers=rows,
        params=params[0],
        trainable=params[1],
        non_trainable=params[0] - params[1],
        bytes=sum(prod(weight.shape) * item_size(weight.dtype.name) for weight in every),
    )


def _rows(model: Any) -> Iterator[LayerRow]:
    stack = [(model, iter(model.layers))]
    while stack:
        holder, layers = stack[-1]
        layer = next(layers, None)
        if layer is None:
            stack.pop()
            continue
        is_graph = bool(getattr(layer, "_is_graph_network", False))
        yield _row(layer, len(stack) - 1, holder, is_leaf=not is_graph)
        if is_graph:
            stack.append((layer, iter(layer.layers)))


def _row(layer: Any, depth: int, holder: Any, *, is_leaf: bool) -> LayerRow:
    trainable = {id(variable) for variable in layer.trainable_weights}
    weights = tuple(_weight(variable, id(variable) in trainable) for variable in _unique(layer.weights))
    return LayerRow(
        name=str(layer.name),
        type=type(layer).__name__,
        depth=depth,
        calls=tuple(_call(node) for node in _nodes(layer, holder)),
        params=sum(weight.params for weight in weights),
        trainable=sum(weight.params for weight in weights if weight.trainable),
        bytes=sum(weight.bytes for weight in weights),
        weights=weights if is_leaf else (),
    )


def _nodes(layer: Any, holder: Any) -> list[Any]:
    """Return the calls of a layer that belong to the model that holds it."""
    members = {id(node) for nodes in holder._nodes_by_depth.values() for node in nodes}
    return [node for node in layer._inbound_nodes if id(node) in members]


def _call(node: Any) -> LayerCall:
    import tensorflow as tf

    return LayerCall(
        tuple(map(_tensor, node.keras_inputs)),
        tuple(map(_tensor, tf.nest.flatten(node.outputs))),
        tuple(str(tensor._keras_history.layer.name) for tensor in node.keras_inputs),
    )


def _tensor(tensor: Any, *, named: bool = False) -> TensorSpec:
    shape = tuple(tensor.shape.as_list()) if tensor.shape.rank is not None else ()
    return TensorSpec(shape, tensor.dtype.name, str(tensor._keras_history.layer.name) if named else "")


def _weight(variable: Any, trainable: bool) -> Weight:
    path = variable.name.partition(":")[0]
    shape = tuple(map(int, variable.shape))
    return Weight(path.rpartition("/")[2], path, shape, variable.dtype.name, trainable)


def _unique(variables: Iterable[Any]) -> list[Any]:
    return list({id(variable): variable for variable in variables}.values())
