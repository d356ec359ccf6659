"""What a layer's count is made of: a sum of the sizes of its weights. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sphinx_kerasshape.messages import Weight

GATES = {"LSTM": 4, "LSTMCell": 4, "GRU": 3, "GRUCell": 3}
"""Layers whose weights hold those of several gates side by side, in the last axis."""
MOST = 8
"""How many different terms a formula may have; one that is longer explains nothing."""


def formula(kind: str, weights: Sequence[Weight]) -> str:
    """Return the sum that gives a layer's count: ``50×128 + 128``; empty where there is none.

    Weights of one shape are counted together, ``4×64``; of a recurrent layer's gates each
    has the same, ``4×(50×64 + 64×64 + 64)``.
    """
    shapes = [weight.shape for weight in weights]
    gates = GATES.get(kind, 1)
    if gates > 1 and shapes and all(shape and shape[-1] % gates == 0 for shape in shapes):
        inner = _sum([(*shape[:-1], shape[-1] // gates) for shape in shapes])
        return f"{gates}×({inner})" if inner else ""
    return _sum(shapes)


def _sum(shapes: list[tuple[int, ...]]) -> str:
    counted = Counter(shapes)
    terms = [_product((number, *shape) if number > 1 else shape) for shape, number in counted.items()]
    return " + ".join(terms) if len(terms) <= MOST else ""


def _product(sizes: tuple[int, ...]) -> str:
    # An axis of size 1 is said by none of the others.
    told = [size for size in sizes if size != 1] or [1]
    return "×".join(map(str, told))
