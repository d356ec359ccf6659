"""How messages speak of what an author wrote. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sphinx_kerasshape.codec import inert, shortened


def brief(text: str) -> str:
    """Return a text as a message repeats it: its beginning, and no characters that act."""
    return inert(shortened(text))


def said(text: object) -> str:
    """Return a text, or another value, in quotes as a message repeats it."""
    if not isinstance(text, str):
        return brief(repr(text))
    return repr(shortened(text))


def hint(word: str, known: Sequence[str]) -> str:
    """Say what could have been meant by a word that is not known, or what is known."""
    from difflib import get_close_matches  # slow to import, and rarely needed

    close = get_close_matches(word, known, n=1)
    if close:
        return f"; did you mean {said(close[0])}?"
    return f"; there are {', '.join(map(said, known[:8]))}" if known else ""
