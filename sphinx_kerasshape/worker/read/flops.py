"""Floating-point operations of each layer, as TensorFlow's own profiler counts them.

The model is called once on symbolic tensors of full shapes. TensorFlow has figures for the operations of
the resulting graph (``RegisterStatistics``); they are added up for each layer, over all its calls. A
multiplication with an addition counts as two. Of products of tensors (``Einsum``, ``BatchMatMul``),
transposed convolutions and pooling in three dimensions, TensorFlow has no figure or a wrong one, so they are
counted here by the same rule. Other operations without a figure, such as ReLU, count as nothing, and so does
arithmetic with whole numbers, such as indices. But where a figure is missing for what may be most of the
work, such as the body of a loop, the layer has no count.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from math import prod
from typing import Any

from sphinx_kerasshape.worker.read import weights
from sphinx_kerasshape.worker.read.trace import Signature

UNKNOWN = frozenset(
    (
        *("While", "StatelessWhile", "If", "StatelessIf", "Case", "StatelessCase", "PartitionedCall"),
        *("StatefulPartitionedCall", "XlaCallModule", "PyFunc", "PyFuncStateless", "EagerPyFunc"),
        *("Einsum", "XlaEinsum", "XlaDot", "MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"),
        *("SparseTensorDenseMatMul", "SparseMatMul", "Conv", "Conv2D", "Conv3D", "Conv2DBackpropInput"),
        *("Conv3DBackpropInputV2", "DepthwiseConv2dNative", "DepthwiseConv2dNativeBackpropInput"),
        *("FFT", "FFT2D", "FFT3D", "RFFT", "RFFT2D", "IRFFT", "Qr", "Svd", "Cholesky", "MatrixInverse"),
    )
)
"""Operations that may be most of the work: without a figure for one, its layer has no count."""

Flops = dict[int, int | None]
"""The operations of each layer, by its id."""


def count(model: Any, signature: Signature) -> Flops:
    """Count the operations of a call; empty if a shape is not full, or if they can't be counted."""
    import keras
    import tensorflow as tf

    if keras.backend.backend() != "tensorflow" or has_open_axes(signature):
        return {}
    from keras.src import backend

    seen = _Seen()
    figures: list[int | None] = []

    def run(*args: Any, **kwargs: Any) -> Any:
        graph = seen.graph = tf.compat.v1.get_default_graph()
        with keras.StatelessScope(state_mapping=_placeholders(model)):
            value = model(*args, **kwargs)
        figures.extend(map(_figure, graph.get_operations()))
        return value

    try:
        with _watched(seen):
            backend.compute_output_spec(run, *signature.args, **signature.kwargs)
    except Exception:
        return {}
    return _summed(seen.spans, figures) | dict.fromkeys(seen.uncounted)


class _Seen:
    """The calls of layers in a graph."""

    def __init__(self) -> None:
        self.graph: Any = None
        self.spans: list[tuple[int, int, int]] = []
        """For each call, the id of the layer, and the versions of the graph before and behind it."""
        self.uncounted: list[int] = []
        """The ids of layers that are called in the body of a loop, which may run any number of times."""


@contextlib.contextmanager
def _watched(seen: _Seen) -> Iterator[None]:
    """Note the calls of layers."""
    import keras
    import tensorflow as tf

    original = keras.Operation.__call__

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        graph = tf.compat.v1.get_default_graph()
        start = graph.version
        value = original(layer, *args, **kwargs)
        if graph is seen.graph:
            seen.spans.append((id(layer), start, graph.version))
        else:
            seen.uncounted.append(id(layer))
        return value

    keras.Operation.__call__ = call
    try:
        yield
    finally:
        keras.Operation.__call__ = original


def _placeholders(model: Any) -> list[tuple[Any, Any]]:
    """Return a placeholder for each variable: Keras would compute, and one count, their initial values."""
    import tensorflow as tf

    return [
        (variable, tf.compat.v1.placeholder(variable.dtype, variable.shape))
        for layer in weights.all_layers(model)
        for variable in (*weights.own_variables(layer), *_seeds(layer))
    ]


def _seeds(layer: Any) -> list[Any]:
    return [generator.state for generator in getattr(layer, "_seed_generators", ())]


