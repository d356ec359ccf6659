"""JSON that people read: records without their default values, one small item a line."""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable
from typing import Any

from sphinx_kerasshape.messages.codec import encode, is_record, json_line

_WIDTH = 160
"""Characters of the longest line of several values; a weight, with path and shape, needs many."""


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


def complete(kind: Any, data: Any) -> Any:
    """Return plain data of a kind with the defaults put back; data of another layout stays as it is."""
    completer = _completer(kind)
    return data if completer is None else completer(data)


def pretty(value: Any, indent: str = "") -> str:
    """Return JSON: a flat value on one line, if it fits; else one item a line."""
    flat = json_line(value)
    if not isinstance(value, (dict, list)) or not value:
        return flat
    if _is_simple(value) and len(indent + flat) <= _WIDTH:
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        keys = {json_line(key): item for key, item in value.items()}
        items = [f"{inner}{key}: {pretty(item, inner)}" for key, item in keys.items()]
    else:
        items = [inner + pretty(item, inner) for item in value]
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return f"{opening}\n" + ",\n".join(items) + f"\n{indent}{closing}"


def _is_simple(value: dict[str, Any] | list[Any]) -> bool:
    """Whether a value is flat: it has single values and lists of these only, or one such item."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return _is_simple(value[0])
    for item in value.values() if isinstance(value, dict) else value:
        inner = item if isinstance(item, list) else []
        if isinstance(item, dict) or any(isinstance(member, (dict, list)) for member in inner):
            return False
    return True


@functools.cache
def _completer(kind: Any) -> Callable[[Any], Any] | None:
    """Return the function that puts defaults back into data of a kind; ``None`` if there are none."""
    if is_record(kind):
        return _record_completer(kind)
    members = [member for member in typing.get_args(kind) if member not in (type(None), ...)]
    inner = _completer(members[0]) if members else None
    if inner is None:
        return None
    if typing.get_origin(kind) is tuple:
        return lambda data: [inner(item) for item in data] if isinstance(data, list) else data
    return inner


def _record_completer(kind: Any) -> Callable[[Any], Any]:
    defaults = encode(kind._field_defaults)
    completers = {
        name: inner for name, hint in typing.get_type_hints(kind).items() if (inner := _completer(hint))
    }

    def completed(data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        whole = {**defaults, **data}
        for name, completer in completers.items():
            if name in data:
                whole[name] = completer(data[name])
        return whole

    return completed
