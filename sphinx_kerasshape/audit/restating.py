"""The true text of a cell into its places, over which it may be wrapped."""

from __future__ import annotations

import re

from sphinx_kerasshape.audit.document import Cell
from sphinx_kerasshape.audit.verdict import Edit

_TOKEN = re.compile(r"\w+|\W")


def restated(cell: Cell, actual: str) -> tuple[Edit, ...]:
    """Return the edits that give a cell another text; none, if it can't have it in its place."""
    if cell.is_cut:
        return ()
    if len(cell.places) == 1:
        return (Edit(cell.places[0], actual),)
    parts = _parts(cell)
    texts = _distributed(parts, _TOKEN.findall(actual)) if parts else []
    pairs = zip(cell.places, parts, texts, strict=False)
    return tuple(Edit(place, text) for place, part, text in pairs if part != text)


def _parts(cell: Cell) -> list[str]:
    """Return what stands at each place of a cell; nothing, if that isn't clear."""
    parts, rest = [], cell.text
    for place in cell.places:
        length = place.end - place.start
        parts.append(rest[:length])
        rest = rest[length:].lstrip(" ")
    return (
        []
        if rest or any(len(part) != one.end - one.start for part, one in zip(parts, cell.places, strict=True))
        else parts
    )


def _distributed(parts: list[str], tokens: list[str]) -> list[str]:
    """Return tokens as the texts of parts that have as many; nothing, if they haven't."""
    stated = [_TOKEN.findall(part) for part in parts]
    tokens = [token for token in tokens if token != " "]
    if sum(token != " " for some in stated for token in some) != len(tokens):
        return []
    remaining = iter(tokens)
    return ["".join(token if token == " " else next(remaining) for token in some) for some in stated]
