"""Catalogs of translations (``.po``): the texts in them, and where their characters are in the file."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sphinx_kerasshape.pages.positions import Span, roles_of

_ENTRY = re.compile(
    r"^(?P<field>msgid|msgstr)[ \t]+(?P<strings>\"(?:[^\"\\\r\n]|\\.)*\"(?:\s*\"(?:[^\"\\\r\n]|\\.)*\")*)",
    re.MULTILINE,
)
"""A field of a message; of obsolete ones, each line begins with ``#~``."""
_CHARACTER = re.compile(r"\\.|[^\"\\\r\n]|\"\s*\"|\"", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Role(NamedTuple):
    """A role in a message: its kind, target and stated value, and the place of that in the file."""

    kind: str
    target: str
    stated: str
    start: int
    end: int


class Message(NamedTuple):
    """A text of a page, and its translation."""

    source: tuple[Role, ...]
    translation: tuple[Role, ...]


@functools.lru_cache(maxsize=4)
def messages(text: str) -> Sequence[Message]:
    """Return the messages of a catalog that have roles."""
    found, source = [], None
    for entry in _ENTRY.finditer(text):
        roles = tuple(_roles(entry["strings"], entry.start("strings")))
        if entry["field"] == "msgid":
            source = roles
        elif source is not None:
            found.append(Message(source, roles))
            source = None
    return [message for message in found if message.source or message.translation]


def quoted(text: str) -> str:
    """Return a text as a catalog has it between quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _roles(strings: str, offset: int) -> Iterator[Role]:
    """Yield the roles of a text that is written as one or several strings."""
    signs, places = [], list[Span]()
    for character in _CHARACTER.finditer(strings):
        written = character[0]
        if not written.startswith('"'):
            signs.append(_ESCAPES.get(written[1], written[1]) if written[0] == "\\" else written)
            places.append((offset + character.start(), offset + character.end()))
    for (kind, target, stated), spans in roles_of("".join(signs)).items():
        for start, end in spans:
            if start < end:
                yield Role(kind, target, stated, places[start][0], places[end - 1][1])
