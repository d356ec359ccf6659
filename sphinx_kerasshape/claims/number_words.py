"""Whole numbers in words, and halves: ``twenty-one``, ``a hundred and twelve``, ``zwei``, ``half a million``.

:mod:`.language_words` has the words.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sphinx_kerasshape import numerals
from sphinx_kerasshape.claims.language_words import CONCATENATED, Table, folded, table

END = 100
"""The first number that is easier to read in digits."""
_LONGEST = 200
"""Characters of a text that has a number in words."""
_FRACTIONS = {"½": "5", "¼": "25", "¾": "75"}
_FRACTION = re.compile(r"(?<!\d)(\d{0,12})\s?([½¼¾])(?=\s*\D)")
_QUARTER = re.compile(r"(?i:(?P<three>three quarters)|(?:an?|one)? ?quarter)(?: of)? an? (?P<unit>[a-z]+)")
_ZERO_TO_NINE = "〇一二三四五六七八九"
_CHINESE = re.compile(f"[{_ZERO_TO_NINE}零两兩十百千]+")


class _Part(NamedTuple):
    """A number with its large unit, such as ``200 thousand``; the unit may be empty."""

    number: int
    unit: str

    def __str__(self) -> str:
        return f"{self.number} {self.unit}".rstrip()


def in_digits(text: str, language: str = "en") -> tuple[str, str]:
    """Return a text with its number in digits, and the words that were the number; they may be none.

    A last ``million`` stays a word: ``two million`` is as rounded as ``2 million``. The words may be of
    a language, or of English.
    """
    decimal = numerals.numerals(language).decimal
    text = _FRACTION.sub(lambda found: f"{found[1] or 0}{decimal}{_FRACTIONS[found[2]]}", text)
    if re.search(r"\d", text) or len(text) > _LONGEST:
        return text, ""
    for found in filter(None, (_found(text, name, decimal) for name in dict.fromkeys((language[:2], "en")))):
        start, end, digits = found
        return f"{text[:start]}{digits}{text[end:]}", text[start:end]
    return text, ""


def written(number: int, like: str, language: str = "en") -> str:
    """Return a small number in words of the language of others, which begin with a capital if those do.

    They are digits if the words depend on a gender: ``un``, ``une``.
    """
    if _CHINESE.search(like):
        tens, ones = divmod(number, 10)
        head = (_ZERO_TO_NINE[tens] if tens > 1 else "") + "十" if tens else ""
        return head + (_ZERO_TO_NINE[ones] if ones or not tens else "")
    own = table(language)
    is_own = own is not None and _found(like, language[:2], ".") is not None
    words = own if own and is_own else table("en")
    assert words is not None
    word = words.written[number]
    return (word.capitalize() if like[0].isupper() else word) or str(number)


def _found(text: str, language: str, decimal: str) -> tuple[int, int, str] | None:
    """Return where a number in words of a language is in a text, and its digits."""
    if language in ("zh", "ja") and (chinese := _CHINESE.search(text)):
        value = _chinese(chinese[0])
        return (*chinese.span(), str(value)) if value is not None else None
    words = table(language)
    if words is None:
        return None
    if half := _half(text, language, decimal):
        return half
    for match in _number(language).finditer(text):
        article = re.match(r"(?i:an? )", match[0])  # "a three-layer" model
        for start in (0, article.end()) if article else (0,):
            if (parts := _parts(match[0][start:], language, words)) is not None:
                return match.start() + start, match.end(), " ".join(map(str, parts))
    return None


def _half(text: str, language: str, decimal: str) -> tuple[int, int, str] | None:
    words = table(language)
    assert words is not None
    for pattern in _halves(language):
        if found := pattern.search(text):
            whole = folded(found[1].removesuffix("ein") or "ein")
            number = {"": 0, "andert": 1, "a": 1}.get(folded(found[1]), words.small.get(whole))
            if number is not None:
                return (*found.span(), f"{number}{decimal}5 {found[2]}")
    if language == "en" and (quarter := _QUARTER.search(text)):
        return (*quarter.span(), f"0{decimal}{'75' if quarter['three'] else '25'} {quarter['unit']}")
    return None


def _parts(text: str, language: str, words: Table) -> list[_Part] | None:
    """Return the number that words state, by its large units; ``None`` if numbers are not written so.

    It is one part without a unit if the words end in a small number.
    """
    parts: list[_Part] = []
    number: int | None = None
    for token in _word(language).findall(text):
        word = folded(token)
        if word in words.large:
            parts = _with_unit(parts, number, token, language)
            number = None
            if not parts:
                return None
        elif word in words.times:
            number = _times(number, words.times[word], language)
        elif number is None or (number and not number % 100 and 0 < words.small[word] < 100):
            number = (number or 0) + words.small[word]
        else:
            return None
        if number == -1:
            return None
    if number is None:
        return parts
    is_article = folded(text) in ("a", "an")
    return None if is_article or (parts and not number) else [_Part(_value(parts, language) + number, "")]


def _with_unit(parts: list[_Part], number: int | None, token: str, language: str) -> list[_Part]:
    """Return parts with a number of large units behind them; none if that is no number.

    The unit may be that of smaller parts before it: ``mil doscientos millones``.
    """
    unit = _unit(token, language)
    if parts and number is None and numerals.numerals(language).unit(f"{parts[-1].unit} {token}"):
        return [*parts[:-1], _Part(parts[-1].number, f"{parts[-1].unit} {token}")]  # "dos mil millones"
    below = [part for part in parts if _unit(part.unit, language) < unit]
    above = parts[: len(parts) - len(below)]
    may_be_alone = language != "en" and unit == 1000
    if (number is None and not (below or may_be_alone)) or number == 0:
        return []
    if above and _unit(above[-1].unit, language) <= unit:
        return []
    return [*above, _Part(_value(below, language) + (number or (0 if below else 1)), token)]


def _times(number: int | None, factor: int, language: str) -> int:
    """Return a number times a hundred or a dozen; -1 if numbers are not written so."""
    if number is None:
        return factor if language != "en" else -1
    return number * factor if 0 < number < END else -1


def _unit(word: str, language: str) -> int:
    return numerals.numerals(language).unit(word) or 1000


def _value(parts: Iterable[_Part], language: str) -> int:
    return sum(part.number * _unit(part.unit, language) for part in parts)


def _chinese(text: str) -> int | None:
    """Return a number below ten thousand in Chinese characters: ``三百二十``."""
    number = digit = 0
    for sign in text.replace("两", "二").replace("兩", "二").replace("零", "〇"):
        if sign in _ZERO_TO_NINE:
            if digit:
                return None
            digit = _ZERO_TO_NINE.index(sign)
        else:
            number += (digit or 1) * 10 ** ("十百千".index(sign) + 1)
            digit = 0
    return number + digit


def _alternatives(words: Iterable[str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(word).replace("\\ ", r"(?:\s+|-)") for word in longest_first)


@functools.lru_cache(maxsize=16)
def _word(language: str) -> re.Pattern[str]:
    words = table(language)
    assert words is not None
    ends = "" if language in CONCATENATED else r"\b"
    return re.compile(rf"(?i:{ends}(?:{_alternatives([*words.small, *words.times, *words.large])}){ends})")


@functools.lru_cache(maxsize=16)
def _number(language: str) -> re.Pattern[str]:
    """Return the pattern of words for numbers, one behind the other."""
    words = table(language)
    assert words is not None
    one = f"(?:{_alternatives([*words.small, *words.times, *words.large])})"
    blank = rf"(?:-|,?\s+(?:{words.joint}\s+)?)"
    between = rf"(?:{blank}|{words.joint}|)" if language in CONCATENATED else blank
    return re.compile(rf"(?i:(?<![\w-]){one}(?:{between}{one}){{0,20}})\b(?!-)")


@functools.lru_cache(maxsize=16)
def _halves(language: str) -> Sequence[re.Pattern[str]]:
    words = table(language)
    assert words is not None
    unit = _alternatives(words.large) + "|(?:kilo|mega|giga|tera)byte"
    patterns = (half.format(unit=unit, number=r"\w+(?:-\w+)?") for half in words.half)
    return [re.compile(rf"(?i:\b{pattern}\b)") for pattern in patterns]
