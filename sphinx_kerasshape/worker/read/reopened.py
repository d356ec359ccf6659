"""The graphs of Sequential models that an earlier call has built, for the sizes of later calls.

Keras builds a Sequential model without an input for the whole shape of its first call, the batch included.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sphinx_kerasshape.messages.report import LayerCall
from sphinx_kerasshape.worker.read.recorder import graph_of
from sphinx_kerasshape.worker.read.trace import common_shape, quiet


def graph_for(model: Any, calls: Sequence[LayerCall]) -> Any:
    """Return the graph of a model, for the sizes that its calls have in common; ``None`` if it has none."""
    import keras

    graph = graph_of(model)
    shapes = [call.inputs[0].shape for call in calls if call.inputs]
    if graph is None or not shapes or not isinstance(model, keras.Sequential):
        return graph
    own, shape = graph.inputs[0].shape, common_shape(shapes)
    if len(own) != len(shape) or all(
        size in (None, of_call) for size, of_call in zip(own, shape, strict=True)
    ):
        return graph
    with suppress(Exception), quiet():
        name = graph.inputs[0]._keras_history[0].name
        inputs = tensor = keras.Input(batch_shape=shape, dtype=graph.inputs[0].dtype, name=name)
        for layer in model.layers:
            tensor = layer(tensor)
        return graph_of(keras.Model(inputs, tensor))
    return graph
