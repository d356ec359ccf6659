"""Edits of a notebook's cells as edits of its file, which is JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sphinx_kerasshape.audit.document import Place, Text
from sphinx_kerasshape.audit.rewriting import rewrite
from sphinx_kerasshape.check.edited_files import Edit, Source, Unfixable
from sphinx_kerasshape.pages.notebooks import cell_number


def in_notebook(source: Source, cell: str, before: int, edits: Iterable[Edit]) -> Iterator[Edit]:
    """Yield the edits of a notebook's file that edits of the text of one of its cells are.

    ``before`` is the number of the line before the cell. Raises :class:`.edited_files.Unfixable`.
    """
    text = Text(cell, cell_number(before))
    for edit in edits:
        places = [(Place(0, start, end), new) for start, end, new in _lines(edit)]
        try:
            for start, end, new in rewrite.changes(text, places, source.text):
                yield replace(edit, start=start, end=end, old=source.text[start:end], new=new)
        except rewrite.Unwritable as unwritable:
            raise Unfixable(f"{source.file}: {unwritable}") from None


def _lines(edit: Edit) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and new text of each line that is edited, since a cell is a list of lines."""
    old, new = edit.old.split("\n"), edit.new.split("\n")
    if len(old) != len(new):
        old, new = [edit.old], [edit.new]
    start = edit.start
    for old_line, new_line in zip(old, new, strict=True):
        if old_line != new_line:
            yield start, start + len(old_line), new_line
        start += len(old_line) + 1
