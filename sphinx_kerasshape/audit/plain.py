"""The plain code of a page of a Sphinx project: what has to run for it, and what the answers say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from sphinx_kerasshape.audit import planning
from sphinx_kerasshape.audit.audit import FAILED, Answering, Audited, answered, judged, line_of
from sphinx_kerasshape.audit.document import Document, Mention, Summary
from sphinx_kerasshape.audit.lines import shown
from sphinx_kerasshape.audit.planning import Planned
from sphinx_kerasshape.audit.recognise import Unreadable, recognise
from sphinx_kerasshape.audit.rewriting.rewriting import edited
from sphinx_kerasshape.audit.verdict import Edit, Verdict
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Model
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.pages import notebooks
from sphinx_kerasshape.pages.records import Finding, Statement, Truth

_MAKES_MODEL = re.compile(
    r"^[ \t]*\w+[ \t]*=[ \t]*(?:\w+\.)*(?:Sequential|Model|Functional|Input|layers\.\w+)\("
    r"|\blayers\.\w+\(.*\)\(",
    re.MULTILINE,
)
"""Code that is more than a signature, or a sketch of something else."""
_OPTION = re.compile(r"--define \S+=VALUE, or")


class Reading(NamedTuple):
    """A page, and the runs that serve its statements."""

    document: Document
    plans: tuple[Planned, ...]

    @property
    def requests(self) -> tuple[Request, ...]:
        """The requests of these runs."""
        return tuple(plan.request for plan in self.plans)

    @property
    def lines(self) -> tuple[int, ...]:
        """The line of the page on which the code of each run begins."""
        return tuple(self._first_line(plan) for plan in self.plans)

    def _first_line(self, plan: Planned) -> int:
        if not plan.run.pieces:
            return 1
        piece = plan.run.pieces[0]
        block = self.document.blocks[piece.block]
        return _line(self.document, block.text, block.lines[piece.first - 1].start)


def read(file: Path, format: str, language: str, *, omits_prose: bool) -> Reading | None:
    """Return what a page states and has to run; ``None`` if there is nothing, or if it can't be read.

    The end of ``format`` says which format it has. With ``omits_prose``, its prose is left alone.
    """
    try:
        document = recognise(format, file.read_bytes(), language, skips_ours=True)
        if omits_prose:
            statements = (one for one in document.statements if not isinstance(one, Mention))
            document = document._replace(statements=tuple(statements))
        plans = planning.planned(document, {}, str(file.parent))
    except (OSError, Unreadable, RecursionError):  # Sphinx says so, if it matters
        return None
    return Reading(document, tuple(plans)) if _has_plain(document, plans) else None


class Outcome(NamedTuple):
    """What the answers say of a page's statements, the code of it that fails, and what is true instead."""

    statements: tuple[Statement, ...] = ()
    failures: tuple[Finding, ...] = ()
    truths: tuple[Truth, ...] = ()


def outcome(file: str, reading: Reading, answering: Answering) -> Outcome:
    """Return what the answers say of a page."""
    audited = _audited(file, reading, answering)
    return Outcome(
        tuple(_statements(file, audited, reading.document)),
        tuple(_failures(file, audited, reading.document)),
        (*_tables(audited, reading.document), *_lines(audited, reading.document)),
    )


def checked(file: str, reading: Reading, answering: Answering) -> list[tuple[Statement, Verdict]]:
    """Return the statements of a page, each with the verdict that has its place and its repair."""
    audited = _audited(file, reading, answering)
    return list(zip(_statements(file, audited, reading.document), audited.verdicts, strict=True))


def _audited(file: str, reading: Reading, answering: Answering) -> Audited:
    plans = [list(reading.plans)]
    answers = answered(plans, answering)
    return judged(Audited(file, reading.document), plans[0], answers)


def _tables(audited: Audited, document: Document) -> Iterator[Truth]:
    """Yield the summaries whose models are known."""
    models = {one.summary: one.model for one in audited.verdicts if one.summary is not None and one.model}
    for number, model in models.items():
        summary = document.statements[number]
        assert isinstance(summary, Summary)
        place, text = summary.place, document.texts[summary.place.text]
        if text.output is not None:
            yield from _in_outputs(summary, document, model)
            continue
        lines = text.text[text.text.rfind("\n", 0, place.start) + 1 : place.end].split("\n")
        line = _line(document, place.text, place.start)
        yield Truth(line, lines[0], "\n".join(lines), model)


