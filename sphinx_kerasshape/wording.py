"""How messages speak of what an author wrote. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def hint(word: str, known: Sequence[str]) -> str:
    """Say what could have been meant by a word that is not known, or what is known."""
    from difflib import get_close_matches  # slow to import, and rarely needed

    close = get_close_matches(word, known, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are {', '.join(map(repr, known[:8]))}" if known else ""
