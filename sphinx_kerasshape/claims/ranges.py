"""Claims of counts and sizes that are not one number: ``68k–69k``, ``between 1 and 2 MB``, ``over 68,000``.

The numbers in them are exact bounds, however they are rounded: ``68k–69k`` begins at 68,000.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from sphinx_kerasshape.claims.counts import PARAMS, CountClaim, Unreadable, count_claim, size_claim

Read = Callable[[str], CountClaim]
"""Reads one number. Raises :class:`Unreadable`."""

_PREFIX = re.compile(r"(?i:between|from|zwischen|von|entre|de)\s+|")
_JOINT = re.compile(r"\s+(?:and|to|und|bis|et|à|y|a)\s+|\s?(?:[-–—−~～〜]|\.\.\.?|…)\s?")
_MAX_LENGTH = 100
"""Characters of a claim: longer ones are no numbers."""
_EXACT = ("exactly", "precisely", "genau", "exakt", "exactement", "exactamente")
_SIGNS = {">": ">", "≥": "≥", ">=": "≥", "⩾": "≥", "<": "<", "≤": "≤", "<=": "≤", "⩽": "≤"}
_WORDS = {
    "≥": (
        *("at least", "no fewer than", "no less than", "mindestens", "au moins", "al menos", "por lo menos"),
        *("almeno", "pelo menos", "не менее", "不少于", "至少", "少なくとも"),
    ),
    "≤": (
        *("at most", "up to", "no more than", "as many as", "höchstens", "maximal", "bis zu", "au plus"),
        *("jusqu'à", "como máximo", "hasta", "al massimo", "fino a", "no máximo", "até", "не более", "最多"),
        "不超过",
    ),
    ">": (
        *("more than", "over", "above", "upwards of", "greater than", "well over", "mehr als", "über"),
        *("plus de", "más de", "più di", "oltre", "mais de", "более", "больше", "свыше", "meer dan", "ponad"),
        *("超过", "超過", "多于"),
    ),
    "<": (
        *("less than", "fewer than", "under", "below", "well under", "weniger als", "unter", "moins de"),
        *("menos de", "meno di", "менее", "меньше", "minder dan", "少于", "不到", "低于"),
    ),
    "near >": (
        *("just over", "just above", "a little over", "a little more than", "slightly over"),
        *("slightly more than", "a bit over", "a bit more than", "etwas mehr als", "etwas über", "gut"),
        *("un peu plus de", "poco más de", "poco più di", "pouco mais de"),
    ),
    "near <": (
        *("nearly", "almost", "just under", "just below", "slightly less than", "slightly under", "fast"),
        *("slightly fewer than", "a little under", "a little less than", "a bit under", "not quite"),
        *("knapp", "beinahe", "etwas weniger als", "près de", "presque", "un peu moins de", "casi", "quasi"),
        *("quase", "почти", "bijna", "prawie", "近"),
    ),
    "=": _EXACT,
}
_NEAR = Fraction(1, 10)
"""How far ``nearly`` reaches, as a part of the number."""
_KINDS = _SIGNS | {word: kind for kind, words in _WORDS.items() for word in words}
_BOUND = re.compile(
    r"(?P<before>(?:{signs})\s*|(?i:{words})(?:\s+|(?<=[^\x00-\u3000])))(?P<number>\S.*)".format(
        signs="|".join(sorted(map(re.escape, _SIGNS), key=len, reverse=True)),
        words="|".join(sorted(map(re.escape, _KINDS.keys() - _SIGNS), key=len, reverse=True)),
    ),
    re.DOTALL,
)
_PLUS = re.compile(
    r"(?P<number>[^+以이]*[^+以이\s])(?P<plus>\s?(?:\+|以上|이상))(?P<noun>(?:\s.*)?)", re.DOTALL
)


@dataclass(frozen=True)
class RangeClaim:
    """Two numbers that a value is stated to be between."""

    text: str
    low: CountClaim
    high: CountClaim
    before: str
    joint: str
    shared: str
    """The unit that stands only behind the second number."""
    read: Read = field(repr=False)

    @property
    def noun(self) -> str:
        """What is counted, with the space before it."""
        return self.high.noun

    def holds(self, actual: int) -> bool:
        """Whether a value is in the range, of which both ends are a part."""
        return _value(self.low) <= actual <= _value(self.high, max)

    def restated(self, actual: int) -> str:
        """Return a range as wide as that of the claim, beside it, that has a value in it."""
        low, width = _value(self.low), _value(self.high) - _value(self.low)
        new = low + (actual - low) // width * width
        decimals, step = max(self.low.decimals, self.high.decimals), min(self.low.step, self.high.step)
        ends = (replace(end, decimals=decimals, step=step) for end in (self.low, self.high))
        numbers = (round(new), round(new + width))
        first, second = (end.restated(number) for end, number in zip(ends, numbers, strict=True))
        text = f"{self.before}{first.removesuffix(self.shared)}{self.joint}{second}"
        texts = (self.text, text) if new > 0 else (self.text,)
        return _first_true(texts, actual, self.read) or self.high.restated(actual)


@dataclass(frozen=True)
class BoundClaim:
    """A number that a value is stated to be above or below."""

    text: str
    number: CountClaim
    kind: str
    before: str
    behind: str
    """A plus sign, and the noun behind it; empty if the number has the noun."""
    noun: str
    read: Read = field(repr=False)

    def holds(self, actual: int) -> bool:
        """Whether a value is on the right side of the number, and near it if the claim says so."""
        if self.kind == "=":
            return self.number.holds(actual)
        number = _value(self.number, min if self.kind[-1] in ">≥" else max)
        is_near = abs(actual - number) <= _NEAR * number or not self.kind.startswith("near")
        is_there = {">": actual > number, "≥": actual >= number, "<": actual < number, "≤": actual <= number}
        return is_near and is_there[self.kind[-1]]

    def restated(self, actual: int) -> str:
        """Return the claim with the next number, as round as its own, that makes it true."""
        texts = (self.text, *self._texts(actual))
        return _first_true(texts, actual, self.read) or self.number.restated(actual) + (
            self.noun if self.behind else ""
        )

    def _texts(self, actual: int) -> Iterator[str]:
        """Yield the claim with numbers beside a value, each less round than those before it."""
        step = _step(self.number)
        while step >= 1 and self.kind != "=":
            below = actual // step * step
            for number in (below, below - step) if self.kind[-1] in ">≥" else (below, below + step):
                for digits in (self.number.restated(round(number)), self._written(round(number))):
                    if (read := _read(digits, self.read)) and read.number:
                        yield f"{self.before}{digits}{self.behind}"
            step /= 10
        yield f"{self.before}{self.number.restated(actual)}{self.behind}"

    def _written(self, number: int) -> str:
        unit = " B" if self.number.of_bytes else ""
        return f"{self.number.notation.written(number)}{unit}{self.number.noun}"


Counted = CountClaim | RangeClaim | BoundClaim
"""A claim of a count or a size."""


def count(text: str, language: str = "en", noun: str = PARAMS) -> Counted:
    """Return the claim that a count, a range of counts or a bound states. Raises :class:`Unreadable`."""
    return _claim(text, functools.partial(count_claim, language=language, noun=noun))


def size(text: str, language: str = "en") -> Counted:
    """Return the claim that a size in bytes, a range of sizes or a bound states, likewise."""
    return _claim(text, functools.partial(size_claim, language=language))


def _claim(text: str, read: Read) -> Counted:
    try:
        return read(text)
    except Unreadable:
        claim = _other(text.strip(), read) if len(text) <= _MAX_LENGTH else None
        if claim is None:
            raise
        return claim


def _other(text: str, read: Read) -> Counted | None:
    if bound := _BOUND.fullmatch(text):
        kind = _KINDS[" ".join(bound["before"].casefold().split())]
        number = _read(bound["number"], read)
        return BoundClaim(text, number, kind, bound["before"], "", number.noun, read) if number else None
    if plus := _PLUS.fullmatch(text):
        number = _read(plus["number"], read)
        if number and _read(plus["number"] + plus["noun"], read):
            return BoundClaim(text, number, "≥", "", plus["plus"] + plus["noun"], plus["noun"], read)
    return _range(text, read)


def _range(text: str, read: Read) -> RangeClaim | None:
    before = _PREFIX.match(text)
    assert before is not None
    for joint in _JOINT.finditer(text, before.end()):
        high = _read(text[joint.end() :], read)
        shared = high.suffix + high.power if high else ""
        for unit in dict.fromkeys((shared, "")) if high else ():
            low = _read(text[before.end() : joint.start()] + unit, read)
            if high and low and _value(low) < _value(high):
                return RangeClaim(text, low, high, before[0], joint[0], unit, read)
            if high and low and _value(low) == _value(high):
                return None
    return None


def _read(text: str, read: Read) -> CountClaim | None:
    try:
        return read(text)
    except Unreadable:
        return None


def _first_true(texts: Iterable[str], actual: int, read: Read) -> str:
    """Return the first text that can be read as a claim, and holds; empty if none."""
    for text in texts:
        try:
            if _claim(text, read).holds(actual):
                return text
        except Unreadable:
            continue
    return ""


def _value(claim: CountClaim, of: Callable[[Iterable[int]], int] = min) -> Fraction:
    """Return the number that a claim has; ``KB`` may be a thousand bytes, or more."""
    return claim.number * of(claim.units)


def _step(claim: CountClaim) -> Fraction:
    """Return the value of the last digit that is no zero."""
    step = claim.step * min(claim.units)
    while claim.number and _value(claim) % (step * 10) == 0:
        step *= 10
    return step
