"""Cells of a printed summary from the parts of lines that they are wrapped over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Cell, Row
from sphinx_kerasshape.audit.lines import Line

PARAMS = re.compile(r"(?:\d[\d,._]*|multiple|\?)\s*(?:\((?:un)?built\)|\(un\w*…?)?$")
"""How a cell of the column of params looks."""
COLUMNS = ("name", "output", "params", "connected", "trainable")
_HEADERS = {
    "layer": "name",
    "output": "output",
    "param": "params",
    "connected": "connected",
    "tr": "trainable",
}
_PAIRS = {"(": ")", "[": "]", "{": "}"}


class Table(NamedTuple):
    """The rows of a summary, and the last line of its table."""

    rows: tuple[Row, ...]
    last: int
    is_partial: bool = False
    """Whether the document leaves rows out."""
    is_closed: bool = False
    """Whether the line below the last row is there."""


def column(header: str) -> str:
    """Return the name of the column under a header; empty if summaries have no such column."""
    text = header.strip().lower()
    return next((name for start, name in _HEADERS.items() if text.startswith(start)), "")


def cell(parts: Sequence[Line], *, is_clipped: bool = False) -> Cell:
    """Return the cell that was wrapped into parts."""
    parts = [part.stripped() for part in parts]
    parts = [part for part in parts if part.text]
    joined = "".join(part.text.replace(" ", "") for part in parts)
    text = re.sub(r",(?=.)|(?<=…)(?=.)|(?<=\])(?=\w)", ", ", joined).replace(":", ": ")
    is_cut = is_clipped or joined.endswith("…") or _is_open(joined)
    return Cell(text, tuple(part.place() for part in parts), is_cut)


def params(parts: Sequence[Line]) -> Cell:
    """Return a cell of the column of params, whose commas are separators of thousands."""
    found = cell(parts)
    return found._replace(text=re.sub(r"(?<=\d)\(", " (", found.text.replace(", ", ",")))


def named(parts: Sequence[Line], *, is_clipped: bool = False) -> tuple[Cell, Cell]:
    """Return name and type of a layer from its cell."""
    names, types = list[Line](), list[Line]()
    for part in (part.stripped() for part in parts):
        if not part.text:
            continue
        start = part.text.find("(") if not types else 0
        if start < 0:
            names.append(part)
            continue
        if not types:
            names.append(part.part(0, start))
            start += 1
        types.append(part.part(start))
    is_cut = bool(types) and not types[-1].text.endswith(")")
    if types and not is_cut:
        types[-1] = types[-1].part(0, len(types[-1].text) - 1)
    is_cut = is_cut or any("…" in one.text for one in types)
    name, type_ = cell(names), cell(types)
    is_name_cut = name.is_cut or (not types and is_clipped)
    return name._replace(is_cut=is_name_cut), type_._replace(is_cut=is_cut or (not types and is_clipped))


def _is_open(text: str) -> bool:
    """Whether brackets of a text are not closed."""
    return any(text.count(opening) != text.count(closing) for opening, closing in _PAIRS.items())
