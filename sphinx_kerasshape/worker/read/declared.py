"""What calls really give, where Keras declares the shapes of outputs and does not compute them.

A functional model's graph has the shapes that its layers declare: by ``compute_output_shape()``, by
``compute_output_spec()``, or by those of Keras' operations. A declaration may be wrong, and so are then all
that follow from it. The layers that are known to keep theirs are named here (the tests call each of them);
every other operation is traced: a symbolic call, which computes and allocates nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.report import shape_text
from sphinx_kerasshape.worker.code import exceptions
from sphinx_kerasshape.worker.read import identity, masks, weights
from sphinx_kerasshape.worker.read.identity import is_of_keras, spec
from sphinx_kerasshape.worker.read.recorder import graph_of
from sphinx_kerasshape.worker.read.trace import is_symbolic, quiet
from sphinx_kerasshape.worker.read.undisturbed import undisturbed

_RANKS = ("1D", "2D", "3D")
KEPT = {
    *("Dense", "Embedding", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "InputLayer"),
    *("BatchNormalization", "LayerNormalization", "UnitNormalization", "GroupNormalization", "Masking"),
    *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "AlphaDropout"),
    *("Flatten", "RepeatVector", "Permute", "Rescaling", "Identity", "LSTM", "GRU", "SimpleRNN"),
    *(f"{kind}{rank}" for kind in ("Conv", "MaxPooling", "AveragePooling") for rank in _RANKS),
    *(f"{kind}{rank}" for kind in ("GlobalMaxPooling", "GlobalAveragePooling") for rank in _RANKS),
    *(f"{kind}{rank}" for kind in ("ZeroPadding", "Cropping", "UpSampling") for rank in _RANKS),
    *("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"),
    *("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"),
    # As a graph, TensorFlow refuses what it computes.
    *(f"AdaptiveAveragePooling{rank}" for rank in _RANKS),
}
"""Keras' own layers that declare what a call gives, and refuse what it refuses."""
CAREFREE = {
    *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Reshape"),
}
"""Keras' own layers that declare what a call gives, but don't refuse all that it refuses."""
_WEIGHTS = {"ReadVariableOp", "Placeholder"}
"""Operations of a graph that read a weight. The inputs of a call are placeholders too."""
_WRAPPERS = {"Bidirectional": "forward_layer", "TimeDistributed": "layer"}
_ACTIVATIONS = "keras.src.activations."
_FLAGS = {"training", "mask"}
_MAX_REASON = 300
"""Characters of an error's message."""
_SIZES = ((2, 20), (3, 36))
"""A batch and the other open axes, twice, for calls whose shapes are known for stated sizes only."""


class Corrections(NamedTuple):
    """Where the calls of a graph differ from what it declares."""

    tensors: dict[int, Any]
    """The real symbolic tensor in place of a declared one, by the id of that."""
    declared: dict[int, str]
    """The shapes that an operation declares wrongly, by the id of the operation."""
    refused: dict[int, str]
    """Why an operation refuses what those before it really give, by its id."""


_found: dict[int, tuple[Any, Corrections]] = {}
"""The corrections of each functional model, by its id; the model is kept, and with it its id."""


def corrections(functional: Any) -> Corrections:
    """Return where the calls of a functional model differ from what its graph declares."""
    if id(functional) not in _found:
        found = Corrections({}, {}, {})
        _walk(functional, functional.inputs, found, {})
        _found[id(functional)] = functional, found
    return _found[id(functional)][1]


class Traced(NamedTuple):
    """A symbolic call: its outputs, and what a real one would cost."""

    outputs: Any
    numbers: int = 0
    """Numbers in all tensors of the call but its weights, as far as their shapes are known."""
    has_loop: bool = False


def outputs(operation: Any, args: Any, kwargs: Mapping[str, Any]) -> Traced:
    """Return symbolic tensors such as a call on some sizes gives. Raises whatever the call raises."""
    import tensorflow as tf

    call = Traced(None)
    if not keeps(operation, args, kwargs, KEPT):
        call = traced(operation, args, kwargs)
        shapes = [tensor.shape for tensor in tf.nest.flatten(call.outputs)]
        if all(shape is not None and None not in shape for shape in shapes):
            return call
    said = operation.compute_output_spec(*args, **kwargs)
    return call._replace(outputs=masks.passed_on(operation, args, said))


def traced(operation: Any, args: Any, kwargs: Mapping[str, Any]) -> Traced:
    """Return a symbolic call. Raises whatever the call raises."""
    import tensorflow as tf

    graphs = []

    def call(*args: Any, **kwargs: Any) -> Any:
        graphs.append(tf.compat.v1.get_default_graph())
        return operation(*args, **kwargs)

    with undisturbed(operation):
        spec = masks.output_spec(call, args, kwargs)
    operations = [made for graph in graphs for made in graph.get_operations()]
    made = [tensor for one in operations if one.type not in _WEIGHTS for tensor in one.outputs]
    given = filter(is_symbolic, tf.nest.flatten((args, dict(kwargs))))
    shapes = [tf.TensorShape(tensor.shape) for tensor in (*given, *made)]
    numbers = sum(shape.num_elements() or 0 for shape in shapes if shape.rank)
    return Traced(spec, numbers, any(made.type.endswith("While") for made in operations))


