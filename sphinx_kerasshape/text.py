"""Wording of messages: quoting, shortening and escaping what authors wrote, and "did you mean"."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Characters that act instead of being shown: controls, marks of direction, line and paragraph
# separators, tags, halves of pairs, and what XML forbids.
ACTIVE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def escape_controls(text: str, keep: str = "") -> str:
    r"""Write characters that act instead of being shown as ``\x1b`` or ``\u202e``; ``keep`` stay."""
    if text.isprintable():
        return text
    return ACTIVE.sub(lambda found: found[0] if found[0] in keep else _escaped(found[0]), text)


def truncated(text: str, longest: int = 100) -> str:
    """Return at most ``longest`` characters of a text, with an ellipsis where some are missing."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def excerpt(text: str) -> str:
    """Return the beginning of a text, escaped, for a message that repeats it."""
    return escape_controls(truncated(text))


def quoted(value: object) -> str:
    """Return a text in quotes, or the ``repr`` of another value, shortened and escaped for a message."""
    if not isinstance(value, str):
        return excerpt(repr(value))
    return repr(truncated(value))


def listed(texts: Sequence[str], most: int = 8) -> str:
    """Return the first texts, separated by commas, and how many more there are."""
    more = [f"and {len(texts) - most:,} more"] if len(texts) > most else []
    return ", ".join([*map(excerpt, texts[:most]), *more])


def closest(word: str, known: Sequence[str]) -> str:
    """Return the known word that is most like ``word``; empty where none is close."""
    from difflib import get_close_matches  # slow to import, and rarely needed

    return next(iter(get_close_matches(word, known, n=1)), "")


def hint(word: str, known: Sequence[str]) -> str:
    """Return the end of a message about an unknown word: what was probably meant, or what there is."""
    close = closest(word, known)
    if close:
        return f"; did you mean {quoted(close)}?"
    return f"; there are {', '.join(map(quoted, known[:8]))}" if known else ""


def _escaped(character: str) -> str:
    if character > "\x7f":
        return character.encode("ascii", "backslashreplace").decode()
    return repr(character)[1:-1]
