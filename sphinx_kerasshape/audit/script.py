"""Pieces of Python files: scripts with cells, and modules with docstrings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sphinx_kerasshape.audit.lines import Line
from sphinx_kerasshape.audit.pieces import Code, Piece


def pieces(lines: Sequence[Line]) -> Iterator[Piece]:
    """Yield the pieces of a Python file."""
    yield Code(tuple(lines), "python", is_module=True)
