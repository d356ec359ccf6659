"""The blocks of a document that make models, that fail to, or that would but for what is not here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sphinx_kerasshape.adopt.results import Judged
from sphinx_kerasshape.audit import planning
from sphinx_kerasshape.audit.document import Subject
from sphinx_kerasshape.audit.judging import judging
from sphinx_kerasshape.audit.planning import Seen
from sphinx_kerasshape.messages.report import Model, PieceFailure, Report

_OF_SURROUNDINGS = frozenset(
    (
        "ImportError",
        "ModuleNotFoundError",
        "AttributeError",
        "NameError",
        "SyntaxError",
        "KeyError",
        "OSError",
    )
)
"""Exceptions that no page shows on purpose."""


class Maker(NamedTuple):
    """A block that makes a model, or fails to."""

    block: int
    expression: str
    model: Model | None = None
    raises: str = ""
    """The class of the exception that plain TensorFlow raises."""


def makers(one: Judged, known: Mapping[Subject, Seen]) -> dict[int, Maker]:
    """Return the blocks that make models; of several in a block, its own last one is meant."""
    found: dict[int, Maker] = {}
    own: set[int] = set()
    for maker, is_own in _makers(one, known):
        if is_own or maker.block not in own:
            found[maker.block] = maker
        if is_own:
            own.add(maker.block)
    found |= {maker.block: maker for maker in _failing(one, known)}
    return {number: maker for number, maker in found.items() if not one.document.blocks[number].is_off}


def unmade(one: Judged, known: Mapping[Subject, Seen], found: Mapping[int, Maker]) -> dict[int, str]:
    """Return the blocks that would make a model but for what is not here, each with the reason."""
    left = {}
    for subject in one.document.models:
        seen = known.get(subject)
        failure = seen.observation.failure if seen is not None and seen.observation is not None else None
        if seen is None or failure is None or failure.message.startswith("it is "):  # it is something else
            continue
        binds = any(
            piece.block == subject.block for piece in seen.slice.pieces if _root(subject) in piece.defines
        )
        if binds and subject.block not in found and not one.document.blocks[subject.block].is_off:
            left[subject.block] = judging.why(seen).partition(" (--define")[0]
    return left


def is_alike(one: Model, other: Model) -> bool:
    """Whether two models have the same layers, whatever these are called."""
    return _look(one) == _look(other)


def _makers(one: Judged, known: Mapping[Subject, Seen]) -> Iterator[tuple[Maker, bool]]:
    """Yield what makes models, and whether the block itself names the model."""
    made: dict[str, list[object]] = {}
    for subject in one.document.models:
        seen = known.get(subject)
        model = seen.observation.model if seen is not None and seen.observation is not None else None
        if seen is None or model is None:
            continue
        looks = made.setdefault(subject.expression, [])
        if _look(model) not in looks:
            looks.append(_look(model))
            blocks = [piece.block for piece in seen.slice.pieces if _root(subject) in piece.defines]
            block = blocks[-1] if blocks else subject.block
            yield Maker(block, subject.expression, model), block == subject.block


def _failing(one: Judged, known: Mapping[Subject, Seen]) -> Iterator[Maker]:
    """Yield the blocks whose model can't be made, as plain TensorFlow says."""
    for plan in one.plans:
        answer = one.answers[plan.request]
        for failed in answer.failed if isinstance(answer, Report) else ():
            block = plan.run.pieces[failed.piece].block
            subjects = [
                subject for subject in one.document.models if subject.block == block and subject in known
            ]
            if subjects and (error := _shown_error(failed)):
                yield Maker(block, subjects[-1].expression, None, error)


def _shown_error(failed: PieceFailure) -> str:
    """Return the class of an exception that a page may show on purpose; empty for others."""
    error = failed.failure.error
    if failed.kind != "code" or error is None or failed.failure.mend:
        return ""
    name = error.type.rpartition(".")[2]
    return "" if name in _OF_SURROUNDINGS else name


def _root(subject: Subject) -> str:
    """Return the name that an expression begins with; empty if it is more than names."""
    found = re.fullmatch(r"(\w+)(?:\.\w+)*", subject.expression)
    return found[1] if found else ""


def _look(model: Model) -> object:
    """Return what a model looks like, whatever its layers are called."""
    rows = [
        (
            row.type,
            row.depth,
            row.params,
            row.trainable,
            [one.shape for call in row.calls for one in call.outputs],
        )
        for row in model.layers
    ]
    shapes = [tuple(one.shape for one in some) for some in (model.inputs, model.outputs)]
    return model.type, shapes, rows, model.params, model.trainable


def known_subjects(one: Judged) -> dict[Subject, Seen]:
    """Return what is known of each subject."""
    return planning.seen(one.plans, one.answers)
