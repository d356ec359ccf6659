"""Directives and roles for a document, once it is chosen which blocks become directives."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sphinx_kerasshape.adopt import naming, shown, writing
from sphinx_kerasshape.adopt.choice import Choice, code_of
from sphinx_kerasshape.adopt.draft import Draft, RoleChange
from sphinx_kerasshape.adopt.groups import MODEL, Chosen
from sphinx_kerasshape.adopt.makers import is_alike, known_subjects
from sphinx_kerasshape.adopt.markup import INDENTED, Markup
from sphinx_kerasshape.adopt.page import Page
from sphinx_kerasshape.adopt.results import BLOCK, STATEMENT, SUMMARY, Adopted, Remark
from sphinx_kerasshape.adopt.roles import Named, Role, Roles
from sphinx_kerasshape.adopt.writing import Directive, Writer
from sphinx_kerasshape.audit.document import Mention, Stated, Summary
from sphinx_kerasshape.audit.judging import comparison
from sphinx_kerasshape.audit.verdict import DRIFTED, HOLDS, UNCHECKED, Verdict
from sphinx_kerasshape.pages.shown_code import printing_line

_PARTS = ":show: code, table, totals"
"""The parts that a model has anyway, so that no build warns of what its code prints."""


def adopted(page: Page, choice: Choice, taken: set[str]) -> Adopted:
    """Return a document as it is to be. ``taken`` are the names of models that there are; it grows."""
    return _Adopting(page, choice).adopted(taken)


class _Adopting:
    def __init__(self, page: Page, choice: Choice) -> None:
        self._page = page
        self._lines = page.lines
        self._choice = choice
        self._draft = Draft(page)
        self._writer = Writer(page.lines, is_rest=page.is_rest)
        self._directives: dict[int, Directive] = {}
        self._named: dict[int, Named] = {}
        """The models that roles can speak of, by their blocks."""
        self._cut: dict[int, list[shown.Shown]] = {}
        """The summaries that are taken out of each block."""

    def adopted(self, taken: set[str]) -> Adopted:
        """Return the document as it is to be."""
        sessions = self._sessions()
        for chosen in self._choice.chosen:
            self._choose(chosen, taken, sessions.get(chosen.session, ""))
        for number, reason in self._choice.left.items():
            self._draft.note(self._page.line_of_block(number), BLOCK, self._with_line(reason))
        if self._named:
            self._take_statements()
        for chosen in self._choice.chosen:
            self._write(chosen)
        return self._draft.adopted()

    # Blocks

    def _sessions(self) -> dict[int, str]:
        """Return a name for each session."""
        taken = set(naming.sessions_in(self._lines.text))
        names: dict[int, str] = {}
        for chosen in self._choice.chosen:
            if chosen.session >= 0 and chosen.session not in names:
                names[chosen.session] = naming.session(self._page.path, taken)
                taken.add(names[chosen.session])
        return names

    def _choose(self, chosen: Chosen, taken: set[str], session: str) -> None:
        """Give a block its directive, and a model its name."""
        options = [f":session: {session}"] if session else []
        options += [f":model: {chosen.expression}"] if chosen.says_model else []
        options += [f":raises: {chosen.raises}"] if chosen.raises else []
        report, name = chosen.report, ""
        assert report is not None
        if chosen.kind == MODEL:
            given = report.model.name if report.model is not None else ""
            heading = naming.heading(
                self._lines, self._page.of_block[chosen.block].opening, self._page.markups
            )
            own = {directive.name for directive in self._directives.values()}
            name = naming.name(chosen.expression, given, heading, self._page.path, taken, own)
            taken.add(name)
            if report.model is not None:
                self._named[chosen.block] = Named(name, chosen.block, chosen.expression, report.model, report)
                # The page shows what the code prints already, if it is to.
                options += [_PARTS] if printing_line(code_of(chosen, self._page.document)) else []
        elif report.output:  # the page shows it already, if it is to
            options.append(":no-output:")
        self._directives[chosen.block] = Directive(chosen.kind, name, tuple(options), chosen.hidden)

    def _with_line(self, reason: str) -> str:
        """Return a reason that names the line of another block."""
        number = re.search(r"\{line (\d+)\}", reason)
        if number is None:
            return reason
        line = self._page.line_of_block(int(number[1])) + 1
        return self._with_line(reason.replace(number[0], f"line {line}", 1))

    def _write(self, chosen: Chosen) -> None:
        """Write the directive of a block."""
        markup, directive = self._page.of_block[chosen.block], self._directives[chosen.block]
        lines = self._page.document.blocks[chosen.block].lines
        taken = shown.lines_of(self._cut.get(chosen.block, ()))
        dropped = {markup.first + place for place in taken}
        changes = [*self._writer.directive(markup, directive, dropped)]
        for one in self._cut.get(chosen.block, ()):
            first, last = markup.first + one.first, markup.first + one.last
            changes.append((self._lines.end(first - 1), self._lines.end(last), ""))
        kept = []
        for place, (piece, line) in enumerate(zip(markup.piece.lines, lines, strict=True)):
            if place not in taken:
                kept.append(line.code.rstrip())
                if line.start > piece.at[0]:
                    changes.append((piece.at[0], line.start, ""))
        hidden = code_of(chosen, self._page.document).split("\n")[: len(chosen.hidden)]
        self._draft.write(chosen.block, "\n".join([*hidden, *kept]).strip("\n"), changes)
        text = " ".join(filter(None, (directive.name, *directive.options)))
        self._draft.note(markup.first, f"keras:{chosen.kind}", text)

    # Statements

    def _take_statements(self) -> None:
        verdicts = {one.place: one for one in self._page.judged.audited.verdicts if one.summary is None}
        others = {number: model for number, model in self._choice.models.items() if number not in self._named}
        roles = Roles([*self._named.values()], others)
        for number, statement in enumerate(self._page.document.statements):
            if isinstance(statement, Summary):
                if parts := self._page.parts(number):
                    self._take_summary(statement, parts)
            elif (verdict := verdicts.get(statement.place)) and verdict.verdict != UNCHECKED:
                self._take_statement(statement, verdict, roles)

    def _take_statement(self, statement: Mention | Stated, verdict: Verdict, roles: Roles) -> None:
        line = self._lines.number(statement.place.start)
        is_false = verdict.verdict == DRIFTED
        if isinstance(statement, Stated):
            if is_false:
                text = f"{verdict.stated}: TensorFlow says {verdict.actual}, and no role can stand in code"
                self._draft.note(line, STATEMENT, text, is_false=True)
            return
        role = self._problem(statement) or roles.role(statement, verdict)
        if isinstance(role, Role):
            text = f"{role.stated} <{role.target}>"
            text += f", but TensorFlow says {role.actual}" if role.actual else ""
            change = self._writer.role(role, (statement.place.start, statement.place.end))
            remark = Remark(line + 1, f"keras:{role.kind}", text, is_false)
            self._draft.roles.append(RoleChange(change, remark))
        else:
            self._draft.note(line, STATEMENT, f"{verdict.stated}: {role}", is_false=is_false)

    def _problem(self, mention: Mention) -> str:
        """Return why there can be no role in the place of a statement, as far as its line says."""
        place = (mention.place.start, mention.place.end)
        if self._page.is_foreign(self._lines.number(place[0])):
            return "it stands in reST inside Markdown"
        if self._page.is_rest:
            in_table = writing.is_in_table(place, self._lines)
            return "it stands in a table, whose columns have their widths" if in_table else ""
        in_directive = writing.is_in_directive(place, self._lines)
        return "it stands in the first line or an option of a directive" if in_directive else ""

    # Summaries

    def _take_summary(self, summary: Summary, parts: Sequence[Verdict]) -> None:
        line = self._lines.number(summary.place.start)
        markup = next((one for one in self._page.markups if one.first <= line <= one.last), None)
        block = next((number for number, one in self._page.of_block.items() if one is markup), None)
        model = self._model_of(summary)
        problem = "" if model is not None else "no keras:model of this page makes its model"
        if markup is None or (block is not None and block not in self._directives):
            problem = problem or "it stands where it can't be replaced"
        elif block is None and not problem:
            problem = "" if shown.is_whole(markup.piece) else "its block has other text besides"
            problem = problem or writing.problem(markup, "summary")
        if problem or markup is None or model is None:
            is_false = any(part.verdict == DRIFTED for part in parts)
            self._draft.note(line, STATEMENT, f"the summary: {problem}", is_false=is_false)
        elif block is not None:
            self._take_from_block(block, markup, summary, model, parts)
        else:
            self._draft.replace(markup)
            if self._is_in_place(markup, model) and all(part.verdict == HOLDS for part in parts):
                above = self._page.of_block[model.block]
                end = self._lines.end(above.closing), self._lines.end(markup.closing)
                self._draft.changes.append((*end, ""))
                self._note_table(line, model)
            else:
                self._draft.changes += self._writer.directive(markup, Directive("summary", model.name))
                self._keep_summary(line, model, parts)

    def _take_from_block(
        self, block: int, markup: Markup, summary: Summary, model: Named, parts: Sequence[Verdict]
    ) -> None:
        """Take a summary out of a block of code."""
        line = self._lines.number(summary.place.start)
        found = next((one for one in self._page.shown[block] if one.start == summary.place.start), None)
        if found is None:
            is_false = any(part.verdict == DRIFTED for part in parts)
            self._draft.note(line, STATEMENT, "the summary: the code has it as a value", is_false=is_false)
            return
        self._cut.setdefault(block, []).append(found)
        if any(part.verdict == DRIFTED for part in parts):
            self._draft.changes.append(self._writer.summary(markup, model.name, found.texts))
            self._keep_summary(line, model, parts)
        else:
            self._note_table(line, model)

    def _is_in_place(self, markup: Markup, model: Named) -> bool:
        """Whether a summary stands directly below its model's block, where the live table is."""
        above = self._page.of_block[model.block]
        between = range(above.closing + 1, markup.opening)
        is_below = bool(between) and all(self._lines.line(one).strip(" \t>") == "" for one in between)
        return is_below and not markup.options and markup.kind != INDENTED

    def _note_table(self, line: int, model: Named) -> None:
        self._draft.note(line, SUMMARY, f"{model.name}: the live table takes its place")

    def _keep_summary(self, line: int, model: Named, parts: Sequence[Verdict]) -> None:
        """Note a summary that stays, and have its model show no second table."""
        drifted = sum(part.verdict == DRIFTED for part in parts)
        rows = f"{drifted} row or total" if drifted == 1 else f"{drifted} rows and totals"
        text = f"{model.name}, but TensorFlow contradicts {rows}" if drifted else model.name
        self._draft.note(line, SUMMARY, text, is_false=bool(drifted))
        directive, options = self._directives[model.block], self._page.of_block[model.block].options
        has_table = any(option.name in ("caption", "name") for option in options)
        if not has_table and ":show: code" not in directive.options:
            kept = tuple(option for option in directive.options if option != _PARTS)
            self._directives[model.block] = directive._replace(options=(*kept, ":show: code"))

    def _model_of(self, summary: Summary) -> Named | None:
        """Return the model of the page that a summary is of."""
        known = known_subjects(self._page.judged)
        seen = known.get(summary.subjects[0]) if summary.is_linked and summary.subjects else None
        linked = seen.observation.model if seen is not None and seen.observation is not None else None
        fits = []
        for named in self._named.values():
            if linked is not None and named.variable != summary.subjects[0].expression:
                continue
            fit = comparison.fit(summary, named.model)
            if is_alike(linked, named.model) if linked is not None else fit.is_likely:
                is_above = self._page.of_block[named.block].first <= self._lines.number(summary.place.start)
                fits.append((fit.details, fit.rows, is_above, named.block))
        return self._named[max(fits)[3]] if fits else None
