"""JSON that people read: one small item a line."""

from __future__ import annotations

from typing import Any

from sphinx_kerasshape.messages.codec import json_line

_WIDTH = 160
"""Characters of the longest line of several values; a weight, with path and shape, needs many."""


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
