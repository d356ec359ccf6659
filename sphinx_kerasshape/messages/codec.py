"""Turns the values of this room into JSON, and back.

A record (a named tuple) is a JSON object of its fields, any other tuple a list. The author's
code, or whoever can change a cache or a lock, may have written what is decoded: layout,
types, numbers and characters are therefore checked; :mod:`.reading` checks that the values
of a report fit each other.
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

from sphinx_kerasshape.text import CONTROLS, escape_controls, quoted

Value = TypeVar("Value")
Lines = Annotated[str, "lines"]
"""Text of several lines; any other text of a record is a name, or one line."""
Word = Annotated[str, "word"]
"""Text that is one word, such as a dtype: a repaired page gets it in place of another word."""
FilePath = Annotated[str, "exact"]
"""A path, kept exactly so that its file is found; escape its control characters in messages."""
Verbatim = Annotated[str, "exact"]
"""Text that is kept exactly, such as code."""

MAX_LINE_LENGTH = 1_000
"""Characters of a name or another line; with megabytes, Sphinx would write at a page for hours."""
NUMBER_LIMIT = 10**30
"""Every number is below it, also the product of a shape; all existing models together are, too."""

# The author's code runs in the process that writes, and may have replaced json.dumps by then.
_write = json.JSONEncoder(separators=(",", ":")).encode
_SINGLE = {str, int, bool, float, type(None)}


def fingerprint(value: object) -> str:
    """Return the SHA-256 of a value's JSON, in hexadecimal digits."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()


def dumps(value: object) -> str:
    """Return a value as one line of JSON, the fields of records in the order of their definition."""
    return _write(encode(value))


def encode(value: Any) -> Any:
    """Return a value as lists, dicts, strings and numbers."""
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


def compact(value: Any) -> Any:
    """Return a value as plain data, without the fields that have their default."""
    if is_record(type(value)):
        defaults = value._field_defaults
        values = value._asdict().items()
        return {
            name: compact(item) for name, item in values if name not in defaults or item != defaults[name]
        }
    if isinstance(value, (tuple, list)):
        return [compact(item) for item in value]
    return value


def decode(kind: type[Value], data: object) -> Value:
    """Return the value of a kind that plain data describes, the inverse of :func:`encode`.

    Fields that are missing have their default. Control characters become visible escapes, except in
    exact text. Raises ``ValueError`` for data of any other layout.
    """
    return typing.cast("Value", _reader(typing.cast("Any", kind))(data))


def json_line(value: object) -> str:
    r"""Return one line of JSON for people to read: only control characters are escaped, as ``\u202e``."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else re.sub(CONTROLS, lambda found: json.dumps(found[0])[1:-1], text)


def is_record(kind: Any) -> bool:
    """Whether a type is a record."""
    return hasattr(kind, "_fields")


@functools.cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return the function that decodes a kind; made once, since reports have thousands of records."""
    origin, members = typing.get_origin(kind), typing.get_args(kind)
    if origin is None:
        return _plain_reader(kind)
    if origin is Annotated:
        return _shape_reader(members[0]) if members[1] == "shape" else _TEXT_READERS[members[1]]
    if origin in (Union, types.UnionType):
        (inner,) = (member for member in members if member is not type(None))
        return lambda data: None if data is None else _reader(inner)(data)
    assert origin is tuple
    return _tuple_reader(members[0])


def _plain_reader(kind: Any) -> Callable[[Any], Any]:
    if is_record(kind):
        return _record_reader(kind)
    if kind is str:
        return _line
    return typing.cast("Callable[[Any], Any]", kind) if issubclass(kind, StrEnum) else _number_reader(kind)


def _record_reader(kind: Any) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(kind, include_extras=True)
    readers = {name: _reader(hint) for name, hint in hints.items()}
    names, required = readers.keys(), readers.keys() - kind._field_defaults.keys()

    def record(data: Any) -> Any:
        if isinstance(data, dict):
            if data.keys() == names:
                return kind._make([read(data[name]) for name, read in readers.items()])
            if required <= data.keys() <= names:
                return kind(**{name: readers[name](item) for name, item in data.items()})
        raise ValueError(f"expected the fields of {kind.__name__}")

    return record


def _tuple_reader(kind: Any) -> Callable[[Any], Any]:
    def items(data: Any) -> Any:
        if not isinstance(data, list):
            raise ValueError(f"expected a list, got {type(data).__name__}")  # noqa: TRY004 - bad data
        # Most reports have no values of most kinds, and a reader of records takes time to make.
        return tuple(map(_reader(kind), data)) if data else ()

    return items


def _exact(data: Any) -> str:
    if not isinstance(data, str):
        raise ValueError(f"expected str, got {type(data).__name__}")  # noqa: TRY004 - bad data
    return data


def _line(data: Any) -> str:
    if type(data) is str and len(data) <= MAX_LINE_LENGTH and data.isprintable():
        return data  # nearly every text of a report
    if len(_exact(data)) > MAX_LINE_LENGTH:
        raise ValueError(f"a text of {len(data):,} characters, which begins {escape_controls(data[:40])!r}")
    return escape_controls(data)


def _lines(data: Any) -> str:
    return escape_controls(_exact(data), "\t\n")


def _word(data: Any) -> str:
    if not isinstance(data, str) or not _WORD.fullmatch(data):
        raise ValueError(f"expected one word, got {quoted(data)}")
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
        sizes = read(data)
        total = 1
        for size in sizes:
            total *= size or 1
            if not -NUMBER_LIMIT < total < NUMBER_LIMIT:
                raise ValueError("a shape whose sizes multiply to more than 30 digits")
        return sizes

    return shape


_WORD = re.compile(r"[\w.]*")
_TEXT_READERS: dict[str, Callable[[Any], Any]] = {"lines": _lines, "word": _word, "exact": _exact}
"""The functions that decode texts whose kind has a name."""
