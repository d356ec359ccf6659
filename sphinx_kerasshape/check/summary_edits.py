"""The repair of stale rows of printed summaries: cells keep the widths of their columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sphinx_kerasshape.audit.document import Document, Place, Text
from sphinx_kerasshape.audit.rewriting.rewriting import changes, edited, is_writable
from sphinx_kerasshape.audit.verdict import Edit as Cell
from sphinx_kerasshape.audit.verdict import RowEdit
from sphinx_kerasshape.check.edited_files import Edit, Source, Unfixable
from sphinx_kerasshape.check.summaries import RowVerdict
from sphinx_kerasshape.pages.positions import parse_location
from sphinx_kerasshape.text import quoted

_REST = re.compile(r"[^\r\n]*(?P<end>\r\n|\r|\n|\Z)")
_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


def row_edits(verdict: RowVerdict, source: Source, before: int = 0) -> Iterator[Edit]:
    """Yield the edits that make a row or a total true. Raises :class:`.edited_files.Unfixable`.

    ``before`` is the number of the line before the text, if that is the cell of a notebook.
    """
    document = Document((Text(verdict.text),), (), ())
    if not verdict.edits or not is_writable(document, verdict.edits):
        raise Unfixable(
            f"{quoted(verdict.claim.stated)} can't be rewritten, since TensorFlow says {verdict.said}: "
            "print the summary again, or remove it, since the table needs none"
        )
    cells = [edit for edit in verdict.edits if isinstance(edit, Cell)]
    old, new = (text.split("\n") for text in (verdict.text, edited(verdict.text, cells)))
    first, starts = _starts(old, verdict.text_location, source, before)
    first += before
    if not verdict.in_table:
        yield _edit_of_value(verdict, cells[0], first, starts, source)
        return
    if cells:
        yield _edit_of_cells(old, new, first, starts, source)
    rows = [edit for edit in verdict.edits if isinstance(edit, RowEdit)]
    lines = _edits_of_lines(changes(document, rows), verdict.text, first, starts, source)
    for number, edit in enumerate(lines):
        yield replace(edit, is_part=bool(cells) or number > 0)


def _edit_of_cells(
    old: Sequence[str], new: Sequence[str], first: int, starts: Sequence[int], source: Source
) -> Edit:
    """Return the edit of all lines of a row that differ."""
    changed = [number for number, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    start, end = starts[changed[0]], starts[changed[-1]] + len(old[changed[-1]])
    text = source.text
    for number in reversed(changed):
        text = text[: starts[number]] + new[number] + text[starts[number] + len(old[number]) :]
    longer = len(text) - len(source.text)
    return Edit(
        source.file,
        first + changed[0],
        start,
        end,
        source.text[start:end],
        text[start : end + longer],
    )


def _edits_of_lines(
    places: Iterable[tuple[Place, str]], text: str, first: int, starts: Sequence[int], source: Source
) -> Iterator[Edit]:
    """Yield the edits of whole lines that are inserted or deleted; those side by side are one."""
    gone: list[Edit] = []
    for place, new in sorted(places):
        number = text.count("\n", 0, place.start)
        start = max(source.text.rfind(end, 0, starts[number]) for end in "\r\n") + 1
        match = _REST.match(source.text, starts[number])
        assert match is not None
        if new:
            margin, end = source.text[start : starts[number]], match["end"] or "\n"
            added = "".join(f"{margin}{line}{end}" for line in new.splitlines())
            yield Edit(source.file, first + number, start, start, "", added)
        elif gone and gone[-1].end == start:
            last = gone.pop()
            gone.append(replace(last, end=match.end(), old=last.old + source.text[start : match.end()]))
        else:
            gone.append(
                Edit(source.file, first + number, start, match.end(), match.string[start : match.end()], "")
            )
    yield from gone


def _edit_of_value(
    verdict: RowVerdict, edit: Cell, first: int, starts: Sequence[int], source: Source
) -> Edit:
    """Return the edit of a value that is no cell of a table: that in a comment."""
    line = verdict.text.count("\n", 0, edit.place.start)
    start = starts[line] + edit.place.start - (verdict.text.rfind("\n", 0, edit.place.start) + 1)
    end = start + edit.place.end - edit.place.start
    return Edit(source.file, first + line, start, end, source.text[start:end], edit.text)


def _starts(lines: Sequence[str], location: str, source: Source, before: int) -> tuple[int, list[int]]:
    """Return the number of the first line of a summary in its file, and where each of its lines starts.

    It is looked for, since a location may count the lines of a docstring.
    """
    file = _LINE_END.split(source.text)
    places = [
        number
        for number in range(len(file) - len(lines) + 1)
        if all(line in written for line, written in zip(lines, file[number:], strict=False))
    ]
    place = parse_location(location)
    stated = place.line - before - 1 if place is not None and not place.docstring else -1
    if stated not in places and len(places) != 1:
        raise Unfixable("the summary can't be found in the source, so none of its rows is rewritten")
    first = stated if stated in places else places[0]
    offset = sum(map(len, file[:first]))
    starts = []
    for line, written in zip(lines, file[first:], strict=False):
        starts.append(offset + written.index(line))
        offset += len(written)
    return first + 1, starts
