"""Claims of counts and sizes: ``29,505``, ``29.5k``, ``~30 K``, ``115.3 KiB``.

A number is compared at the precision in which it is written.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from sphinx_kerasshape.text import quoted

_COUNT = re.compile(
    r"(?P<about>[~≈]\s*)?"
    r"(?P<number>\d{1,30}(?:(?P<group>[,_'\u2019\u00a0\u202f ])\d{3}(?:(?P=group)\d{3}){0,9})?"
    r"(?:\.(?P<decimals>\d{1,30}))?)(?P<space>\s*)(?P<suffix>[kKMGTmgt](?:i?B)?|B|bytes?)?"
)
_THOUSANDS = {"k": 1, "m": 2, "b": 3, "g": 3, "t": 4}


class Unreadable(ValueError):
    """A claim that can't be read; the message says how to write one."""


@dataclass(frozen=True)
class CountClaim:
    """A stated count or size: a number, times a unit."""

    text: str
    number: Fraction
    step: Fraction
    """The value of the last digit that counts; the claim holds up to half of it."""
    units: tuple[int, ...]
    """The possible values of the suffix: ``KB`` is 1,000 or 1,024 bytes."""

    def holds(self, actual: int) -> bool:
        """Whether the actual value, rounded like the claim, equals the claim."""
        return any(abs(actual - self.number * unit) * 2 <= self._precision(unit) for unit in self.units)

    def restated(self, actual: int) -> str:
        """Return the actual value with the separators, digits and unit of the claim."""
        match = _COUNT.fullmatch(self.text.strip())
        assert match is not None
        # Of two values of a suffix, take the one that brings the claim closer.
        unit = min(self.units, key=lambda unit: abs(actual - self.number * unit))
        step, decimals = self.step, len(match["decimals"] or "")
        while step > 1 and actual < step * unit:
            step /= 10
        scaled = math.floor(Fraction(actual, unit) / step + Fraction(1, 2)) * step * 10**decimals
        if actual and not scaled:
            return f"{actual:,}"
        whole, rest = divmod(int(scaled), 10**decimals)
        group = match["group"] or ("," if not match["suffix"] and whole >= 1000 > self.number else "")
        number = f"{whole:,}".replace(",", group) + (f".{rest:0{decimals}}" if decimals else "")
        return f"{match['about'] or ''}{number}{match['space']}{match['suffix'] or ''}"

    def _precision(self, unit: int) -> Fraction:
        step = self.step * unit
        return Fraction(0) if step == 1 else step


def count_claim(text: str) -> CountClaim:
    """Return the claim that a count states: ``29,505``, ``29505``, ``29.5k``, ``~30 K``, ``174B``."""
    claim = _number(text, "B")
    if claim is None:
        raise Unreadable(f"{quoted(text)} is not a count: write one such as 29,505, 29.5k or ~30k")
    return claim


def size_claim(text: str) -> CountClaim:
    """Return the claim that a size in bytes states: ``118,020 B``, ``115.3 KiB``, ``0.5 GB``."""
    claim = _number(text, "")
    if claim is None:
        raise Unreadable(f"{quoted(text)} is not a size: write one such as 118,020 B, 115.3 KiB or ~0.5 GB")
    return claim


def _number(text: str, billion: str) -> CountClaim | None:
    """Return a number with its unit; ``billion`` is the suffix for that, if it is empty ``B`` is bytes."""
    match = _COUNT.fullmatch(text.strip())
    suffix = (match["suffix"] or "") if match else ""
    of_bytes = suffix.endswith("B") or suffix.startswith("byte")
    if match is None or (billion and of_bytes and suffix != billion):
        return None
    digits = re.sub(r"[^\d.]", "", match["number"])
    step = Fraction(1, 10 ** len(match["decimals"] or ""))
    if match["about"] and (not suffix or (of_bytes and not billion)) and step == 1:
        # The trailing zeros of "~30,000" don't count.
        step = Fraction(10 ** (len(digits) - len(digits.rstrip("0"))))
    units = (10**9,) if billion and suffix == billion else _units(suffix)
    return CountClaim(text, Fraction(digits), step, units)


def _units(suffix: str) -> tuple[int, ...]:
    if suffix in ("", "B", "byte", "bytes"):
        return (1,)
    power = _THOUSANDS[suffix[0].lower()]
    if "i" in suffix:
        return (1024**power,)
    return (1024**power, 1000**power) if suffix[1:] == "B" else (1000**power,)
