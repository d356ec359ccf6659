"""The plan of an audit: what has to run so that a document's statements can be checked."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit import definitions
from sphinx_kerasshape.audit.document import Document, Echo, Mention, Subject, Summary
from sphinx_kerasshape.audit.slicing import slices
from sphinx_kerasshape.audit.slicing.slices import USUAL, DocumentRun, Slice
from sphinx_kerasshape.messages.report import Answer, Failure, Observation, Report
from sphinx_kerasshape.messages.request import Inside, Piece, Request

_ROOT = re.compile(r"^(?:len\(|(?:np|numpy)\.shape\()+")
"""What stands before the name that an expression asks for something."""
_STOPPED = "raise type('Stopped', (OSError,), "
"""The code of a piece that is left out: it fails as one does that needs what is not here."""


class Planned(NamedTuple):
    """A run of a document, and the request for it."""

    run: DocumentRun
    request: Request


class Seen(NamedTuple):
    """What is known of a subject: its slice, and its value or the reason why there is none."""

    slice: Slice
    observation: Observation | None = None
    failure: Failure | None = None
    """The failure of the whole run."""
    run: int = 0
    """The number of the run among those of the document."""


def planned(document: Document, defines: Mapping[str, str], folder: str = "") -> list[Planned]:
    """Return the runs that serve all statements and models of a document, with names from outside.

    The code of the document imports modules from ``folder``, and reads files there.
    """
    given = {**dict(document.defines), **defines}
    codes = definitions.replaced([block.code for block in document.blocks], given)
    given = {name: value for name, value in given.items() if name.isidentifier()}
    defined = "".join(f"{name} = {value}\n" for name, value in given.items())
    runs = slices.runs(codes, _subjects(document), given)
    return [
        Planned(run, _request(run, _usual_imports(run) + defined, document.echoes)._replace(folder=folder))
        for run in runs
    ]


def _with_imports(observation: Observation | None, some: Slice) -> Observation | None:
    """Return an observation that names the imports that the document does not have."""
    imports = tuple(f"the import of {name}" for name in some.usual)
    return observation and observation._replace(stand_ins=(*imports, *observation.stand_ins))


def _usual_imports(run: DocumentRun) -> str:
    names = {name: None for one in run.observations for name in one.slice.usual}
    return "".join(f"{USUAL[name]}\n" for name in names)


def without_culprit(plan: Planned, failure: Failure) -> Planned | None:
    """Return a plan without the piece that has ended its run, if that is known."""
    lines = [(frame.block, frame.line) for frame in failure.frames if not frame.file]
    for block, line in lines:
        for number, piece in enumerate(plan.request.pieces):
            run = plan.run.pieces[number]
            if piece.block == block and run.first <= line <= run.last and not piece.code.startswith(_STOPPED):
                message = failure.message.partition("\n")[0]
                said = {"text": message, "statement": piece.code.split("\n")[line - run.first].strip()}
                stopped = piece._replace(code=f"{_STOPPED}{said!r})()", inside=())
                pieces = (*plan.request.pieces[:number], stopped, *plan.request.pieces[number + 1 :])
                return plan._replace(request=plan.request._replace(pieces=pieces))
    return None


def seen(plans: Iterable[Planned], answers: Mapping[Request, Answer]) -> dict[Subject, Seen]:
    """Return what is known of each subject."""
    found: dict[Subject, Seen] = {}
    for run, plan in enumerate(plans):
        answer = answers[plan.request]
        observations = iter(answer.observations if isinstance(answer, Report) else ())
        for seat in _in_order(plan.run):
            one = seat.one
            if isinstance(answer, Failure):
                found[one.subject] = Seen(one.slice, failure=answer)
            else:
                observation = next(observations, None) if seat.place >= 0 else None
                found[one.subject] = Seen(one.slice, _with_imports(observation, one.slice), run=run)
    return found


def _subjects(document: Document) -> list[Subject]:
    """Return all subjects, in the order of the code; what is printed later may be of the same."""
    subjects = list(document.models)
    for statement in document.statements:
        if isinstance(statement, Summary):
            subjects += (*statement.subjects, *statement.rounds)
        elif not isinstance(statement, Mention):
            subjects.append(statement.subject)
    return sorted(dict.fromkeys(subjects), key=lambda one: (one.block, one.line))


class _Seat(NamedTuple):
    """The piece at which something is observed, by its number, and whether it is inside."""

    is_inside: bool
    place: int
    one: slices.Observation


def _in_order(run: DocumentRun) -> list[_Seat]:
    """Return what is observed in the order in which the worker does."""
    starts = [(piece.block, piece.first) for piece in run.pieces]
    return sorted((_seat(run, starts, one) for one in run.observations), key=lambda seat: seat[:2])


def _seat(run: DocumentRun, starts: Sequence[tuple[int, int]], one: slices.Observation) -> _Seat:
    """Return the piece that has the line of an observation inside it, or behind which it is made."""
    number = bisect_right(starts, (one.subject.block, one.subject.line)) - 1
    inside = -1
    while number >= 0 and (piece := run.pieces[number]).block == one.subject.block:
        if piece.last + 1 < one.subject.line:
            break
        inside = number if _is_around(piece, one.subject) else inside
        number -= 1
    return _Seat(inside >= 0, inside if inside >= 0 else one.after, one)


def _is_around(piece: slices.Piece, subject: Subject) -> bool:
    """Whether a piece has a subject's line and goes on, or defines a function or class that ends there."""
    is_definition = piece.code.startswith(("def ", "class ", "@", "async def "))
    is_last = is_definition or subject.visit > 0
    return piece.block == subject.block and piece.first <= subject.line < piece.last + is_last


def _echoes(run: DocumentRun, shown: Iterable[Echo]) -> dict[int, list[tuple[str, str]]]:
    """Return what the document shows of the names that each piece defines, until another one does."""
    found: dict[int, list[tuple[str, str]]] = {}
    for echo in shown:
        root = _ROOT.sub("", echo.expression).partition(".")[0].partition("[")[0].rstrip(")")
        for number in range(len(run.pieces) - 1, -1, -1):
            piece = run.pieces[number]
            is_before = (piece.block, piece.last) <= (echo.block, echo.line)
            is_same = piece.block == echo.block and piece.first <= echo.line <= piece.last
            if is_before and root in piece.defines if root else is_same:
                found.setdefault(number, []).append((echo.expression, echo.value))
                break
    return found


def _request(run: DocumentRun, prelude: str, shown: Iterable[Echo]) -> Request:
    echoes = _echoes(run, shown)
    observed: dict[int, list[str]] = {}
    inside: dict[int, list[Inside]] = {}
    for is_inside, place, one in _in_order(run):
        subject = one.subject
        if is_inside:
            inside.setdefault(place, []).append(Inside(subject.line, subject.expression, subject.visit))
        else:
            observed.setdefault(place, []).append(subject.expression)
    pieces = tuple(
        Piece(
            *(piece.code, piece.first, piece.block, piece.defines),
            tuple(observed.get(number, ())),
            tuple(inside.get(number, ())),
            tuple(echoes.get(number, ())),
        )
        for number, piece in enumerate(run.pieces)
    )
    return Request("", prelude=prelude, kind="document", pieces=pieces)
