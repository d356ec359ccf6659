"""What a count is made of: a sum of the sizes of weights, or of the counts of layers. Pure."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Sequence

from sphinx_kerasshape.messages.report import Weight
from sphinx_kerasshape.text import quoted

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


class Unreadable(ValueError):
    """A claim that is no sum; the message says how to write one."""


LONGEST = 1000
"""Characters of a sum that is read."""
_SIGNS = {"×": "*", "·": "*", "⋅": "*", "−": "-", "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " "}


def value(text: str) -> int:
    """Return the value of a sum as people write it: ``4×(50×64 + 64×64 + 64)``, ``6,528 + 1,290 = 7,818``.

    Raises :class:`Unreadable`, also where the sides of an equation differ.
    """
    sides = [_value(side, text) for side in text.split("=")]
    if len(set(sides)) > 1:
        raise Unreadable(f"{quoted(text)}: the sides differ, {' = '.join(f'{side:,}' for side in sides)}")
    return sides[0]


def _value(side: str, text: str) -> int:
    plain = "".join(_SIGNS.get(sign, sign) for sign in side)
    plain = re.sub(r"(?<=\d)[,_](?=\d{3}(?!\d))", "", plain).replace("(", " (").strip()
    if len(plain) <= LONGEST and re.fullmatch(r"[\d+* ()]+", plain):
        try:
            return _folded(ast.parse(plain, mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
    raise Unreadable(f"{quoted(text)} is no sum: write 50×128 + 128")


def _folded(tree: ast.expr) -> int:
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add | ast.Mult):
        left, right = _folded(tree.left), _folded(tree.right)
        return left + right if isinstance(tree.op, ast.Add) else left * right
    if isinstance(tree, ast.Constant) and type(tree.value) is int:
        return tree.value
    raise ValueError(ast.dump(tree))
