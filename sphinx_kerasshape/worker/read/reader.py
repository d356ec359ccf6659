"""A Keras model, read into a :class:`~sphinx_kerasshape.messages.report.Model`.

Shapes come from the tensors of the model's graph, or from its calls if it has no graph; counts come from
its variables, each counted once. The text of ``summary()`` is never used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from sphinx_kerasshape.messages import input_spec
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Axis, LayerRow, Model, TensorSpec, shape_text
from sphinx_kerasshape.worker.axes import follow
from sphinx_kerasshape.worker.axes.follow import Symbols
from sphinx_kerasshape.worker.axes.walk import Unfollowed
from sphinx_kerasshape.worker.read import author_calls, flops, inputs, parts, trace, weights
from sphinx_kerasshape.worker.read.flops import Flops
from sphinx_kerasshape.worker.read.parts import Graph, Part, Traced
from sphinx_kerasshape.worker.read.recorder import RecordedCall, graph_of
from sphinx_kerasshape.worker.read.rows import Rows
from sphinx_kerasshape.worker.read.trace import Signature

_EXAMPLES = (128, 32, 8, 224)
"""Sizes to try for open axes; the first that works is shown as an example."""

_UNFOLLOWED = "can't be followed through a subclassed model: make it a functional one, or remove the option"


class Unreadable(Exception):
    """A model that can't be read as it is; the message says how to mend that."""

    problem = Problem.UNBUILT


def read(model: Any, axes: str = "", signature: Signature | None = None, flops_at: str = "") -> Model:
    """Read a model.

    ``axes`` names its open dimensions, ``signature`` is what to call it with, and ``flops_at`` the input to
    count operations for. Raises :class:`Unreadable` if Keras does not know the model's shapes,
    :class:`follow.BadAxes` if the names don't fit, and whatever the model raises when it is called.
    """
    functional = graph_of(model)
    if functional is None:
        return _read_call(model, axes, signature, flops_at)
    _build_inside(functional)
    named_axes: tuple[Axis, ...] = ()
    symbols: Symbols = {}
    unfollowed = ""
    try:
        named_axes, symbols = follow.follow(functional, axes) if axes else ((), {})
    except Unfollowed as error:
        unfollowed = str(error)
    graph = Graph(functional, symbols)
    counted, uncounted = _counted(model, flops_at, lambda text: _sized(model, functional, text))
    report = _model(model, graph.parts(model), symbols, counted)
    return report._replace(
        chain=graph.is_chain(),
        inputs=graph.ends(functional.inputs),
        outputs=graph.ends(functional.outputs),
        axes=named_axes,
        unfollowed=unfollowed,
        uncounted=uncounted,
    )


def _build_inside(functional: Any) -> None:
    """Build the layers that only a call builds, such as one that another layer has as its activation."""
    from keras.src import backend

    if not all(getattr(layer, "built", True) for layer in weights.all_layers(functional)):
        with suppress(Exception), trace.quiet():
            backend.compute_output_spec(functional, functional._inputs_struct)


def _read_call(model: Any, axes: str, signature: Signature | None, flops_at: str) -> Model:
    """Read a model without a graph from a call."""
    import keras

    if isinstance(model, keras.Sequential) and type(model).call is keras.Sequential.call:
        raise Unreadable(_unbuilt_sequential(model))
    signature, call = _recorded(model, signature)

    def sized(text: str) -> Signature:
        return _with_batch((inputs.build(model, text) if text != "batch" else None) or signature)

    counted, uncounted = _counted(model, flops_at, sized)
    report = _model(model, Traced(model, (signature,), [call]).parts(), {}, counted)
    outputs = parts.tensors(call.outputs, named=True)
    return report._replace(
        chain=_is_chain(report, call),
        inputs=parts.tensors(call.inputs, named=True),
        outputs=outputs,
        trailing=_is_trailing(report.layers, outputs),
        uncounted=uncounted,
        unfollowed=_UNFOLLOWED if axes else "",
    )


def _recorded(model: Any, signature: Signature | None) -> tuple[Signature, RecordedCall]:
    """Call a model with the given arguments, or as the author's code did."""
    if signature is not None:
        return signature, trace.record(model, signature)
    last_error: Exception | None = None
    for candidate in author_calls.signatures(model):
        try:
            return candidate, _whole(model, candidate, trace.record(model, candidate))
        except Exception as error:
            last_error = error
    if last_error is not None:
        raise last_error
    raise Unreadable(_uncalled(model))


def _whole(model: Any, signature: Signature, call: RecordedCall) -> RecordedCall:
    """Return a call like the model's first one, if that called more layers and kept what they gave."""
    called = call.layers()
    if all(id(layer) in called for layer in weights.inner_layers(model)):
        return call
    with suppress(Exception):
        if author_calls.forget_values(model):
            first = trace.record(model, signature)
            return first if len(first.layers()) > len(called) else call
    return call


