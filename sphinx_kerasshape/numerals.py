"""Numbers as a language writes them, ``29,505`` or ``29.505``, and its words for their units."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

SPACES = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{FIGURE SPACE}\N{PUNCTUATION SPACE}"
ANY_GROUP = f"_'\N{RIGHT SINGLE QUOTATION MARK}{SPACES}"
"""The separators of thousands that mean nothing else in any language."""
_WORDS = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


class Numerals(NamedTuple):
    """The notation of numbers in a language."""

    language: str = "en"
    group: str = ","
    """The sign between thousands."""
    decimal: str = "."

    @property
    def signs(self) -> str:
        """All signs that numbers may have between their digits."""
        return f"{ANY_GROUP}{self.group}{self.decimal}"

    def written(self, number: float, group: str = "") -> str:
        """Return a number in this notation, or with another separator of thousands."""
        if isinstance(number, float) and number.is_integer():
            number = int(number)
        is_own = group in ("", self.group) and not _is_english(self.language)
        own = _written(number, self.language) if is_own else ""
        if group and number >= 10_000 and group not in own:
            own = ""  # Babel groups some numbers of Swiss German, and not others.
        return own or f"{number:,}".replace(",", group or self.group)

    def parts(self, text: str) -> tuple[str, str, str] | None:
        """Return a number's digits before and after the decimal sign, and its separator of thousands.

        That is ``None`` if the text is not a number in this notation.
        """
        whole, point, decimals = text.partition(self.decimal)
        if point and not decimals.isdecimal():
            return None
        digits = re.sub(r"\D", "", whole)
        groups = set(re.findall(r"\D", whole))
        if not (groups and digits):
            return (digits, decimals, "") if digits else None
        group = groups.pop()
        if groups or group not in ANY_GROUP + self.group:
            return None
        in_thousands = re.fullmatch(rf"(?!0\D)\d{{1,3}}(?:{re.escape(group)}\d{{3}})+", whole)
        is_own = len(digits) <= 25 and whole == self.written(int(digits))
        return (digits, decimals, group) if in_thousands or is_own else None

    def unit(self, word: str) -> int | None:
        """Return the value of a word such as ``million`` or ``Mrd.``; ``None`` for another word.

        A word of English counts if the language has none that is written so: ``billion`` is 10⁹ in
        English, and 10¹² in French.
        """
        word = _folded(word)
        return self._words().get(word) or _english().get(word)

    def unit_with(self, word: str, number: str) -> str:
        """Return a word for a power of ten in the form that a number needs: ``Million``, ``Millionen``.

        A word that has one form, or is of another language, stays.
        """
        if self.language.startswith("en"):
            return word
        return _forms(self.language).get(word, {}).get(_plural(self.language, number), word)

    def _words(self) -> Mapping[str, int]:
        return _english() if self.language.startswith("en") else _words(self.language)


@functools.lru_cache(maxsize=64)
def numerals(language: str) -> Numerals:
    """Return the notation of a language; that of English for a language that Babel does not know."""
    if _is_english(language):
        return Numerals(language)  # Importing Babel takes longer than writing a small page.
    # Babel groups some numbers of Swiss German, and not others.
    grouped, fraction = "".join(_written(10**power, language) for power in (3, 6, 9)), _written(0.5, language)
    if not grouped:
        return Numerals()
    group = next((sign for sign in grouped if not sign.isdecimal()), ",")
    return Numerals(language, group, fraction.strip("05"))


_SIGNS = {"٬": ",", "٫": ".", "，": ",", "．": "."}
"""What numbers in Arabic and in wide digits have in place of English signs."""
_DIRECTIONS = re.compile(r"[\u200e\u200f\u061c\u2066-\u2069]")
"""Invisible marks of the direction of a text."""


def latin(text: str) -> tuple[str, int]:
    """Return a text with the digits 0 to 9, and the zero of the script that it has; 0 if it has these."""
    text = _DIRECTIONS.sub("", text)
    zeros = {ord(sign) - int(sign) for sign in text if sign.isdecimal()} - {ord("0")}
    if not zeros:
        return text, 0
    signs = {ord(sign): written for sign, written in _SIGNS.items()}
    return "".join(str(int(sign)) if sign.isdecimal() else sign for sign in text).translate(
        signs
    ), zeros.pop()


def in_script(text: str, zero: int, like: str) -> str:
    """Return a text with the digits of a script, and with the signs that another text has."""
    digits: dict[int, str | int] = {ord("0") + digit: zero + digit for digit in range(10)}
    digits |= {ord(written): sign for sign, written in _SIGNS.items() if sign in like}
    return text.translate(digits) if zero else text


def is_ambiguous_fraction(decimals: str) -> bool:
    """Whether a number without a unit can't have these decimals.

    It is whole, and three zeros may be meant for thousands.
    """
    return bool(decimals.strip("0")) or len(decimals) >= 3


def number(text: str, language: str, *, is_whole: bool) -> tuple[Numerals, str, str, str] | None:
    """Return the notation of a number, its digits before and after the decimal sign, and its separator.

    It is read in the notation of the language. Only if that is impossible, it is read in English:
    so a text has one meaning at most. ``is_whole`` says that it has no unit, and so no fraction.
    """
    for notation in dict.fromkeys((numerals(language), Numerals())):
        parts = notation.parts(text)
        if parts is not None and not (is_whole and is_ambiguous_fraction(parts[1])):
            return notation, *parts
    return None


def size_text(count: int, language: str) -> str:
    """Return a number of bytes with its unit: ``115.3 KiB``."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024 or unit == "TiB":
            break
        size /= 1024
    return f"{count} B" if unit == "B" else f"{f'{size:.1f}'.replace('.', numerals(language).decimal)} {unit}"


