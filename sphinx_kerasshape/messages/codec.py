"""Values of this room to JSON, and back.

A record (a named tuple) is a JSON object of its fields, any other tuple a list. Decoding trusts
nothing: the author's code, or whoever can change a cache or a lock, may have written the data.
Types, sizes and characters are therefore checked; :mod:`.reading` checks that values fit each other.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import types
import typing
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, TypeVar, Union

from sphinx_kerasshape.text import ACTIVE, escape_controls

Value = TypeVar("Value")
Lines = Annotated[str, "lines"]
"""Text of several lines; any other text of a record is a name, or one line."""
Word = Annotated[str, "word"]
"""Text that is one word, as a dtype is; a page can have it in the place of another word."""
FilePath = Annotated[str, "path"]
"""A path, kept exactly so that its file is found; escape its controls where it is shown."""
Verbatim = Annotated[str, "verbatim"]
"""Text of any length that is kept exactly, such as code."""

MAX_LINE_LENGTH = 1_000
"""Characters of a text that is one line."""
MAX_TEXT_LENGTH = 1 << 20
"""Characters of a text of several lines."""
MAX_WORD_LENGTH = 60
MAX_PATH_LENGTH = 1 << 15
MAX_AXES = 64
"""Axes of a shape; NumPy has no more."""
MAX_VALUES = 1 << 23
"""Values in a text of JSON, nearly; an answer about 5,000 layers has some 400,000."""
NUMBER_LIMIT = 10**30
"""Every number is below it; the parameters of all existing models together are, too."""

# What the author's code writes with: it may have changed what json.dumps is by then.
_write = json.JSONEncoder(separators=(",", ":")).encode
_SINGLE = {str, int, bool, float, type(None)}


def fingerprint(value: object) -> str:
    """Return the SHA-256 of a value's JSON, in hexadecimal digits."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()


def dumps(value: object) -> str:
    """Write a value as one line of JSON, its keys in a fixed order."""
    return _write(encode(value))


def loads(data: bytes | bytearray) -> Any:
    """Read JSON that others have written.

    Raises ``ValueError``, also where there are too many values, and ``RecursionError``.
    """
    if data.count(b",") + data.count(b"[") + data.count(b"{") > MAX_VALUES:
        raise ValueError(f"more than {MAX_VALUES:,} values")
    return json.loads(data)


def encode(value: Any) -> Any:
    """Turn a value into lists, dicts, strings and numbers."""
    kind: Any = type(value)
    if kind in _SINGLE:
        return value
    if is_record(kind):
        return {name: encode(item) for name, item in zip(kind._fields, value, strict=True)}
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    return str(value) if isinstance(value, StrEnum) else value


def decode(kind: type[Value], data: object) -> Value:
    """Make a value of ``kind`` from plain data, the inverse of :func:`encode`.

    Control characters become visible escapes, except in verbatim text and paths. Raises
    ``ValueError`` for data of any other layout.
    """
    return typing.cast("Value", _reader(typing.cast("Any", kind))(data))


def json_line(value: object) -> str:
    r"""Write JSON for people to read: as it is, but for characters that act, which become ``\u202e``."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else ACTIVE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def is_record(kind: Any) -> bool:
    """Whether a type is one of records."""
    return hasattr(kind, "_fields")


@functools.cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return the function that reads a kind, put together once: answers have thousands of records."""
    origin, members = typing.get_origin(kind), typing.get_args(kind)
    if origin is None:
        return _plain_reader(kind)
    if origin is Annotated:
        return _shape_reader(members[0]) if members[1] == "shape" else _TEXT_READERS[members[1]]
    if origin in (Union, types.UnionType):
        (inner,) = (_reader(member) for member in members if member is not type(None))
        return lambda data: None if data is None else inner(data)
    assert origin is tuple
    return _tuple_reader(_reader(members[0]))


def _plain_reader(kind: Any) -> Callable[[Any], Any]:
    if is_record(kind):
        return _record_reader(kind)
    if kind is str:
        return _text_reader(MAX_LINE_LENGTH)
    return typing.cast("Callable[[Any], Any]", kind) if issubclass(kind, StrEnum) else _number_reader(kind)


def _record_reader(kind: Any) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(kind, include_extras=True)
    readers = [(name, _reader(hint)) for name, hint in hints.items()]
    names = {name for name, _ in readers}

    def record(data: Any) -> Any:
        if not isinstance(data, dict) or data.keys() != names:
            raise ValueError(f"not the fields of {kind.__name__}")
        return kind._make([read(data[name]) for name, read in readers])

    return record


def _tuple_reader(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def several(data: Any) -> Any:
        if not isinstance(data, list):
            raise ValueError(f"expected a list, got {type(data).__name__}")  # noqa: TRY004 - bad data
        return tuple(map(read, data))

    return several


def _text_reader(longest: int, keep: str | None = "") -> Callable[[Any], Any]:
    """Return the function that reads a text; ``keep`` are the controls that are not escaped, ``None`` all."""

    def text(data: Any) -> Any:
        if type(data) is str and len(data) <= longest and data.isprintable():
            return data
        _verbatim(data)
        if len(data) > longest:
            raise ValueError(
                f"a text of {len(data):,} characters, which begins {escape_controls(data[:40])!r}"
            )
        return data if keep is None else escape_controls(data, keep)

    return text


def _verbatim(data: Any) -> Any:
    if type(data) is not str:
        raise ValueError(f"expected str, got {type(data).__name__}")
    return data


def _word(data: Any) -> Any:
    if type(data) is not str or len(data) > MAX_WORD_LENGTH or not _WORD.fullmatch(data):
        raise ValueError(f"no word but {_WORD_TEXT(data)!r}")
    return data


def _number_reader(kind: Any) -> Callable[[Any], Any]:
    def number(data: Any) -> Any:
        if type(data) is not kind:
            raise ValueError(f"expected {kind.__name__}, got {type(data).__name__}")
        if not -NUMBER_LIMIT < data < NUMBER_LIMIT:
            raise ValueError("a number of more than 30 digits")
        return data

    return number


def _shape_reader(kind: Any) -> Callable[[Any], Any]:
    read = _reader(kind)

    def shape(data: Any) -> Any:
        if isinstance(data, list) and len(data) > MAX_AXES:
            raise ValueError(f"a shape of {len(data):,} axes")
        sizes = read(data)
        total = 1
        for size in sizes:
            total *= size or 1
        if not -NUMBER_LIMIT < total < NUMBER_LIMIT:
            raise ValueError("a shape of more than 30 digits of numbers")
        return sizes

    return shape


_WORD = re.compile(r"[\w.]*")
_WORD_TEXT = _text_reader(MAX_WORD_LENGTH)
_TEXT_READERS: dict[str, Callable[[Any], Any]] = {
    "lines": _text_reader(MAX_TEXT_LENGTH, "\t\n"),
    "word": _word,
    "path": _text_reader(MAX_PATH_LENGTH, None),
    "verbatim": _verbatim,
}
"""The readers of texts whose kind has a name."""
