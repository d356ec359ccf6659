"""The repair of stale rows of printed summaries: cells keep the widths of their columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sphinx_kerasshape.audit.rewriting import edited
from sphinx_kerasshape.check.fix import Edit, Source, Unfixable
from sphinx_kerasshape.check.summaries import RowVerdict
from sphinx_kerasshape.pages.positions import parse_location
from sphinx_kerasshape.text import quoted

_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


def row_edit(verdict: RowVerdict, source: Source, before: int = 0) -> Edit:
    """Return the edit that makes a row or a total true. Raises :class:`.fix.Unfixable`.

    ``before`` is the number of the line before the text, if that is the cell of a notebook.
    """
    if not verdict.edits:
        raise Unfixable(
            f"{quoted(verdict.claim.stated)} can't be rewritten, since TensorFlow says {verdict.said}: "
            "print the summary again, or remove it, since the table needs none"
        )
    old, new = (text.split("\n") for text in (verdict.text, edited(verdict.text, verdict.edits)))
    first, starts = _starts(old, verdict.text_location, source, before)
    if not verdict.in_table:
        return _edit_of_value(verdict, before + first, starts, source)
    changed = [number for number, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    start, end = starts[changed[0]], starts[changed[-1]] + len(old[changed[-1]])
    text = source.text
    for number in reversed(changed):
        text = text[: starts[number]] + new[number] + text[starts[number] + len(old[number]) :]
    longer = len(text) - len(source.text)
    return Edit(
        source.file,
        before + first + changed[0],
        start,
        end,
        source.text[start:end],
        text[start : end + longer],
    )


def _edit_of_value(verdict: RowVerdict, first: int, starts: Sequence[int], source: Source) -> Edit:
    """Return the edit of a value that is no cell of a table: that in a comment."""
    (edit,) = verdict.edits
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
