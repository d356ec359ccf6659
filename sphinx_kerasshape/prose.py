"""Shapes and counts in the text of a paragraph, and the sentences around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sphinx_kerasshape import numerals

MASK = "§"
"""Stands for what is no prose: code, and the values of roles."""

_SIZE = r"\s*+(?:None|\d++)\s*+"
_SHAPE = re.compile(rf"\({_SIZE}(?:,{_SIZE})*,?\s*+\)")
_OPEN_SHAPE = re.compile(r"(?<![\w)\]])\(None(?:,\s?(?:None|\d+))+,?\)")
_IN_CODE = re.compile(rf"[(\[]({_SIZE}(?:,{_SIZE})*),?\s*+[)\]]")
_INTEGER = re.compile(r"(?<![\w.])\d{1,9}(?![\w.])")
_NUMBER = (
    r"(?:~\s?|≈\s?|(?i:about|around|approximately|roughly|etwa|rund|environ|unos|aproximadamente)\s)?"
    rf"(?:\d{{1,3}}(?:[{numerals.SPACES}]\d{{3}})+|\d[\d.,_'’]*)(?:[kKMBT]\b|\s[kKMBT]\b|[eE]\d{{1,2}}\b)?"
)
_COUNT = re.compile(
    rf"(?<![\w.,/–-])(?P<number>{_NUMBER})(?P<words>(?:\s[^\W\d][\w.-]*){{0,2}})\s"
    r"(?i:par[aá]m(?:s|eters?|etern|ètres?|etros?)?)\b(?![-/])"
)
_LONGEST_SENTENCE = 400
"""Characters around a value that are kept."""


class Count(NamedTuple):
    """A number of parameters in a text: where it is, without and with its noun."""

    text: str
    start: int
    end: int
    end_of_noun: int


def is_shape(text: str) -> bool:
    """Whether a text is a shape and nothing else; ``(3)`` may be."""
    return _SHAPE.fullmatch(text) is not None


def shapes(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of shapes in prose that can be nothing else: those with an open batch axis."""
    yield from (match.span() for match in _OPEN_SHAPE.finditer(text))


def counts(text: str, language: str) -> Iterator[Count]:
    """Yield the numbers of parameters in a text, in which code is masked."""
    for match in _COUNT.finditer(text):
        number, words = match["number"].rstrip(".,"), match["words"].split()
        if len(number) < len(match["number"]):
            continue  # a sentence ends there
        start, end = match.start(), match.end("number")
        if words and numerals.numerals(language).unit(words[0]) is not None:
            end = match.start("words") + 1 + len(words[0])
            yield Count(f"{number} {words[0]}", start, end, match.end())
        elif len(words) < 2:
            yield Count(number, start, end, match.end())


def sentence(text: str, start: int, end: int) -> tuple[str, str]:
    """Return the parts of a sentence before and after some of its characters."""
    before, after = text[max(0, start - _LONGEST_SENTENCE) : start], text[end : end + _LONGEST_SENTENCE]
    return re.split(r"[.!?;]\s+(?=\S)", before)[-1], re.split(r"[.!?;](?:\s|$)", after)[0]


def sizes(shape: str) -> tuple[str, ...]:
    """Return the sizes of a shape."""
    return tuple(re.findall(r"None|\d+", shape))


def sizes_in_code(code: str) -> set[tuple[str, ...]]:
    """Return the tuples and integers that stand in code."""
    tuples = {sizes(found[1]) for found in _IN_CODE.finditer(code)}
    return tuples | {(found[0],) for found in _INTEGER.finditer(code)}
