"""Claims of counts and sizes: ``29,505``, ``29.5k``, ``~30 K``, ``1.2 billion``, ``1.38e8``, ``115.3 KiB``.

Small numbers may be words, and counts may have a noun: ``twelve parameters``, ``three layers``. A number is
compared at the precision in which it is written. It is read in the page's language; see
:func:`.numerals.number`.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain

from sphinx_kerasshape import numerals
from sphinx_kerasshape.claims import language_words, number_words
from sphinx_kerasshape.numerals import Numerals
from sphinx_kerasshape.text import quoted

_ABOUT = (
    *("about", "around", "approximately", "approx.", "approx", "close to", "roughly", "circa", "ca.", "c."),
    *("etwa", "rund", "ungefähr", "zirka", "environ", "à peu près", "unos", "unas", "aproximadamente"),
    *("alrededor de", "cerca de", "más o menos", "autour de", "quelque", "some", "около", "примерно"),
)
"""Words of the languages that the extension speaks for a rounded number."""
_ALMOST = "~≈∼≃≅約约약"
_SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_POWER = rf"[eE]\+?\d{{1,2}}|\s?[×·⋅*x]\s?10(?:(?:\^|\*\*)\{{?\d{{1,2}}\}}?|[{_SUPERSCRIPT}]{{1,2}})"
_ENGLISH = Numerals()
_THOUSANDS = {"k": 1, "m": 2, "b": 3, "g": 3, "t": 4, "p": 5}
_BYTES = re.compile(r"(?P<prefix>[kKMGTPmgtp](?P<binary>i?))?B|[bB]ytes?")
_OCTETS = re.compile(r"(?P<prefix>[kKMGTP](?P<binary>i?))?o|octets?")
"""The French units of bytes."""
_WITH_SIZE = re.compile(r"(?P<count>[^()]+?)(?P<open>\s*\(\s*)(?P<size>[^()]+?)(?P<close>\s*\))")
"""A count with its size, as Keras prints it: ``29,505 (115.25 KB)``."""

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
        digits = self._digits(scaled)
        return f"{self.about}{digits}{self._suffix(scaled)}"

    def _suffix(self, number: Fraction) -> str:
        """Return the unit, in the singular or plural that the number needs."""
        word = self.suffix.strip()
        decimals = f"{float(number):.{self.decimals}f}"
        return self.suffix.replace(word, self.notation.unit_with(word, decimals)) if word else self.suffix

    def _digits(self, number: Fraction) -> str:
        """Return a number with the words, or the separator and the decimals, of the claim."""
        if self.words and number < number_words.END:
            return number_words.written(int(number), self.words, self.notation.language)
        whole, rest = divmod(int(number * 10**self.decimals), 10**self.decimals)
        is_grouped = self.group or self.words or (not self.suffix and whole >= 1000 > self.number)
        text = self.notation.written(whole, self.group) if is_grouped else str(whole)
        return text + (f"{self.notation.decimal}{rest:0{self.decimals}}" if self.decimals else "")

    def _with_power(self, actual: int) -> str:
        mantissa, _, exponent = f"{actual:.{self.decimals}e}".partition("e")
        power = str(int(exponent))
        if self.power[-1] in _SUPERSCRIPT:
            power = power.translate(str.maketrans("0123456789", _SUPERSCRIPT))
        new = re.sub(rf"(\d+|[{_SUPERSCRIPT}]+)(?=\}}?$)", power, self.power)
        return f"{self.about}{mantissa.replace('.', self.notation.decimal)}{new}"

    def _noun(self, actual: int) -> str:
        """Return the noun, in the singular or plural if the claim has it in the right one."""
        word, language = re.split(r"[\s-]", self.noun)[-1], self.notation.language
        is_singular = language_words.is_singular
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
    nouns = language_words.nouns(noun, language)
    number, counted = _without_noun(text.strip(), nouns)
    claim = _claim(number, language, of_bytes=False)
    if claim is None:
        write = numerals.numerals(language).written
        examples = f"{write(29505)}, {write(29.5)}k or ~30k"
        raise Unreadable(f"{quoted(text)} is not a count: write one such as {examples}")
    return replace(claim, text=text, noun=counted, nouns=nouns)


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


def _without_noun(text: str, nouns: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Return a count without its noun, and the noun with the space before it: ``millions de paramètres``."""
    forms = "|".join(chain.from_iterable(nouns))
    apart = rf"(?:(?:\s+d[ei])?\s+|-)(?:{forms})"
    counted = re.search(rf"(?<=\S)(?:{apart}|\s?(?:{language_words.WITHOUT_PLURAL}))$", text, re.IGNORECASE)
    return (text[: counted.start()], counted[0]) if counted else (text, "")


def _claim(text: str, language: str, *, of_bytes: bool) -> CountClaim | None:
    latin, zero = numerals.latin(text.strip())
    digits_text, words = number_words.in_digits(latin, language)
    match = _pattern(language).fullmatch(digits_text)
    if match is None:
        return None
    power, suffix = match["power"] or "", (match["suffix"] or "").strip()
    units = (_power(power),) if power and not suffix else _units(suffix, language, of_bytes=of_bytes)
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
        about=match["about"] or "",
        group=group,
        decimals=len(decimals),
        power=power,
        suffix=match["suffix"] or "",
        of_bytes=of_bytes,
        words=words,
        zero=zero,
    )


@functools.lru_cache(maxsize=64)
def _pattern(language: str) -> re.Pattern[str]:
    signs = re.escape(numerals.numerals(language).signs + _ENGLISH.signs)
    about = "|".join(map(re.escape, _ABOUT))
    return re.compile(
        rf"(?P<about>[{_ALMOST}]\s*|大约|(?i:{about})\s+)?(?P<number>\d(?:[{signs}]?\d){{0,40}})"
        rf"(?P<power>{_POWER})?(?P<suffix>\s*[^\d\s(][^\d(]{{0,30}})?"
    )


def _power(text: str) -> int:
    """Return the value of ``e8`` or ``×10⁸``."""
    exponent = (
        text[1:]
        if text[0] in "eE"
        else text.translate(str.maketrans(_SUPERSCRIPT, "0123456789")).partition("10")[2]
    )
    return int(10 ** int(exponent.strip("+^*{}")))


def _units(suffix: str, language: str, *, of_bytes: bool) -> tuple[int, ...] | None:
    """Return the values that a suffix may have; ``None`` if it is no unit of this kind."""
    if not suffix:
        return (1,)
    if len(suffix) == 1 and suffix in "kKMGTmgt":
        return (1000 ** _THOUSANDS[suffix.lower()],)
    if suffix == "B" and not of_bytes:
        return (10**9,)
    if (match := _BYTES.fullmatch(suffix)) is not None:
        return _units_of_bytes(match) if of_bytes else None
    if of_bytes and language.startswith("fr") and (match := _OCTETS.fullmatch(suffix)) is not None:
        return _units_of_bytes(match)
    word, _, noun = suffix.rpartition(" ") if of_bytes else (suffix, "", "")
    unit = numerals.numerals(language).unit(word if _BYTES.fullmatch(noun) else suffix)
    return (unit,) if unit else None


def _units_of_bytes(match: re.Match[str]) -> tuple[int, ...]:
    if not match["prefix"]:
        return (1,)
    power = _THOUSANDS[match["prefix"][0].lower()]
    return (1024**power,) if match["binary"] else (1024**power, 1000**power)