def _in_outputs(summary: Summary, document: Document, model: Model) -> Iterator[Truth]:
    """Yield a summary that a cell of a notebook has printed: Keras 3 prints title, table and totals apart."""
    table = summary.place
    places = [*summary.title.places, table, *(total.place for total in summary.totals)]
    for number in dict.fromkeys(place.text for place in places):
        text = document.texts[number]
        own = [place for place in places if place.text == number]
        start, end = min(place.start for place in own), max(place.end for place in own)
        numbered = enumerate(shown(text, number), 1)
        lines = [(line, one.text) for line, one in numbered if one.at[0] < end and one.at[-1] > start]
        (first, old), is_gone = lines[0], number != table.text
        seen = "\n".join(line for _, line in lines)
        line = notebooks.line_number(text.cell, first)
        yield Truth(line, old, seen, None if is_gone else model, is_gone)


def _lines(audited: Audited, document: Document) -> Iterator[Truth]:
    """Yield the lines that the truth about their statements changes."""
    for number, text in enumerate(document.texts):
        cells = (edit for one in audited.verdicts for edit in one.edits if isinstance(edit, Edit))
        edits = [edit for edit in cells if edit.place.text == number]
        if edits and not text.is_html:
            pairs = zip(text.text.split("\n"), edited(text.text, edits).split("\n"), strict=True)
            first = _line(document, number, 0)
            for line, (old, new) in enumerate(pairs, first):
                if old != new:
                    yield Truth(line, old.rstrip("\r"), new.rstrip("\r"))


def _has_plain(document: Document, plans: Iterable[Planned]) -> bool:
    """Whether a page has plain code that runs, or states something beside code; not prose alone."""
    if any(not isinstance(statement, Mention) for statement in document.statements):
        return True
    has_run = any(not document.blocks[piece.block].is_off for plan in plans for piece in plan.run.pieces)
    return has_run or any(_unparsed(document))


def _unparsed(document: Document) -> Iterator[tuple[int, int, str]]:
    """Yield the number, the line and the fault of each block that makes a model, and is no Python."""
    for number, block in enumerate(document.blocks):
        if block.is_off or "…" in block.code or not _MAKES_MODEL.search(block.code):
            continue
        try:
            ast.parse(block.code)
        except SyntaxError as error:
            yield number, min(error.lineno or 1, len(block.lines)), error.msg
        except (ValueError, RecursionError, MemoryError):
            continue


def _statements(file: str, audited: Audited, document: Document) -> Iterator[Statement]:
    for verdict in audited.verdicts:
        location = f"{file}:{_line(document, verdict.place.text, verdict.place.start)}"
        yield Statement(
            *(verdict.kind, verdict.stated, location, verdict.verdict),
            *(verdict.actual, _for_pages(verdict.reason), verdict.stand_ins),
        )


def _failures(file: str, audited: Audited, document: Document) -> Iterator[Finding]:
    for block in audited.blocks:
        if block.outcome == FAILED or block.kind == "refused":
            line = notebooks.line_number(block.cell, block.line) if block.cell else block.line
            problem = Problem.SYNTAX if block.kind == "syntax" else Problem.CODE
            how = "fails" if block.outcome == FAILED else "can't run"
            yield Finding(problem, f"the plain code {how}: {_for_pages(block.message)}", f"{file}:{line}")
    for number, line, fault in _unparsed(document):
        if not audited.blocks[number].message:
            code = document.blocks[number]
            place = f"{file}:{_line(document, code.text, code.lines[line - 1].start)}"
            mend = "mend it, or switch the block off with the comment 'kerasshape: off'"
            yield Finding(Problem.SYNTAX, f"the plain code is no Python: {fault}: {mend}", place)


def _line(document: Document, text: int, offset: int) -> int:
    """Return the number of a line, as Sphinx has it for the page."""
    line, cell = line_of(document, text, offset), document.texts[text].cell
    return notebooks.line_number(cell, line) if cell else line


def _for_pages(text: str) -> str:
    """Return a reason without the options of a command that builds don't have."""
    return _OPTION.sub("write", text)
