"""A document with its markup: which of its blocks can become directives."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx_kerasshape.adopt import markdown, proof, rest, shown, writing
from sphinx_kerasshape.adopt.choice import Rounds, choice
from sphinx_kerasshape.adopt.markup import Lines, Markup
from sphinx_kerasshape.adopt.needs import Needs
from sphinx_kerasshape.adopt.results import Judged
from sphinx_kerasshape.adopt.shown import Shown
from sphinx_kerasshape.audit.document import Summary
from sphinx_kerasshape.audit.statements.python_code import has_prompts
from sphinx_kerasshape.audit.verdict import UNCHECKED, Verdict

_RST_IN_MARKDOWN = re.compile(r"[\s>]*(`{3,}|~{3,}|:{3,})\{eval-rst\}")


class Page:
    """A document, the markup of its blocks, and what TensorFlow says of it.

    ``refused`` are blocks whose markup can't be changed, each with the reason.
    """

    def __init__(self, one: Judged, refused: dict[int, str] | None = None) -> None:
        self.judged = one
        self.document = one.document
        self.path = one.audited.path
        self.lines = Lines(self.document.texts[0].text)
        self.is_rest = self.path.lower().endswith(".rst")
        code_lines = proof.code_lines(self.lines)
        self.markups = list((rest if self.is_rest else markdown).markups(self.lines, code_lines))
        self.of_block = dict(self._blocks())
        self.shown = {number: self._shown(number, markup) for number, markup in self.of_block.items()}
        self._foreign = [] if self.is_rest else list(self._rst_in_markdown())
        self._refused = refused or {}

    def choice(self) -> Rounds:
        """Return which blocks become directives."""
        return choice(self.judged, Needs(self.document, self.raw_lines()), self.problem)

    def raw_lines(self) -> list[list[str]]:
        """Return the lines of each block as they stand there, without those that are of a summary."""
        return [self._raw_lines(number) for number in range(len(self.document.blocks))]

    def parts(self, number: int) -> list[Verdict]:
        """Return what TensorFlow says of a summary, row by row; nothing if it can't be checked."""
        found = [one for one in self.judged.audited.verdicts if one.summary == number]
        return found if any(one.verdict != UNCHECKED for one in found) else []

    def is_foreign(self, line: int) -> bool:
        """Whether a line of Markdown is written in reST."""
        return any(first <= line <= last for first, last in self._foreign)

    def line_of_block(self, number: int) -> int:
        """Return the line, from 0, on which a block begins."""
        lines = self.document.blocks[number].lines
        return self.lines.number(lines[0].start) if lines else 0

    def _blocks(self) -> Iterator[tuple[int, Markup]]:
        starts = {markup.first: markup for markup in self.markups}
        for number, block in enumerate(self.document.blocks):
            markup = starts.get(self.line_of_block(number))
            if markup is not None and len(markup.piece.lines) == len(block.lines):
                yield number, markup

    def _shown(self, number: int, markup: Markup) -> list[Shown]:
        """Return the summaries in a block that can be checked and taken out."""
        checked = {
            statement.place.start
            for place, statement in enumerate(self.document.statements)
            if isinstance(statement, Summary) and self.parts(place)
        }
        found = shown.shown(markup.piece, self.document.blocks[number])
        return [one for one in found if one.start in checked]

    def _rst_in_markdown(self) -> Iterator[tuple[int, int]]:
        number = 0
        while number < len(self.lines):
            opening = _RST_IN_MARKDOWN.match(self.lines.line(number))
            start = number
            while opening and number + 1 < len(self.lines):
                number += 1
                if self.lines.line(number).strip(" \t>") == opening[1]:
                    break
            if opening:
                yield start, number
            number += 1

    def _raw_lines(self, number: int) -> list[str]:
        """Return the lines of a block as they stand there, without those that are of a summary."""
        taken = shown.lines_of(self.shown.get(number, ()))
        return [
            self.lines.text[line.start : self.lines.end(self.lines.number(line.start))]
            if line.code.strip() or place not in taken
            else ""
            for place, line in enumerate(self.document.blocks[number].lines)
        ]

    def problem(self, number: int, kind: str) -> str:
        """Return why a block can't become a kind of directive, as far as its markup says; empty if it can."""
        markup = self.of_block.get(number)
        if markup is None:
            return "it can't be told where it stands"
        reasons = (
            ("it is a directive of this extension already", markup.piece.is_ours),
            ("it is switched off", self.document.blocks[number].is_off),
            ("it stands in reST inside Markdown", self.is_foreign(markup.opening)),
            (self._refused.get(number, ""), number in self._refused),
        )
        if reason := next((reason for reason, holds in reasons if holds), ""):
            return reason
        lines = zip(self.document.blocks[number].lines, self._raw_lines(number), strict=True)
        if has_prompts(markup.piece.lines) and any(line.code.strip() != raw.strip() for line, raw in lines):
            return "it shows what its lines print"
        return writing.problem(markup, kind)