def _counted(model: Any, flops_at: str, sized: Callable[[str], Signature]) -> tuple[Flops, str]:
    """Return the operations of each layer; if open axes prevent that, sizes for which there are any."""
    if not flops_at:
        return {}, ""
    signature = sized(flops_at)
    if not flops.has_open_axes(signature):
        return flops.count(model, signature), ""
    shown = [model, *weights.inner_layers(model), *getattr(model, "operations", ())]
    for size in _EXAMPLES:
        # Not every model takes every size, and not all that can be called can be written as an option.
        with suppress(Exception):
            text = inputs.written(trace.with_sizes(signature, 1, size))
            counted = flops.count(model, sized(text))
            if any(counted.get(id(part)) for part in shown):
                return {}, text
    return {}, ""


def _sized(model: Any, functional: Any, flops_at: str) -> Signature:
    """Return the input to count operations for: the model's own, or one of stated sizes."""
    import keras

    struct = model.inputs[0] if isinstance(model, keras.Sequential) else functional._inputs_struct
    if flops_at == "batch":
        return _with_batch(Signature((struct,), {}))
    structure = input_spec.parse(flops_at)
    if isinstance(struct, dict) and isinstance(structure, dict):
        # Keras has the inputs in an order of its own.
        structure = [structure[name] for name in keras.tree.flatten({name: name for name in structure})]
    stated = list(input_spec.tensors(structure))
    if [len(tensor.shape) for tensor in stated] != [len(own.shape) for own in functional.inputs]:
        shapes = ", ".join(shape_text(own.shape) for own in functional.inputs)
        raise inputs.Refused(f":flops-at: {flops_at} does not fit the model's input, {shapes}")
    tensors = [
        keras.KerasTensor(tensor.shape, dtype=own.dtype)
        for tensor, own in zip(stated, functional.inputs, strict=True)
    ]
    return Signature((keras.tree.pack_sequence_as(struct, tensors),), {})


def _with_batch(signature: Signature) -> Signature:
    """Replace an open batch axis by a batch of one sample."""
    import keras

    def with_batch(tensor: Any) -> Any:
        shape = [1 if size is None and axis == 0 else size for axis, size in enumerate(tensor.shape)]
        return keras.KerasTensor(shape, dtype=tensor.dtype)

    return signature.map(with_batch)


def _model(model: Any, model_parts: Iterable[Part], symbols: Symbols, counted: Flops) -> Model:
    """Return what is the same for a model with a graph and for one that is read from a call."""
    rows = Rows(model, model_parts, symbols, counted)
    total = rows.count
    return Model(
        name=str(model.name),
        type=type(model).__name__,
        chain=False,
        inputs=(),
        outputs=(),
        layers=tuple(rows),
        params=total.params,
        trainable=total.trainable,
        non_trainable=total.params - total.trainable,
        bytes=total.bytes,
        flops=counted.get(id(model)),
    )


def _is_chain(model: Model, call: RecordedCall) -> bool:
    """Whether each layer has one call, whose only input is the output of the layer before it."""
    before = [tensor.name for tensor in call.inputs]
    for row in model.layers:
        if row.depth:
            continue
        if len(row.calls) != 1 or len(row.calls[0].outputs) != 1 or list(row.calls[0].sources) != before:
            return False
        before = [row.name]
    return len(call.inputs) == 1


def _is_trailing(rows: Iterable[LayerRow], outputs: Iterable[TensorSpec]) -> bool:
    """Whether a model gives other tensors than the last of its layers that is called."""
    called = [row for row in rows if row.depth == 0 and row.calls]
    last = called[-1].calls[-1].outputs if called else ()
    return parts.tensors(outputs) != parts.tensors(last)


def _uncalled(model: Any) -> str:
    kind = type(model).__name__
    return (
        f"{kind} is a subclassed model, whose shapes Keras knows only once it is called: "
        "add its input to the directive, with the batch axis first, such as ':input: (None, 28, 28, 1)' (for "
        "several inputs a list or dict of shapes), or call the model in the code"
    )


def _unbuilt_sequential(model: Any) -> str:
    name = f"the Sequential model {str(model.name)!r}"
    if not model.layers:
        return f"{name} has no layers"
    if model.built or len(model._layers) > len(model.layers):
        return (
            f"Keras can't tell the shapes of {name}, though it has an input shape: "
            "one of its layers needs a compute_output_shape() method"
        )
    shape = {
        "Embedding": "(None, None)",
        "Dense": "(None, 784)",
        "Conv1D": "(None, 50, 8)",
        "Conv2D": "(None, 28, 28, 1)",
        "LSTM": "(None, 50, 8)",
        "GRU": "(None, 50, 8)",
    }.get(type(model.layers[0]).__name__, "(None, 50)")
    return (
        f"{name} has no input shape, so its layers have no shapes or weights yet: add it to the directive, "
        f"with the batch axis first, such as ':input: {shape}', or add a keras.Input before its layers"
    )