def has_open_axes(signature: Signature) -> bool:
    """Whether a tensor has an open axis, or there is no tensor."""
    are_open: list[bool] = []

    def look_at(tensor: Any) -> Any:
        are_open.append(None in tensor.shape)
        return tensor

    signature.map(look_at)
    return not are_open or any(are_open)


def _figure(operation: Any) -> int | None:
    from tensorflow.python.framework import ops

    count = _COUNTS.get(operation.type)
    try:
        if count is not None:
            return count(operation)
        if operation.type not in UNKNOWN and not any(map(_has_fractions, operation.inputs)):
            return 0
        figure = ops.get_stats_for_node_def(operation.graph, operation.node_def, "flops").value
    except Exception:
        figure = None
    if figure is None:
        return None if operation.type in UNKNOWN else 0
    return int(figure)


def _has_fractions(tensor: Any) -> bool:
    return bool(tensor.dtype.is_floating or tensor.dtype.is_complex)


def _of_function(operation: Any) -> int:
    """Count what the body of a function does: Keras has grouped convolutions compiled, each in one."""
    body = operation.graph._get_function(operation.get_attr("f").name).graph
    return sum(_known(_figure(inner)) for inner in body.get_operations())


def _known(figure: int | None) -> int:
    if figure is None:
        raise ValueError("an operation without a figure")
    return figure


def _of_matmul(operation: Any) -> int:
    """Count a product of matrices; TensorFlow's own figure overlooks that the first may be transposed."""
    first, output = operation.inputs[0].shape, operation.outputs[0].shape
    sizes = first.as_list()[-2 if operation.get_attr("adj_x") else -1], *output.as_list()
    return 2 * prod(map(int, sizes))


def _of_einsum(operation: Any) -> int:
    """Count a multiplication for each combination of indices, and an addition if one of them is summed."""
    terms, _, result = operation.get_attr("equation").decode().partition("->")
    inputs, output = (
        [tensor.shape.as_list() for tensor in operation.inputs],
        operation.outputs[0].shape.as_list(),
    )
    sizes: dict[str, int] = {}
    for term, shape in zip((*terms.split(","), result), (*inputs, output), strict=True):
        before, dots, after = term.partition("...")
        sizes |= zip(before, shape, strict=False)
        sizes |= zip(reversed(after), reversed(shape), strict=False)
        # In the result, which comes last, these have the sizes that inputs are broadcast to.
        sizes[dots] = prod(shape[len(before) : len(shape) - len(after)])
    steps = prod(map(int, sizes.values()))
    if len(inputs) == 1:
        return steps - prod(map(int, output))
    return 2 * steps if sizes.keys() - set(result) - {"...", ""} else steps


def _of_transposed_convolution(operation: Any) -> int:
    """Count the products of each number of the input with the filters.

    TensorFlow's own figure divides those of the output by the strides, which is too much at the edges.
    """
    _, kernel, inputs = (tensor.shape.as_list() for tensor in operation.inputs)
    return 2 * prod(map(int, inputs)) * prod(map(int, kernel[:-1]))


def _of_pooling(operation: Any) -> int:
    return prod(map(int, operation.get_attr("ksize"))) * prod(map(int, operation.outputs[0].shape.as_list()))


_COUNTS = {
    "Einsum": _of_einsum,
    **dict.fromkeys(("PartitionedCall", "StatefulPartitionedCall"), _of_function),
    **dict.fromkeys(("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"), _of_matmul),
    **dict.fromkeys(("Conv2DBackpropInput", "Conv3DBackpropInputV2"), _of_transposed_convolution),
    **dict.fromkeys(("MaxPool3D", "AvgPool3D"), _of_pooling),
}
"""Functions that count products of tensors and pools, and what is inside functions."""


def _summed(spans: list[tuple[int, int, int]], figures: list[int | None]) -> Flops:
    """Add up the figures of each layer, by differences of running sums."""
    sums, unknown = [0], [0]
    for figure in figures:
        sums.append(sums[-1] + (figure or 0))
        unknown.append(unknown[-1] + (figure is None))
    flops: Flops = {}
    for layer, start, end in spans:
        before = flops.get(layer, 0)
        is_known = before is not None and unknown[end] == unknown[start]
        flops[layer] = before + sums[end] - sums[start] if is_known and before is not None else None
    return flops
