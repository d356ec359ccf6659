"""Audits of files: read, run and judged, several documents side by side."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from sphinx_kerasshape import files
from sphinx_kerasshape.audit import elsewhere, planning
from sphinx_kerasshape.audit.document import Document
from sphinx_kerasshape.audit.judging import judging
from sphinx_kerasshape.audit.planning import Planned
from sphinx_kerasshape.audit.recognise import SUFFIXES, Unreadable, recognise
from sphinx_kerasshape.audit.verdict import Verdict
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Answer, Failure, Observation, PieceFailure, Report, Versions
from sphinx_kerasshape.messages.request import Request

RAN, FAILED, LEFT_OUT = "ran", "failed", "left out"
_SKIPPED = frozenset(("node_modules", "site-packages", "__pycache__", "_build", "build", "dist", "venv"))
_MAX_BYTES = 1 << 26
_MAX_BYTES_OF_TEXT = 1 << 23
"""The most that is read of a document without pictures: books have less in all their chapters."""
_MAX_CULPRITS = 3
"""Pieces that may end a run, by taking too long say, before it is given up."""


class BlockResult(NamedTuple):
    """What became of a block of code."""

    line: int
    cell: int
    outcome: str
    """``ran``; ``failed``, as it does in plain TensorFlow; ``left out``: nothing needs it, or it needs what
    is not here."""
    message: str = ""
    kind: str = ""
    """The kind of the failure, as :class:`.PieceFailure` has it; empty if nothing failed."""


class Audited(NamedTuple):
    """A document, and what TensorFlow says of it; or why it can't be read."""

    path: str
    document: Document | None = None
    blocks: tuple[BlockResult, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    unreadable: str = ""
    data: bytes = b""
    versions: Versions = Versions()


Answering = Callable[[Sequence[Request]], Mapping[Request, Answer]]
"""Answers requests, those of many documents at a time."""


def audited(paths: Iterable[str], defines: Mapping[str, str], answering: Answering) -> Iterator[Audited]:
    """Yield the audit of each document, in order; all requests are answered together."""
    every = [read(path) for path in paths]
    plans = [
        planning.planned(one.document, defines, str(Path(one.path).absolute().parent)) if one.document else []
        for one in every
    ]
    answers = dict(answered(plans, answering))
    reads = [
        elsewhere.Read(one.path, one.document, some)
        for one, some in zip(every, plans, strict=True)
        if one.document
    ]
    more = elsewhere.asked(reads, answers, defines, answering)
    answers.update(answered(more, answering) if any(more) else {})
    by_path = {one.path: some for one, some in zip(reads, more, strict=True)}
    for one, some in zip(every, plans, strict=True):
        yield judged(one, some, answers, by_path[one.path]) if one.document else one


def answered(plans: list[list[Planned]], answering: Answering) -> Mapping[Request, Answer]:
    """Return the answers to all plans, from as many runs as it takes; see below."""
    return _with_old_spellings(plans, without_culprits(plans, answering), answering)


def without_culprits(plans: list[list[Planned]], answering: Answering) -> Mapping[Request, Answer]:
    """Return the answers to all plans; one whose piece ends the run is replaced by one without that piece."""
    answers = dict(answering([plan.request for some in plans for plan in some]))
    for _ in range(_MAX_CULPRITS):
        again = []
        for some in plans:
            for number, plan in enumerate(some):
                answer = answers[plan.request]
                other = planning.without_culprit(plan, answer) if isinstance(answer, Failure) else None
                if other is not None and other.request not in answers:
                    some[number] = other
                    again.append(other.request)
        if not again:
            break
        answers.update(answering(again))
    return answers


def _with_old_spellings(
    plans: list[list[Planned]], answers: Mapping[Request, Answer], answering: Answering
) -> Mapping[Request, Answer]:
    """Return answers with what is known only if old spellings have their present meaning.

    What fails is still said to fail; the stand-ins of a value say which spellings it rests on.
    """
    again = {
        plan.request: plan.request._replace(is_old=True)
        for some in plans
        for plan in some
        if _misses_by_its_code(answers[plan.request])
    }
    others = answering([*again.values()]) if again else {}
    found = dict(answers)
    for request, other in again.items():
        answer, better = answers[request], others[other]
        if isinstance(answer, Report) and isinstance(better, Report):
            pairs = zip(answer.observations, better.observations, strict=True)
            observations = tuple(new if _is_better(new, one) else one for one, new in pairs)
            found[request] = answer._replace(observations=observations)
    return found


def _is_better(new: Observation, one: Observation) -> bool:
    """Whether an observation says more of a value than another: what it is, or how Keras leaves it."""
    if one.failure is None or new.failure is None:
        return one.failure is not None
    is_unbuilt = new.unbuilt is not None and one.unbuilt is None
    return is_unbuilt or (new.failure.problem == Problem.UNBUILT and new.cause is None)


def _misses_by_its_code(answer: Answer) -> bool:
    """Whether code that fails as in plain TensorFlow is why there is no value of something."""
    if not isinstance(answer, Report):
        return False
    kinds = {failed.piece: failed.kind for failed in answer.failed}
    return any(
        one.failure is not None
        and (kinds.get(one.cause) == "code" if one.cause is not None else _is_old(one.failure))
        for one in answer.observations
    )


def _is_old(failure: Failure) -> bool:
    """Whether what has failed after the code had run may be of an older version of Keras."""
    is_attribute = failure.error is not None and failure.error.type == "AttributeError"
    return is_attribute or failure.message in (
        "it is a value of type Sequential",
        "it is a value of type Model",
    )


def documents(path: Path) -> list[str]:
    """Return the documents that a path names: itself, or those below a folder. Raises ``OSError``."""
    if not path.is_dir():
        path.stat()
        return [str(path)]
    found = []
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and name[0] not in "._")
        found += [str(Path(folder, name)) for name in sorted(names) if name.lower().endswith(SUFFIXES)]
    return found


