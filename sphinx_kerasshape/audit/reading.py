"""Pieces of a document into its blocks and statements, in order."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from sphinx_kerasshape.audit import blocks, comments, literals, mentions, pairing, printed, syntax
from sphinx_kerasshape.audit.blocks import Source
from sphinx_kerasshape.audit.document import Block, Document, Statement, Summary, Text
from sphinx_kerasshape.audit.lines import Line
from sphinx_kerasshape.audit.pairing import Call, Model
from sphinx_kerasshape.audit.pieces import Code, Piece, Prose, Remark
from sphinx_kerasshape.audit.python_code import parsed
from sphinx_kerasshape.audit.summaries import summaries

_OFF = re.compile(r"\s*kerasshape:\s*off\s*")
"""The comment that says that the next block is none to check."""
_SHOWN = ("", "text", "txt", "output", "out", "console", "none", "plaintext", "plain")
_BETWEEN = re.compile(
    r"[\s`~]{,80}(?:[#*_ ]{,8}(?:output|prints?|result|out|returns)[*_ ]{,3}:?:?[*_ ]{,3})?"
    r"\s{,40}(?:\.\. [\w-]{1,30}::)?[\s`~]{,80}"
    r"(?:text|txt|output|out|console|none|plaintext|plain)?[\s`~]{,80}",
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
        self.last_run: printed.Run | None = None
        self.defines: list[tuple[str, str]] = []

    def add(self, text: Text) -> int:
        """Take a text, and return its number."""
        self.texts.append(text)
        return len(self.texts) - 1

    def document(self) -> Document:
        """Return all that was read."""
        self._settle()
        if self.has_early_summary:  # summaries stand above their code
            self._unlink()
        statements = (
            pairing.with_candidates(one, block, self.models) if isinstance(one, Summary) else one
            for block, one in self.statements
        )
        ordered = sorted(statements, key=lambda one: (one.place.text, one.place.start))
        models = tuple(dict.fromkeys(model.subject for model in self.models))
        return Document(tuple(self.texts), tuple(self.blocks), tuple(ordered), tuple(self.defines), models)

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
        shown = list(_shown(source, piece, tree))
        run = printed.Run(tree, self.blocks[-1], self._last)
        if not is_off:
            self._state(pairing.linked(shown, calls, are_printed=bool(piece.printed)))
            self._state(comments.stated(tree, self.blocks[-1], self._last))
            self._state(_printed(run, source, piece))
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
        pairs = pairing.linked([one for one in found if isinstance(one, Summary)], self.calls)
        for number, summary in zip(self.loose, pairs, strict=True):
            self.statements[number] = (self.statements[number][0], summary)
        self.has_early_summary |= not self.calls and not self.linked
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


def _printed(run: printed.Run, source: Source, piece: Code) -> Iterator[Statement]:
    """Yield the shapes and counts that a block shows as printed."""
    ending = {syntax.last_line(statement): statement for statement in run.tree.body}
    for example in source.examples:
        if example.line in ending:
            yield from printed.of_example(run, ending[example.line], example.printed)
    for one in piece.printed:
        if one.is_value and run.tree.body:
            yield from printed.of_value(run, run.tree.body[-1], one.lines)
    yield from printed.of_prints(
        run, [line for one in piece.printed if not one.is_value for line in one.lines]
    )


def _summaries(lines: Sequence[Line]) -> list[Summary]:
    return [found.summary for found in summaries(lines)]
