"""Which sizes of its named axes a model takes: as text, and as claims such as ``time ≥ 3``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sphinx_kerasshape.claims.counts import Unreadable
from sphinx_kerasshape.claims.named_sizes import unknown_names
from sphinx_kerasshape.messages.report import Axis
from sphinx_kerasshape.text import quoted

_NEED = re.compile(
    r"\b(?P<name>[^\W\d]\w*+) ?(?:(?P<sign>≥|>=|>) ?(?P<least>\d{1,9})"
    r"|= ?(?P<first>\d{1,9}), ?(?P<second>\d{1,9})(?:, ?\d{1,9})*,? ?(?:…|\.\.\.))"
)


def needs(known: Iterable[Axis]) -> str:
    """Say which sizes a model takes: ``time ≥ 3``, ``width = 8, 16, 24, …``; nothing if any."""
    return ", ".join(_need(axis, "≥") for axis in known if axis.least > 1)


def _need(axis: Axis, sign: str) -> str:
    if axis.unit == 1:
        least = axis.least - 1 if sign == ">" else axis.least
        return f"{axis.name} {sign} {least}"
    sizes = ", ".join(str(axis.least + axis.unit * number) for number in range(3))
    return f"{axis.name} = {sizes}, …"


@dataclass(frozen=True)
class NeedsClaim:
    """Stated smallest sizes of axes: ``time ≥ 3``."""

    text: str

    def holds(self, known: tuple[Axis, ...]) -> bool:
        """Whether all of it is true."""
        return all(_is_so(found, _axis(found, known, self.text)) for found in self._found())

    def restated(self, known: tuple[Axis, ...]) -> str:
        """Write the truth in the notation of the claim."""

        def true(found: re.Match[str]) -> str:
            axis = _axis(found, known, self.text)
            return found[0] if _is_so(found, axis) else _need(axis, found["sign"] or "≥")

        return _NEED.sub(true, self.text)

    def _found(self) -> list[re.Match[str]]:
        return list(_NEED.finditer(self.text))


def needs_claim(text: str) -> NeedsClaim:
    """Read what a page states of sizes. Raises :class:`Unreadable`."""
    rest = re.sub(r"\bneeds\b|\band\b|,", "", _NEED.sub("", text))
    if rest.strip() or not _NEED.search(text):
        raise Unreadable(f"{quoted(text)} states no sizes: write time ≥ 3, or time = 8, 16, 24, …")
    return NeedsClaim(text)


def _axis(found: re.Match[str], known: tuple[Axis, ...], text: str) -> Axis:
    unknown_names(text, [found["name"]], known)
    return next(axis for axis in known if axis.name == found["name"])


def _is_so(found: re.Match[str], axis: Axis) -> bool:
    if found["sign"]:
        least = int(found["least"]) + (found["sign"] == ">")
        return (axis.least, axis.unit) == (least, 1)
    first, second = int(found["first"]), int(found["second"])
    return (axis.least, axis.unit) == (first, second - first)
