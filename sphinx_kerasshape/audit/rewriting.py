"""True values into documents, in the style and the columns of what they replace."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sphinx_kerasshape import files
from sphinx_kerasshape.audit.document import Document, Place
from sphinx_kerasshape.audit.rewrite import rewrite
from sphinx_kerasshape.audit.verdict import Edit

_BARS = "│┃"
_IS_COUNT = re.compile(r"[\d,]+")


def mended(document: Document, edits: Iterable[Edit], data: bytes) -> bytes:
    """Return the bytes of a document with some edits; all else stays byte for byte.

    Raises :class:`.rewrite.Unwritable`.
    """
    by_text: dict[int, list[Edit]] = {}
    for edit in dict.fromkeys(edits):
        by_text.setdefault(edit.place.text, []).append(edit)
    changes = [
        change
        for number, some in by_text.items()
        for change in _lines(number, document.texts[number].text, edited(document.texts[number].text, some))
    ]
    return rewrite(document, changes, data)


def _lines(number: int, old: str, new: str) -> Iterator[tuple[Place, str]]:
    """Yield the lines of a text that differ; edits never change how many there are."""
    start = 0
    for before, after in zip(old.split("\n"), new.split("\n"), strict=True):
        if before != after:
            yield Place(number, start, start + len(before)), after
        start += len(before) + 1


def edited(text: str, edits: Sequence[Edit]) -> str:
    """Return a text with some edits; tables keep their columns."""
    for edit in sorted(edits, key=lambda edit: edit.place.start, reverse=True):
        start, end = edit.place.start, edit.place.end
        new = edit.text
        if edit.is_cell:
            new, start, end = _fitted(text, start, end, new)
        text = text[:start] + new + text[end:]
    return text


def _fitted(text: str, start: int, end: int, new: str) -> tuple[str, int, int]:
    """Return a replacement that keeps a column's width, and what it replaces.

    What stands at the right edge of a column stays there; what is followed by blanks takes some of them.
    """
    if text[end : end + 1] == ")":  # the type of a layer is a part of its cell
        new, end = f"{new})", end + 1
    more = len(new) - (end - start)
    before = len(text[:start]) - len(text[:start].rstrip(" "))
    after = len(text[end:]) - len(text[end:].lstrip(" "))
    following = text[end + after : end + after + 1]
    if following in ("\n", "\r", ""):
        return new + " " * min(after, 1) * -more, start, end + min(max(more, 0), after)
    if before and after <= 1 and (before > 1 or (following in _BARS and _IS_COUNT.fullmatch(new))):
        return (" " * -more + new, start, end) if more < 0 else (new, start - min(more, before - 1), end)
    return (new + " " * -more, start, end) if more < 0 else (new, start, end + min(more, max(0, after - 1)))


def diff(path: str, old: bytes, new: bytes) -> str:
    """Return a unified diff of a document."""
    before, after = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (old, new))
    return "".join(difflib.unified_diff(before, after, fromfile=path, tofile=path))


def write(path: str, old: bytes, new: bytes) -> None:
    """Write a document. Raises ``OSError``, also if it has changed since it was read."""
    if files.read_bytes(path) != old:
        raise OSError("it has changed in the meantime")
    files.write_atomically(Path(path), new)
