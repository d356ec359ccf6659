"""Sums that explain a count of parameters: of the sizes of weights, or of the counts of layers."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Sequence

from sphinx_kerasshape import numerals
from sphinx_kerasshape.claims.counts import Unreadable
from sphinx_kerasshape.messages.report import Weight
from sphinx_kerasshape.text import quoted

MAX_TERMS = 8
"""Terms of a formula, or in its parentheses; a longer one explains nothing."""
MAX_SUM_LENGTH = 1000
"""Characters of a sum that is read."""
_SIGNS = {"×": "*", "·": "*", "⋅": "*", "−": "-", "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " "}


def formula(weights: Sequence[Weight]) -> str:
    """Return the sum that gives a layer's count, ``50×128 + 128``; empty if it would be too long.

    Weights of equal shapes are one term, ``4×64``. So are the gates of a recurrent cell,
    ``4×(50×64 + 64×64 + 64)``, and cells of equal shapes, ``2×4×(50×64 + 64×64 + 64)``.
    """
    sums: dict[tuple[str, int], Counter[tuple[int, ...]]] = {}
    for weight in weights:
        gates, shape = _of_gate(weight)
        cell = weight.path.rpartition("/")[0] if gates > 1 else ""
        sums.setdefault((cell, gates), Counter())[shape] += 1
    counted = Counter((gates, tuple(shapes.items())) for (_, gates), shapes in sums.items())
    terms: list[str] = []
    for (gates, shapes), number in counted.items():
        inner = [_product((times, *shape)) for shape, times in shapes]
        if gates > 1 and len(inner) <= MAX_TERMS:
            inner = [f"{_product((number, gates))}×({' + '.join(inner)})"]
        terms += inner
    return " + ".join(terms) if len(terms) <= MAX_TERMS else ""


def _of_gate(weight: Weight) -> tuple[int, tuple[int, ...]]:
    """Return the number of a weight's gates, and the shape of one."""
    *sizes, last = weight.shape or (1,)
    if weight.gates > 1 and last % weight.gates == 0:
        return weight.gates, (*sizes, last // weight.gates)
    return 1, weight.shape


def _product(sizes: tuple[int, ...]) -> str:
    return "×".join(str(size) for size in sizes if size != 1) or "1"


def value(text: str, language: str = "en") -> int:
    """Return the value of a sum as people write it: ``4×(50×64 + 64×64 + 64)``, ``6,528 + 1,290 = 7,818``.

    Raises :class:`Unreadable`, also if the sides of an equation differ.
    """
    sides = [_value(side, text, language) for side in text.split("=")]
    if len(set(sides)) > 1:
        values = " and ".join(f"{side:,}" for side in sides)
        raise Unreadable(f"the sides of {quoted(text)} are not equal: {values}")
    return sides[0]


def _value(side: str, text: str, language: str) -> int:
    signs = re.escape(f",{numerals.ANY_GROUP}{numerals.numerals(language).group}")

    def digits(match: re.Match[str]) -> str:
        read = numerals.number(match[0], language, is_whole=True)
        return read[1] if read else match[0]

    code = re.sub(rf"(?<!\d)\d++(?:[{signs}]\d++)++", digits, side)
    code = "".join(_SIGNS.get(sign, sign) for sign in code).replace("(", " (").strip()
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
