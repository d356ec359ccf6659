"""Values of ``conf.py``, which may be anything: each as the code reads it, or what is wrong with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from reprlib import Repr
from typing import Any

# No file, variable or line of JSON can have these: NUL, and halves of pairs.
_UNFIT = re.compile("[\0\ud800-\udfff]")
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 80


class Unusable(Exception):
    """A value that can't be used; the message says why, as what follows the setting's name."""


def usable(value: Any, default: Any, limits: Mapping[str, Any]) -> Any:
    """Return a value, of the default's type. Raises :class:`Unusable`.

    ``limits`` may have ``least`` and ``most``, which are characters for a text, ``choices`` for texts,
    and ``form``: what a text must match, and how that is called.
    """
    if isinstance(default, bool):
        return _switch(value)
    if isinstance(default, int):
        return _number(value, limits)
    if isinstance(default, str):
        return _text(value, limits, "must be")
    if not isinstance(value, (list, tuple)):
        raise Unusable(f"must be a list of strings, not {shown(value)}")
    for item in value:
        if not isinstance(item, str):
            raise Unusable(f"must be a list of strings, not of {shown(item)}")
    return tuple(_text(item, limits, "can have") for item in value)


def shown(value: Any) -> str:
    """Return how a value is shown, shortened: it may be endless, or unable to say what it is."""
    try:
        # Without its place in memory, which is another one in every build.
        return re.sub(" at 0x[0-9a-f]+", "", _SHORT.repr(value))
    except Exception:  # such as that of a number with too many digits
        return f"this {type(value).__name__}"


def guess(word: str, known: Sequence[str]) -> str:
    """Return the known word that may have been meant; empty if there is none."""
    from difflib import get_close_matches  # slow to import, and rarely needed

    return next(iter(get_close_matches(word, known, n=1)), "")


def _switch(value: Any) -> bool:
    # Sphinx takes 0 and 1 for its own, and gives us texts from the command line as they are.
    if type(value) in (bool, int, str) and value in (False, True, "0", "1"):
        return bool(int(value))
    raise Unusable(f"must be True or False, not {shown(value)}")


def _number(value: Any, limits: Mapping[str, Any]) -> int:
    if type(value) is not int:
        raise Unusable(f"must be a whole number, not {shown(value)}")
    if value < limits["least"]:
        raise Unusable(f"must be at least {limits['least']}, not {shown(value)}")
    if value > limits["most"]:
        raise Unusable(f"must be at most {limits['most']}, not {shown(value)}")
    return value


def _text(value: Any, limits: Mapping[str, Any], must: str) -> str:
    if not isinstance(value, str):
        raise Unusable(f"must be a string, not {shown(value)}")
    unfit = _UNFIT.search(value)
    if unfit:
        raise Unusable(f"can't have the character {unfit[0]!r}, as in {shown(value)}")
    if limits["most"] is not None and len(value) > limits["most"]:
        raise Unusable(f"can't have more than {limits['most']} characters, as in {shown(value)}")
    choices, (pattern, called) = limits["choices"], limits["form"]
    if choices and value not in choices:
        raise Unusable(f"{must} {', '.join(choices)}, not {shown(value)}")
    if not re.match(pattern, value, re.DOTALL):
        raise Unusable(f"{must} {called}, not {shown(value)}")
    return str.__str__(value)
