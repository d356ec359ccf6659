"""The ``:input:`` option: inputs for a model whose code states none."""

from __future__ import annotations

import inspect
from typing import Any

from sphinx_kerasshape.messages import input_spec
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import shape_text
from sphinx_kerasshape.worker.code import exceptions
from sphinx_kerasshape.worker.read.recorder import graph_of
from sphinx_kerasshape.worker.read.trace import Signature, is_symbolic

_FLAGS = {"training": False, "mask": None}
"""Parameters that no input is for, with the values of a call in inference."""
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Refused(Exception):
    """An input that a model can't be built with; the message says why, and how to mend it."""

    problem = Problem.UNBUILT
    mend = ""
    """The end of the first line of the warning."""


def build(model: Any, text: str) -> Signature | None:
    """Build a Sequential model for an input, or return what to call a model without a graph with.

    Raises :class:`Refused` where the model has another input, or does not take this one.
    """
    import keras

    structure = input_spec.parse(text)
    if graph_of(model) is not None:
        _check_same(model, structure)
        return None
    if not isinstance(model, keras.Sequential):
        return _signature(model, structure)
    if model.layers:  # The reader reports a model without layers.
        _build_sequential(model, structure)
    return None


def refused(model: Any, text: str, error: Exception) -> Refused:
    """Return the refusal of an input that a model doesn't take."""
    reason = f"{exceptions.name(error)}: {exceptions.message(error)}"
    refusal = Refused(f"the model can't be built with :input: {text}\n{reason}")
    refusal.mend = _mend(model, input_spec.parse(text))
    return refusal


def _mend(model: Any, structure: input_spec.Structure) -> str:
    """Return that the batch axis is missing, if the model takes the input with it."""
    if not isinstance(structure, input_spec.InputSpec):
        return ""
    if structure.shape == (None,):
        return ": this is only the batch axis; add the sizes of a sample, such as ':input: (None, 50)'"
    with_batch = structure._replace(shape=(None, *structure.shape))
    try:
        _fresh(model)(_symbolic(with_batch))
    except Exception:
        return ""
    return f": put the batch axis first, ':input: {input_spec.write(with_batch)}'"


def _fresh(model: Any) -> Any:
    """Return a copy of a Sequential model that no input has built; of any other model, the model itself."""
    import keras

    if not isinstance(model, keras.Sequential):
        return model
    return keras.Sequential([type(layer).from_config(layer.get_config()) for layer in model.layers])


def written(signature: Signature) -> str:
    """Return the text for what a model is called with. Raises if it can't be written."""
    import keras

    def spec(value: Any) -> input_spec.InputSpec | None:
        if not is_symbolic(value):
            return None
        dtype = str(value.dtype)
        return input_spec.InputSpec(tuple(value.shape), "" if dtype == keras.config.floatx() else dtype)

    args, kwargs = keras.tree.map_structure(spec, (signature.args, signature.kwargs))
    tensors = [item for item in args if item is not None]
    named = {name: item for name, item in kwargs.items() if item is not None}
    if tensors and named:
        raise ValueError("some inputs have names, others have not")
    return input_spec.write(named or (tensors[0] if len(tensors) == 1 else tensors))


def _build_sequential(model: Any, structure: input_spec.Structure) -> None:
    import keras

    if not isinstance(structure, input_spec.InputSpec):
        raise Refused(
            f":input: {input_spec.write(structure)}: a Sequential model has one input: write its shape only"
        )
    try:
        if structure.dtype and not isinstance(model._layers[0], keras.layers.InputLayer):
            # Without this layer, Keras gives the input the dtype that the first layer computes in.
            layer = keras.layers.InputLayer(batch_shape=structure.shape, dtype=structure.dtype)
            model._layers.insert(0, layer)
        model.build(structure.shape)
    except Exception as error:
        raise refused(model, str(structure), error) from error


def _check_same(model: Any, structure: input_spec.Structure) -> None:
    """Raise :class:`Refused` unless a model with a graph has just this input."""
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    dtypes = [str(tensor.dtype) for tensor in model.inputs]
    stated = list(input_spec.tensors(structure))
    is_same = [tensor.shape for tensor in stated] == shapes and all(
        tensor.dtype in ("", dtype) for tensor, dtype in zip(stated, dtypes, strict=True)
    )
    if not is_same:
        raise Refused(
            f":input: {input_spec.write(structure)} is not the input shape of the model, "
            f"{', '.join(map(shape_text, shapes))}: remove :input:, or change the code"
        )


def _signature(model: Any, structure: input_spec.Structure) -> Signature:
    """Return the arguments of ``call()``: one parameter takes the whole structure, several share it."""
    parameters = inspect.signature(model.call).parameters
    inputs = [name for name, item in parameters.items() if name not in _FLAGS and item.kind not in _VARIADIC]
    required = [name for name in inputs if _is_required(parameters[name])]
    kinds = {item.kind for item in parameters.values()}
    takes_any = inspect.Parameter.VAR_POSITIONAL in kinds
    required_flags = flags(model)
    tensors = _symbolic(structure)
    fits = isinstance(tensors, dict) and tensors.keys() <= {*inputs, "mask"} & parameters.keys()
    if isinstance(tensors, dict) and inspect.Parameter.VAR_KEYWORD in kinds and required:
        fits = fits or tensors.keys() >= {*required}
    if fits and (len(tensors) > 1 or len(inputs) > 1 or inputs == list(tensors)):
        return Signature((), required_flags | tensors)
    if isinstance(tensors, list) and (takes_any or len(required) > 1):
        return Signature(tuple(tensors), required_flags)
    return Signature((tensors,), required_flags)


def flags(model: Any) -> dict[str, Any]:
    """Return the flags that ``call()`` requires, as in inference; other masks are named, or left out."""
    parameters = inspect.signature(model.call).parameters
    return {
        name: value for name, value in _FLAGS.items() if name in parameters and _is_required(parameters[name])
    }


def _is_required(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty and parameter.kind not in _VARIADIC


def _symbolic(structure: input_spec.Structure) -> Any:
    import keras

    if isinstance(structure, dict):
        return {name: _symbolic(item) for name, item in structure.items()}
    if isinstance(structure, input_spec.InputSpec):
        return keras.KerasTensor(structure.shape, dtype=structure.dtype or keras.config.floatx())
    return [_symbolic(item) for item in structure]
