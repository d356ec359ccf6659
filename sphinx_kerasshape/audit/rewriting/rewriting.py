"""True values into documents, in the style and the columns of what they replace."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from html import escape
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from sphinx_kerasshape import files
from sphinx_kerasshape.audit.document import Document, Place, Text
from sphinx_kerasshape.audit.lines import Line, differs, joined, shown
from sphinx_kerasshape.audit.rewriting.rewrite import Unwritable, rewrite
from sphinx_kerasshape.audit.verdict import Edit, RowEdit

_BARS = "│┃"
_WORD = re.compile(r"\w+|\W")
_LINE_END = re.compile(r"\r\n|\r|\n")
_WHOLE_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_NO_END = "\n\\ No newline at end of file\n"
_IS_COUNT = re.compile(r"[\d,]+")


def mended(document: Document, edits: Iterable[Edit | RowEdit], data: bytes) -> bytes:
    """Return the bytes of a document with some edits; all else stays byte for byte.

    What an output says as HTML too is edited there as well. Raises :class:`.rewrite.Unwritable`.
    """
    return rewrite(document, changes(document, edits), data)


def changes(document: Document, edits: Iterable[Edit | RowEdit]) -> Iterator[tuple[Place, str]]:
    """Yield what is written where, so that a document has some edits: words of lines, and whole lines."""
    by_text: dict[int, list[Edit | RowEdit]] = {}
    for edit in dict.fromkeys(edits):
        by_text.setdefault(edit.place.text, []).append(edit)
    for number, some in by_text.items():
        yield from _changes(document, number, some)


def is_writable(document: Document, edits: Iterable[Edit | RowEdit]) -> bool:
    """Whether all rows that are inserted have room in the columns of their table."""
    rows = [edit for edit in edits if isinstance(edit, RowEdit) and edit.like is not None]
    shown_ = {number: _Shown(document, number) for number in {row.place.text for row in rows}}
    return all(shown_[row.place.text].copy(row) is not None for row in rows)


class _Shown:
    """A text as readers see it."""

    def __init__(self, document: Document, number: int) -> None:
        self._number = number
        self.lines = shown(document.texts[number], number)
        self._at = [place for line in self.lines for place in line.at]
        self._starts = list(accumulate((len(line.text) + 1 for line in self.lines), initial=0))

    def seen(self, edit: Edit) -> Edit:
        """Return an edit of what readers see."""
        start, end = (bisect_left(self._at, offset) for offset in (edit.place.start, edit.place.end))
        return edit._replace(place=Place(self._number, start, end))

    def rows(self, place: Place) -> range:
        """Return the numbers of the lines that a place is on."""
        start, end = bisect_left(self._at, place.start), bisect_left(self._at, place.end)
        return range(bisect_right(self._starts, start) - 1, bisect_left(self._starts, end))

    def gap(self, edit: RowEdit) -> range:
        """Return the lines between two rows."""
        first, second = map(self.rows, edit.gap)
        return range(first.stop, second.start)

    def copy(self, edit: RowEdit) -> list[tuple[int, str]] | None:
        """Return the lines of a new row, each with the line that it is like; ``None`` without room for it."""
        assert edit.like is not None
        rows = self.rows(edit.like)
        if not edit.cells:
            return [(row, self.lines[row].text) for row in rows]
        row, start = rows.start, self._starts[rows.start]
        old = self.lines[row].text
        cells = [self.seen(cell) for cell in edit.cells]
        moved = [
            cell._replace(place=Place(0, cell.place.start - start, cell.place.end - start)) for cell in cells
        ]
        new = edited(old, moved)
        last = max(moved, key=lambda cell: cell.place.end)
        grown = 0 if any(bar in old for bar in _BARS) else len(last.text) - last.place.end + last.place.start
        has_room = len(new.rstrip()) - len(old.rstrip()) == grown and all(
            " " not in cell.text or cell.text in new for cell in moved
        )
        return [(row, new)] if has_room and len(rows) == 1 else None


def _changes(document: Document, number: int, edits: Sequence[Edit | RowEdit]) -> Iterator[tuple[Place, str]]:
    """Yield the changes of a text, and of its other form, whose readers see the same."""
    seen = _Shown(document, number)
    cells = [seen.seen(edit) for edit in edits if isinstance(edit, Edit)]
    new = edited(joined(seen.lines), cells).split("\n")  # edits of cells keep the number of lines
    gone: set[int] = set()
    added: dict[int, list[tuple[int, str]]] = {}
    for edit in edits:
        if isinstance(edit, RowEdit):
            rows, gap = seen.rows(edit.place), seen.gap(edit)
            if edit.like is None:
                gone.update(rows, gap)
                continue
            row = seen.copy(edit)
            if row is None:
                raise Unwritable("a row has no room in its table")
            rule = [(line, seen.lines[line].text) for line in gap]
            place = rows.stop if edit.is_behind else rows.start
            added.setdefault(place, []).extend([*rule, *row] if edit.is_behind else [*row, *rule])
    for other, form in enumerate(document.texts):
        is_twin = form.output is not None and form[1:3] == document.texts[number][1:3]
        if other == number or is_twin:
            same = seen.lines if other == number else shown(form, other)
            if not differs(seen.lines, same):
                yield from _of_form(form, same, _Change(new, gone, added), _offset(seen.lines, same))


def _offset(lines: Sequence[Line], others: Sequence[Line]) -> int:
    """Return by how many lines the first one with text is further down in another form."""
    first, second = (
        next((number for number, line in enumerate(some) if line.text.strip()), 0) for some in (lines, others)
    )
    return second - first


class _Change(NamedTuple):
    """Lines as they will be, those that are deleted, and those that are inserted before some."""

    lines: Sequence[str]
    gone: Collection[int]
    added: Mapping[int, Sequence[tuple[int, str]]]


def _of_form(form: Text, lines: Sequence[Line], change: _Change, offset: int) -> Iterator[tuple[Place, str]]:
    """Yield the changes of a form of a text; markup stays around what it marks."""
    starts = [match.end() for match in _LINE_END.finditer(form.text)]

    def whole(line: Line) -> tuple[int, int]:
        """Return where a line of the form starts and ends, with its markup and its end."""
        number = bisect_right(starts, line.at[0])
        return starts[number - 1] if number else 0, starts[number] if number < len(starts) else len(form.text)

    for number, after in enumerate(change.lines):
        if not 0 <= number + offset < len(lines):
            continue
        line = lines[number + offset]
        start, end = whole(line)
        if number in change.added:
            yield (
                Place(line.source, start, start),
                "".join(
                    _copied(form, lines[like + offset], *whole(lines[like + offset]), text)
                    for like, text in change.added[number]
                ),
            )
        if number in change.gone:
            yield Place(line.source, start, end), ""
        elif line.text != after and line.text.strip():
            yield from _of_line(form, line, after)


def _copied(form: Text, line: Line, start: int, end: int, new: str) -> str:
    """Return a copy of a line that shows something else, with its markup."""
    text = form.text[start:end]
    for place, part in sorted(_of_line(form, line, new), reverse=True):
        text = text[: place.start - start] + part + text[place.end - start :]
    return text


def _of_line(form: Text, line: Line, after: str) -> Iterator[tuple[Place, str]]:
    """Yield the changes of the words of a line that differ."""
    words, others = _WORD.findall(line.text), _WORD.findall(after)
    starts = list(accumulate(map(len, words), initial=0))
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


def diff(path: str, old: bytes, new: bytes, encoding: str = "utf-8") -> str:
    """Return a unified diff of a document."""
    texts = (data.decode(encoding, "replace") for data in (old, new))
    before, after = (_WHOLE_LINE.findall(text) for text in texts)
    lines = difflib.unified_diff(before, after, fromfile=path, tofile=path)
    return "".join(line if line.endswith("\n") else f"{line}{_NO_END}" for line in lines)


def write(path: str, old: bytes, new: bytes) -> None:
    """Write a document. Raises ``OSError``, also if it has changed since it was read."""
    if files.read_bytes(path) != old:
        raise OSError("it has changed in the meantime")
    files.write_atomically(Path(path), new)
