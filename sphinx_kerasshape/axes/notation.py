"""Reads what authors write of axes: expressions such as ``2*time - 3``, and ``:axes:`` options."""

from __future__ import annotations

import re

from sphinx_kerasshape.axes import expression
from sphinx_kerasshape.axes.expression import Depends, Expr, Size
from sphinx_kerasshape.text import quoted

_MAX_LENGTH = 200
"""Characters of an expression."""
_MAX_EXPONENT = 9
_MAX_WEIGHT = 200
"""Terms and atoms of an expression: powers of powers would fill all memory."""
_NUMBER_LIMIT = 10**30
"""Every number is below it, also the results of powers and products."""
_MAX_NESTING = 20
"""Brackets inside each other."""
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d{1,12}(?![^\W²³]))|(?P<name>[^\W\d²³][^\W²³]*)|(?P<sign>//|\*\*|\^|[-+*/()⌊⌋⌈⌉−–·²³]))"
)
_SIGNS = {"−": "-", "–": "-", "·": "*", "**": "^"}
_POWERS = {"²": 2, "³": 3}
_CLOSING = {"(": ")", "⌊": "⌋", "⌈": "⌉"}
_DEPENDS = re.compile(r"depends on (\w+(?:(?:, | and )\w+)*)")
_RESERVED = ("x", "None", "floor", "ceil", "and")
"""Words that can't name an axis, since they mean something else in a shape."""

Fraction = tuple[Expr, int]
"""An expression, and the number that divides it."""


class Unreadable(ValueError):
    """Text that can't be read; the message says how to write it."""


def parse(text: str) -> Size:
    """Return the size that a text states: ``time-2``, ``2*time``, ``ceil(time / 2)``, ``⌊time / 2⌋``.

    Raises :class:`Unreadable`.
    """
    depends = _DEPENDS.fullmatch(" ".join(text[:_MAX_LENGTH].split()))
    if depends:
        return Depends(tuple(re.split(r", | and ", depends[1])))
    return _Reader(text).whole()


def axis_names(text: str) -> dict[str, tuple[str, ...]]:
    """Return the names of axes in an ``:axes:`` option, by input; those under ``""`` are for all inputs.

    ``batch, time`` is one list for all; ``a: batch, time | b: batch, words`` has one for
    each input. Raises :class:`Unreadable`.
    """
    axes: dict[str, tuple[str, ...]] = {}
    parts = text.split("|")
    for part in parts:
        name, colon, names = part.rpartition(":")
        if not colon and len(parts) > 1:
            raise Unreadable(
                f"{quoted(part.strip())} needs the name of its input: write a: batch, time | b: batch, words"
            )
        if name.strip() in axes:
            raise Unreadable(f"the input {quoted(name.strip())} is named twice: list all its axes once")
        axes[name.strip()] = tuple(_axis_name(axis.strip()) for axis in names.strip(" ()").split(","))
    return axes


def _axis_name(name: str) -> str:
    if not name.isidentifier():
        raise Unreadable(f"{quoted(name)} can't name an axis: write a name such as batch or time")
    if name in _RESERVED:
        raise Unreadable(
            f"{quoted(name)} can't name an axis, since it has another meaning in shapes: choose another name"
        )
    return name


