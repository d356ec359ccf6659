"""Functions found from values: what an operation does with the sizes of its input. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, combinations_with_replacement

from sphinx_kerasshape.axes import expression
from sphinx_kerasshape.axes.expression import Expr

Column = tuple[int, ...]
"""The values of a size, one for each probe."""

_MAX_FACTOR = 1024
"""The largest stride or factor to look for."""
_MIN_VALUES = 4
"""With fewer values no function is looked for."""


@dataclass(frozen=True)
class Step:
    """A function of input sizes, which are the axes ``"0"``, ``"1"``, … of the expression.

    If several functions fit the values, ``other`` is the one that differs most from ``expr``.
    """

    expr: Expr
    other: Expr | None = None


def fit(inputs: Sequence[Column], output: Column) -> Step | None:
    """Return the simplest function that gives the output's values, or ``None``."""
    if len(output) < _MIN_VALUES:
        return None
    if len(set(output)) == 1:
        return Step(expression.constant(output[0]))
    distinct = {column: expression.axis(str(n)) for n, column in reversed(list(enumerate(inputs)))}
    varying = [(column, name) for column, name in reversed(distinct.items()) if len(set(column)) > 1]
    for column, name in varying:
        if column == output:
            return Step(name)
    for column, name in varying:
        quotient = _quotient(column, name, output)
        if quotient:
            return quotient
    return _sum(varying, output) or _product(varying, output)


def _quotient(column: Column, name: Expr, output: Column) -> Step | None:
    """Fit the floor of a linear function: multiples, windows with strides, paddings."""
    slope = _slope(column, output)
    if slope is None or abs(slope) > _MAX_FACTOR:
        return None
    factor, divisor = slope.numerator, slope.denominator
    least = max(divisor * y - factor * x for x, y in zip(column, output, strict=True))
    most = min(divisor * y - factor * x for x, y in zip(column, output, strict=True)) + divisor - 1
    if least > most:
        return None

    def with_offset(offset: int) -> Expr:
        scaled = expression.multiply(expression.constant(factor), name)
        return expression.divide(expression.add(scaled, expression.constant(offset)), divisor)

    return Step(with_offset(least), with_offset(most) if most > least else None)


def _slope(column: Column, output: Column) -> Fraction | None:
    """Return the simplest slope of a line whose floor meets all points."""
    points = sorted(set(zip(column, output, strict=True)))
    low, high = Fraction(-_MAX_FACTOR - 1), Fraction(_MAX_FACTOR + 1)
    for (x, y), (further, higher) in combinations(points, 2):
        if x == further:
            return None  # The output is no function of this size.
        low = max(low, Fraction(higher - y - 1, further - x))
        high = min(high, Fraction(higher - y + 1, further - x))
    return _simplest(low, high)


def _simplest(low: Fraction, high: Fraction) -> Fraction | None:
    """Return the fraction between two others that has the smallest denominator."""
    for divisor in range(1, _MAX_FACTOR + 1):
        factor = math.floor(low * divisor) + 1
        if factor < high * divisor:
            return Fraction(factor, divisor)
    return None


def _sum(inputs: list[tuple[Column, Expr]], output: Column) -> Step | None:
    """Fit a linear function of several sizes: the sum of what is concatenated."""
    for count in range(2, min(4, len(inputs), len(output) - 3) + 1):
        for chosen in combinations(inputs, count):
            solved = _solved([column for column, _ in chosen], output)
            if solved and all(number and number.denominator == 1 for number in solved[:-1]):
                terms = [
                    expression.multiply(name, expression.constant(int(number)))
                    for (_, name), number in zip(chosen, solved, strict=False)
                ]
                if solved[-1].denominator == 1 and max(map(abs, solved[:-1])) <= _MAX_FACTOR:
                    return Step(expression.add(*terms, expression.constant(int(solved[-1]))))
    return None


def _solved(columns: list[Column], output: Column) -> list[Fraction] | None:
    """Solve for the coefficient of each column and a constant; ``None`` unless all rows agree."""
    rows = [[*map(Fraction, row), Fraction(1), Fraction(y)] for *row, y in zip(*columns, output, strict=True)]
    width = len(columns) + 1
    for place in range(width):
        pivot = next((n for n in range(place, len(rows)) if rows[n][place]), None)
        if pivot is None:
            return None
        rows[place], rows[pivot] = rows[pivot], rows[place]
        head = [value / rows[place][place] for value in rows[place]]
        rows = [
            head if n == place else [a - row[place] * b for a, b in zip(row, head, strict=True)]
            for n, row in enumerate(rows)
        ]
    return None if any(row[-1] for row in rows[width:]) else [row[-1] for row in rows[:width]]


def _product(inputs: list[tuple[Column, Expr]], output: Column) -> Step | None:
    """Fit a multiple or a fraction of a product of sizes."""
    for count in (2, 3):
        for chosen in combinations_with_replacement(inputs, count):
            products = [math.prod(values) for values in zip(*(column for column, _ in chosen), strict=True)]
            ratios = {Fraction(y, x) if x else None for x, y in zip(products, output, strict=True)}
            ratio = ratios.pop()
            if not ratios and ratio:
                scaled = expression.multiply(
                    expression.constant(ratio.numerator), *(name for _, name in chosen)
                )
                return Step(expression.divide(scaled, ratio.denominator))
    return None
