"""Models that are not here, but that another document of the folder saves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sphinx_kerasshape.audit import planning, siblings
from sphinx_kerasshape.audit.document import Document, Subject
from sphinx_kerasshape.audit.judging import judging
from sphinx_kerasshape.audit.planning import Planned, Seen
from sphinx_kerasshape.audit.verdict import UNCHECKED, Verdict
from sphinx_kerasshape.messages.report import Answer
from sphinx_kerasshape.messages.request import Request

Answers = Mapping[Request, Answer]
Answering = Callable[[Sequence[Request]], Answers]


class Read(NamedTuple):
    """A document, its path, and its runs."""

    path: str
    document: Document
    plans: list[Planned]


def asked(
    every: Sequence[Read], answers: Answers, defines: Mapping[str, str], answering: Answering
) -> list[list[Planned]]:
    """Return the runs of each document with the models that others save; none if there are none."""
    sources = [_sources(one, every, answers) for one in every]
    requests = [source.request for some in sources for source in some]
    # What only old spellings save, they save as well.
    requests += [request._replace(is_old=True) for request in requests]
    saved = answering(requests) if requests else {}
    return [_with_models(one, defines, some, saved) for one, some in zip(every, sources, strict=True)]


def _with_models(
    one: Read, defines: Mapping[str, str], sources: list[siblings.Source], saved: Answers
) -> list[Planned]:
    old = [source._replace(request=source.request._replace(is_old=True)) for source in sources]
    models = siblings.found([*sources, *old], saved) if sources else ()
    plans = planning.planned(one.document, defines, one.plans[0].request.folder) if models else []
    return [plan._replace(request=plan.request._replace(saved=models)) for plan in plans]


def _sources(one: Read, every: Sequence[Read], answers: Answers) -> list[siblings.Source]:
    """Return how other documents in the folder save what a document would load."""
    folder = Path(one.path).absolute().parent
    others = [
        other for other in every if other.path != one.path and Path(other.path).absolute().parent == folder
    ]
    found = [
        siblings.source(file, other.path, other.document, str(folder))
        for file in siblings.missed(one.plans, answers)
        for other in others
    ]
    return [source for source in found if source is not None]


def verdicts(
    document: Document, known: Mapping[Subject, Seen], more: Sequence[Planned], answers: Answers
) -> list[Verdict]:
    """Return verdicts on statements; what can't be checked without the models of others, with these."""
    plain = list(judging.verdicts(document, known))
    if not more:
        return plain
    found = planning.seen(list(more), answers)
    better = {subject: found.get(subject, one) if _is_lacking(one) else one for subject, one in known.items()}
    new = {one.place: one for one in judging.verdicts(document, better)}
    return [new.get(one.place, one) if one.verdict == UNCHECKED else one for one in plain]


def _is_lacking(seen: Seen) -> bool:
    """Whether there is no value of a subject."""
    return seen.observation is None or seen.observation.failure is not None
