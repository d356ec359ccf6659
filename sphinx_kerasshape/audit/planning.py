"""The plan of an audit: what has to run so that a document's statements can be checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit import slices
from sphinx_kerasshape.audit.document import Document, Mention, Subject, Summary
from sphinx_kerasshape.audit.slices import DocumentRun, Slice
from sphinx_kerasshape.messages.report import Answer, Failure, Observation, Report
from sphinx_kerasshape.messages.request import Inside, Piece, Request

_USUAL = {
    "tf": "import tensorflow as tf",
    "tensorflow": "import tensorflow",
    "keras": "import keras",
    "layers": "from keras import layers",
    "np": "import numpy as np",
}
"""Names that readers of a page know, and the imports that give them."""
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


def planned(document: Document, defines: Mapping[str, str], folder: str = "") -> list[Planned]:
    """Return the runs that serve all statements and models of a document, with names from outside.

    The code of the document imports modules from ``folder``, and reads files there.
    """
    given = {**dict(document.defines), **defines}
    codes = [block.code for block in document.blocks]
    defined = "".join(f"{name} = {value}\n" for name, value in given.items())
    runs = slices.runs(codes, _subjects(document), given)
    return [
        Planned(run, _request(run, _usual_imports(run) + defined)._replace(folder=folder)) for run in runs
    ]


def usual(some: Slice) -> tuple[str, ...]:
    """Return the names that a slice uses as everybody does, though the document does not import them."""
    missing = {missing.name for missing in some.missing}
    return tuple(name for name in _USUAL if name in missing or _is_used_in(name, some.pieces))


def _is_used_in(name: str, pieces: Sequence[slices.Piece]) -> bool:
    """Whether pieces use a name, such as in a function, and none of them binds it."""
    used = re.compile(rf"(?<![\w.])(?<!from )(?<!import ){name}\.")
    return any(used.search(piece.code) for piece in pieces) and all(name not in one.defines for one in pieces)


def _with_imports(observation: Observation | None, some: Slice) -> Observation | None:
    """Return an observation that names the imports that the document does not have."""
    imports = tuple(f"the import of {name}" for name in usual(some))
    return observation and observation._replace(stand_ins=(*imports, *observation.stand_ins))


def _usual_imports(run: DocumentRun) -> str:
    names = {name: None for one in run.observations for name in usual(one.slice)}
    return "".join(f"{_USUAL[name]}\n" for name in names)


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
    for plan in plans:
        answer = answers[plan.request]
        observations = iter(answer.observations if isinstance(answer, Report) else ())
        for one in _in_order(plan.run):
            if isinstance(answer, Failure):
                found[one.subject] = Seen(one.slice, failure=answer)
            else:
                observation = next(observations, None) if _place(plan.run, one) >= 0 else None
                found[one.subject] = Seen(one.slice, _with_imports(observation, one.slice))
    return found


def _subjects(document: Document) -> list[Subject]:
    """Return all subjects, in the order of the code; what is printed later may be of the same."""
    subjects = list(document.models)
    for statement in document.statements:
        if isinstance(statement, Summary):
            subjects += statement.subjects
        elif not isinstance(statement, Mention):
            subjects.append(statement.subject)
    return sorted(dict.fromkeys(subjects), key=lambda one: (one.block, one.line))


def _in_order(run: DocumentRun) -> Iterator[slices.Observation]:
    """Yield what is observed in the order in which the worker does."""
    yield from sorted(run.observations, key=lambda one: (_is_inside(run, one), _place(run, one)))


def _place(run: DocumentRun, one: slices.Observation) -> int:
    """Return the number of the piece that has to run for an observation, or that has its line; or -1."""
    around = (number for number, piece in enumerate(run.pieces) if _is_around(piece, one.subject))
    return next(around, one.after)


def _is_inside(run: DocumentRun, one: slices.Observation) -> bool:
    """Whether a subject is inside a piece, and not what the whole piece leaves behind."""
    place = _place(run, one)
    return place >= 0 and _is_around(run.pieces[place], one.subject)


def _is_around(piece: slices.Piece, subject: Subject) -> bool:
    """Whether a piece has a subject's line and goes on, or defines a function or class that ends there."""
    is_definition = piece.code.startswith(("def ", "class ", "@", "async def "))
    return piece.block == subject.block and piece.first <= subject.line < piece.last + is_definition


def _request(run: DocumentRun, prelude: str) -> Request:
    observed: dict[int, list[str]] = {}
    inside: dict[int, list[Inside]] = {}
    for one in _in_order(run):
        subject, place = one.subject, _place(run, one)
        if _is_inside(run, one):
            inside.setdefault(place, []).append(Inside(subject.line, subject.expression))
        else:
            observed.setdefault(place, []).append(subject.expression)
    pieces = tuple(
        Piece(
            *(piece.code, piece.first, piece.block, piece.defines),
            tuple(observed.get(number, ())),
            tuple(inside.get(number, ())),
        )
        for number, piece in enumerate(run.pieces)
    )
    return Request("", prelude=prelude, kind="document", pieces=pieces)
