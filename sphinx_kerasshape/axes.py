"""Sizes as expressions of named axes: ``time − 2``, ``⌊(time − 3) / 2⌋ + 1``, ``4·time``.

An expression is a sum of products, kept in one normal form, so that most equal
expressions are equal values. Floors of quotients are atoms of it; a ceiling is the
floor of another numerator. Pure; the worker uses it too, so standard library only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

MINUS, TIMES = "\N{MINUS SIGN}", "\N{MIDDLE DOT}"
_LONGEST = 200
"""Characters of an expression that is read."""


class Unreadable(ValueError):
    """Text that is no expression; the message says how to write one."""


@dataclass(frozen=True)
class Floor:
    """The floor of an expression divided by a number, in an expression."""

    numerator: Expr
    divisor: int

    def __str__(self) -> str:
        return _quotient(self, 0)


Atom = str | Floor
Term = tuple[Atom, ...]


@dataclass(frozen=True)
class Expr:
    """A sum of products: each term, a product of axes and floors, with its coefficient.

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
        whole[term], rest[term] = divmod(count, divisor)
    return add(_sum(whole), _proper(_sum(rest), divisor))


def ceiling(numerator: Expr, divisor: int) -> Expr:
    """Return the ceiling of a quotient."""
    return divide(add(numerator, constant(divisor - 1)), divisor)


def evaluate(expr: Expr, sizes: Mapping[str, int]) -> int:
    """Return the value for sizes of all axes that occur."""
    return sum(
        count * math.prod(_value(atom, sizes) for atom in term) for term, count in expr.terms
    )


def names(size: Size) -> frozenset[str]:
    """Return the axes that occur."""
    if isinstance(size, Depends):
        return frozenset(size.axes)
    found: set[str] = set()
    for term, _ in size.terms:
        for atom in term:
            found |= {atom} if isinstance(atom, str) else names(atom.numerator)
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
    """Write an expression; :func:`parse` reads it."""
    terms = [(term, count) for term, count in expr.terms if term]
    rest = expr.constant
    single = [term for term, _ in terms if any(isinstance(atom, Floor) for atom in term)]
    if single and terms[0] == (single[0], 1) and len(single) == len(terms) == len(single[0]) == 1:
        return _quotient(single[0][0], rest)  # type: ignore[arg-type]
    parts = [(TIMES.join(map(str, term)), count) for term, count in terms]
    parts.sort(key=lambda part: part[1] < 0)
    parts.insert(0 if parts and parts[0][1] < 0 < rest else len(parts), ("", rest))
    written = ""
    for product, count in parts:
        if count or len(parts) == 1:
            sign = f" {MINUS if count < 0 else '+'} " if written else MINUS if count < 0 else ""
            number = str(abs(count)) if abs(count) != 1 or not product else ""
            written += sign + number + (TIMES if number and product else "") + product
    return written


def parse(written: str) -> Size:
    """Read an expression: ``time-2``, ``2*time``, ``time // 2``, ``ceil(time / 2)``, ``⌊time / 2⌋``.

    Raises :class:`Unreadable`.
    """
    if len(written) > _LONGEST:
        raise Unreadable("the expression is too long")
    unknown = re.fullmatch(r"depends on (\w+(?:(?:, | and )\w+)*)", " ".join(written.split()))
    if unknown:
        return Depends(tuple(re.split(r", | and ", unknown[1])))
    return _Reader(written).whole()


def _sum(found: Mapping[Term, int]) -> Expr:
    kept = [(term, count) for term, count in found.items() if count]
    return Expr(tuple(sorted(kept, key=lambda item: (len(item[0]) == 0, [str(a) for a in item[0]]))))


def _product(first: Expr, second: Expr) -> Expr:
    found: dict[Term, int] = {}
    for one, count in first.terms:
        for other, times in second.terms:
            term = tuple(sorted((*one, *other), key=str))
            found[term] = found.get(term, 0) + count * times
    return _sum(found)


def _proper(rest: Expr, divisor: int) -> Expr:
    """Return the floor of a quotient whose coefficients are all less than the divisor."""
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


def _value(atom: Atom, sizes: Mapping[str, int]) -> int:
    if isinstance(atom, str):
        return sizes[atom]
    return evaluate(atom.numerator, sizes) // atom.divisor


def _substituted(atom: Atom, values: Mapping[str, Expr]) -> Expr:
    if isinstance(atom, str):
        return values.get(atom, axis(atom))
    return divide(substitute(atom.numerator, values), atom.divisor)


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


from sphinx_kerasshape.notation import Reader as _Reader  # noqa: E402 - it needs what is above
