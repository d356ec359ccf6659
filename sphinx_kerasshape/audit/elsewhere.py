"""What is not here, found elsewhere: in what a notebook has printed, as its stored outputs say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sphinx_kerasshape.audit import known_values, planning
from sphinx_kerasshape.audit.document import Document, Subject
from sphinx_kerasshape.audit.judging import judging
from sphinx_kerasshape.audit.planning import Planned, Seen
from sphinx_kerasshape.audit.verdict import DRIFTED, UNCHECKED, Verdict
from sphinx_kerasshape.messages.report import Answer, Report
from sphinx_kerasshape.messages.request import Request

Answering = Callable[[Sequence[Request]], Mapping[Request, Answer]]
Asked = tuple[dict[str, str], list[Planned]]
"""Values that a document prints, and runs with these."""


def asked(
    document: Document, plans: list[Planned], answers: Mapping[Request, Answer], defines: Mapping[str, str]
) -> Asked:
    """Return the runs of a document with what it prints of data that is not here; none if that is nothing."""
    if not any(_misses_data(answers[plan.request]) for plan in plans):
        return {}, []
    printed = {name: one for name, one in known_values.values(document).items() if name not in defines}
    if not printed:
        return {}, []
    folder = plans[0].request.folder
    return printed, planning.planned(document, {**defines, **printed}, folder)


def verdicts(
    document: Document, known: Mapping[Subject, Seen], more: Asked, answers: Mapping[Request, Answer]
) -> list[Verdict]:
    """Return verdicts on statements, with what is known from outputs too, if all of it fits together.

    An output may be older than the code. So it confirms, and contradicts nothing; and no output confirms one.
    """
    plain = list(judging.verdicts(document, known))
    printed, plans = more
    if not printed:
        return plain
    names = tuple(f"{name} as the document prints it" for name in printed)
    found = {subject: _noted(one, names) for subject, one in planning.seen(plans, answers).items()}
    lacking = {subject for subject, one in known.items() if _is_lacking(one)}
    better = {
        subject: found.get(subject, one) if subject in lacking else one for subject, one in known.items()
    }
    every = list(judging.verdicts(document, better))
    new = {one.place: one for one in every}
    spoilt = {one.summary for one in every if one.summary is not None and _contradicts(one)}

    def is_open(one: Verdict) -> bool:
        is_output = one.kind == "shape" or one.summary in spoilt
        return one.verdict == UNCHECKED and not is_output and not _contradicts(new.get(one.place, one))

    return [new.get(one.place, one) if is_open(one) else one for one in plain]


def _contradicts(one: Verdict) -> bool:
    return one.verdict == DRIFTED and bool(one.actual)


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
