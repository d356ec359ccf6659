"""Pieces of a document as the reader of its format finds them, in the document's order."""

from __future__ import annotations

from typing import NamedTuple

from sphinx_kerasshape.audit.lines import Line


class Printed(NamedTuple):
    """What a cell of a notebook printed, or the value of its last expression."""

    lines: tuple[Line, ...]
    is_value: bool = False


class Code(NamedTuple):
    """A fence, a literal block, a cell or a module: code, or what code printed."""

    lines: tuple[Line, ...]
    language: str = ""
    """What the document says of it, in small letters; empty if it says nothing."""
    printed: tuple[Printed, ...] = ()
    as_html: tuple[Printed, ...] = ()
    """What it printed, with HTML where that differs from the plain text of the same output."""
    is_run: bool = False
    """Whether it is a cell, which is Python unless a magic says otherwise."""
    is_module: bool = False
    is_ours: bool = False
    """Whether it is in a directive of this extension, which has checks of its own."""
    is_off: bool = False
    """Whether it has the class that switches its checks off."""


class Prose(NamedTuple):
    """A paragraph, a heading or a cell of a table."""

    line: Line
    literals: tuple[tuple[int, int], ...] = ()
    """Where text is marked up as code, without the marks."""


class Remark(NamedTuple):
    """A comment of the markup."""

    text: str


Piece = Code | Prose | Remark


def not_run(piece: Piece) -> Piece:
    """Return a piece of a cell of text, whose code only shows something: what is run is in other cells."""
    return piece._replace(language="text") if isinstance(piece, Code) else piece
