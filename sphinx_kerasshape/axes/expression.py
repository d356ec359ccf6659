"""Sizes as expressions of named axes: ``time − 2``, ``⌊(time − 3) / 2⌋ + 1``, ``4·time``.

An expression is a sum of products in one normal form, so that most equal expressions are
equal values. The floor of a quotient is an atom; a ceiling is the floor of another
numerator. The worker uses this module too, so it needs the standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

MINUS, TIMES = "\N{MINUS SIGN}", "\N{MIDDLE DOT}"
_POWERS = {1: "", 2: "\N{SUPERSCRIPT TWO}", 3: "\N{SUPERSCRIPT THREE}"}


@dataclass(frozen=True)
class Floor:
    """The floor of an expression divided by a number, as an atom of an expression."""

    numerator: Expr
    divisor: int

    def __str__(self) -> str:
        return _floor_text(self, 0)


Atom: TypeAlias = "str | Floor | Expr"
"""A factor of a product: the name of an axis, a floor, or a sum that is multiplied as a whole."""
Term = tuple[Any, ...]
"""A product of atoms; the empty one is 1."""


@dataclass(frozen=True)
class Expr:
    """A sum of terms, each with its coefficient. Made by the functions of this module only."""

    terms: tuple[tuple[Term, int], ...]

    @property
    def constant(self) -> int:
        """The part that depends on no axis."""
        return dict(self.terms).get((), 0)

    @property
    def is_constant(self) -> bool:
        """Whether the expression has no axis."""
        return all(not term for term, _ in self.terms)

    def __str__(self) -> str:
        return text(self)


@dataclass(frozen=True)
class Depends:
    """A size without a formula: only the axes that it depends on are known."""

    axes: tuple[str, ...]

    def __str__(self) -> str:
        *head, last = self.axes or ("something else",)
        return f"depends on {', '.join(head)}{' and ' if head else ''}{last}"


Size = Expr | Depends


def constant(number: int) -> Expr:
    """Return a number as an expression."""
    return _sum({(): number})


def axis(name: str) -> Expr:
    """Return the size of an axis as an expression."""
    return _sum({(name,): 1})


def add(*parts: Expr) -> Expr:
    """Return a sum."""
    counts: dict[Term, int] = {}
    for part in parts:
        for term, count in part.terms:
            counts[term] = counts.get(term, 0) + count
    return _sum(counts)


def multiply(*parts: Expr) -> Expr:
    """Return a product."""
    return reduce(_product, parts, constant(1))


def divide(numerator: Expr, divisor: int) -> Expr:
    """Return the floor of a quotient, simplified; the divisor is positive."""
    rest: dict[Term, int] = {}
    whole: dict[Term, int] = {}
    for term, count in numerator.terms:
        if term and count % divisor:
            rest[term] = count
        else:
            whole[term], rest[term] = divmod(count, divisor)
    return add(_sum(whole), _proper_floor(_sum(rest), divisor))


def ceiling(numerator: Expr, divisor: int) -> Expr:
    """Return the ceiling of a quotient, simplified; the divisor is positive."""
    return divide(add(numerator, constant(divisor - 1)), divisor)


def weight(expr: Expr) -> int:
    """Return the number of an expression's terms and atoms, those inside of atoms included."""
    return sum(1 + sum(map(_atom_weight, term)) for term, _ in expr.terms)


def evaluate(expr: Expr, sizes: Mapping[str, int]) -> int:
    """Return the value of an expression for given sizes of its axes."""
    return sum(count * math.prod(_value(atom, sizes) for atom in term) for term, count in expr.terms)


def names(size: Size) -> frozenset[str]:
    """Return the names of the axes that a size depends on."""
    if isinstance(size, Depends):
        return frozenset(size.axes)
    axes: set[str] = set()
    for term, _ in size.terms:
        for atom in term:
            inner = atom.numerator if isinstance(atom, Floor) else atom
            axes |= {inner} if isinstance(inner, str) else names(inner)
    return frozenset(axes)


