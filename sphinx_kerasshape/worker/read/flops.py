"""Floating-point operations of each layer, as TensorFlow's own profiler counts them.

The model is called once on symbolic tensors of stated sizes; the figures that TensorFlow has for
the operations of the graph that comes of it (``RegisterStatistics``) are added up, for each layer
over all of its calls. A multiplication with an addition is two. Operations without a figure, such
as ReLU, count nothing; but where a figure is missing for what may be most of the work, such as the
body of a loop, nothing is said.
"""

from __future__ import annotations

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
"""Operations that may be most of the work: a layer with one that has no figure has none."""

Counted = dict[int, int | None]
"""The operations of each layer, by its id."""


def count(model: Any, signature: Signature) -> Counted:
    """Count a model's operations in a call with tensors of full shapes; empty where it can't be."""
    import keras
    import tensorflow as tf

    if keras.backend.backend() != "tensorflow" or _is_open(signature):
        return {}
    from keras.src import backend

    spans: list[tuple[int, int, int]] = []
    original = keras.Operation.__call__

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        start = tf.compat.v1.get_default_graph().version
        made = original(layer, *args, **kwargs)
        spans.append((id(layer), start, tf.compat.v1.get_default_graph().version))
        return made

    figures: list[int | None] = []

    def run(*args: Any, **kwargs: Any) -> Any:
        graph = tf.compat.v1.get_default_graph()
        # Else Keras would compute what each weight starts with, and that would be counted.
        placeholders = [
            (one, tf.compat.v1.placeholder(one.dtype, one.shape))
            for here in weights.everything(model)
            for one in (*weights.own(here), *_seeds(here))
        ]
        with keras.StatelessScope(state_mapping=placeholders):
            made = model(*args, **kwargs)
        figures.extend(map(_figure, graph.get_operations()))
        return made

    keras.Operation.__call__ = call
    try:
        backend.compute_output_spec(run, *signature.args, **signature.kwargs)
    except Exception:
        return {}
    finally:
        keras.Operation.__call__ = original
    return _added(spans, figures)


def _seeds(layer: Any) -> list[Any]:
    return [generator.state for generator in getattr(layer, "_seed_generators", ())]


def _is_open(signature: Signature) -> bool:
    found: list[bool] = []

    def see(tensor: Any) -> Any:
        found.append(None in tensor.shape)
        return tensor

    signature.map(see)
    return not found or any(found)


def _figure(operation: Any) -> int | None:
    from tensorflow.python.framework import ops

    try:
        figure = ops.get_stats_for_node_def(operation.graph, operation.node_def, "flops").value
    except Exception:
        figure = None
    if figure is None:
        return None if operation.type in UNKNOWN else 0
    return int(figure)


def _added(spans: list[tuple[int, int, int]], figures: list[int | None]) -> Counted:
    """Add up the figures of each layer; sums up to each operation make that fast."""
    sums, unknown = [0], [0]
    for figure in figures:
        sums.append(sums[-1] + (figure or 0))
        unknown.append(unknown[-1] + (figure is None))
    found: Counted = {}
    for layer, start, end in spans:
        before = found.get(layer, 0)
        is_known = before is not None and unknown[end] == unknown[start]
        found[layer] = before + sums[end] - sums[start] if is_known and before is not None else None
    return found
