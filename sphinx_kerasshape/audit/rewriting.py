"""True values into documents, in the style and the columns of what they replace."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from html import escape
from pathlib import Path

from sphinx_kerasshape import files
from sphinx_kerasshape.audit.document import Document, Place, Text
from sphinx_kerasshape.audit.lines import Line, differs, joined, shown
from sphinx_kerasshape.audit.rewrite import rewrite
from sphinx_kerasshape.audit.verdict import Edit

_BARS = "│┃"
_WORD = re.compile(r"\w+|\W")
_IS_COUNT = re.compile(r"[\d,]+")


def mended(document: Document, edits: Iterable[Edit], data: bytes) -> bytes:
    """Return the bytes of a document with some edits; all else stays byte for byte.

    What an output says as HTML too is edited there as well. Raises :class:`.rewrite.Unwritable`.
    """
    by_text: dict[int, list[Edit]] = {}
    for edit in dict.fromkeys(edits):
        by_text.setdefault(edit.place.text, []).append(edit)
    changes = [change for number, some in by_text.items() for change in _changes(document, number, some)]
    return rewrite(document, changes, data)


def _changes(document: Document, number: int, edits: Sequence[Edit]) -> Iterator[tuple[Place, str]]:
    """Yield the changes of a text, and of its other form, whose readers see the same."""
    lines = shown(document.texts[number], number)
    at = [place for line in lines for place in line.at]
    seen = [
        edit._replace(place=Place(number, bisect_left(at, edit.place.start), bisect_left(at, edit.place.end)))
        for edit in edits
    ]
    new = edited(joined(lines), seen).split("\n")  # edits never change how many lines there are
    after = [text for line, text in zip(lines, new, strict=True) if line.text.strip()]
    for other, form in enumerate(document.texts):
        is_twin = form.output is not None and form[1:3] == document.texts[number][1:3]
        if other == number or is_twin:
            same = lines if other == number else shown(form, other)
            if not differs(lines, same):
                yield from _of_form(form, same, after)


def _of_form(form: Text, lines: Sequence[Line], new: Sequence[str]) -> Iterator[tuple[Place, str]]:
    """Yield the changes of lines that differ; markup stays around what it marks."""
    for line, after in zip((line for line in lines if line.text.strip()), new, strict=True):
        words, others = _WORD.findall(line.text), _WORD.findall(after)
        offset = 0
        starts = [0, *(offset := offset + len(word) for word in words)]
        for kind, start, end, first, last in SequenceMatcher(None, words, others, False).get_opcodes():
            if kind != "equal":
                text = "".join(others[first:last])
                text = escape(text, quote=False) if form.is_html else text
                yield from _in_line(line, starts[start], starts[end], text)


def _in_line(line: Line, start: int, end: int, new: str) -> Iterator[tuple[Place, str]]:
    """Yield the changes that replace some characters of a line, which markup may stand between."""
    if start == end:
        yield Place(line.source, line.at[start], line.at[start]), new
    while start < end:
        stop = start + 1
        while stop < end and line.at[stop] == line.at[stop - 1] + 1:
            stop += 1
        yield line.place(start, stop), new
        start, new = stop, ""


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