def line_of(document: Document, text: int, offset: int) -> int:
    """Return the number of the line that a place is on: of the file, or of the cell."""
    return bisect_left(_breaks(document.texts[text].text), offset) + 1


@lru_cache(64)
def _breaks(text: str) -> tuple[int, ...]:
    """Return where the lines of a text end."""
    return tuple(found.start() for found in re.finditer(r"\r\n|\r|\n", text))


def read(path: str, *, skips_ours: bool = False) -> Audited:
    """Return a document that nothing is known of yet; see :func:`.recognise.recognise`."""
    try:
        is_notebook = path.lower().endswith(".ipynb")
        data = files.read_bytes(path, _MAX_BYTES if is_notebook else _MAX_BYTES_OF_TEXT)
        return Audited(path, recognise(path, data, skips_ours=skips_ours), data=data)
    except (OSError, Unreadable) as error:
        reason = getattr(error, "strerror", None) or str(error)
    except RecursionError:
        reason = "it is nested too deeply"
    return Audited(path, unreadable=reason)


def judged(
    one: Audited,
    plans: list[Planned],
    answers: Mapping[Request, Answer],
    more: Sequence[Planned] = (),
) -> Audited:
    """Return a document with what the answers say of it, also those to runs with models of others."""
    document = one.document
    assert document is not None
    verdicts = tuple(elsewhere.verdicts(document, planning.seen(plans, answers), more, answers))
    blocks = tuple(_blocks(document, plans, answers))
    reports = [answers[plan.request] for plan in plans]
    versions = next((report.versions for report in reports if isinstance(report, Report)), Versions())
    return one._replace(verdicts=verdicts, blocks=blocks, versions=versions)


def _blocks(
    document: Document, plans: list[Planned], answers: Mapping[Request, Answer]
) -> Iterator[BlockResult]:
    """Yield what became of each block."""
    ran: set[int] = set()
    failed: dict[int, tuple[int, str, str]] = {}
    for plan in plans:
        answer = answers[plan.request]
        if isinstance(answer, Failure):
            _note_whole(plan, answer, failed)
            continue
        failures = {failure.piece: failure for failure in answer.failed}
        for number, piece in enumerate(plan.run.pieces):
            ran.add(piece.block)
            if number in failures and failures[number].kind != "follows":
                failed.setdefault(piece.block, _failure(plan, failures[number]))
    for number, block in enumerate(document.blocks):
        cell = document.texts[block.text].cell
        line, kind, message = failed.get(number, (1, "", ""))
        outcome = RAN if number in ran and not message else LEFT_OUT
        outcome = FAILED if kind in ("code", "syntax") else LEFT_OUT if message else outcome
        if block.is_off and message:
            outcome, kind, message = LEFT_OUT, "", ""
        start = block.lines[line - 1].start if block.lines else 0
        yield BlockResult(line_of(document, block.text, start), cell, outcome, message, kind)


def _failure(plan: Planned, failure: PieceFailure) -> tuple[int, str, str]:
    """Return the line, in its block, of what failed, the kind of its cause, and what is wrong."""
    piece = plan.run.pieces[failure.piece]
    frames = [frame.line for frame in failure.failure.frames if not frame.file and frame.block == piece.block]
    line = min(max(frames[-1] if frames else piece.first, piece.first), piece.last)
    message = failure.failure.message
    if failure.kind == "name":
        return line, failure.kind, judging.undefined(failure.missing)
    if failure.kind == "code" and failure.failure.error is not None:
        message = str(failure.failure.error)
    return line, failure.kind, message + failure.failure.mend


def _note_whole(plan: Planned, failure: Failure, failed: dict[int, tuple[int, str, str]]) -> None:
    """Note a run that ended before it could say which piece failed."""
    if plan.run.pieces:
        piece = plan.run.pieces[-1]
        failed.setdefault(piece.block, (piece.first, "run", failure.message.partition("\n")[0]))
