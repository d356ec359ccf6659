"""Calls of layers, noted while a model or layer is called once: on symbolic tensors where that works.

Code that needs values (a Python ``if`` on a tensor, NumPy) is called on zeros of two sizes for
each open axis instead; a size that differs between the two is open as well.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.report import Shape
from sphinx_kerasshape.worker.read import weights
from sphinx_kerasshape.worker.read.recorder import RecordedCall, Seen, recording

_SIZES = ((2, 4), (16, 24), (32, 64), (224, 256))
"""Sizes that open axes get where a call needs values, one pair after the other."""
_BATCH = (2, 3)
"""Sizes of the batch axis meanwhile."""


class Signature(NamedTuple):
    """What a layer is called with; tensors stand for themselves as symbolic ones."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def map(self, change: Callable[[Any], Any]) -> Signature:
        """Change each symbolic tensor."""
        import keras

        def changed(value: Any) -> Any:
            return change(value) if is_symbolic(value) else value

        return Signature(*keras.tree.map_structure(changed, (self.args, self.kwargs)))


def is_symbolic(value: Any) -> bool:
    """Whether this stands for a tensor of a model that is only described."""
    import keras

    return isinstance(value, keras.KerasTensor)


def calls(layer: Any, signature: Signature, *, symbolic_only: bool = False) -> RecordedCall:
    """Call a layer, and return what was noted. Raises what the layer does.

    Code that needs sizes, but no values (``x.shape[1] // 2``), is called on symbolic tensors of two
    sizes.
    """
    try:
        return _merged(_symbolic(layer, signature))
    except Exception:
        pair = zip(_BATCH, _SIZES[1], strict=True)
        with contextlib.suppress(Exception):
            sized = [_sized(signature, batch, size) for batch, size in pair]
            return _merged([run for one in sized for run in _symbolic(layer, one)])
        if symbolic_only:
            raise
        return _with_values(layer, signature)


def _symbolic(layer: Any, signature: Signature) -> list[RecordedCall]:
    from keras.src import backend

    if not all(getattr(inner, "built", True) for inner in weights.everything(layer)):
        # The first call builds: Keras makes calls of its own for that, which nobody wrote.
        backend.compute_output_spec(layer, *signature.args, **signature.kwargs)
    with _quiet(), recording() as runs:
        backend.compute_output_spec(layer, *signature.args, **signature.kwargs)
    return [run for run in runs if run.layer is layer]


def _with_values(layer: Any, signature: Signature) -> RecordedCall:
    error: Exception | None = None
    for sizes in _SIZES:
        pair = [_zeros(signature, batch, size) for batch, size in zip(_BATCH, sizes, strict=True)]
        try:
            with _quiet():
                layer(*pair[0].args, **pair[0].kwargs)
                with recording() as runs:
                    for given in pair:
                        layer(*given.args, **given.kwargs)
            return _merged(runs)
        except Exception as reason:
            error = error or reason
    assert error is not None
    raise error


def _sized(signature: Signature, batch: int, size: int) -> Signature:
    """Give the open axes a size."""
    import keras

    def sized(tensor: Any) -> Any:
        opened = [batch, *[size] * len(tensor.shape)]
        shape = [opened[axis] if dim is None else dim for axis, dim in enumerate(tensor.shape)]
        return keras.KerasTensor(shape, dtype=tensor.dtype)

    return signature.map(sized)


def _zeros(signature: Signature, batch: int, size: int) -> Signature:
    """Fill zeros in, in sizes for the open axes."""
    import keras

    def zeros(tensor: Any) -> Any:
        if str(tensor.dtype) == "string":
            import tensorflow as tf

            return tf.fill(tensor.shape, "")
        return keras.ops.zeros(tensor.shape, dtype=tensor.dtype)

    return _sized(signature, batch, size).map(zeros)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what a call prints off the page: it is our call, not the author's."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _merged(runs: list[RecordedCall]) -> RecordedCall:
    """Make one call of several with other sizes: what differs is open."""
    first, *others = runs
    stack = [(first, others)]
    while stack:
        call, equals = stack.pop()
        call.inputs = _opened([call.inputs, *(other.inputs for other in equals)])
        call.outputs = _opened([call.outputs, *(other.outputs for other in equals)])
        call.inner = _once(call)
        matches = [_numbered(_once(other)) for other in equals]
        mine = _numbered(call.inner)
        # A call that only some sizes lead to, such as one more step of a loop, is left out.
        kept = [key for key in mine if all(key in match for match in matches)]
        call.inner = [mine[key] for key in kept]
        stack += [(mine[key], [match[key] for match in matches]) for key in kept]
    return first


def _opened(several: list[list[Seen]]) -> list[Seen]:
    if len({len(seen) for seen in several}) > 1:
        return several[0]
    return [
        one._replace(shape=_common([same.shape for same in (one, *others)]))
        for one, *others in zip(*several, strict=True)
    ]


def _common(shapes: list[Shape]) -> Shape:
    if len({len(shape) for shape in shapes}) > 1:
        return (None,) * len(shapes[0])
    return tuple(sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*shapes, strict=True))


def _numbered(calls: Iterable[RecordedCall]) -> dict[tuple[int, int], RecordedCall]:
    """Key calls by their layer, and the number among the calls of it."""
    found: dict[tuple[int, int], RecordedCall] = {}
    counts: Counter[int] = Counter()
    for call in calls:
        found[id(call.layer), counts[id(call.layer)]] = call
        counts[id(call.layer)] += 1
    return found


def _once(call: RecordedCall) -> list[RecordedCall]:
    """Return the calls that a call made, those of a loop over time steps once."""
    import keras

    cell = getattr(call.layer, "cell", None) if isinstance(call.layer, keras.layers.RNN) else None
    loops = cell is not None or isinstance(call.layer, keras.layers.TimeDistributed)
    kept = []
    met = set()
    for inner in call.inner:
        if cell is not None and inner.layer is not cell:
            continue  # Keras tries the cells that the cell is made of by themselves.
        if loops or inner.graph != call.graph:
            key = (id(inner.layer), tuple(inner.inputs), tuple(inner.outputs))
            if key in met:
                continue
            met.add(key)
        kept.append(inner)
    return kept
