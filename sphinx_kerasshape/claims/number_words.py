"""Whole numbers in words: ``three``, ``twenty-one``, ``a hundred and twelve``, ``zwei``.

The grammar here is that of English; :mod:`.language_words` has the numbers of other languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sphinx_kerasshape.claims import language_words

_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_LARGE = {"trillion": 10**12, "billion": 10**9, "million": 10**6, "thousand": 1000}
_UNITS = {**_LARGE, "hundred": 100}
_VALUES = {
    **{word: number for number, word in enumerate(_SMALL)},
    **{word: 10 * number for number, word in enumerate(_TENS, 2)},
}
_WORD = "|".join(["an?", *_VALUES, *_UNITS])
_NUMBER = re.compile(rf"(?i:\b(?:{_WORD})(?:(?:\s|-|\sand\s)(?:{_WORD}))*)\b(?!-)")
END = 100
"""The first number that is easier to read in digits."""


def in_digits(text: str, language: str = "en") -> tuple[str, str]:
    """Return a text with its number in digits, and the words that were the number; they may be none.

    A last ``million`` stays a word: ``two million`` is as rounded as ``2 million``. The words may be of
    a language, or of English.
    """
    if re.search(r"\d", text):
        return text, ""
    if found := language_words.find(text, language):
        number, start, end = found
        return f"{text[:start]}{number}{text[end:]}", text[start:end]
    match = _NUMBER.search(text)
    if match is None:
        return text, ""
    words = re.split(r"[\s-]+", match[0])
    unit = words.pop() if words[-1].lower() in _LARGE else ""
    value = _value([word.lower() for word in words], unit.lower()) if words else None
    if value is None:
        return text, ""
    digits = f"{value} {unit}".rstrip()
    return text[: match.start()] + digits + text[match.end() :], match[0]


def written(number: int, like: str, language: str = "en") -> str:
    """Return a small number in words of the language of others, which begin with a capital if those do.

    They are digits if the words depend on a gender: ``un``, ``une``.
    """
    is_english = language_words.find(like, language) is None
    words = "-".join(_words(number)) if is_english else language_words.written(number, language)
    return (words.capitalize() if like[0].isupper() else words) or str(number)


def _value(words: Sequence[str], unit: str) -> int | None:
    """Return the number that words state; ``None`` if numbers are not written so."""
    words = [word for word in words if word != "and"]
    if words and words[0] in ("a", "an"):
        if (*words[1:], unit)[0] not in _UNITS:
            return None
        words[0] = "one"
    number = group = 0
    for word in words:
        if word in _LARGE:
            number, group = number + group * _LARGE[word], 0
        elif word == "hundred":
            group *= 100
        else:
            group += _VALUES.get(word, 0)
    number += group
    return number if list(_words(number)) == words else None


def _words(number: int) -> Iterator[str]:
    """Yield the words of a number."""
    for unit, value in _UNITS.items():
        if number >= value:
            yield from (*_words(number // value), unit)
            number %= value
            if not number:
                return
    if number < len(_SMALL):
        yield _SMALL[number]
        return
    yield _TENS[number // 10 - 2]
    if number % 10:
        yield _SMALL[number % 10]
