"""Documents with directives and roles: what is written for each, and what is left as it is."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import NamedTuple

from sphinx_kerasshape.adopt import naming, proof, roles, writing
from sphinx_kerasshape.adopt.choice import MODEL, Choice, Chosen, choice, code_of, is_alike
from sphinx_kerasshape.adopt.markup import FENCE, INDENTED, Lines, Markup
from sphinx_kerasshape.adopt.needs import Needs
from sphinx_kerasshape.adopt.roles import Named, Role
from sphinx_kerasshape.adopt.writing import Change, Directive, Writer
from sphinx_kerasshape.audit import comparison, planning, rewriting, summaries
from sphinx_kerasshape.audit.audit import Audited, answered, judged
from sphinx_kerasshape.audit.document import Document, Mention, Place, Stated, Subject, Summary
from sphinx_kerasshape.audit.planning import Planned, Seen
from sphinx_kerasshape.audit.python_code import has_prompts, parsed
from sphinx_kerasshape.audit.lines import Line
from sphinx_kerasshape.audit.recognise import recognise
from sphinx_kerasshape.audit.rewrite import Unwritable, rewrite
from sphinx_kerasshape.audit.verdict import DRIFTED, HOLDS, UNCHECKED, Verdict
from sphinx_kerasshape.messages.report import Answer
from sphinx_kerasshape.messages.request import Request

ADOPTED, CONTRADICTED, LEFT, FAILED = "adopted", "contradicted", "left", "failed"
_LEAST_FIT = 0.5


class Remark(NamedTuple):
    """What became of a place of a document."""

    line: int
    kind: str
    """``adopted``; ``contradicted``: adopted, and the build will warn; ``failed``: adopted, with its error;
    ``left``."""
    what: str
    """``keras:model``, ``keras:code``, ``keras:summary``, ``keras:shape`` or ``keras:params``; or ``block`` or
    ``statement``, if it is left."""
    text: str


class Adopted(NamedTuple):
    """A document with directives and roles."""

    path: str
    data: bytes = b""
    new: bytes = b""
    remarks: tuple[Remark, ...] = ()
    unreadable: str = ""


class Shown(NamedTuple):
    """A summary that stands in a block of code; lines count from 0."""

    line: int
    """The line of the document that its table begins on."""
    first: int
    """The first line of the block that goes with it."""
    last: int
    """The last one."""
    texts: tuple[str, ...]
    """The summary, without what makes it a comment."""


class Judged(NamedTuple):
    """A document, and what TensorFlow says of it as it is."""

    audited: Audited
    plans: list[Planned]
    answers: Mapping[Request, Answer]

    @property
    def document(self) -> Document:
        """The document."""
        assert self.audited.document is not None
        return self.audited.document


class Page:
    """A document that directives and roles are written into."""

    def __init__(self, one: Judged, refused: Mapping[int, str] | None = None) -> None:
        self.one = one
        self.refused = dict(refused or {})
        """Blocks whose markup can't be changed, each with the reason."""
        self._document = one.document
        self._path = one.audited.path
        self.lines = Lines(self._document.texts[0].text)
        self._is_rest = self._path.lower().endswith(".rst")
        self._writer = Writer(self.lines, is_rest=self._is_rest)
        self._markups = list(self._found_markups())
        self._of_block = dict(self._found_blocks())
        self._shown = {number: [*self._shown_in(number, markup)] for number, markup in self._of_block.items()}
        self._foreign = list(self._found_foreign())
        self._changes: list[Change] = []
        self._roles: list[tuple[Change, Remark]] = []
        self._remarks: list[Remark] = []
        self._named: dict[int, Named] = {}
        self._directives: dict[int, Directive] = {}
        self._written: dict[int, tuple[str, list[Change]]] = {}
        """What each block becomes, and the changes that make it so."""
        self._expected: Counter[str] = Counter()
        self._replaced: Counter[str] = Counter()

    def _found_markups(self) -> Iterator[Markup]:
        from sphinx_kerasshape.adopt import markdown, rest

        code_lines = proof.code_lines(self.lines)
        yield from (rest if self._is_rest else markdown).markups(self.lines, code_lines)

    def _found_blocks(self) -> Iterator[tuple[int, Markup]]:
        starts = {markup.first: markup for markup in self._markups}
        for number, block in enumerate(self._document.blocks):
            markup = starts.get(self.lines.number(block.lines[0].start)) if block.lines else None
            if markup is not None and len(markup.piece.lines) == len(block.lines):
                yield number, markup

    def _shown_in(self, number: int, markup: Markup) -> Iterator[Shown]:
        """Yield the summaries in a block of code that can be taken out of it."""
        pieces, lines = markup.piece.lines, self._document.blocks[number].lines
        strings = _strings(self._document.blocks[number].code)
        for are_comments in (False, True):
            for one in summaries.summaries([_uncommented(line) for line in pieces] if are_comments else pieces):
                first, last = one.first, one.last
                texts = pieces[first : last + 1]
                if any(lines[place].code.strip() for place in range(first, last + 1)) and not are_comments:
                    around = [(start, end) for start, end in strings if start <= first and last <= end]
                    if not around:
                        continue
                    first, last = around[0]
                lines_of_texts = [(_uncommented(line) if are_comments else line).text for line in texts]
                if not any(lines[place].code.strip() for place in range(last + 1, len(lines))):
                    while first and not lines[first - 1].code.strip():
                        first -= 1
                    last = len(lines) - 1
                start = self.lines.number(one.summary.place.start)
                yield Shown(start, first, last, tuple(lines_of_texts))

    def _found_foreign(self) -> Iterator[tuple[int, int]]:
        """Yield the lines of Markdown that are written in reST."""
        number = 0
        while number < len(self.lines):
            opening = re.match(r"[\s>]*(`{3,}|~{3,}|:{3,})\{eval-rst\}", self.lines.line(number))
            if opening and not self._is_rest:
                start = number
                number += 1
                while number < len(self.lines) and self.lines.line(number).strip(" \t>") != opening[1]:
                    number += 1
                yield start, number
            number += 1

    # What can be chosen

    def choice(self) -> Generator[list[Request], Mapping[Request, Answer], Choice]:
        """Return which blocks become directives."""
        one = self.one
        known = planning.seen(one.plans, one.answers)
        raws = [self._raw_lines(number) for number in range(len(self._document.blocks))]
        needs = Needs(self._document, raws)
        return (yield from choice(self._document, one.plans, known, one.answers, needs, self._problem))

    def _raw_lines(self, number: int) -> list[str]:
        """Return the lines of a block as they stand there, without those that are of a summary."""
        taken = self._taken_lines(number)
        return [
            self.lines.text[line.start : self.lines.end(self.lines.number(line.start))]
            if line.code.strip() or place not in taken
            else ""
            for place, line in enumerate(self._document.blocks[number].lines)
        ]

    def _taken_lines(self, number: int) -> set[int]:
        """Return the lines of a block that go with its summaries."""
        return {
            place for one in self._shown.get(number, ()) for place in range(one.first, one.last + 1)
            if self._is_checked(one)
        }

    def _problem(self, number: int, kind: str) -> str:
        """Return why a block can't become a directive, as far as its markup says."""
        markup = self._of_block.get(number)
        if markup is None:
            return "it can't be told where it stands"
        if number in self.refused:
            return self.refused[number]
        if markup.piece.is_ours:
            return "it is a directive of this extension already"
        if self._is_foreign(markup.opening):
            return "it stands in reST inside Markdown"
        lines = zip(self._document.blocks[number].lines, self._raw_lines(number), strict=True)
        if has_prompts(markup.piece.lines) and any(line.code.strip() != raw.strip() for line, raw in lines):
            return "it shows what its lines print"
        return writing.problem(markup, kind)

    def _is_checked(self, shown: Shown) -> bool:
        for number, statement in enumerate(self._document.statements):
            if isinstance(statement, Summary) and self.lines.number(statement.place.start) == shown.line:
                return any(part.verdict != UNCHECKED for part in self._parts(number))
        return False

    def _is_foreign(self, line: int) -> bool:
        return any(first <= line <= last for first, last in self._foreign)

    def _parts(self, number: int) -> list[Verdict]:
        return [one for one in self.one.audited.verdicts if one.summary == number]

    # What is written

    def adopted(self, choice: Choice, taken: set[str]) -> Adopted:
        """Return the document as it is to be; ``taken`` are the names of models that there are, and grows."""
        sessions = set(naming.sessions_in(self.lines.text))
        names: dict[int, str] = {}
        for chosen in choice.chosen:
            self._choose(chosen, taken, sessions, names)
        for number, reason in choice.left.items():
            self._leave_block(number, reason)
        self._take_summaries(choice)
        for chosen in choice.chosen:
            self._write(chosen)
        for statement in self._document.statements:
            if not isinstance(statement, Summary):
                self._take_statement(statement)
        return self._proven()

    def _choose(self, chosen: Chosen, taken: set[str], sessions: set[str], names: dict[int, str]) -> None:
        """Name a block's model and its session."""
        options = []
        if chosen.session >= 0:
            if chosen.session not in names:
                names[chosen.session] = naming.session(self._path, sessions)
                sessions.add(names[chosen.session])
            options.append(f":session: {names[chosen.session]}")
        options += [f":model: {chosen.expression}"] if chosen.says_model else []
        options += [f":raises: {chosen.raises}"] if chosen.raises else []
        report = chosen.report
        assert report is not None
        name = ""
        if chosen.kind == MODEL:
            given = report.model.name if report.model is not None else ""
            heading = naming.heading(self.lines, self._of_block[chosen.block].opening, self._markups)
            own = {one.name for one in self._directives.values()}
            name = naming.name(chosen.expression, given, heading, self._path, taken, own)
            taken.add(name)
            if report.model is not None:
                self._named[chosen.block] = Named(name, chosen.block, chosen.expression, report)
        elif report.output:
            options.append(":no-output:")
        kind = MODEL if chosen.kind == MODEL else "code"
        self._directives[chosen.block] = Directive(kind, name, tuple(options), chosen.hidden)

    def _write(self, chosen: Chosen) -> None:
        """Write the directive of a block."""
        markup, directive = self._of_block[chosen.block], self._directives[chosen.block]
        lines = self._document.blocks[chosen.block].lines
        taken = self._taken_lines(chosen.block)
        is_cut = [place in taken for place in range(len(lines))]
        changes = [*self._writer.directive(markup, directive)]
        for piece, line, cut in zip(markup.piece.lines, lines, is_cut, strict=True):
            if not cut and line.code.strip() and line.start > piece.at[0]:
                changes.append((piece.at[0], line.start, ""))
        self._changes += changes
        code = code_of(chosen, self._document).split("\n")
        hidden, body = code[: len(chosen.hidden)], [line.code for line in lines]
        kept = [line.rstrip() for line, cut in zip(body, is_cut, strict=True) if not cut]
        text = "\n".join([*hidden, *kept]).strip("\n")
        self._written[chosen.block] = text, changes
        self._expected[text] += 1
        self._replaced[proof.code_text(markup.piece.lines)] += 1
        text = " ".join(filter(None, (directive.name, *directive.options)))
        kind = FAILED if chosen.raises else ADOPTED
        self._remark(markup.first, kind, f"keras:{directive.kind}", text)

    def _leave_block(self, number: int, reason: str) -> None:
        markup = self._of_block.get(number)
        line = markup.first if markup else self.lines.number(self._document.blocks[number].lines[0].start)
        other = re.search(r"\{line (\d+)\}", reason)
        if other:
            start = self._document.blocks[int(other[1])].lines[0].start
            reason = reason.replace(other[0], f"line {self.lines.number(start) + 1}")
        self._remark(line, LEFT, "block", reason)

    def _remark(self, line: int, kind: str, what: str, text: str) -> None:
        self._remarks.append(Remark(line + 1, kind, what, text))

    # Summaries

    def _take_summaries(self, choice: Choice) -> None:
        for number, statement in enumerate(self._document.statements):
            parts = self._parts(number) if isinstance(statement, Summary) else []
            if isinstance(statement, Summary) and any(part.verdict != UNCHECKED for part in parts):
                self._take_summary(statement, parts)

    def _take_summary(self, summary: Summary, parts: Sequence[Verdict]) -> None:
        line = self.lines.number(summary.place.start)
        markup = next((one for one in self._markups if one.first <= line <= one.last), None)
        model = self._model_of(summary)
        drifted = sum(part.verdict == DRIFTED for part in parts)
        if not self._named:
            return
        if model is None or markup is None:
            self._remark(line, LEFT, "statement", "the summary: no keras:model makes its model")
            return
        block = next((number for number, one in self._of_block.items() if one is markup), None)
        if block is not None:
            self._take_from_block(block, markup, summary, model, drifted)
            return
        problem = "" if self._is_whole(markup) else "its block has other text besides"
        if problem := problem or writing.problem(markup, "summary"):
            self._remark(line, LEFT, "statement", f"the summary: {problem}")
            return
        above = self._of_block[model.block]
        between = range(above.closing + 1, markup.opening)
        is_below = all(self.lines.line(one).strip(" \t>") == "" for one in between) and bool(between)
        is_true = all(part.verdict == HOLDS for part in parts)
        self._replaced[proof.code_text(markup.piece.lines)] += 1
        if is_below and is_true and not markup.options and markup.kind != INDENTED:
            self._changes.append((self.lines.end(above.closing), self.lines.end(markup.closing), ""))
            self._remark(line, ADOPTED, "keras:summary", f"the table of {model.name} takes its place")
            return
        self._changes += self._writer.directive(markup, Directive("summary", model.name))
        self._show_code_only(model)
        self._remark_summary(line, model, drifted)

    def _remark_summary(self, line: int, model: Named, drifted: int) -> None:
        rows = f"{drifted} row{'s' * (drifted != 1)} or total{'s' * (drifted != 1)}"
        text = f"{model.name}, with {rows} that TensorFlow contradicts" if drifted else model.name
        self._remark(line, CONTRADICTED if drifted else ADOPTED, "keras:summary", text)

    def _take_from_block(
        self, block: int, markup: Markup, summary: Summary, model: Named, drifted: int
    ) -> None:
        """Take a summary that stands in a block of code."""
        line = self.lines.number(summary.place.start)
        shown = next((one for one in self._shown[block] if one.line == line), None)
        if block not in self._directives or shown is None:
            self._remark(line, LEFT, "statement", "the summary: it stands in code, which stays as it is")
            return
        first, last = shown.first + markup.first, shown.last + markup.first
        self._changes.append((self.lines.end(first - 1), self.lines.end(last), ""))
        if drifted:
            self._changes.append(self._writer.summary(markup, model.name, shown.texts))
            self._show_code_only(model)
            self._remark_summary(line, model, drifted)
        else:
            self._remark(line, ADOPTED, "keras:summary", f"the table of {model.name} takes its place")

    def _show_code_only(self, model: Named) -> None:
        """Have a model's directive show no table, since a summary of it does."""
        directive = self._directives[model.block]
        markup = self._of_block[model.block]
        has_table = any(option.name in ("caption", "name") for option in markup.options)
        if not has_table and ":show: code" not in directive.options:
            self._directives[model.block] = directive._replace(options=(*directive.options, ":show: code"))

    def _is_whole(self, markup: Markup) -> bool:
        """Whether a block is one summary and nothing else."""
        shown = list(summaries.summaries(markup.piece.lines))
        inside = range(shown[0].first, shown[0].last + 1) if len(shown) == 1 else range(0)
        rest = (line.text for place, line in enumerate(markup.piece.lines) if place not in inside)
        return bool(inside) and not any(map(str.isalnum, "".join(rest)))

    def _model_of(self, summary: Summary) -> Named | None:
        """Return the model of the page that a summary is of."""
        found = self._subject_model(summary.subjects[0]) if summary.is_linked and summary.subjects else None
        fits = []
        for named in self._named.values():
            model = named.report.model
            if model is None or (found is not None and not is_alike(found, model)):
                continue
            fit = comparison.fit(summary, model)
            if fit.rows >= _LEAST_FIT or found is not None:
                is_near = self._of_block[named.block].first <= self.lines.number(summary.place.start)
                fits.append((fit.details, fit.rows, is_near, named.block, named))
        return max(fits, key=lambda one: one[:4])[4] if fits else None

    def _subject_model(self, subject: Subject) -> planning.Observation | None:  # type: ignore[name-defined]
        seen = planning.seen(self.one.plans, self.one.answers).get(subject)
        return seen.observation.model if seen is not None and seen.observation is not None else None

    # Statements

    def _take_statement(self, statement: Mention | Stated) -> None:
        verdict = next(
            (one for one in self.one.audited.verdicts if one.summary is None and one.place == statement.place),
            None,
        )
        if verdict is None or verdict.verdict == UNCHECKED or not self._named:
            return
        line = self.lines.number(statement.place.start)
        if isinstance(statement, Stated):
            if verdict.verdict == DRIFTED:
                text = f"{verdict.stated}: no role can stand in code, and TensorFlow says {verdict.actual}"
                self._remark(line, LEFT, "statement", text)
            return
        place = (statement.place.start, statement.place.end)
        problem = "it stands in reST inside Markdown" if self._is_foreign(line) else ""
        if self._is_rest and writing.is_in_table(place, self.lines):
            problem = "it stands in a table, whose columns have their widths"
        role = problem or roles.role(statement, verdict, list(self._named.values()))
        if not isinstance(role, Role):
            self._remark(line, LEFT, "statement", f"{verdict.stated}: {role}")
            return
        text = f"{role.stated} <{role.target}>"
        text += f", but TensorFlow says {role.actual}" if role.actual else ""
        kind = CONTRADICTED if role.actual else ADOPTED
        self._roles.append((self._writer.role(role, place), Remark(line + 1, kind, f"keras:{role.kind}", text)))

    # The result

    def _proven(self) -> Adopted:
        """Return the document after all changes that are proven to say what they are meant to."""
        one = self.one.audited
        ours, others, count = proof.blocks(self.lines.text, is_rest=self._is_rest)
        good = self._roles
        if good and proof.blocks(self._text(good), is_rest=self._is_rest)[2] != count + len(good):
            good = [
                role
                for role in self._roles
                if proof.blocks(self._changed(self._of_roles([role])), is_rest=self._is_rest)[2] == count + 1
            ]
        for role in self._roles:
            if role in good:
                self._remarks.append(role[1])
            else:
                text = f"{role[1].text}: it stands in other markup, where no role can be"
                self._remarks.append(Remark(role[1].line, LEFT, "statement", text))
        remarks = tuple(sorted(self._remarks))
        if not self._changes and not good:
            return Adopted(one.path, one.data, one.data, remarks)
        expected = ours + self._expected, others - self._replaced, count + len(good)
        if proof.blocks(self._text(good), is_rest=self._is_rest) != expected:
            for number, (text, changes) in self._written.items():
                alone = proof.blocks(self._changed(changes), is_rest=self._is_rest)[0]
                if alone[text] != ours[text] + 1:
                    self.refused[number] = "it stands in a way that no directive can replace"
            left = Remark(1, LEFT, "block", "its markup can't be changed without changing what it says")
            return Adopted(one.path, one.data, one.data, (left,))
        edits = [(Place(0, first, last), new) for first, last, new in self._all(good)]
        try:
            return Adopted(one.path, one.data, rewrite(self._document, edits, one.data), remarks)
        except Unwritable as error:
            return Adopted(one.path, one.data, one.data, (Remark(1, LEFT, "block", str(error)),))

    def _of_roles(self, some: Sequence[tuple[Change, Remark]]) -> list[Change]:
        changes = [change for change, _ in some]
        return [*changes, *writing.underlined(changes, self.lines)] if self._is_rest else changes

    def _all(self, some: Sequence[tuple[Change, Remark]]) -> list[Change]:
        changes = [change for change in self._changes if change[0] < change[1] or change[2]]
        return [*changes, *self._of_roles(some)]

    def _text(self, some: Sequence[tuple[Change, Remark]]) -> str:
        return self._changed(self._all(some))

    def _changed(self, changes: Sequence[Change]) -> str:
        parts, end = [], 0
        for first, last, new in sorted(changes):
            parts += [self.lines.text[end:first], new]
            end = last
        return "".join([*parts, self.lines.text[end:]])


def _uncommented(line: Line) -> Line:
    """Return what a comment says; an empty line of other code."""
    found = re.match(r"\s*#+ ?", line.text)
    return line.part(found.end() if found else len(line.text))


def _strings(code: str) -> list[tuple[int, int]]:
    """Return the first and the last line, from 0, of each statement that is a string and nothing else."""
    tree = parsed(code)
    return [
        (statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1)
        for statement in (tree.body if tree else ())
        if isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    ]