def keeps(operation: Any, args: Any, kwargs: Mapping[str, Any], classes: set[str]) -> bool:
    """Whether an operation is of one of Keras' own classes, with nothing of the author's inside."""
    if not is_of_keras(operation) or not kwargs.keys() <= _FLAGS:
        return False
    name = type(operation).__name__
    if name in _WRAPPERS:
        return keeps(getattr(operation, _WRAPPERS[name]), (), {}, classes)
    inner = graph_of(operation)
    if inner is not None:
        nodes = [node for nodes in inner._nodes_by_depth.values() for node in nodes if not node.is_input]
        return all(
            keeps(node.operation, node.arguments.args, node.arguments.kwargs, classes) for node in nodes
        )
    return name in classes and len(args) <= 1 and _is_plain(getattr(operation, "activation", None))


def _is_plain(activation: Any) -> bool:
    """Whether an activation leaves the shape as it is: a layer may be one, and ``glu`` halves an axis."""
    name = getattr(activation, "__name__", "glu")
    return activation is None or (name != "glu" and activation.__module__.startswith(_ACTIVATIONS))


def _walk(functional: Any, inputs: Any, found: Corrections | None, memo: dict[str, Any]) -> list[Any]:
    """Call the operations of a graph with other inputs; return the outputs, and note what differs."""
    import tensorflow as tf

    values = {id(own): other for own, other in zip(functional.inputs, inputs, strict=True)}
    changed = {id(own) for own, other in zip(functional.inputs, inputs, strict=True) if own is not other}
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        for node in functional._nodes_by_depth[depth]:
            if node.is_input or any(id(tensor) not in values for tensor in node.input_tensors):
                continue
            is_changed = any(id(tensor) in changed for tensor in node.input_tensors)
            real = _given(functional, node, values, memo, found, is_changed=is_changed)
            for own, other in zip(node.outputs, tf.nest.flatten(real), strict=True):
                is_masked = masks.mask_of(other) is not None and masks.mask_of(own) is None
                is_equal = spec(own) == spec(other) and not is_masked
                values[id(own)] = own if is_equal else masks.with_mask(own, other)
                if values[id(own)] is not own:
                    changed.add(id(own))
            wrong = [own for own in node.outputs if id(own) in changed]
            if found is not None and wrong:
                found.tensors.update({id(own): values[id(own)] for own in wrong})
                _note(functional, node, values, found, is_changed=is_changed)
    return [values[id(tensor)] for tensor in functional.outputs]


def _note(
    functional: Any, node: Any, values: dict[int, Any], found: Corrections, *, is_changed: bool
) -> None:
    """Note what an operation declares, if that is not what it gives."""
    if graph_of(node.operation) is None:
        said = _said(functional, node, values) if is_changed else node.outputs
        pairs = [(one, values[id(own)]) for one, own in zip(said, node.outputs, strict=True)]
        if any(_contradicts(one, real) for one, real in pairs):
            found.declared[id(node.operation)] = _shapes(said)


def _given(
    functional: Any,
    node: Any,
    values: dict[int, Any],
    memo: dict[str, Any],
    found: Corrections | None,
    *,
    is_changed: bool,
) -> Any:
    """Return the real outputs of a node; if it refuses its real inputs, note why, and return its own."""
    try:
        return _real(functional, node, values, memo, is_changed=is_changed)
    except Exception as error:
        if found is None:
            raise
        found.refused[id(node.operation)] = _reason(error)
        return node.outputs


def _contradicts(declared: Any, real: Any) -> bool:
    """Whether a real tensor is not what is declared; an open size promises nothing."""
    (shape, dtype), (real_shape, real_dtype) = spec(declared), spec(real)
    if dtype != real_dtype or len(shape) != len(real_shape):
        return True
    return any(size not in (None, other) for size, other in zip(shape, real_shape, strict=True))