def _written(number: float, language: str) -> str:
    """Return a number as Babel writes it; empty if it can't."""
    from babel.core import UnknownLocaleError
    from babel.numbers import format_decimal

    try:
        return str(format_decimal(number, locale=language.replace("-", "_")))
    except (UnknownLocaleError, ValueError, ArithmeticError):
        return ""  # also for more than 25 digits, which Babel can't round


def _is_english(language: str) -> bool:
    """Whether numbers are written as in English: not in India, where thousands are grouped otherwise."""
    return language.replace("-", "_") in ("en", "en_US", "en_GB", "en_AU", "en_CA", "en_IE", "en_NZ")


def _folded(word: str) -> str:
    return " ".join(_DIRECTIONS.sub("", word).casefold().replace(".", "").split())


@functools.lru_cache(maxsize=1)
def _english() -> Mapping[str, int]:
    short = {"tsd": 1000, "mio": 10**6, "mln": 10**6, "mrd": 10**9, "mds": 10**9, "bn": 10**9}
    short |= {"tn": 10**12, "lakh": 10**5, "crore": 10**7}
    return short | _WORDS | {f"{word}s": unit for word, unit in _WORDS.items()}


@functools.lru_cache(maxsize=64)
def _words(language: str) -> Mapping[str, int]:
    """Return the words of a language for powers of ten."""
    words: dict[str, int] = {}
    for _, power, zeros, text in _patterns(language):
        word = _folded(text)
        # A single letter may be a prefix with another meaning: "t" is a thousand in Danish.
        if len(word) > 1 or not word.isascii():
            words[word] = power // 10 ** (zeros - 1)
    return words


@functools.lru_cache(maxsize=64)
def _forms(language: str) -> Mapping[str, Mapping[str, str]]:
    """Return the forms of each word for a power of ten, by the category of the number before it."""
    forms: dict[int, dict[str, str]] = {}
    for category, power, zeros, text in _patterns(language):
        if zeros == 1 and len(text) > 3:  # a shorter word is an abbreviation
            forms.setdefault(power, {})[category] = text
    return {word: of_power for of_power in forms.values() for word in of_power.values()}


def _plural(language: str, number: str) -> str:
    """Return the category of a number that decides on the form of the word behind it."""
    from decimal import Decimal

    from babel.core import Locale

    return str(Locale.parse(language.replace("-", "_")).plural_form(Decimal(number)))


def _patterns(language: str) -> Iterator[tuple[str, int, int, str]]:
    """Yield the category, the power of ten, the digits and the word of a language's short numbers."""
    from babel.core import Locale, UnknownLocaleError

    try:
        formats: Any = Locale.parse(language.replace("-", "_")).compact_decimal_formats
    except (UnknownLocaleError, ValueError):
        return
    for length in ("short", "long"):
        for category, patterns in (formats.get(length) or {}).items():
            for power, pattern in patterns.items():
                zeros, text = pattern.pattern.count("0"), pattern.pattern.replace("0", "").replace("'", "")
                if zeros and text.strip():
                    yield category, int(power), zeros, " ".join(text.split())
