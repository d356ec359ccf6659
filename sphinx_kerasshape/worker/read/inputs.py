"""Inputs for a model that the author's code gives none: the ``:input:`` option."""

from __future__ import annotations

import inspect
from typing import Any

from sphinx_kerasshape.messages import input_spec
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import shape_text
from sphinx_kerasshape.worker.code import exceptions
from sphinx_kerasshape.worker.read.recorder import graph_of
from sphinx_kerasshape.worker.read.trace import Signature

_FLAGS = ("training", "mask")


class Refused(Exception):
    """An input that a model can't be built with; the message says why, and how to mend it."""

    problem = Problem.UNBUILT


def build(model: Any, text: str) -> Signature | None:
    """Build a Sequential model with a shape; return what a model without a graph is to be called with.

    Raises :class:`Refused` where the model has another shape, or does not take this one.
    """
    import keras

    structure = input_spec.parse(text)
    if graph_of(model) is not None:
        _same(model, structure)
        return None
    if not isinstance(model, keras.Sequential):
        return _signature(model, structure)
    if model.layers:  # If not, the reader says it.
        _build_sequential(model, structure)
    return None


def refusal(text: str, error: Exception) -> str:
    """Say that a model doesn't take an input."""
    reason = f"{exceptions.name(error)}: {exceptions.message(error)}"
    return f"the model can't be built with :input: {text}\n{reason}"


def _build_sequential(model: Any, structure: input_spec.Structure) -> None:
    import keras

    if not isinstance(structure, input_spec.InputSpec):
        raise Refused(
            f":input: {input_spec.write(structure)}: a Sequential model has one input; give its shape alone"
        )
    try:
        if structure.dtype and not isinstance(model._layers[0], keras.layers.InputLayer):
            # Else Keras gives it the dtype of the first layer's own numbers.
            model._layers.insert(
                0, keras.layers.InputLayer(batch_shape=structure.shape, dtype=structure.dtype)
            )
        model.build(structure.shape)
    except Exception as error:
        raise Refused(refusal(str(structure), error)) from error


def _same(model: Any, structure: input_spec.Structure) -> None:
    found = [tuple(tensor.shape) for tensor in model.inputs]
    dtypes = [str(tensor.dtype) for tensor in model.inputs]
    stated = list(input_spec.tensors(structure))
    same = [one.shape for one in stated] == found
    if not same or any(one.dtype not in ("", dtype) for one, dtype in zip(stated, dtypes, strict=True)):
        shapes = ", ".join(map(shape_text, found))
        raise Refused(
            f":input: {input_spec.write(structure)} is for a model without an input shape; "
            f"this one has {shapes}: leave :input: out, or change the code"
        )


def _signature(model: Any, structure: input_spec.Structure) -> Signature:
    """Hand a structure to the parameters of ``call()``: one takes it whole, several share it."""
    names = _parameters(model)
    tensors = _symbolic(structure)
    if (
        isinstance(tensors, dict)
        and (len(names) > 1 or names[:1] == list(tensors))
        and tensors.keys() <= set(names)
    ):
        return Signature((), tensors)
    if isinstance(tensors, list) and len(_required(model)) > 1:
        return Signature(tuple(tensors), {})
    return Signature((tensors,), {})


def _symbolic(structure: input_spec.Structure) -> Any:
    import keras

    if isinstance(structure, dict):
        return {name: _symbolic(item) for name, item in structure.items()}
    if isinstance(structure, input_spec.InputSpec):
        return keras.KerasTensor(structure.shape, dtype=structure.dtype or keras.config.floatx())
    return [_symbolic(item) for item in structure]


def _parameters(model: Any) -> list[str]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    found = inspect.signature(model.call).parameters.values()
    return [one.name for one in found if one.kind in kinds and one.name not in _FLAGS]


def _required(model: Any) -> list[str]:
    parameters = inspect.signature(model.call).parameters
    return [name for name in _parameters(model) if parameters[name].default is inspect.Parameter.empty]
