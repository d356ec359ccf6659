"""What is not here, found elsewhere: in what a notebook has printed, and in what another document saves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sphinx_kerasshape.audit import known_values, planning, siblings
from sphinx_kerasshape.audit.document import Document, Subject
from sphinx_kerasshape.audit.judging import judging
from sphinx_kerasshape.audit.planning import Planned, Seen
from sphinx_kerasshape.audit.verdict import DRIFTED, UNCHECKED, Verdict
from sphinx_kerasshape.messages.report import Answer, Report
from sphinx_kerasshape.messages.request import Request

Answers = Mapping[Request, Answer]
Answering = Callable[[Sequence[Request]], Answers]


class Read(NamedTuple):
    """A document, its path, and its runs."""

    path: str
    document: Document
    plans: list[Planned]


class Asked(NamedTuple):
    """Values that a document prints, and its runs with these and with models that others save."""

    printed: Mapping[str, str] = {}
    plans: Sequence[Planned] = ()


NOTHING = Asked()


def asked(
    every: Sequence[Read], answers: Answers, defines: Mapping[str, str], answering: Answering
) -> list[Asked]:
    """Return the runs of documents with what is known from elsewhere; none if that is nothing."""
    sources = [_sources(one, every, answers) for one in every]
    requests = [source.request for some in sources for source in some]
    # What only old spellings save, they save as well.
    requests += [request._replace(is_old=True) for request in requests]
    saved = answering(requests) if requests else {}
    return [_asked(one, answers, defines, some, saved) for one, some in zip(every, sources, strict=True)]


def _asked(
    one: Read, answers: Answers, defines: Mapping[str, str], sources: list[siblings.Source], saved: Answers
) -> Asked:
    if not any(_misses_data(answers[plan.request]) for plan in one.plans) and not sources:
        return NOTHING
    values = known_values.values(one.document).items()
    printed = {name: value for name, value in values if name not in defines}
    old = [source._replace(request=source.request._replace(is_old=True)) for source in sources]
    models = siblings.found([*sources, *old], saved)
    if not printed and not models:
        return NOTHING
    folder = one.plans[0].request.folder
    plans = planning.planned(one.document, {**defines, **printed}, folder)
    return Asked(printed, [plan._replace(request=plan.request._replace(saved=models)) for plan in plans])


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
    document: Document, known: Mapping[Subject, Seen], more: Asked, answers: Answers
) -> list[Verdict]:
    """Return verdicts on statements, with what is known from elsewhere too, if all of it fits together.

    An output may be older than the code. So it confirms, and contradicts nothing; and no output confirms one.
    """
    plain = list(judging.verdicts(document, known))
    if not more.plans:
        return plain
    names = tuple(f"{name} as the document prints it" for name in more.printed)
    found = {subject: _noted(one, names) for subject, one in planning.seen(more.plans, answers).items()}
    better = {subject: found.get(subject, one) if _is_lacking(one) else one for subject, one in known.items()}
    every = list(judging.verdicts(document, better))
    new = {one.place: one for one in every}
    spoilt = {one.summary for one in every if one.summary is not None and _contradicts(one, names)}

    def is_open(one: Verdict) -> bool:
        is_output = bool(names) and (one.kind == "shape" or one.summary in spoilt)
        is_refuted = _contradicts(new.get(one.place, one), names)
        return one.verdict == UNCHECKED and not is_output and not is_refuted

    return [new.get(one.place, one) if is_open(one) else one for one in plain]


def _contradicts(one: Verdict, names: tuple[str, ...]) -> bool:
    return bool(names) and one.verdict == DRIFTED and bool(one.actual)


def _misses_data(answer: Answer) -> bool:
    return isinstance(answer, Report) and any(one.kind in ("files", "package") for one in answer.failed)


def _is_lacking(seen: Seen) -> bool:
    """Whether there is no value of a subject."""
    return seen.observation is None or seen.observation.failure is not None


def _noted(seen: Seen, names: tuple[str, ...]) -> Seen:
    observation = seen.observation
    if observation is None:
        return seen
    return seen._replace(observation=observation._replace(stand_ins=(*observation.stand_ins, *names)))
