"""Claims of counts and sizes: ``29,505``, ``29.5k``, ``~30 K``, ``1.2 billion``, ``1.38e8``, ``115.3 KiB``.

Small numbers may be words, and counts may have a noun: ``twelve parameters``, ``three layers``. A number is
compared at the precision in which it is written. It is read in the page's language; see
:func:`.numerals.number`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from sphinx_kerasshape import numerals
from sphinx_kerasshape.claims import byte_units, count_grammar, count_nouns, number_words
from sphinx_kerasshape.numerals import Numerals
from sphinx_kerasshape.text import quoted

_ENGLISH = Numerals()
_WITH_SIZE = re.compile(r"(?P<count>[^()]+?)(?P<open>\s*\(\s*)(?P<size>[^()]+?)(?P<close>\s*\))")
"""A count with its size, as Keras prints it: ``29,505 (115.25 KB)``."""

_LONGEST = 100
"""Characters of a number that has two parts."""
PARAMS, LAYERS = "parameters", "layers"
"""What may be counted; counts may have it as a noun."""


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
    notation: Numerals = _ENGLISH
    about: str = ""
    group: str = ""
    """The separator of thousands; empty if the number has none."""
    decimals: int = 0
    power: str = ""
    """The power of ten behind the number: ``e8``, ``×10⁸``."""
    suffix: str = ""
    """The unit, with the space before it."""
    of_bytes: bool = False
    words: str = ""
    """The number, if it is in words."""
    noun: str = ""
    """What is counted, with the space before it."""
    zero: int = 0
    """The zero of the script of its digits, if they are not 0 to 9."""
    nouns: Sequence[tuple[str, str]] = ()
    """The singulars and plurals that the noun may be one of."""
    above: str = ""
    """The unit of a larger part of the number, and what is behind it: ``1 million 200 thousand``."""
    above_unit: int = 0

    def holds(self, actual: int) -> bool:
        """Whether the actual value, rounded like the claim, equals the claim."""
        return any(abs(actual - self.number * unit) * 2 <= self._precision(unit) for unit in self.units)

    def restated(self, actual: int) -> str:
        """Return the actual value with the separators, digits, unit and noun of the claim."""
        number, noun = self._number(actual), self._noun(actual)
        number = numerals.in_script(number, self.zero, self.text)
        # "2 millions de paramètres", but "500 paramètres".
        return number + (re.sub(r"^\s+d[ei](?=\s)", "", noun) if number[-1].isdecimal() else noun)

    def _number(self, actual: int) -> str:
        if self.power:
            return self._with_power(actual)
        # Of two values of a suffix, take the one that brings the claim closer.
        unit = min(self.units, key=lambda unit: abs(actual - self.number * unit))
        step = self.step
        while step > 1 and actual < step * unit:
            step /= 10
        scaled = math.floor(Fraction(actual, unit) / step + Fraction(1, 2)) * step
        if actual and not scaled:
            return self.notation.written(actual) + (" B" if self.of_bytes else "")
        above, scaled = self._above(scaled, unit)
        digits = f"{self._digits(scaled)}{self._suffix(scaled)}" if scaled or not above else ""
        return f"{self.about}{above}{digits}".rstrip()

    def _above(self, scaled: Fraction, unit: int) -> tuple[str, Fraction]:
        """Return the larger part of a number, which may be none, and the rest of it."""
        if not self.above or scaled * unit < self.above_unit:
            return "", scaled
        whole, rest = divmod(scaled * unit, self.above_unit)
        word = re.split(r"\s", self.above.strip())[0]
        above = self.above.replace(word, self.notation.unit_with(word, str(whole)))
        above = above if rest else above[: above.index(word) + len(word)].replace(word, above.split()[0])
        return f"{self._digits(Fraction(whole))}{above}", rest / unit

    def _suffix(self, number: Fraction) -> str:
        """Return the unit, in the singular or plural that the number needs."""
        word = self.suffix.strip()
        decimals = f"{float(number):.{self.decimals}f}"
        language = self.notation.language
        if self.of_bytes and (new := byte_units.unit_with(word, decimals, language)) != word:
            return self.suffix.replace(word, new)
        return self.suffix.replace(word, self.notation.unit_with(word, decimals)) if word else self.suffix

    def _digits(self, number: Fraction) -> str:
        """Return a number with the words, or the separator and the decimals, of the claim."""
        if self.words and number < number_words.END and number.denominator == 1:
            return number_words.written(int(number), self.words, self.notation.language)
        whole, rest = divmod(int(number * 10**self.decimals), 10**self.decimals)
        is_grouped = self.group or self.words or (not self.suffix and whole >= 1000 > self.number)
        text = self.notation.written(whole, self.group) if is_grouped else str(whole)
        return text + (f"{self.notation.decimal}{rest:0{self.decimals}}" if self.decimals else "")

    def _with_power(self, actual: int) -> str:
        mantissa, _, exponent = f"{actual:.{self.decimals}e}".partition("e")
        power = str(int(exponent))
        if self.power[-1] in count_grammar.SUPERSCRIPT:
            power = power.translate(str.maketrans("0123456789", count_grammar.SUPERSCRIPT))
        new = re.sub(rf"(\d+|[{count_grammar.SUPERSCRIPT}]+)(?=\}}?$)", power, self.power)
        return f"{self.about}{mantissa.replace('.', self.notation.decimal)}{new}"

    def _noun(self, actual: int) -> str:
        """Return the noun, in the singular or plural if the claim has it in the right one."""
        word, language = re.split(r"[\s-]", self.noun)[-1], self.notation.language
        is_singular = count_nouns.is_singular
        for nouns in self.nouns:
            form = nouns[not is_singular(int(self.number * self.units[0]), language)]
            if word.casefold() == form:
                new = nouns[not is_singular(actual, language)]
                return self.noun.removesuffix(word) + (new.capitalize() if word[0].isupper() else new)
        return self.noun

    def _precision(self, unit: int) -> Fraction:
        step = self.step * unit
        return Fraction(0) if step == 1 else step


def count_claim(text: str, language: str = "en", noun: str = PARAMS) -> CountClaim:
    """Return the claim that a count states: ``29,505``, ``29.5k``, ``~30 K``, ``two million params``.

    ``noun`` is what may be counted.
    """
    nouns = count_nouns.nouns(noun, language)
    number, counted = count_nouns.without_noun(text.strip(), noun, language)
    rounded = "~" if count_nouns.is_rounded(counted) and number[:1].isdecimal() else ""
    claim = _claim(rounded + number, language, of_bytes=False)
    if claim is None:
        write = numerals.numerals(language).written
        examples = f"{write(29505)}, {write(29.5)}k or ~30k"
        raise Unreadable(f"{quoted(text)} is not a count: write one such as {examples}")
    about = claim.about.removeprefix(rounded)
    return replace(claim, text=text, noun=counted, nouns=nouns, about=about)


def size_claim(text: str, language: str = "en") -> CountClaim:
    """Return the claim that a size in bytes states: ``118,020 B``, ``115.3 KiB``, ``0.5 GB``."""
    claim = _claim(text, language, of_bytes=True)
    if claim is None:
        write = numerals.numerals(language).written
        examples = f"{write(118020)} B, {write(115.3)} KiB or ~{write(0.5)} GB"
        raise Unreadable(f"{quoted(text)} is not a size: write one such as {examples}")
    return claim


def with_size(text: str) -> tuple[str, str, str, str] | None:
    """Return the parts of a count with its size in brackets, ``12 (48.00 Byte)``: both, and the brackets."""
    match = _WITH_SIZE.fullmatch(text.strip())
    return (match["count"], match["open"], match["size"], match["close"]) if match else None


def _claim(text: str, language: str, *, of_bytes: bool) -> CountClaim | None:
    latin, zero = numerals.latin(text.strip())
    digits_text, words = number_words.in_digits(latin, language)
    claim = _one(digits_text, language, of_bytes=of_bytes)
    if claim is not None:
        return replace(claim, text=text, words=words, zero=zero)
    claim = None if of_bytes else _of_two_parts(digits_text, language)
    return replace(claim, text=text, zero=zero) if claim is not None else None


def _of_two_parts(text: str, language: str) -> CountClaim | None:
    """Return the claim of a number that is written as ``1 million 200 thousand``, ``1億3836万``."""
    parts = count_grammar.TWO_PARTS.fullmatch(text) if len(text) <= _LONGEST else None
    if parts is None:
        return None
    above = _one(parts["above"] + parts["unit"], language, of_bytes=False)
    below = _one(parts["below"], language, of_bytes=False)
    if above is None or below is None or above.decimals or above.power or below.about:
        return None
    unit, own = above.units[0], below.units[0]
    if not 0 < below.number * own < unit:
        return None
    number, joint = below.number + above.number * unit / own, parts["joint"]
    group = below.group or above.group
    return replace(
        below, number=number, above=parts["unit"] + joint, above_unit=unit, about=above.about, group=group
    )


def _one(text: str, language: str, *, of_bytes: bool) -> CountClaim | None:
    """Return the claim of a number in digits, with one unit at most."""
    match = count_grammar.pattern(language).fullmatch(text)
    if match is None:
        return None
    power, suffix = match["power"] or "", (match["suffix"] or "").strip().removeprefix("-")
    units = count_grammar.units(suffix, language, of_bytes=of_bytes)
    if power and not suffix:
        units = (count_grammar.power(power),)
    if units is None or (power and suffix):
        return None
    is_whole = units == (1,)
    read = numerals.number(match["number"], language, is_whole=is_whole)
    if read is None:
        return None
    notation, digits, decimals, group = read
    step = Fraction(1, 10 ** len(decimals))
    if match["about"] and is_whole and step == 1:
        # The trailing zeros of "~30,000" don't count.
        step = Fraction(10 ** (len(digits) - len(digits.rstrip("0"))))
    return CountClaim(
        text,
        number=Fraction(int(digits + decimals), 10 ** len(decimals)),
        step=step,
        units=units,
        notation=notation,
        about=(match["article"] or "") + (match["about"] or ""),
        group=group,
        decimals=len(decimals),
        power=power,
        suffix=match["suffix"] or "",
        of_bytes=of_bytes,
    )
