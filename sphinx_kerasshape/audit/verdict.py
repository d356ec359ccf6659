"""Verdicts: what TensorFlow says of a statement of a document."""

from __future__ import annotations

from typing import NamedTuple

from sphinx_kerasshape.audit.document import Place
from sphinx_kerasshape.messages.report import Model

HOLDS, DRIFTED, UNCHECKED = "holds", "drifted", "unchecked"


class Edit(NamedTuple):
    """A replacement for some characters of a document."""

    place: Place
    text: str
    is_cell: bool = False
    """Whether it is a cell of a table, whose columns stay where they are."""


class RowEdit(NamedTuple):
    """A row of a table that is deleted, or a copy of one that is inserted."""

    place: Place
    """The row that is deleted, or the one beside which a row is inserted."""
    gap: tuple[Place, Place]
    """Rows side by side: what stands between them is deleted or inserted too."""
    like: Place | None = None
    """The row that is copied; ``None`` to delete."""
    cells: tuple[Edit, ...] = ()
    """What makes the copy another row."""
    is_behind: bool = False
    """Whether it is inserted behind the other row."""


class Verdict(NamedTuple):
    """What TensorFlow says of a statement; of a printed summary, of each of its rows and totals."""

    kind: str
    """``summary``, ``shape``, ``comment`` or ``count``."""
    place: Place
    stated: str
    verdict: str
    """``holds``, ``drifted`` or ``unchecked``."""
    actual: str = ""
    """The true value, in the notation of what is stated, if it is known."""
    reason: str = ""
    """What differs, or why nothing is known."""
    stand_ins: tuple[str, ...] = ()
    """What was replaced to find that out."""
    edits: tuple[Edit | RowEdit, ...] = ()
    """What makes the statement true."""
    summary: int | None = None
    """The number of the summary that it is a part of."""
    model: Model | None = None
    """The model that the summary is of."""
