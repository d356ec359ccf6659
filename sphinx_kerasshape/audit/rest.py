"""Pieces of reStructuredText."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sphinx_kerasshape.audit.lines import Line
from sphinx_kerasshape.audit.pieces import Piece


def pieces(lines: Sequence[Line]) -> Iterator[Piece]:
    """Yield the pieces of a text in reStructuredText."""
    yield from ()
