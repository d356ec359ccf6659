"""Tensors between layers whose open sizes are followed from the inputs of their graph."""

from __future__ import annotations

import contextlib
from typing import Any

from sphinx_kerasshape.messages.report import TensorSpec
from sphinx_kerasshape.worker.axes import follow
from sphinx_kerasshape.worker.axes.walk import Unfollowed
from sphinx_kerasshape.worker.read import observed
from sphinx_kerasshape.worker.read.undisturbed import undisturbed

_MAX_OPERATIONS = 200
"""Operations of a graph that is followed: what comments name axes of is small."""


def tensors(value: Any) -> tuple[TensorSpec, ...]:
    """Return the tensors that a value is or holds, as :func:`.observed.tensors` does, with symbols."""
    found = observed.tensors(value)
    return (with_symbols(value, found[0]),) if len(found) == 1 else found


def with_symbols(value: Any, spec: TensorSpec) -> TensorSpec:
    """Return a tensor with its sizes as expressions of the open axes of its inputs, if these are known."""
    import keras

    if None not in spec.shape or not isinstance(value, keras.KerasTensor):
        return spec
    with contextlib.suppress(follow.BadAxes, Unfollowed, ValueError, AttributeError):
        inputs = keras.utils.get_source_inputs(value)
        names = {id(one): str(one._keras_history[0].name) for one in inputs}
        with undisturbed():
            graph = keras.Model(inputs, value)
            if len(graph.operations) <= _MAX_OPERATIONS:
                named = (
                    f"{names[id(one)]}: {_axes(names[id(one)], one)}" for one in inputs if None in one.shape
                )
                _, symbols = follow.follow(graph, " | ".join(named))
                return spec._replace(symbolic=symbols[id(graph.outputs[0])])
    return spec


def _axes(name: str, tensor: Any) -> str:
    """Return a name for each open axis of an input."""
    return ", ".join(f"{name}_{place}" for place, size in enumerate(tensor.shape) if size is None)