def _real(
    functional: Any, node: Any, values: dict[int, Any], memo: dict[str, Any], *, is_changed: bool
) -> Any:
    """Return the real outputs of a node; the declared ones where they are certain, or no call works.

    Raises what the operation raises for other inputs than those that it was called with.
    """
    import tensorflow as tf

    operation, arguments = node.operation, node.arguments
    inner = graph_of(operation)
    if (
        inner is None
        and not is_changed
        and keeps(operation, arguments.args, arguments.kwargs, KEPT | CAREFREE)
    ):
        return node.outputs
    args, kwargs = masks.filled(functional, node, values)
    try:
        if inner is not None:
            given = tf.nest.flatten(args[0] if args else kwargs["inputs"])
            is_equal = not is_changed and not _with_masks(inner, given) and not corrections(inner).tensors
            return node.outputs if is_equal else _walk(inner, given, None, memo)
        key = identity.key(operation, args, kwargs)
        if key not in memo:
            memo[key] = _filled(node, operation, args, kwargs)
        return memo[key]
    except Exception:
        if is_changed:
            raise
        # The layer was called when the graph was made, so it is the tracing that it does not bear.
        return node.outputs


def _reason(error: Exception) -> str:
    """Return the first line of an error's message that says why."""
    lines = [line for line in exceptions.message(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("Exception encountered")]
    return f"{exceptions.name(error)}: {next(iter(told), '')}"[:_MAX_REASON]


def _said(functional: Any, node: Any, values: dict[int, Any]) -> list[Any]:
    """Return what an operation declares for other inputs than its own."""
    import tensorflow as tf

    args, kwargs = masks.filled(functional, node, values)
    try:
        return list(tf.nest.flatten(node.operation.compute_output_spec(*args, **kwargs)))
    except Exception:
        return [values[id(own)] for own in node.outputs]


def _with_masks(inner: Any, given: list[Any]) -> bool:
    """Whether a call brings masks into an inner model, whose own graph was made without; correct that."""
    if not masks.are_passed_in(given, inner):
        return False
    own = [masks.like(*pair) for pair in zip(given, inner.inputs, strict=True)]
    found = Corrections(dict(zip(map(id, inner.inputs), own, strict=True)), {}, {})
    _walk(inner, own, found, {})
    _found[id(inner)] = inner, found._replace(declared={}, refused={})
    return True


def _filled(node: Any, operation: Any, args: Any, kwargs: Any) -> list[Any]:
    """Return the outputs of a traced call; what tracing leaves open is found by calls of two sizes.

    So is what code of the author's does, which may do something else where a size is open.
    """
    import tensorflow as tf

    with quiet():
        try:
            real: list[Any] = tf.nest.flatten(traced(operation, args, kwargs).outputs)
        except Exception:
            real = []
        if real and len(real) != len(node.outputs):
            return list(node.outputs)
        is_known = real and all(_is_known(own, other) for own, other in zip(node.outputs, real, strict=True))
        if is_known and _is_of_keras_inside(operation):
            return real
        try:
            sized = [
                tf.nest.flatten(traced(operation, *_with_sizes((args, kwargs), *sizes)).outputs)
                for sizes in _SIZES
            ]
        except Exception:
            if is_known:
                return real
            raise
    found = [_common(*tensors) for tensors in zip(*sized, strict=True)]
    return [*map(_with_open, real, found)] if is_known else found


def _is_of_keras_inside(operation: Any) -> bool:
    """Whether an operation and all layers inside it are Keras' own."""
    import keras

    if not isinstance(operation, keras.Layer):
        return type(operation).__module__.startswith("keras.src.")
    return all(map(is_of_keras, weights.all_layers(operation)))


def _with_open(real: Any, sized: Any) -> Any:
    """Return what calls of stated sizes give, with the axes open that are so for open sizes."""
    import keras

    if len(real.shape) != len(sized.shape):
        return sized
    shape = [None if size is None else other for size, other in zip(real.shape, sized.shape, strict=True)]
    return real if shape == [*real.shape] else keras.KerasTensor(shape, dtype=sized.dtype)


def _is_known(declared: Any, real: Any) -> bool:
    """Whether tracing leaves no size open that is declared."""
    if real.shape is None or len(real.shape) != len(declared.shape):
        return real.shape is not None
    return all(size is not None or own is None for own, size in zip(declared.shape, real.shape, strict=True))


def _with_sizes(structure: Any, batch: int, size: int) -> Any:
    import keras

    def sized(value: Any) -> Any:
        if not isinstance(value, keras.KerasTensor):
            return value
        sizes = [batch, *[size] * len(value.shape)]
        shape = [sizes[axis] if dim is None else dim for axis, dim in enumerate(value.shape)]
        return masks.with_mask(value, keras.KerasTensor(shape, dtype=value.dtype))

    return keras.tree.map_structure(sized, structure)


def _common(first: Any, second: Any) -> Any:
    """Return a symbolic tensor with open axes where two differ."""
    import keras

    shape = [a if a == b else None for a, b in zip(first.shape, second.shape, strict=True)]
    return keras.KerasTensor(shape, dtype=first.dtype)


def _shapes(tensors: Any) -> str:
    specs = [spec(tensor) for tensor in tensors]
    return ", ".join(f"{shape_text(shape)} {dtype}" for shape, dtype in specs)
