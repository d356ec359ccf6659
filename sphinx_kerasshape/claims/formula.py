"""Sums that explain a count of parameters: of the sizes of weights, or of the counts of layers."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Sequence

from sphinx_kerasshape.claims.counts import Unreadable
from sphinx_kerasshape.messages.report import Weight
from sphinx_kerasshape.numerals import numerals
from sphinx_kerasshape.text import quoted

GATES = {"LSTM": 4, "LSTMCell": 4, "GRU": 3, "GRUCell": 3}
"""Recurrent layers, whose weights are those of so many gates, side by side in the last axis."""
MAX_TERMS = 8
"""Terms of a formula; a longer one explains nothing."""
MAX_SUM_LENGTH = 1000
"""Characters of a sum that is read."""
_SIGNS = {"×": "*", "·": "*", "⋅": "*", "−": "-", "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " "}


def formula(kind: str, weights: Sequence[Weight]) -> str:
    """Return the sum that gives a layer's count, ``50×128 + 128``; empty if it would be too long.

    Weights of equal shapes are one term, ``4×64``. So are the gates of a recurrent layer,
    ``4×(50×64 + 64×64 + 64)``.
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
    return " + ".join(terms) if len(terms) <= MAX_TERMS else ""


def _product(sizes: tuple[int, ...]) -> str:
    return "×".join(str(size) for size in sizes if size != 1) or "1"


def value(text: str, language: str = "en") -> int:
    """Return the value of a sum as people write it: ``4×(50×64 + 64×64 + 64)``, ``6,528 + 1,290 = 7,818``.

    Raises :class:`Unreadable`, also if the sides of an equation differ.
    """
    sides = [_value(side, text, numerals(language).group) for side in text.split("=")]
    if len(set(sides)) > 1:
        values = " and ".join(f"{side:,}" for side in sides)
        raise Unreadable(f"the sides of {quoted(text)} are not equal: {values}")
    return sides[0]


def _value(side: str, text: str, group: str) -> int:
    code = "".join(_SIGNS.get(sign, sign) for sign in side)
    code = (
        re.sub(rf"(?<=\d)[,_{re.escape(_SIGNS.get(group, group))}](?=\d{{3}}(?!\d))", "", code)
        .replace("(", " (")
        .strip()
    )
    if len(code) <= MAX_SUM_LENGTH and re.fullmatch(r"[\d+* ()]+", code):
        try:
            return _evaluated(ast.parse(code, mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
    raise Unreadable(f"{quoted(text)} is not a sum: write one such as 50×128 + 128")


def _evaluated(tree: ast.expr) -> int:
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add | ast.Mult):
        left, right = _evaluated(tree.left), _evaluated(tree.right)
        return left + right if isinstance(tree.op, ast.Add) else left * right
    if isinstance(tree, ast.Constant) and type(tree.value) is int:
        return tree.value
    raise ValueError(ast.dump(tree))
