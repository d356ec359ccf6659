"""Sizes as expressions of named axes: ``time − 2``, ``⌊(time − 3) / 2⌋ + 1``, ``4·time``.

An expression is a sum of products, kept in one normal form, so that most equal
expressions are equal values. Floors of quotients are atoms of it; a ceiling is the
floor of another numerator. Pure; the worker uses it too, so standard library only.
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
    """The floor of an expression divided by a number, in an expression."""

    numerator: Expr
    divisor: int

    def __str__(self) -> str:
        return _quotient(self, 0)


Atom: TypeAlias = "str | Floor | Expr"
Term = tuple[Any, ...]
"""A product of atoms: axes, floors and, where sums are multiplied, these."""


@dataclass(frozen=True)
class Expr:
    """A sum of products: each term with its coefficient.

    The empty term is the constant. Made by the functions of this module only.
    """

    terms: tuple[tuple[Term, int], ...]

    @property
    def constant(self) -> int:
        """The part that depends on no axis."""
        return dict(self.terms).get((), 0)

    @property
    def is_constant(self) -> bool:
        """Whether no axis occurs."""
        return all(not term for term, _ in self.terms)

    def __str__(self) -> str:
        return text(self)


@dataclass(frozen=True)
class Depends:
    """A size of which only the axes are known that it depends on."""

    axes: tuple[str, ...]

    def __str__(self) -> str:
        *head, last = self.axes or ("something else",)
        return f"depends on {', '.join(head)}{' and ' if head else ''}{last}"


Size = Expr | Depends


def constant(number: int) -> Expr:
    """Return a number as an expression."""
    return _sum({(): number})


def axis(name: str) -> Expr:
    """Return the size of an axis."""
    return _sum({(name,): 1})


def add(*parts: Expr) -> Expr:
    """Return a sum."""
    found: dict[Term, int] = {}
    for part in parts:
        for term, count in part.terms:
            found[term] = found.get(term, 0) + count
    return _sum(found)


def multiply(*parts: Expr) -> Expr:
    """Return a product."""
    return reduce(_product, parts, constant(1))


def divide(numerator: Expr, divisor: int) -> Expr:
    """Return the floor of a quotient, as simple as it gets; the divisor is positive."""
    rest: dict[Term, int] = {}
    whole: dict[Term, int] = {}
    for term, count in numerator.terms:
        if term and count % divisor:
            rest[term] = count
        else:
            whole[term], rest[term] = divmod(count, divisor)
    return add(_sum(whole), _proper(_sum(rest), divisor))


def ceiling(numerator: Expr, divisor: int) -> Expr:
    """Return the ceiling of a quotient."""
    return divide(add(numerator, constant(divisor - 1)), divisor)


def weight(expr: Expr) -> int:
    """Return how much an expression holds: its terms, and the atoms in them, at whatever depth."""
    return sum(1 + sum(map(_atom_weight, term)) for term, _ in expr.terms)


def evaluate(expr: Expr, sizes: Mapping[str, int]) -> int:
    """Return the value for sizes of all axes that occur."""
    return sum(count * math.prod(_value(atom, sizes) for atom in term) for term, count in expr.terms)


def names(size: Size) -> frozenset[str]:
    """Return the axes that occur."""
    if isinstance(size, Depends):
        return frozenset(size.axes)
    found: set[str] = set()
    for term, _ in size.terms:
        for atom in term:
            inner = atom.numerator if isinstance(atom, Floor) else atom
            found |= {inner} if isinstance(inner, str) else names(inner)
    return frozenset(found)


def substitute(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """Put expressions in the place of axes."""
    return add(
        *(
            multiply(constant(count), *(_substituted(atom, values) for atom in term))
            for term, count in expr.terms
        )
    )


def text(expr: Expr) -> str:
    """Write an expression; ``notation.parse`` reads it."""
    terms = [(term, count) for term, count in expr.terms if term]
    rest = expr.constant
    floor = terms[0][0][0] if len(terms) == 1 and len(terms[0][0]) == 1 else None
    count = terms[0][1] if terms else 0
    if isinstance(floor, Floor) and count > 0 and rest % count == 0 and (rest or count == 1):
        single = _quotient(floor, rest // count)
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


def _sum(found: Mapping[Term, int]) -> Expr:
    kept = [(term, count) for term, count in found.items() if count]
    return Expr(tuple(sorted(kept, key=lambda item: (len(item[0]) == 0, [str(a) for a in item[0]]))))


def _product(first: Expr, second: Expr) -> Expr:
    if second.is_constant:
        return _sum({term: count * second.constant for term, count in first.terms})
    if first.is_constant:
        return _product(second, first)
    (one, count), (other, times) = _factors(first), _factors(second)
    return _sum({tuple(sorted((*one, *other), key=str)): count * times})


def _factors(expr: Expr) -> tuple[Term, int]:
    """Return an expression as a product; a sum is a factor as it is."""
    return expr.terms[0] if len(expr.terms) == 1 else ((expr,), 1)


def _proper(rest: Expr, divisor: int) -> Expr:
    """Return the floor of a quotient of which no whole part can be taken out."""
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


def _quotient(floor: Floor, plus: int) -> str:
    """Write a floor and the number behind it in the way that is usual for layers.

    A step of a window of size 3 and stride 2 is ``⌊(time − 3) / 2⌋ + 1``, one that pads
    its input ``⌈time / 2⌉``.
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
