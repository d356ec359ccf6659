"""Values of :mod:`.messages` to JSON, and back. The standard library only, as there.

A record (a named tuple) is a JSON object of its fields, any other tuple a list.
"""

from __future__ import annotations

import functools
import hashlib
import json
import types
import typing
from collections.abc import Callable
from typing import Any, TypeVar, Union

Value = TypeVar("Value")
_SINGLE = {str, int, bool, float, type(None)}


def fingerprint(value: object) -> str:
    """Return the SHA-256 of a value's JSON, in hexadecimal digits."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()


def dumps(value: object) -> str:
    """Write a value as one line of JSON, its keys in a fixed order."""
    return json.dumps(plain(value), separators=(",", ":"))


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


def build(kind: type[Value], data: object) -> Value:
    """Make a value of ``kind`` from plain data, the inverse of :func:`plain`.

    Raises ``ValueError`` for data of any other layout, whatever it is.
    """
    return typing.cast("Value", _reader(typing.cast("Any", kind))(data))


def is_record(kind: Any) -> bool:
    """Whether a type is one of records."""
    return hasattr(kind, "_fields")


@functools.cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return what reads a kind, put together once: answers have thousands of records."""
    if is_record(kind):
        return _record_reader(kind)
    origin, members = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, types.UnionType):
        (inner,) = (_reader(member) for member in members if member is not type(None))
        return lambda data: None if data is None else inner(data)
    if origin is tuple:
        return _tuple_reader(_reader(members[0]))

    def single(data: Any) -> Any:
        if type(data) is not kind:
            raise ValueError(f"expected {kind.__name__}, got {type(data).__name__}")
        return data

    return single


def _record_reader(kind: Any) -> Callable[[Any], Any]:
    readers = [(name, _reader(hint)) for name, hint in typing.get_type_hints(kind).items()]
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
