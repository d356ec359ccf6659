"""The true text of a cell into its places, over which it may be wrapped."""

from __future__ import annotations

import re

from sphinx_kerasshape.audit.document import Cell
from sphinx_kerasshape.audit.verdict import Edit

_WORD = re.compile(r"\w+|\W")


def restated(cell: Cell, actual: str) -> tuple[Edit, ...]:
    """Return the edits that give a cell another text; none, if it can't have it in its place."""
    if cell.is_cut:
        return ()
    if len(cell.places) == 1:
        return (Edit(cell.places[0], actual, is_cell=True),)
    parts = _parts(cell)
    pairs = zip(cell.places, parts, _distributed(parts, actual), strict=False)
    return tuple(Edit(place, text, is_cell=True) for place, part, text in pairs if part != text)


def _parts(cell: Cell) -> list[str]:
    """Return what stands at each place of a cell; nothing, if that isn't clear."""
    parts, rest = [], cell.text
    for place in cell.places:
        length = place.end - place.start
        if len(rest) < length:
            return []
        parts.append(rest[:length])
        rest = rest[length:].lstrip(" ")
    return parts if not rest else []


def _distributed(parts: list[str], text: str) -> list[str]:
    """Return a text distributed over parts that have as many words and marks; nothing, if they haven't."""
    stated = [_WORD.findall(part) for part in parts]
    words = [word for word in _WORD.findall(text) if word.strip()]
    if sum(bool(word.strip()) for part in stated for word in part) != len(words):
        return []
    remaining = iter(words)
    return ["".join(next(remaining) if word.strip() else word for word in part) for part in stated]
