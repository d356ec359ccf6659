"""Models of Keras 2, which ``TF_USE_LEGACY_KERAS=1`` makes the ``tf.keras`` of TensorFlow.

They are read through their own API. Their variables are TensorFlow's, so there is no weightless run for
them, and no calls are recorded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from sphinx_kerasshape.messages import input_spec
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import LayerCall, LayerRow, Model, Source, TensorSpec, Weight
from sphinx_kerasshape.worker.code import sources
from sphinx_kerasshape.worker.read.rows import is_chain
from sphinx_kerasshape.worker.read.weights import Count, gates


class Unreadable(Exception):
    """A model that can't be read as it is; the message says how to mend that."""

    problem = Problem.UNBUILT


def is_used() -> bool:
    """Whether ``tf.keras`` is Keras 2 here."""
    return os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true")


def model_class() -> Any:
    """Return the class of all models of Keras 2."""
    import tensorflow as tf

    return tf.keras.Model


def layer_class() -> Any:
    """Return the class of all layers of Keras 2."""
    import tensorflow as tf

    return tf.keras.layers.Layer


def source() -> Source:
    """Return Keras 2 as a source of answers; the versions of an answer have Keras 3, installed beside it."""
    return Source("package", "tf-keras", sources.version("tf-keras"))


def read(model: Any, axes: str, input_text: str) -> Model:
    """Read a functional or Sequential model. Raises :class:`Unreadable`."""
    import tensorflow as tf

    if axes:
        raise Unreadable(":axes: needs a model of Keras 3")
    if isinstance(model, tf.keras.Sequential) and not model._graph_initialized:
        if not input_text:
            raise Unreadable(
                f"the Sequential model {model.name!r} has no input shape: add it to the directive, with the "
                "batch axis first, such as ':input: (None, 50)', or add an Input before its layers"
            )
        model.build(next(input_spec.tensors(input_spec.parse(input_text))).shape)
    if not getattr(model, "_is_graph_network", False):
        raise Unreadable(
            f"{type(model).__name__} is a subclassed model, which can be read with Keras 3 only: "
            "show a functional model, tf.keras.Model(inputs, model(inputs))"
        )
    rows = tuple(_rows(model))
    params, trainable, size = Count.of(_weights(model))
    return Model(
        name=str(model.name),
        type=type(model).__name__,
        chain=is_chain(rows),
        inputs=tuple(_tensor(tensor, named=True) for tensor in model.inputs),
        outputs=tuple(_tensor(tensor, named=True) for tensor in model.outputs),
        layers=rows,
        params=params,
        trainable=trainable,
        non_trainable=params - trainable,
        bytes=size,
    )


def _rows(model: Any) -> Iterator[LayerRow]:
    stack = [(model, iter(model.layers))]
    while stack:
        outer, layers = stack[-1]
        layer = next(layers, None)
        if layer is None:
            stack.pop()
            continue
        is_graph = bool(getattr(layer, "_is_graph_network", False))
        yield _row(layer, len(stack) - 1, outer, is_leaf=not is_graph)
        if is_graph:
            stack.append((layer, iter(layer.layers)))


def _row(layer: Any, depth: int, outer: Any, *, is_leaf: bool) -> LayerRow:
    weights = _weights(layer)
    calls = tuple(_call(node) for node in _nodes(layer, outer))
    name, kind = str(layer.name), type(layer).__name__
    return LayerRow(name, kind, depth, calls, *Count.of(weights), weights if is_leaf else ())


def _nodes(layer: Any, outer: Any) -> list[Any]:
    """Return the calls of a layer that belong to the model around it."""
    members = {id(node) for nodes in outer._nodes_by_depth.values() for node in nodes}
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


def _weights(layer: Any) -> tuple[Weight, ...]:
    trainable = {id(variable) for variable in layer.trainable_weights}
    of_gates = gates(layer._flatten_layers())
    return tuple(
        _weight(variable, id(variable) in trainable, of_gates.get(id(variable), 1))
        for variable in _unique(layer.weights)
    )


def _weight(variable: Any, trainable: bool, gates: int) -> Weight:
    path = variable.name.partition(":")[0]
    shape = tuple(map(int, variable.shape))
    return Weight(path.rpartition("/")[2], path, shape, variable.dtype.name, trainable, gates)


def _unique(variables: Iterable[Any]) -> list[Any]:
    return list({id(variable): variable for variable in variables}.values())
