"""What Keras 3 prints of a model whose shapes it doesn't know."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sphinx_kerasshape.messages.report import LayerCall, LayerRow, Model, TensorSpec
from sphinx_kerasshape.worker.read import observed
from sphinx_kerasshape.worker.read.weights import Count


def printed(model: Any) -> Model:
    """Return the rows and totals that ``model.summary()`` prints; unbuilt layers are noted as such."""
    rows = tuple(map(_row, model.layers))
    total = Count.of(variable for layer in model.layers if layer.built for variable in layer.weights)
    return Model(
        model.name,
        type(model).__name__,
        chain=True,
        inputs=(),
        outputs=(),
        layers=rows,
        params=total.params,
        trainable=total.trainable,
        non_trainable=total.params - total.trainable,
        bytes=total.bytes,
    )


def _row(layer: Any) -> LayerRow:
    count = Count.of({id(one): one for one in layer.weights}.values()) if layer.built else Count()
    outputs = _outputs(layer)
    return LayerRow(
        layer.name,
        type(layer).__name__,
        depth=0,
        calls=(LayerCall((), outputs, ()),) if outputs else (),
        params=count.params,
        trainable=count.trainable,
        bytes=count.bytes,
        weights=(),
        note="" if layer.built and outputs else "unbuilt",
    )


def _outputs(layer: Any) -> tuple[TensorSpec, ...]:
    """Return the outputs of the layer's last call, else those for the shapes that it was built with."""
    with suppress(Exception):  # Layers of the author's own may fail in many ways.
        if layer._inbound_nodes:
            return observed.tensors(list(layer._inbound_nodes[-1].output_tensors))
        if layer._build_shapes_dict:
            return observed.tensors(layer.compute_output_shape(**layer._build_shapes_dict))
    return ()
