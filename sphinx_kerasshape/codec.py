"""Values of :mod:`.messages` to JSON, and back. The standard library only, as there.

A record (a named tuple) is a JSON object of its fields, any other tuple a list. What is
read was written by others: by the author's code, or by whoever can change a cache or a
lock. So it has its types, sizes and characters checked before anything believes it. A
record that has a method ``check`` says itself whether its fields fit each other.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import types
import typing
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar, Union

Value = TypeVar("Value")
Lines = Annotated[str, "lines"]
"""Text of several lines; any other text of a record is a name, or one line."""
Word = Annotated[str, "word"]
"""Text that is one word, as a dtype is; a page can have it in the place of another word."""
FilePath = Annotated[str, "path"]
"""A path, which stays exact so that its file is found; to be made :func:`inert` where it is shown."""

LONGEST = 1_000
"""Characters of a text that is one line."""
LONGEST_LINES = 1 << 20
"""Characters of a text of several lines."""
_LONGEST_WORD = 60
_LONGEST_PATH = 1 << 15
_MOST_AXES = 64
"""Axes of a shape; NumPy has no more."""
MOST = 1 << 23
"""Values in a text of JSON, nearly; an answer about 5,000 layers has some 400,000."""
LARGEST = 10**30
"""What every number is below; parameters of all models there are fit many times."""

# Characters that act instead of being shown: controls, marks of direction, line and paragraph
# separators, tags, halves of pairs, and what XML forbids.
_ACTIVE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
# What the author's code writes with: it may have changed what json.dumps is by then.
_write = json.JSONEncoder(separators=(",", ":")).encode
_SINGLE = {str, int, bool, float, type(None)}


def fingerprint(value: object) -> str:
    """Return the SHA-256 of a value's JSON, in hexadecimal digits."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()


def dumps(value: object) -> str:
    """Write a value as one line of JSON, its keys in a fixed order."""
    return _write(plain(value))


def loads(data: bytes | bytearray) -> Any:
    """Read JSON that others have written.

    Raises ``ValueError``, also where there are too many values, and ``RecursionError``.
    """
    if data.count(b",") + data.count(b"[") + data.count(b"{") > MOST:
        raise ValueError(f"more than {MOST:,} values")
    return json.loads(data)


def plain(value: Any) -> Any:
    """Turn a value into lists, dicts, strings and numbers."""
    kind: Any = type(value)
    if kind in _SINGLE:
        return value
    if is_record(kind):
        return {name: plain(item) for name, item in zip(kind._fields, value, strict=True)}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def build(kind: type[Value], data: object, *, exact: bool = False) -> Value:
    """Make a value of ``kind`` from plain data, the inverse of :func:`plain`.

    Characters that act instead of being shown become visible escapes (:func:`inert`), unless the
    text must stay ``exact``, as code must. Raises ``ValueError`` for data of any other layout,
    whatever it is.
    """
    return typing.cast("Value", _reader(typing.cast("Any", kind), exact)(data))


def inert(text: str, keep: str = "") -> str:
    r"""Write characters that act instead of being shown as ``\x1b`` or ``\u202e``; not those to keep."""
    if text.isprintable():
        return text
    return _ACTIVE.sub(lambda found: found[0] if found[0] in keep else _escaped(found[0]), text)


def shortened(text: str, longest: int = 100) -> str:
    """Return what a message has of a text that others made as long as they like."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def listed(texts: Sequence[str], most: int = 8) -> str:
    """Write texts of others in a message: the first ones, and how many there are besides."""
    more = [f"and {len(texts) - most:,} more"] if len(texts) > most else []
    return ", ".join([*(inert(shortened(text)) for text in texts[:most]), *more])


def json_line(value: object) -> str:
    r"""Write JSON for people to read: as it is, but for characters that act, which become ``\u202e``."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else _ACTIVE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _escaped(character: str) -> str:
    return (
        character.encode("ascii", "backslashreplace").decode()
        if character > "\x7f"
        else repr(character)[1:-1]
    )


