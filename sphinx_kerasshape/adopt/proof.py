"""The proof that a changed text says what it is meant to: its directives, its other code and its roles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from docutils import nodes

from sphinx_kerasshape.adopt.markup import Lines
from sphinx_kerasshape.audit.formats import markdown, rest
from sphinx_kerasshape.audit.lines import Line, dedented
from sphinx_kerasshape.audit.pieces import Code, Piece, Prose

_ROLE = re.compile(r"\{keras:(?:shape|params)\}(?!`)")


def code_lines(lines: Lines) -> list[Line]:
    """Return the lines of a document without the mark that some editors put at its start."""
    first = lines.all[0]
    return [first.part(1), *lines.all[1:]] if first.text.startswith("\ufeff") else [*lines.all]


def code_text(lines: Sequence[Line]) -> str:
    """Return the text of a block."""
    return "\n".join(line.text.rstrip() for line in dedented(lines)).strip("\n")


class Blocks(NamedTuple):
    """What is in a text."""

    ours: Counter[str]
    """The code of directives of this extension."""
    others: Counter[str]
    """The other blocks."""
    roles: int
    """The number of roles."""


def blocks(text: str, *, is_rest: bool) -> Blocks:
    """Return the blocks and roles in a text."""
    lines = code_lines(Lines(text))
    found: list[Piece] = [*(rest if is_rest else markdown).pieces(lines)]
    codes = [piece for piece in found if isinstance(piece, Code)]
    ours = Counter(code_text(code.lines) for code in codes if code.is_ours)
    others = Counter(code_text(code.lines) for code in codes if not code.is_ours)
    return Blocks(ours, others, _roles_of_rest(lines) if is_rest else _roles(found))


def _roles(pieces: Iterable[Piece]) -> int:
    return sum(len(_ROLE.findall(piece.line.text)) for piece in pieces if isinstance(piece, Prose))


def _roles_of_rest(lines: Sequence[Line]) -> int:
    found = rest.tree(lines).findall(nodes.inline)
    return sum(node.rawsource.startswith((":keras:shape:", ":keras:params:")) for node in found)
