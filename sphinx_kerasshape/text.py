"""Wording of messages: quoting, shortening and escaping what authors wrote, and "did you mean"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

# Characters that do something instead of showing something: controls, direction marks, line and
# paragraph separators, tags, lone surrogates, and what XML forbids. Few builds meet one, so the pattern is
# compiled when it is first used.
CONTROLS = (
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def escape_controls(text: str, keep: str = "") -> str:
    r"""Return a text with its control characters written as ``\x1b`` or ``\u202e``, except those to keep."""
    if text.isprintable():
        return text
    return re.sub(CONTROLS, lambda found: found[0] if found[0] in keep else _escaped(found[0]), text)


def truncated(text: str, length: int = 100) -> str:
    """Return the first characters of a text, with an ellipsis if there are more."""
    return text if len(text) <= length else f"{text[:length]}…"


def excerpt(text: str) -> str:
    """Return the beginning of a text, escaped, for a message that repeats it."""
    return escape_controls(truncated(text))


def quoted(value: object) -> str:
    """Return a text in quotes, or the ``repr`` of another value, shortened and escaped for a message."""
    if isinstance(value, str):
        return repr(truncated(value))
    try:
        return excerpt(repr(value))
    except Exception:  # such as that of a number with too many digits
        return f"this {type(value).__name__}"


def listed(texts: Sequence[str], most: int = 8) -> str:
    """Return the first texts, separated by commas, and how many more there are."""
    more = [f"and {len(texts) - most:,} more"] if len(texts) > most else []
    return ", ".join([*map(excerpt, texts[:most]), *more])


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 claim``, ``1,200 claims``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def hint(word: str, choices: Sequence[str], form: Callable[[str], str] = quoted, most: int = 30) -> str:
    """Return the end of a message about an unknown word: ``; did you mean 'output'?``, or all choices.

    ``form`` returns a choice as the author has to write it.
    """
    from difflib import get_close_matches  # slow to import, and rarely needed

    if close := get_close_matches(word, choices, n=1):
        return f"; did you mean {form(close[0])}?"
    forms = choices if form is quoted else [form(choice) for choice in choices]
    return f": choose from {listed(forms, most)}" if choices else ""


def _escaped(character: str) -> str:
    if character > "\x7f":
        return character.encode("ascii", "backslashreplace").decode()
    return repr(character)[1:-1]
