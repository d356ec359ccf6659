"""Pages with plain code blocks (``kerasshape_plain``): read, judged, and reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_kerasshape.audit import plain
from sphinx_kerasshape.audit.recognise import SUFFIXES
from sphinx_kerasshape.check import warnings
from sphinx_kerasshape.messages.problems import REMEDY, Problem
from sphinx_kerasshape.messages.report import Answer
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.messages.result import Result
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.domain import domain_of
from sphinx_kerasshape.pages.records import PLAIN_FIELD, Block, Finding, Judged, Page, Plain
from sphinx_kerasshape.text import excerpt, quoted

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

_CHOICES = {"off": "off", "False": "off", "check": "check", "show": "show"}
"""What this field may be, and what it means; YAML takes ``off`` for ``False``."""
_LOCK = (
    "some plain code is not in the lock as it is now, or has no answer there, so what stands beside it is "
    f"not checked: {REMEDY}"
)


def read(env: BuildEnvironment, context: BuildContext) -> None:
    """Record what has to run for the plain code of the page that was read, if the page is to be checked."""
    name, domain = env.docname, domain_of(env)
    file = str(env.doc2path(name))
    value = str(env.metadata[name].get(PLAIN_FIELD, "")).strip()
    if value and value not in _CHOICES:
        message = f"{PLAIN_FIELD} must be 'off', 'check' or 'show', not {quoted(value)}"
        domain.page(name).findings.append(Finding(Problem.OPTION, message, f"{file}:1"))
    mode = _CHOICES.get(value, context.settings.plain)
    if mode == "off":
        return
    page = domain.pages.get(name)
    omits_prose = page is not None and bool(page.blocks or page.claims or page.summaries)
    form = _format(env, file)
    reading = plain.read(Path(file), form, context.language, omits_prose=omits_prose)
    if reading is not None:
        page = domain.page(name)
        blocks = tuple(_blocks(name, file, reading))
        page.plain = Plain(file, form, omits_prose, blocks, is_shown=mode == "show")
        page.reading = reading


Running = Callable[[Sequence[Block]], Mapping[Request, Result]]
"""Returns the results of more blocks."""


def judge(context: BuildContext, running: Running) -> dict[Request, Result]:
    """Judge the statements of all pages, except where the answers are those of an earlier build.

    Return the results of the build with those of all that had to run for it.
    """
    results = dict(context.results)
    for page in context.pages.values():
        if page.plain is None:
            continue
        if page.judged is None or page.judged.answers != _fingerprints(page, results):
            answers = _Answers(page.plain, results, running)
            reading = _reading(page, page.plain, context.language)
            outcome = plain.outcome(page.plain.file, reading, answers.of) if reading else plain.Outcome()
            truths = outcome.truths if page.plain.is_shown else ()
            page.judged = Judged((), outcome.statements, outcome.failures, truths, (*answers.again,))
            page.judged = page.judged._replace(answers=_fingerprints(page, results))
        page.reading = None
    return results


def _fingerprints(page: Page, results: Mapping[Request, Result]) -> tuple[str, ...]:
    return tuple(results[block.request].fingerprint for block in page.plain_blocks())


class _Answers:
    """Answers requests for the plain code of a page; ``again`` has those that earlier answers call for."""

    def __init__(self, record: Plain, results: dict[Request, Result], running: Running) -> None:
        self._record = record
        self._results = results
        self._running = running
        self.again: list[Block] = []

    def of(self, requests: Sequence[Request]) -> dict[Request, Answer]:
        """Return the answer to each request."""
        for request in requests:
            if all(request != block.request for block in (*self._record.blocks, *self.again)):
                self.again.append(self._block(request))
        missing = [block for block in self.again if block.request not in self._results]
        self._results.update(self._running(missing) if missing else {})
        return {request: self._results[request].answer for request in requests}

    def _block(self, request: Request) -> Block:
        """Return a block that the lock knows by the order in which answers call for it."""
        first = self._record.blocks[0]
        name = f"{first.name} again {len(self.again) + 1}"
        return first._replace(key=name, name=name, request=request)


def failures(context: BuildContext) -> Iterator[Finding]:
    """Yield what hinders all plain code alike, once, unless a model has said so; and what code fails."""
    yield from _hindrances(context)
    for page in context.pages.values():
        yield from page.judged.failures if page.judged is not None else ()


def drifts(context: BuildContext, version: str) -> Iterator[Finding]:
    """Yield the statements that do not hold in this version of TensorFlow."""
    for page in context.pages.values():
        for one in page.statements:
            if one.is_drifted:
                message = f"the page states {excerpt(one.stated)}, but {one.said(version)}"
                yield Finding(Problem.CLAIM, message, one.location)


def _hindrances(context: BuildContext) -> Iterator[Finding]:
    """Yield why nothing is known of plain code, where that has one cause for all."""
    found = {finding.message for _, finding in warnings.failures(context)}
    for _, block in context.plain_blocks():
        failure = context.results[block.request].failure
        if failure is None or failure.problem not in (*warnings.OF_NO_MODEL, Problem.LOCK):
            continue
        message = _LOCK if failure.problem == Problem.LOCK else failure.message.replace("\n", "\n  ")
        if message not in found:
            yield Finding(failure.problem, message, block.location)
        found.add(message)


def _reading(page: Page, record: Plain, language: str) -> plain.Reading | None:
    """Return what was read of a page; ``None`` if its file has changed since Sphinx read it."""
    if isinstance(page.reading, plain.Reading):
        return page.reading
    reading = plain.read(Path(record.file), record.format, language, omits_prose=record.omits_prose)
    requests = tuple(block.request for block in record.blocks)
    return reading if reading is not None and reading.requests == requests else None


def _blocks(docname: str, file: str, reading: plain.Reading) -> Iterator[Block]:
    for number, (request, line) in enumerate(zip(reading.requests, reading.lines, strict=True), 1):
        name = f"{docname} (plain code)" if number == 1 else f"{docname} (plain code {number})"
        yield Block(name, name, "", request, f"{file}:{line}", "", 0, 0)


def _format(env: BuildEnvironment, file: str) -> str:
    """Return a name of a file that has the format which Sphinx takes a file to have."""
    suffixes = env.config.source_suffix
    suffix = max((one for one in suffixes if file.endswith(one)), key=len, default="")
    is_rest = suffixes.get(suffix) in ("restructuredtext", None) and not file.lower().endswith(SUFFIXES)
    return "page.rst" if is_rest else file
