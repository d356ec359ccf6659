"""JSON whose strings know where they stand, so that one of them can be changed in place."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

_BLANK = re.compile(r"[ \t\r\n]*")
_OTHER = re.compile(r"[^\s,\]}]+")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"')
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u....|.)")


class Token(NamedTuple):
    """A string of some JSON, between its quotes."""

    start: int
    end: int


class Decoded(NamedTuple):
    """What a string says, where each of its characters begins in the JSON, and where the last one ends."""

    value: str
    at: Sequence[int]


def decoded(text: str, token: Token) -> Decoded:
    """Return what a string of a JSON text says."""
    parts: list[str] = []
    at: list[int] = []
    end = token.start
    for escape in _ESCAPE.finditer(text, token.start, token.end):
        sign = json.loads(f'"{escape[0]}"')
        parts += [text[end : escape.start()], sign]
        at += [*range(end, escape.start()), escape.start()]
        end = escape.end()
    parts.append(text[end : token.end])
    at += range(end, token.end + 1)
    return Decoded("".join(parts), at)


def parsed(text: str) -> object:
    """Return the value of valid JSON, with tokens for its strings, and without its other scalars."""
    return _Scanner(text).value(0)[0]


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text

    def value(self, start: int) -> tuple[object, int]:
        """Return the value at some place, and where it ends."""
        start = self._skipped(start)
        sign = self._text[start]
        if sign == '"':
            token, end = self._string(start)
            return token, end
        if sign == "{":
            return self._object(start + 1)
        if sign == "[":
            return self._array(start + 1)
        match = _OTHER.match(self._text, start)
        return None, match.end() if match else len(self._text)

    def _skipped(self, start: int) -> int:
        match = _BLANK.match(self._text, start)
        return match.end() if match else start

    def _object(self, start: int) -> tuple[object, int]:
        found: dict[str, object] = {}
        start = self._skipped(start)
        while self._text[start] != "}":
            key, start = self._string(self._skipped(start))
            name = decoded(self._text, key).value
            found[name], start = self.value(self._skipped(start) + 1)
            start = self._skipped(start)
            start += self._text[start] == ","
            start = self._skipped(start)
        return found, start + 1

    def _array(self, start: int) -> tuple[object, int]:
        found = []
        start = self._skipped(start)
        while self._text[start] != "]":
            one, start = self.value(start)
            found.append(one)
            start = self._skipped(start)
            start += self._text[start] == ","
            start = self._skipped(start)
        return found, start + 1

    def _string(self, start: int) -> tuple[Token, int]:
        match = _STRING.match(self._text, start)
        assert match is not None
        return Token(start + 1, match.end() - 1), match.end()