def substitute(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """Return an expression with other expressions in place of its axes."""
    return add(
        *(
            multiply(constant(count), *(_substituted(atom, values) for atom in term))
            for term, count in expr.terms
        )
    )


def text(expr: Expr) -> str:
    """Return an expression as people write it; ``notation.parse`` reads it."""
    terms = [(term, count) for term, count in expr.terms if term]
    rest = expr.constant
    floor = terms[0][0][0] if len(terms) == 1 and len(terms[0][0]) == 1 else None
    count = terms[0][1] if terms else 0
    if isinstance(floor, Floor) and count > 0 and rest % count == 0 and (rest or count == 1):
        single = _floor_text(floor, rest // count)
        return single if count == 1 else f"{count}{TIMES}({single})"
    parts = [(_product_text(term), count) for term, count in terms]
    parts.sort(key=lambda part: part[1] < 0)
    parts.insert(0 if parts and parts[0][1] < 0 < rest else len(parts), ("", rest))
    written = ""
    for product, count in parts:
        if count or len(parts) == 1:
            sign = f" {MINUS if count < 0 else '+'} " if written else MINUS if count < 0 else ""
            number = str(abs(count)) if abs(count) != 1 or not product else ""
            written += sign + number + (TIMES if number and product else "") + product
    return written


def _sum(counts: Mapping[Term, int]) -> Expr:
    """Return the sum of terms with these coefficients, in normal form: sorted, the constant last."""
    kept = [(term, count) for term, count in counts.items() if count]
    return Expr(tuple(sorted(kept, key=lambda item: (len(item[0]) == 0, [str(a) for a in item[0]]))))


def _product(first: Expr, second: Expr) -> Expr:
    if second.is_constant:
        return _sum({term: count * second.constant for term, count in first.terms})
    if first.is_constant:
        return _product(second, first)
    (atoms, count), (more_atoms, times) = _factors(first), _factors(second)
    return _sum({tuple(sorted((*atoms, *more_atoms), key=str)): count * times})


def _factors(expr: Expr) -> tuple[Term, int]:
    """Return an expression as one product; a sum of several terms is a factor as a whole."""
    return expr.terms[0] if len(expr.terms) == 1 else ((expr,), 1)


def _proper_floor(rest: Expr, divisor: int) -> Expr:
    """Return the floor of a quotient from which no whole part can be split off."""
    if rest.is_constant:
        return constant(rest.constant // divisor)
    counts = [count for term, count in rest.terms if term]
    common = math.gcd(divisor, *counts)
    if common > 1:
        smaller = {term: count // common for term, count in rest.terms}
        return divide(_sum(smaller), divisor // common)
    for term, count in rest.terms:
        if count == 1 and len(term) == 1 and isinstance(term[0], Floor):
            inner = term[0]
            others = add(rest, multiply(constant(-1), _sum({term: 1})))
            joined = add(inner.numerator, multiply(constant(inner.divisor), others))
            return divide(joined, inner.divisor * divisor)
    return _sum({(Floor(rest, divisor),): 1})


def _atom_weight(atom: Atom) -> int:
    if isinstance(atom, str):
        return 1
    return 1 + weight(atom.numerator if isinstance(atom, Floor) else atom)


def _value(atom: Atom, sizes: Mapping[str, int]) -> int:
    if isinstance(atom, str):
        return sizes[atom]
    if isinstance(atom, Expr):
        return evaluate(atom, sizes)
    return evaluate(atom.numerator, sizes) // atom.divisor


def _substituted(atom: Atom, values: Mapping[str, Expr]) -> Expr:
    if isinstance(atom, str):
        return values.get(atom, axis(atom))
    if isinstance(atom, Expr):
        return substitute(atom, values)
    return divide(substitute(atom.numerator, values), atom.divisor)


def _product_text(term: Term) -> str:
    counts = {atom: term.count(atom) for atom in term}
    return TIMES.join(
        (f"({atom})" if isinstance(atom, Expr) else str(atom)) + _POWERS.get(count, f"^{count}")
        for atom, count in counts.items()
    )


def _floor_text(floor: Floor, plus: int) -> str:
    """Return a floor and the number added to it, written as documentation of layers does.

    The output of a window of size 3 and stride 2 is ``⌊(time − 3) / 2⌋ + 1``; with padded
    input it is ``⌈time / 2⌉``.
    """
    divisor, rest = floor.divisor, floor.numerator.constant
    brackets = "⌊⌋"
    if rest and plus < 0:
        rest, plus = rest + (plus - 1) * divisor, 1
    elif rest == divisor - 1:
        rest, brackets = 0, "⌈⌉"
    inner = add(floor.numerator, constant(rest - floor.numerator.constant))
    above = f"({inner})" if len(inner.terms) > 1 else str(inner)
    behind = f" {MINUS if plus < 0 else '+'} {abs(plus)}" if plus else ""
    return f"{brackets[0]}{above} / {divisor}{brackets[1]}{behind}"
