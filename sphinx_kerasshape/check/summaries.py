"""Printed summaries on pages (``keras:summary``), held row by row against the reports of their models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sphinx_kerasshape.audit import verdict
from sphinx_kerasshape.audit.document import Place
from sphinx_kerasshape.audit.document import Summary as Printed
from sphinx_kerasshape.audit.judging import comparison
from sphinx_kerasshape.audit.lines import Line, lines_of
from sphinx_kerasshape.audit.tables import summaries
from sphinx_kerasshape.claims.verdicts import Verdict
from sphinx_kerasshape.messages.report import Model
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.records import Claim, Summary

KIND = "summary"
"""The kind of claims that are rows and totals of printed summaries."""
_ADVICE = "paste what model.summary() prints, or leave it out"


@dataclass(frozen=True)
class RowVerdict(Verdict):
    """The verdict on a row or a total of a printed summary."""

    text: str = ""
    """The whole summary."""
    text_location: str = ""
    """``file:line`` of its first line."""
    edits: tuple[verdict.Edit | verdict.RowEdit, ...] = ()
    """What makes the row true, in this text; nothing if it can't be mended so."""
    in_table: bool = True
    """Whether it is a row or a total of a table, and no comment."""


def summary_verdicts(context: BuildContext) -> Iterator[Verdict]:
    """Yield the verdicts on the summaries of all pages: on each row and each total."""
    for page in context.pages.values():
        for summary in page.summaries:
            if problem := context.without_table(summary.model):
                claim = _claim(summary, summary.location, _first_line(summary))
                yield Verdict(claim, holds=False, problem=problem)
            elif summary.text:
                yield from _of_text(summary, context)


def _of_text(summary: Summary, context: BuildContext) -> Iterator[Verdict]:
    lines = lines_of(summary.text, 0)
    found = list(summaries.summaries(lines))
    if unread := _unread(lines, found):
        number, problem = unread
        claim = _claim(summary, _location(summary, number), lines[number].text.strip())
        yield Verdict(claim, holds=False, problem=problem, unreadable=True)
    report = context.report(summary.model)
    model, version = (report.model, report.versions.tensorflow) if report else (None, "")
    for one in found[:1]:
        for row in _compared(one.summary, model):
            yield _judged(summary, row, version)


def _unread(lines: Sequence[Line], found: Sequence[summaries.Found]) -> tuple[int, str] | None:
    """Return the first line that is no part of the summary, with the message about it."""
    if not found:
        number = next(number for number, line in enumerate(lines) if line.text.strip())
        return number, f"the body of keras:summary is no summary that Keras prints: {_ADVICE}"
    if len(found) > 1:
        return found[1].first, "keras:summary has several summaries, and only the first is checked: keep one"
    inside = range(found[0].first, found[0].last + 1)
    for number, line in enumerate(lines):
        if number not in inside and any(map(str.isalnum, line.text)):
            return number, "this line is no part of the summary, so nothing checks it: remove it"
    return None


def _compared(printed: Printed, model: Model | None) -> Iterator[verdict.Verdict]:
    """Yield what TensorFlow says of each row and total, except for the optimizer's: it is not the model's."""
    optimizer = next((total for total in printed.totals if total.kind == "optimizer"), None)
    digits = re.sub(r"\D", "", optimizer.count.text) if optimizer is not None else ""
    found = (
        comparison.compared(printed, model, int(digits) if digits else None) if model else _unchecked(printed)
    )
    for one in found:
        if optimizer is None or one.place != optimizer.place:
            yield one


def _unchecked(printed: Printed) -> Iterator[verdict.Verdict]:
    for row in printed.rows:
        name = f"{row.name.text} ({row.type.text})" if row.type.text else row.name.text
        stated = "  ".join(filter(None, (name, row.output.text, row.params.text)))
        yield verdict.Verdict(KIND, row.place, stated, verdict.UNCHECKED)
    for total in printed.totals:
        label = total.kind.replace("_", "-").capitalize()
        yield verdict.Verdict(KIND, total.place, f"{label} params: {total.count.text}", verdict.UNCHECKED)


def _judged(summary: Summary, row: verdict.Verdict, version: str) -> RowVerdict:
    claim = _claim(summary, _location(summary, _line(summary.text, row.place)), row.stated)
    is_drifted = row.verdict == verdict.DRIFTED
    actual = (row.actual or row.reason) if is_drifted else row.stated if version else ""
    return RowVerdict(
        claim,
        holds=row.verdict == verdict.HOLDS,
        actual=actual,
        restated=actual,
        version=version,
        reason=row.reason if is_drifted else "",
        text=summary.text,
        text_location=summary.text_location,
        edits=row.edits,
    )


def _claim(summary: Summary, location: str, stated: str) -> Claim:
    target = f'"{summary.model}"' if "." in summary.model else summary.model
    return Claim(KIND, target, stated, location)


def _first_line(summary: Summary) -> str:
    return next((line.strip() for line in summary.text.split("\n") if line.strip()), "")


def _line(text: str, place: Place) -> int:
    return text.count("\n", 0, place.start)


def _location(summary: Summary, number: int) -> str:
    file, _, first = summary.text_location.rpartition(":")
    return f"{file}:{int(first) + number}"
