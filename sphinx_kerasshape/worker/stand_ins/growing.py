"""Sequential models that grow layer by layer: Keras makes them anew for each layer that is added.

For N layers that is some N² / 2 calls of layers and N graphs. Here each layer is called once, unless one is
of the author's own and may do anything when it is called, and the graph is made when it is asked for.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras.src.models.functional import Functional
from keras.src.utils.naming import auto_name

_GRAPH, _GROWN = "_kerasshape_graph", "_kerasshape_grown"
"""Attributes of a model for its graph, and for what it has grown to since."""


class _Grown(NamedTuple):
    """The layers of a model, what they give, and the name of the graph that is not made yet, if any."""

    layers: list[Any]
    outputs: Any
    name: str = ""


def install() -> None:
    """Have models go on from what they have, for as long as the process lives."""
    build = keras.Sequential.build

    def grown(model: Any, input_shape: Any = None) -> None:
        before: _Grown | None = vars(model).get(_GROWN)
        outputs = None
        if before is not None and _goes_on(model, before.layers, input_shape):
            outputs = _outputs(model._layers[-1], before.outputs)
        if outputs is not None:
            # Keras would name one graph for each layer.
            _keep(model, _Grown([*model._layers], outputs, auto_name("functional")))
            return
        _keep(model, None)
        build(model, input_shape)
        graph = vars(model).get(_GRAPH)
        if graph is not None and graph._outputs_struct is graph.outputs[0]:
            _keep(model, _Grown([*model._layers], graph.outputs[0]))

    keras.Sequential.build = grown
    keras.Sequential._functional = property(_graph, _set_graph)


def _graph(model: Any) -> Any:
    """Return the graph of a model, which is made now if it has grown."""
    own = vars(model)
    grown: _Grown | None = own.get(_GROWN)
    if own.get(_GRAPH) is None and grown is not None and grown.name and model.built:
        _keep(model, grown._replace(name=""))  # first, since Keras asks for an attribute before it is set
        inputs = grown.layers[0].output
        model._functional = Functional(inputs=inputs, outputs=grown.outputs, name=grown.name)
    return own.get(_GRAPH)


def _set_graph(model: Any, graph: Any) -> None:
    vars(model)[_GRAPH] = graph


def _keep(model: Any, grown: _Grown | None) -> None:
    vars(model)[_GROWN] = grown


def _goes_on(model: Any, layers: list[Any], input_shape: Any) -> bool:
    """Whether a model has some layers and one more, all of Keras' own but that one, and the same input."""
    now = model._layers
    if len(now) != len(layers) + 1 or any(old is not new for old, new in zip(layers, now, strict=False)):
        return False
    is_same = isinstance(now[0], keras.layers.InputLayer) and now[0].batch_shape == input_shape
    return is_same and all(map(_is_plain, layers))


def _is_plain(layer: Any) -> bool:
    is_of_keras = type(layer).__module__.startswith("keras.src.layers.")
    return is_of_keras and not isinstance(layer, keras.layers.Lambda)


def _outputs(layer: Any, inputs: Any) -> Any:
    """Return the tensor that a layer gives; ``None`` if it gives none, of which Keras says more."""
    try:
        outputs = layer(inputs)
    except (NotImplementedError, TypeError):
        return None
    return outputs if isinstance(outputs, keras.KerasTensor) else None
