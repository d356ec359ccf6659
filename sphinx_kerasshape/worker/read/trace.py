"""Calls of layers, recorded while a model is called once, on symbolic tensors where that works.

Code that needs values (a Python ``if`` on a tensor, NumPy) is called on zeros instead, in two sizes for
each open axis; every size that differs between the two is open as well.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.report import Shape, TensorSpec
from sphinx_kerasshape.worker.read import masks, weights
from sphinx_kerasshape.worker.read.recorder import RecordedCall, recording

_SIZES = ((2, 4), (16, 24), (32, 64), (224, 256))
"""Pairs of sizes for open axes, to be tried in this order, where a call needs sizes or values."""
_BATCH_SIZES = (2, 3)


class Signature(NamedTuple):
    """The arguments of a call, with symbolic tensors in place of tensors."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def map(self, change: Callable[[Any], Any]) -> Signature:
        """Replace each symbolic tensor."""
        import keras

        def changed(value: Any) -> Any:
            return change(value) if is_symbolic(value) else value

        return Signature(*keras.tree.map_structure(changed, (self.args, self.kwargs)))


def is_symbolic(value: Any) -> bool:
    """Whether a value is Keras' description of a tensor, without values."""
    import keras

    return isinstance(value, keras.KerasTensor)


def record(layer: Any, signature: Signature, *, symbolic_only: bool = False) -> RecordedCall:
    """Call a layer, and return the recorded call. Raises what the layer raises.

    Code that needs sizes but no values (``x.shape[1] // 2``) is called on symbolic tensors of two sizes.
    """
    try:
        return _merged(_on_symbols(layer, signature))
    except Exception:
        with contextlib.suppress(Exception):
            sized = [with_sizes(signature, *sizes) for sizes in zip(_BATCH_SIZES, _SIZES[1], strict=True)]
            return _merged([run for one_size in sized for run in _on_symbols(layer, one_size)])
        if symbolic_only:
            raise
        return _on_values(layer, signature)


def _on_symbols(layer: Any, signature: Signature) -> list[RecordedCall]:
    if not all(getattr(inner, "built", True) for inner in weights.all_layers(layer)):
        # The first call builds, and for that Keras makes calls of its own, which nobody wrote.
        masks.output_spec(layer, signature.args, signature.kwargs)
    with quiet(), recording() as runs:
        value = masks.output_spec(layer, signature.args, signature.kwargs)
    mine = [run for run in runs if run.layer is layer]
    if len(mine) == 1:
        mine[0].give(value)  # A __call__() of the author's may change it.
    return mine


def _on_values(layer: Any, signature: Signature) -> RecordedCall:
    first_error: Exception | None = None
    for sizes in _SIZES:
        pair = [_zeros(signature, batch, size) for batch, size in zip(_BATCH_SIZES, sizes, strict=True)]
        try:
            with quiet():
                layer(*pair[0].args, **pair[0].kwargs)
                with recording() as runs:
                    for zeros in pair:
                        layer(*zeros.args, **zeros.kwargs)
            return _merged(runs)
        except Exception as error:
            first_error = first_error or error
    assert first_error is not None
    raise first_error


def with_sizes(signature: Signature, batch: int, size: int) -> Signature:
    """Replace an open batch axis, and other open axes, by sizes."""
    import keras

    def sized(tensor: Any) -> Any:
        sizes = [batch, *[size] * len(tensor.shape)]
        shape = [sizes[axis] if dim is None else dim for axis, dim in enumerate(tensor.shape)]
        return masks.with_mask(tensor, keras.KerasTensor(shape, dtype=tensor.dtype))

    return signature.map(sized)


def _zeros(signature: Signature, batch: int, size: int) -> Signature:
    """Replace symbolic tensors by zeros, with sizes for the open axes."""
    return with_sizes(signature, batch, size).map(zeros)


def zeros(tensor: Any) -> Any:
    """Return zeros, or empty strings, of the shape and dtype of a symbolic tensor."""
    import tensorflow as tf

    if str(tensor.dtype) == "string":
        return tf.fill(tensor.shape, "")
    filled = tf.zeros(tensor.shape, tensor.dtype)
    if masks.mask_of(tensor) is not None:
        filled._keras_mask = tf.ones(masks.mask_of(tensor).shape, "bool")
    return filled


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Drop what a call prints: it is our call, not the author's."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _merged(runs: list[RecordedCall]) -> RecordedCall:
    """Merge calls on different sizes into one, with open axes where the sizes differ."""
    first, *others = runs
    stack = [(first, others)]
    while stack:
        call, equals = stack.pop()
        call.inputs = _with_open_axes([call.inputs, *(other.inputs for other in equals)])
        call.outputs = _with_open_axes([call.outputs, *(other.outputs for other in equals)])
        call.inner = _without_repetitions(call)
        matches = [_numbered(_without_repetitions(other)) for other in equals]
        mine = _numbered(call.inner)
        # A call that is made for some sizes only, such as one more step of a loop, is left out.
        kept = [key for key in mine if all(key in match for match in matches)]
        call.inner = [mine[key] for key in kept]
        stack += [(mine[key], [match[key] for match in matches]) for key in kept]
    return first


def _with_open_axes(runs: list[list[TensorSpec]]) -> list[TensorSpec]:
    if len({len(tensors) for tensors in runs}) > 1:
        return runs[0]
    return [
        same[0]._replace(shape=common_shape([tensor.shape for tensor in same]))
        for same in zip(*runs, strict=True)
    ]


def common_shape(shapes: Sequence[Shape]) -> Shape:
    """Return a shape with open axes where shapes differ."""
    if len({len(shape) for shape in shapes}) > 1:
        return (None,) * len(shapes[0])
    return tuple(sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*shapes, strict=True))


def _numbered(calls: Iterable[RecordedCall]) -> dict[tuple[int, int], RecordedCall]:
    """Key calls by their layer and their number among the calls of that layer."""
    by_number: dict[tuple[int, int], RecordedCall] = {}
    counts: Counter[int] = Counter()
    for call in calls:
        by_number[id(call.layer), counts[id(call.layer)]] = call
        counts[id(call.layer)] += 1
    return by_number


def _without_repetitions(call: RecordedCall) -> list[RecordedCall]:
    """Return the calls inside a call, with those of a loop over time steps once."""
    import keras

    cell = getattr(call.layer, "cell", None) if isinstance(call.layer, keras.layers.RNN) else None
    is_loop = cell is not None or isinstance(call.layer, keras.layers.TimeDistributed)
    kept = []
    seen = set()
    for inner in call.inner:
        if cell is not None and inner.layer is not cell:
            continue  # Keras calls the cells inside a stacked cell by themselves, to try them.
        if is_loop or inner.graph != call.graph:
            key = (id(inner.layer), tuple(inner.inputs), tuple(inner.outputs))
            if key in seen:
                continue
            seen.add(key)
        kept.append(inner)
    return kept
