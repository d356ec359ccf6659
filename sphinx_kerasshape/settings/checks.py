"""Checks of values in ``conf.py``: each as the code reads it, or what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sphinx_kerasshape.text import quoted


class Unusable(Exception):
    """A value that can't be used; the message is what follows the setting's name."""


def usable(value: Any, default: Any, limits: Mapping[str, Any]) -> Any:
    """Return a value in the type of its default. Raises :class:`Unusable`.

    ``limits`` has ``least`` and ``most`` for numbers; for texts ``choices``, and ``form``: the
    pattern that a text must match, and its name.
    """
    if isinstance(default, bool):
        return _switch(value)
    if isinstance(default, int):
        return _number(value, limits["least"], limits["most"])
    if isinstance(default, str):
        return _text(value, limits, "must be")
    if not isinstance(value, (list, tuple)):
        raise Unusable(f"must be a list of strings, not {quoted(value)}")
    for item in value:
        if not isinstance(item, str):
            raise Unusable(f"must be a list of strings, but contains {quoted(item)}")
    return tuple(_text(item, limits, "can only have") for item in value)


def _switch(value: Any) -> bool:
    # Sphinx takes 0 and 1 for its own settings, and gives us texts of the command line as they are.
    if isinstance(value, (bool, int, str)) and value in (False, True, "0", "1"):
        return bool(int(value))
    raise Unusable(f"must be True or False, not {quoted(value)}")


def _number(value: Any, least: int, most: int) -> int:
    if type(value) is not int:
        raise Unusable(f"must be a whole number, not {quoted(value)}")
    if value < least:
        raise Unusable(f"must be at least {least}, not {quoted(value)}")
    if value > most:
        raise Unusable(f"must be at most {most}, not {quoted(value)}")
    return value


def _text(value: Any, limits: Mapping[str, Any], must: str) -> str:
    if not isinstance(value, str):
        raise Unusable(f"must be a string, not {quoted(value)}")
    # No path, variable or line of JSON can have NUL, or half of a surrogate pair.
    for character in value:
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise Unusable(f"can't have the character {character!r}, as in {quoted(value)}")
    choices, (pattern, form) = limits["choices"], limits["form"]
    if choices and value not in choices:
        *others, last = map(quoted, choices)
        raise Unusable(f"{must} {', '.join(others)} or {last}, not {quoted(value)}")
    if not re.match(pattern, value, re.DOTALL):
        raise Unusable(f"{must} {form}, not {quoted(value)}")
    return value
