"""Pieces of a document into its blocks and statements, in order."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from sphinx_kerasshape.audit.document import Block, Document, Echo, Place, Statement, Summary, Text
from sphinx_kerasshape.audit.lines import Line
from sphinx_kerasshape.audit.pieces import Code, Piece, Prose, Remark
from sphinx_kerasshape.audit.statements import (
    blocks,
    comments,
    echoes,
    literals,
    mentions,
    pairing,
    printed,
    remarks,
    syntax,
)
from sphinx_kerasshape.audit.statements.blocks import Source
from sphinx_kerasshape.audit.statements.pairing import Call, Model
from sphinx_kerasshape.audit.statements.python_code import parsed
from sphinx_kerasshape.audit.tables.summaries import summaries

_OFF = re.compile(r"\s*kerasshape:\s*off\s*")
"""The comment that says that the next block is none to check."""
_SHOWN = ("", "text", "txt", "output", "out", "console", "none", "plaintext", "plain")
_BETWEEN = re.compile(
    r"[\s`~]{,80}(?:<div\b[^<>\n]{,200}>\s{,20})?(?:[#*_ ]{,8}"
    r"(?:(?:this|it|that|which|and|the|code|above|expected|will|should|we get|is)\s){,4}"
    r"(?:output|prints?|printed|result|out|returns?|shows?|displays?|gives?|get)"
    r"(?:\s(?:is|was|are|looks like|the following|this|below|output|as follows)){,2}[*_ ]{,3}:?:?[*_ ]{,3})?"
    r"\s{,40}(?:\.\. [\w-]{1,30}|\{[\w-]{1,30}\})?(?:::)?[\s`~]{,80}"
    r"(?:text|txt|output|out|console|none|plaintext|plain)?(?:\n\s*:[\w-]{1,30}:[^\n]{,80}){,6}[\s`~]{,80}",
    re.IGNORECASE,
)
"""What may stand between code and what it printed."""


class Reading:
    """A document while it is read, piece by piece."""

    def __init__(self, language: str, *, skips_ours: bool = False) -> None:
        self.language = language
        self.skips_ours = skips_ours
        """Whether nothing is said of directives of this extension."""
        self.is_off = False
        """Whether a comment has just switched the next block off."""
        self.texts: list[Text] = []
        self.blocks: list[Block] = []
        self.statements: list[tuple[int, Statement]] = []
        """Statements, each with the last block before it."""
        self.models: list[Model] = []
        self.calls: list[Call] = []
        """The calls of ``summary()`` in the last block that has some, if no summary of them was seen yet."""
        self.loose: list[int] = []
        """Which statements since then are summaries in blocks of their own."""
        self.linked: list[int] = []
        """Which statements are summaries that were linked with a block above them."""
        self.has_early_summary = False
        self.functions_print = False
        """Whether functions call ``summary()``, so that code without such a call may print one."""
        self.last_run: printed.Run | None = None
        self.defines: list[tuple[str, str]] = []
        self.echoes: list[Echo] = []

    def add(self, text: Text) -> int:
        """Take a text, and return its number."""
        self.texts.append(text)
        return len(self.texts) - 1

    def document(self) -> Document:
        """Return all that was read."""
        self._settle()
        if self.has_early_summary:  # summaries stand above their code
            self._unlink()
        known = {
            one.rows[0].place for _, one in self.statements if isinstance(one, Summary) and one.is_linked
        }
        self.statements = list(_once(self.statements, known))
        statements = (
            pairing.with_candidates(one, block, self.models) if isinstance(one, Summary) else one
            for block, one in self.statements
        )
        ordered = sorted(statements, key=lambda one: (one.place.text, one.place.start))
        models = tuple(dict.fromkeys(model.subject for model in self.models))
        found = tuple(self.defines), models, tuple(self.echoes)
        return Document(tuple(self.texts), tuple(self.blocks), tuple(ordered), *found)

    def read(self, piece: Piece) -> None:
        """Take the next piece."""
        is_off, self.is_off = self.is_off, False
        if isinstance(piece, Remark):
            self.is_off = _OFF.fullmatch(piece.text) is not None
            self.defines.extend(literals.defines(piece.text))
        elif isinstance(piece, Prose):
            self._state(mentions.mentions(piece, self.language, self._last))
        elif any(line.text.strip() for line in piece.lines):
            source = blocks.source(piece)
            is_off = is_off or piece.is_off or (piece.is_ours and self.skips_ours)
            if source is not None:
                self._read_code(source, piece, is_off=is_off)
            elif not is_off:
                self._read_shown(piece)

    def _read_shown(self, piece: Code) -> None:
        for found in _summaries(piece.lines):
            self.loose.append(len(self.statements))
            self._state([found])
        if self.last_run is not None and piece.language in _SHOWN and self._is_below(piece.lines[0]):
            self._state(printed.of_shown(self.last_run, piece.lines))
            self.echoes.extend(echoes.of_shown(self.last_run, piece.lines))
        self.last_run = None

    def _is_below(self, line: Line) -> bool:
        """Whether there is nothing but a word such as "Output:" between the last block and a line."""
        block = self.blocks[-1]
        end = block.lines[-1].start + len(block.lines[-1].code)
        between = self.texts[block.text].text[end : line.at[0]]
        return block.text == line.source and _BETWEEN.fullmatch(between) is not None

    def _read_code(self, source: Source, piece: Code, *, is_off: bool) -> None:
        self._settle()
        self.blocks.append(Block(piece.lines[0].source, source.lines, piece.is_module, is_off))
        self.defines.extend(literals.defines(source.code))
        tree = parsed(source.code)
        if tree is None:
            tree = ast.Module([], [])
        calls = pairing.calls(tree, source.code, self._last)
        self.models.extend(pairing.models(tree, source.code, self._last))
        self.models.extend(Model(call.subject, "") for call in calls)
        inner = pairing.inner_calls(tree, source.code, self._last)
        self.models.extend(inner)
        self.functions_print |= bool(inner)
        shown = list(_shown(source, piece, tree))
        run = printed.Run(tree, self.blocks[-1], self._last)
        if not is_off:
            self._state(pairing.linked(shown, calls, are_printed=bool(piece.printed)))
            self._state(_only_as_html(source, piece, tree, calls))
            self._state(_commented(run))
            self._state(_printed(run, source, piece))
        self.echoes.extend(_echoes(run, piece))
        is_shown = piece.printed or source.examples or piece.is_module or is_off
        self.last_run = None if is_shown else run
        self.calls = [] if shown else calls or self.calls

    @property
    def _last(self) -> int:
        return len(self.blocks) - 1

    def _state(self, statements: Iterable[Statement]) -> None:
        self.statements.extend((self._last, one) for one in statements)

    def _settle(self) -> None:
        """Link summaries in blocks of their own with the calls above them."""
        if not self.loose:
            return
        found = [self.statements[number][1] for number in self.loose]
        shown = [one for one in found if isinstance(one, Summary)]
        pairs = pairing.linked(shown, self.calls, are_printed=self.functions_print)
        for number, summary in zip(self.loose, pairs, strict=True):
            self.statements[number] = (self.statements[number][0], summary)
        self.has_early_summary |= not (self.calls or self.linked or self.functions_print)
        self.linked.extend(self.loose)
        self.loose, self.calls = [], []

    def _unlink(self) -> None:
        for number in self.linked:
            block, summary = self.statements[number]
            if isinstance(summary, Summary):
                self.statements[number] = (block, summary._replace(is_linked=False))


def _shown(source: Source, piece: Code, tree: ast.Module) -> Iterator[Summary]:
    """Yield the summaries that a block shows: printed, pasted, or written into its code."""
    yield from _summaries([line for printed in piece.printed for line in printed.lines])
    for example in source.examples:
        yield from _summaries(example.printed)
    yield from source.pasted
    for lines in literals.texts(source.code, tree, source.lines, piece.lines[0].source):
        yield from _summaries(lines)


def _once(statements: Iterable[tuple[int, Statement]], linked: set[Place]) -> Iterator[tuple[int, Statement]]:
    """Yield statements, each summary once: one in a docstring is found in the code and in its text."""
    for block, one in statements:
        if isinstance(one, Summary) and not one.is_linked:
            if one.rows[0].place in linked:
                continue
            linked.add(one.rows[0].place)
        yield block, one


def _commented(run: printed.Run) -> Iterator[Statement]:
    """Yield what the comments of a block state, at the end of a line or below what prints."""
    below = list(remarks.stated(run))
    yield from below
    known = {one.place for one in below}
    shared = [range(place.start, place.end) for place in remarks.shared(run)]
    for one in comments.stated(run.tree, run.block, run.number):
        if one.place not in known and not any(one.place.start in line for line in shared):
            yield one


def _only_as_html(source: Source, piece: Code, tree: ast.Module, calls: Sequence[Call]) -> Iterator[Summary]:
    """Yield the summaries that a block shows in another form than as plain text."""
    if piece.as_html:
        formatted = list(_shown(source, piece._replace(printed=piece.as_html), tree))
        plain = {line.source for one in piece.printed for line in one.lines}
        for found in pairing.linked(formatted, calls, are_printed=True):
            places = [*(row.place for row in found.rows), *(total.place for total in found.totals)]
            if any(place.text not in plain for place in places):
                yield found


def _printed(run: printed.Run, source: Source, piece: Code) -> Iterator[Statement]:
    """Yield the shapes and counts that a block shows as printed."""
    ending = {syntax.last_line(statement): statement for statement in run.tree.body}
    for example in source.examples:
        if example.line in ending:
            yield from printed.of_example(run, ending[example.line], example.printed)
    for one in piece.printed:
        if one.is_value and run.tree.body:
            yield from printed.of_value(run, run.tree.body[-1], one.lines)
    lines = [line for one in piece.printed if not one.is_value for line in one.lines]
    yield from printed.of_prints(run, _beside_summaries(lines))


def _echoes(run: printed.Run, piece: Code) -> Iterator[Echo]:
    """Yield the values that a cell has shown of what its code computes."""
    for one in piece.printed:
        if one.is_value:
            yield from echoes.of_value(run, one.lines)
    lines = [line for one in piece.printed if not one.is_value for line in one.lines]
    yield from echoes.of_folders(run, lines)
    yield from echoes.of_prints(run, _beside_summaries(lines))


def _beside_summaries(lines: Sequence[Line]) -> list[Line]:
    """Return lines without those of summaries."""
    taken = {number for found in summaries(lines) for number in range(found.first, found.last + 1)}
    return [line for number, line in enumerate(lines) if number not in taken]


def _summaries(lines: Sequence[Line]) -> list[Summary]:
    return [found.summary for found in summaries(lines)]
