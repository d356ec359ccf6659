"""Checks of values in ``conf.py``: each as the code reads it, or what is wrong with it."""

import re
from typing import Any, Literal, NamedTuple

from sphinx_kerasshape.text import quoted

Rebuild = Literal["", "env", "html"]


class Setting(NamedTuple):
    """The declaration of a setting, besides its type and default."""

    help: str
    rebuild: Rebuild = ""
    """What Sphinx does again when the value changes."""
    choices: tuple[str, ...] = ()
    """The texts that it may be, or that a list may have."""
    least: int = 0
    most: int = 0
    form: tuple[str, str] = ("", "")
    """The pattern that a text must match, and its name."""
    unusable: Any = None
    """What an unusable value counts as, if that is not the default."""


class Unusable(Exception):
    """A value that can't be used; the message is what follows the setting's name."""


def usable(value: Any, default: Any, setting: Setting) -> Any:
    """Return a value in the type of its default. Raises :class:`Unusable`."""
    if default is None and value is None:
        return None
    if isinstance(default, (bool, type(None))):
        return _switch(value)
    if isinstance(default, int):
        return _number(value, setting.least, setting.most)
    if isinstance(default, str):
        return _text(value, setting, "must be")
    if not isinstance(value, (list, tuple)):
        raise Unusable(f"must be a list of strings, not {quoted(value)}")
    for item in value:
        if not isinstance(item, str):
            raise Unusable(f"must be a list of strings, but contains {quoted(item)}")
    return tuple(_text(item, setting, "can only have") for item in value)


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


def _text(value: Any, setting: Setting, must: str) -> str:
    if not isinstance(value, str):
        raise Unusable(f"must be a string, not {quoted(value)}")
    # No path, variable or line of JSON can have NUL, or half of a surrogate pair.
    for character in value:
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise Unusable(f"can't have the character {character!r}, as in {quoted(value)}")
    choices, (pattern, form) = setting.choices, setting.form
    if choices and value not in choices:
        *others, last = map(quoted, choices)
        raise Unusable(f"{must} {', '.join(others)} or {last}, not {quoted(value)}")
    if not re.match(pattern, value, re.DOTALL):
        raise Unusable(f"{must} {form}, not {quoted(value)}")
    return value