def is_record(kind: Any) -> bool:
    """Whether a type is one of records."""
    return hasattr(kind, "_fields")


@functools.cache
def _reader(kind: Any, exact: bool) -> Callable[[Any], Any]:
    """Return what reads a kind, put together once: answers have thousands of records."""
    if is_record(kind):
        return _record_reader(kind, exact)
    origin, members = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        return _ANNOTATED[members[1]](members[0], exact)
    if origin in (Union, types.UnionType):
        (inner,) = (_reader(member, exact) for member in members if member is not type(None))
        return lambda data: None if data is None else inner(data)
    if origin is tuple:
        return _tuple_reader(_reader(members[0], exact))
    if kind is str:
        return _text_reader(LONGEST, "", exact)
    return _number_reader(kind, exact)


def _record_reader(kind: Any, exact: bool) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(kind, include_extras=True)
    readers = [(name, _reader(hint, exact)) for name, hint in hints.items()]
    names = {name for name, _ in readers}
    check = None if exact else getattr(kind, "check", None)

    def record(data: Any) -> Any:
        if not isinstance(data, dict) or data.keys() != names:
            raise ValueError(f"not the fields of {kind.__name__}")
        value = kind._make([read(data[name]) for name, read in readers])
        if check is not None:
            check(value)
        return value

    return record


def _tuple_reader(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def several(data: Any) -> Any:
        if not isinstance(data, list):
            raise ValueError(f"expected a list, got {type(data).__name__}")  # noqa: TRY004 - bad data
        return tuple(map(read, data))

    return several


def _text_reader(longest: int, keep: str | None, exact: bool) -> Callable[[Any], Any]:
    """Return what reads a text; ``keep`` are the characters that stay as they are, ``None`` all."""

    def text(data: Any) -> Any:
        if type(data) is not str:
            raise ValueError(f"expected str, got {type(data).__name__}")
        if exact:
            return data
        if len(data) > longest:
            raise ValueError(f"a text of {len(data):,} characters, which begins {inert(data[:40])!r}")
        return data if keep is None else inert(data, keep)

    return text


def _word_reader(exact: bool) -> Callable[[Any], Any]:
    read = _text_reader(_LONGEST_WORD, "", exact)

    def word(data: Any) -> Any:
        text = read(data)
        if not exact and not re.fullmatch(r"[\w.]*", text):
            raise ValueError(f"no word but {text!r}")
        return text

    return word


def _number_reader(kind: Any, exact: bool) -> Callable[[Any], Any]:
    def number(data: Any) -> Any:
        if type(data) is not kind:
            raise ValueError(f"expected {kind.__name__}, got {type(data).__name__}")
        if not exact and not -LARGEST < data < LARGEST:
            raise ValueError("a number of more than 30 digits")
        return data

    return number


def _shape_reader(kind: Any, exact: bool) -> Callable[[Any], Any]:
    read = _reader(kind, exact)

    def shape(data: Any) -> Any:
        if not exact and isinstance(data, list) and len(data) > _MOST_AXES:
            raise ValueError(f"a shape of {len(data):,} axes")
        sizes = read(data)
        total = 1
        for size in sizes:
            total *= size or 1
        if not exact and not -LARGEST < total < LARGEST:
            raise ValueError("a shape of more than 30 digits of numbers")
        return sizes

    return shape


_ANNOTATED: dict[str, Callable[[Any, bool], Callable[[Any], Any]]] = {
    "lines": lambda _, exact: _text_reader(LONGEST_LINES, "\t\n", exact),
    "word": lambda _, exact: _word_reader(exact),
    "path": lambda _, exact: _text_reader(_LONGEST_PATH, None, exact),
    "shape": _shape_reader,
}
"""What reads the kinds that have a name of their own here; chosen by whether it is ``exact``."""