class _Reader:
    """Reads one expression by recursive descent."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._depth = 0
        self._tokens: list[tuple[str, str]] = []
        offset = 0
        while offset < len(text.rstrip()):
            token = _TOKEN.match(text, offset)
            if token is None or len(text) > _MAX_LENGTH:
                raise self._wrong()
            kind = token.lastgroup or ""
            self._tokens.append((kind, _SIGNS.get(token[kind], token[kind])))
            offset = token.end()
        self._tokens.reverse()

    def whole(self) -> Expr:
        """Return the expression that the whole text is."""
        numerator, divisor = self._sum()
        if self._tokens:
            raise self._wrong()
        if divisor != 1:
            raise Unreadable(
                f"{quoted(self._text.strip())} is not always a whole number: write a // b or ⌊a / b⌋"
            )
        return numerator

    def _wrong(self) -> Unreadable:
        return Unreadable(
            f"{quoted(self._text.strip())} is not a size: write 50, time, time − 2 or ⌊time / 2⌋"
        )

    def _too_large(self) -> Unreadable:
        return Unreadable(
            f"{quoted(self._text.strip())} is too large for a size: write time − 2 or ⌊time / 2⌋"
        )

    def _bounded(self, value: Fraction) -> Fraction:
        """Return a value, unless it is too large to compute with."""
        expr, divisor = value
        largest = max((abs(count) for _, count in expr.terms), default=0)
        if max(largest, divisor) >= _NUMBER_LIMIT or expression.weight(expr) > _MAX_WEIGHT:
            raise self._too_large()
        return value

    def _take(self, *signs: str) -> str:
        """Return the next token and go on, if it is one of these signs; else return an empty text."""
        if self._tokens and self._tokens[-1][0] == "sign" and self._tokens[-1][1] in signs:
            return self._tokens.pop()[1]
        return ""

    def _sum(self) -> Fraction:
        total = self._negated() if self._take("-") else self._product()
        while sign := self._take("+", "-"):
            other = self._product() if sign == "+" else self._negated()
            sum_ = expression.add(_times(total[0], other[1]), _times(other[0], total[1]))
            total = self._bounded(_simple(sum_, total[1] * other[1]))
        return total

    def _negated(self) -> Fraction:
        numerator, divisor = self._product()
        return _times(numerator, -1), divisor

    def _product(self) -> Fraction:
        value = self._power()
        while sign := self._take("*", "/", "//"):
            other = self._power()
            if sign == "*":
                value = self._bounded(_simple(expression.multiply(value[0], other[0]), value[1] * other[1]))
                continue
            by = other[0].constant
            if not other[0].is_constant or by < 1:
                raise self._wrong()
            value = self._bounded(_simple(_times(value[0], other[1]), value[1] * by))
            if sign == "//":
                value = expression.divide(*value), 1
        return value

    def _power(self) -> Fraction:
        numerator, divisor = self._factor()
        sign = self._take("^", *_POWERS)
        if not sign:
            return numerator, divisor
        exponent = _POWERS.get(sign) or self._factor()[0].constant
        if not 1 <= exponent <= _MAX_EXPONENT:
            raise self._wrong()
        if expression.weight(numerator) * exponent > _MAX_WEIGHT:
            raise self._too_large()
        return self._bounded((expression.multiply(*[numerator] * exponent), divisor**exponent))

    def _factor(self) -> Fraction:
        opening = self._take("(", "⌊", "⌈")
        if opening:
            return self._inside(opening)
        if not self._tokens or self._tokens[-1][0] == "sign":
            raise self._wrong()
        kind, word = self._tokens.pop()
        if kind == "number":
            return expression.constant(int(word)), 1
        if word in ("floor", "ceil") and self._take("("):
            return self._inside("⌊" if word == "floor" else "⌈", ")")
        return expression.axis(word), 1

    def _inside(self, opening: str, closing: str = "") -> Fraction:
        """Return what stands in brackets, up to the closing one."""
        self._depth += 1
        if self._depth > _MAX_NESTING:
            raise self._too_large()
        value = self._sum()
        self._depth -= 1
        if not self._take(closing or _CLOSING[opening]):
            raise self._wrong()
        if opening == "(":
            return value
        return (expression.divide(*value) if opening == "⌊" else expression.ceiling(*value)), 1


def _times(expr: Expr, number: int) -> Expr:
    return expression.multiply(expr, expression.constant(number))


def _simple(numerator: Expr, divisor: int) -> Fraction:
    """Return a fraction, divided if that leaves no remainder."""
    if all(count % divisor == 0 for _, count in numerator.terms):
        return expression.divide(numerator, divisor), 1
    return numerator, divisor
