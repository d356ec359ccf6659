"""The sizes of named axes that a model needs: as text, and as claims such as ``time ≥ 3``, ``time ≤ 100``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sphinx_kerasshape.claims.counts import Unreadable
from sphinx_kerasshape.claims.named_sizes import require_axes
from sphinx_kerasshape.messages.report import Axis
from sphinx_kerasshape.text import quoted

_NEED = re.compile(
    r"\b(?P<name>[^\W\d]\w*+) ?(?:(?P<sign>≥|>=|>|≤|<=|<) ?(?P<least>\d{1,9})"
    r"|= ?(?P<first>\d{1,9})(?:, ?(?P<second>\d{1,9})(?:, ?\d{1,9})*,? ?"
    r"(?:…|\.\.\.)(?:, ?(?P<last>\d{1,9}))?)?)"
)

_MOST = {"≤", "<=", "<"}


def needs(axes: Iterable[Axis]) -> str:
    """Return the sizes that a model needs; empty if it takes any.

    ``time ≥ 3``, ``time ≤ 100``, ``width = 8, 16, 24, …``, or ``width = 8`` where it takes no other.
    """
    return ", ".join(need for axis in axes for need in _needs(axis))


def _needs(axis: Axis) -> Iterator[str]:
    if (axis.least, axis.unit) != (1, 1):
        yield _need(axis, "≥")
    if axis.unit == 1 and axis.most:
        yield _need(axis, "≤")


def _need(axis: Axis, sign: str) -> str:
    if axis.most and sign in _MOST:
        return f"{axis.name} {sign} {axis.most + (sign == '<')}"
    if axis.unit == 1:
        sign = {"<": ">", "<=": ">="}.get(sign, "≥") if sign in _MOST else sign
        least = axis.least - 1 if sign == ">" else axis.least
        return f"{axis.name} {sign} {least}"
    if axis.unit == 0:
        return f"{axis.name} = {axis.least}"
    firsts = [axis.least + axis.unit * number for number in range(3)]
    sizes = ", ".join(str(size) for size in firsts if not axis.most or size <= axis.most)
    return f"{axis.name} = {sizes}, …" + (f", {axis.most}" if axis.most else "")


@dataclass(frozen=True)
class NeedsClaim:
    """Stated smallest or largest sizes of axes: ``time ≥ 3``, ``time ≤ 100``."""

    text: str

    def holds(self, axes: tuple[Axis, ...]) -> bool:
        """Whether all stated sizes are those that the model needs."""
        return all(_is_true(need, _axis(need, axes, self.text)) for need in _NEED.finditer(self.text))

    def restated(self, axes: tuple[Axis, ...]) -> str:
        """Return the actual sizes in the notation of the claim."""

        def actual(need: re.Match[str]) -> str:
            axis = _axis(need, axes, self.text)
            return need[0] if _is_true(need, axis) else _need(axis, need["sign"] or "≥")

        return _NEED.sub(actual, self.text)


def needs_claim(text: str) -> NeedsClaim:
    """Return the claim that a text states. Raises :class:`Unreadable`."""
    rest = re.sub(r"\bneeds\b|\band\b|,", "", _NEED.sub("", text))
    if rest.strip() or not _NEED.search(text):
        raise Unreadable(
            f"{quoted(text)} doesn't say which sizes an axis may have: "
            "write, for instance, 'time ≥ 3' or 'time = 8, 16, 24, …'"
        )
    return NeedsClaim(text)


def _axis(need: re.Match[str], axes: tuple[Axis, ...], text: str) -> Axis:
    require_axes(text, [need["name"]], axes)
    return next(axis for axis in axes if axis.name == need["name"])


def _is_true(need: re.Match[str], axis: Axis) -> bool:
    if need["sign"]:
        if need["sign"] in _MOST:
            return axis.most == int(need["least"]) - (need["sign"] == "<")
        least = int(need["least"]) + (need["sign"] == ">")
        return (axis.least, axis.unit) == (least, 1)
    first = int(need["first"])
    second = int(need["second"] or first)
    is_limit = need["last"] is None or int(need["last"]) == axis.most
    return is_limit and (axis.least, axis.unit) == (first, second - first)
