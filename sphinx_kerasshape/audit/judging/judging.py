"""Statements of a document, judged by what was observed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from operator import ne
from typing import NamedTuple

from sphinx_kerasshape import prose
from sphinx_kerasshape.audit.document import Document, Mention, Place, Stated, Statement, Subject, Summary
from sphinx_kerasshape.audit.judging.comparison import compared, fit
from sphinx_kerasshape.audit.judging.names import Names
from sphinx_kerasshape.audit.planning import Seen
from sphinx_kerasshape.audit.statements import literals
from sphinx_kerasshape.audit.verdict import DRIFTED, HOLDS, UNCHECKED, Edit, Verdict
from sphinx_kerasshape.claims import doubts, named_sizes
from sphinx_kerasshape.claims.counts import Unreadable, count_claim
from sphinx_kerasshape.claims.named_sizes import Dims
from sphinx_kerasshape.claims.shapes import ShapeClaim, shape_claim
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Model, Observation, TensorSpec
from sphinx_kerasshape.pages import records

_COUNTED = re.compile(r"(sequential|functional|model)(_\d+)?")
"""Names that Keras gives to models."""

_UNBUILT = "Keras leaves the model unbuilt here, so it prints no shapes"
_NEAR = 1.25
"""Counts within this ratio may be meant."""


def verdicts(document: Document, known: Mapping[Subject, Seen]) -> Iterator[Verdict]:
    """Yield a verdict on each statement, in the document's order."""
    prose_, names = _Prose(document, known), _names(document, known)
    stated = set[Place]()
    for number, statement in enumerate(document.statements):
        if isinstance(statement, Summary):
            for verdict in _on_summary(statement, known, number):
                if verdict.place not in stated:  # a part of an output may be there as HTML too
                    stated.add(verdict.place)
                    yield verdict
        elif isinstance(statement, Stated):
            yield _on_stated(statement, known, names)
        else:
            yield prose_.judge(statement)


def why(seen: Seen | None) -> str:
    """Return why nothing is known of a subject."""
    if seen is None or not seen.slice.is_run:
        return "nothing in the document calls the function that it stands in"
    for missing in seen.slice.missing:
        if missing.is_certain and missing.name not in seen.slice.usual:
            return undefined(missing.name)
    for one in seen.slice.unparsed:
        return f"the code that defines {', '.join(one.names)} can't be parsed: {one.message}"
    return _failure(seen)


def _failure(seen: Seen) -> str:
    if seen.failure is not None:
        return seen.failure.message.partition("\n")[0]
    if seen.observation is None:
        return "nothing gives it a value"
    text = seen.observation.failure.message if seen.observation.failure is not None else ""
    return undefined(seen.observation.missing) if text.endswith("is not defined in this document") else text


def undefined(name: str) -> str:
    """Return what is to be done about a name that nothing defines."""
    return (
        f"{name} is not defined in this document "
        f"(--define {name}=VALUE, or a comment `kerasshape: define {name} = VALUE`)"
    )


def _on_summary(summary: Summary, known: Mapping[Subject, Seen], number: int) -> Iterator[Verdict]:
    """Yield a verdict on each row and total."""
    for verdict in _on_rows(summary, known):
        yield verdict._replace(summary=number)


def _on_rows(summary: Summary, known: Mapping[Subject, Seen]) -> Iterator[Verdict]:
    models = [(seen, seen.observation) for one in summary.subjects if (seen := known.get(one)) is not None]
    read = [one for _, one in models if one is not None and one.model is not None]
    if summary.rounds and not _has_rounds(summary, known):
        reason = "the loop that printed it runs more or fewer rounds here than the document shows"
        first = known.get(summary.subjects[0]._replace(visit=1))
        if first is None or first.observation is None or first.observation.failure is not None:
            reason = why(first)
        yield from _all(summary, UNCHECKED, reason)
        return
    if summary.is_linked and models:
        seen, observation = models[0]
        if observation is not None and observation.model is not None:
            yield from _of_model(summary, observation)
        elif observation is not None and _is_unbuilt(observation):
            yield from _of_unbuilt(summary, observation)
        else:
            yield from _all(summary, UNCHECKED, why(seen))
        return
    fits = [(fit(summary, one.model), -place, one) for place, one in enumerate(read) if one.model]
    best = max(fits, key=lambda entry: (entry[0].details, entry[0].rows, entry[1]), default=None)
    if best is not None and best[0].is_likely:
        found = list(_of_model(summary, best[2]))
        if _is_doubtful(summary, best[2]) and any(one.verdict == DRIFTED for one in found):
            found = list(_all(summary, UNCHECKED, "a loop or a function printed it, of one model or another"))
        yield from found
        return
    reasons = [why(seen) for seen, one in models if one is None or one.model is None]
    reason = next(filter(None, reasons), "") if not read else ""
    yield from _all(summary, UNCHECKED, reason or "no model of this document has these layers")


def _has_rounds(summary: Summary, known: Mapping[Subject, Seen]) -> bool:
    """Whether the loop that printed a summary has as many rounds as the document shows."""
    last, beyond = (known.get(one) for one in summary.rounds)
    observations = [one.observation if one is not None else None for one in (last, beyond)]
    has_run = [one is not None and (one.model is not None or _is_unbuilt(one)) for one in observations]
    return has_run == [True, False]


def _is_doubtful(summary: Summary, observation: Observation) -> bool:
    """Whether a summary may be of another model than the one that fits it best."""
    name = observation.model.name if observation.model is not None else ""
    is_titled = summary.title.text == name and _COUNTED.fullmatch(name) is None
    return summary.is_unsure and not is_titled


def _is_unbuilt(observation: Observation) -> bool:
    failure = observation.failure
    return failure is not None and failure.problem == Problem.UNBUILT and observation.cause is None


def _of_unbuilt(summary: Summary, observation: Observation) -> Iterator[Verdict]:
    """Yield verdicts on what Keras prints of a model that it has not built, or of which only a part is."""
    if observation.unbuilt is None:
        yield from _all(summary, DRIFTED, _UNBUILT)
        return
    for verdict in compared(summary, observation.unbuilt, observation.optimizer):
        told = verdict._replace(stand_ins=observation.stand_ins)
        yield told if told.verdict == HOLDS else told._replace(actual="", reason=_UNBUILT, edits=())


def _of_model(summary: Summary, observation: Observation) -> Iterator[Verdict]:
    assert observation.model is not None
    verdicts = list(compared(summary, observation.model, observation.optimizer))
    if observation.unbuilt is not None and any(one.verdict == DRIFTED for one in verdicts):
        others = list(compared(summary, observation.unbuilt, observation.optimizer))
        verdicts = verdicts if any(one.verdict == DRIFTED for one in others) else others
    for verdict in verdicts:
        yield verdict._replace(stand_ins=observation.stand_ins, model=observation.model)


def _all(summary: Summary, verdict: str, reason: str) -> Iterator[Verdict]:
    for row in summary.rows:
        text = "  ".join(filter(None, (row.name.text, row.output.text, row.params.text)))
        yield Verdict("summary", row.place, text, verdict, "", reason)
    for total in summary.totals:
        label = total.kind.replace("_", "-").capitalize()
        yield Verdict("summary", total.place, f"{label} params: {total.count.text}", verdict, "", reason)


def claims_in(statements: Iterable[Statement]) -> Iterator[ShapeClaim]:
    """Yield the shapes that statements state, as far as they can be read."""
    for statement in statements:
        if isinstance(statement, Stated) and statement.kind != "count":
            with suppress(Unreadable):
                yield shape_claim(statement.text)


Group = tuple[int, tuple[str, ...]]
"""The run that a tensor is of, and the axes of the inputs that its batch comes from."""


def _names(document: Document, known: Mapping[Subject, Seen]) -> dict[Group, Names]:
    """Return the meanings of names for what is stated on each model."""
    pairs: dict[Group, list[tuple[ShapeClaim, tuple[TensorSpec, ...]]]] = {}
    sizes: dict[Group, dict[str, None]] = {}
    for statement in document.statements:
        if not isinstance(statement, Stated) or statement.kind == "count":
            continue
        seen = known.get(statement.subject)
        if seen is None or seen.observation is None:
            continue
        group = _group(seen, seen.observation)
        with suppress(Unreadable):
            pairs.setdefault(group, []).append((shape_claim(statement.text), _tensors(seen.observation)))
        sizes.setdefault(group, {}).update(dict.fromkeys(seen.observation.sizes))
    found = {}
    for group, some in pairs.items():
        found[group] = Names((claim for claim, _ in some), sizes=sizes[group])
        found[group].learn(some)
    return found


def _tensors(observation: Observation) -> tuple[TensorSpec, ...]:
    return observation.model.outputs if observation.model is not None else observation.tensors


def _group(seen: Seen, observation: Observation) -> Group:
    return seen.run, tuple(one.symbolic[0] for one in _tensors(observation)[:1] if one.symbolic)


def _on_stated(stated: Stated, known: Mapping[Subject, Seen], names: Mapping[Group, Names]) -> Verdict:
    seen = known.get(stated.subject)
    observation = seen.observation if seen is not None else None
    if seen is None or observation is None or observation.failure is not None:
        return Verdict(stated.kind, stated.place, stated.text, UNCHECKED, reason=why(seen))
    return on_stated(stated, observation, names.get(_group(seen, observation), Names(())))


def on_stated(stated: Stated, observation: Observation, names: Names) -> Verdict:
    """Return the verdict on a shape or a count that speaks of an observed value."""
    plain = Verdict(stated.kind, stated.place, stated.text, UNCHECKED, stand_ins=observation.stand_ins)
    if stated.kind == "count":
        return _on_count(stated, observation, plain)
    tensors = _tensors(observation)
    if not tensors:
        return plain._replace(reason="its value is not a tensor")
    return _on_shapes(stated, tensors, names, plain)


def _on_count(stated: Stated, observation: Observation, plain: Verdict) -> Verdict:
    number = observation.number
    if observation.model is not None:
        number = observation.model.params
    if number is None:
        return plain._replace(reason="its value is not a number")
    try:
        claim = count_claim(stated.text)
    except Unreadable:
        return plain._replace(reason="it can't be read as a number")
    if claim.holds(number):
        return plain._replace(verdict=HOLDS)
    return _drifted(plain, claim.restated(number))


def _on_shapes(stated: Stated, tensors: tuple[TensorSpec, ...], names: Names, plain: Verdict) -> Verdict:
    try:
        claim = shape_claim(stated.text)
    except Unreadable:
        return plain._replace(reason="it can't be read as a shape")
    dims, unsolved = names.named(claim, tensors)
    shapes = _of_batch(stated, claim, dims)
    if claim.holds(dims) or claim.holds(shapes):
        if unsolved:
            listed = " and ".join(sorted(unsolved))
            return plain._replace(reason=f"it is computed from {listed}, and nothing states that size")
        return plain._replace(verdict=HOLDS)
    omits = len(claim.shapes[0]) + 1 == len(shapes[0]) and shapes[0][:1] == (None,) and _has_no_batch(claim)
    actual = claim.restated(tuple(shape[1:] for shape in shapes) if omits else shapes)
    return _drifted(plain, named_sizes.ascii_text(actual) if stated.text.isascii() else actual)


def _has_no_batch(claim: ShapeClaim) -> bool:
    return None not in claim.shapes[0] and "?" not in claim.shapes[0]


def _of_batch(stated: Stated, claim: ShapeClaim, shapes: tuple[Dims, ...]) -> tuple[Dims, ...]:
    """Return shapes with the batch as the claim has it: an example, or open though the code gives one."""
    first = claim.shapes[0][0] if claim.shapes and claim.shapes[0] else None
    if isinstance(first, int):
        is_batch = len(claim.shapes[0]) == len(shapes[0])
        return tuple((first, *shape[1:]) if shape[:1] == (None,) and is_batch else shape for shape in shapes)
    if stated.kind == "comment" and first is None:
        return tuple((None, *shape[1:]) for shape in shapes)
    return shapes


def _drifted(plain: Verdict, actual: str) -> Verdict:
    return plain._replace(verdict=DRIFTED, actual=actual, edits=(Edit(plain.place, actual),))


class _Nearby(NamedTuple):
    """A model, and the block behind which it is known."""

    block: int
    model: Model


class _Prose:
    """What the models of a document say of its prose."""

    def __init__(self, document: Document, known: Mapping[Subject, Seen]) -> None:
        self._models = list(_nearby(known))
        codes = (literals.without_texts(block.code) for block in document.blocks)
        self._in_code = prose.sizes_in_code("\n".join(codes))

    def judge(self, mention: Mention) -> Verdict:
        """Return the verdict on a shape or count in prose; it may speak of anything."""
        plain = Verdict(mention.kind, mention.place, mention.text, UNCHECKED)
        if not self._models:
            return plain._replace(reason="the document has no model that runs")
        is_in_code = mention.kind == "shape" and prose.sizes(mention.text) in self._in_code
        kind = "params" if mention.kind == "count" else "shape"
        record = records.Mention(kind, mention.text, "", mention.before, mention.after, is_in_code)
        opinion = doubts.opinion(record, [one.model for one in self._models])
        if opinion.holds:
            return plain._replace(verdict=HOLDS)
        if opinion.doubt:
            verdict = _drifted(plain, opinion.nearest)
            is_meant = mention.kind != "count" or self._is_meant(mention.text, opinion.nearest)
            if not (opinion.is_sure and is_meant):
                verdict = verdict._replace(edits=())
            return verdict._replace(reason=opinion.doubt.replace(" on this page", " of this document"))
        return plain._replace(reason="it may speak of something else: no model says what it means")

    def _is_meant(self, stated: str, nearest: str) -> bool:
        """Whether the nearest count is surely the one that is meant, and not only one of several."""
        if len(stated) == len(nearest) and sum(map(ne, stated, nearest)) == 1 and len(stated) > 3:
            return True
        claims = count_claim(stated), count_claim(nearest)
        totals = {one.model.params for one in self._models}
        near = [total for total in totals if total and _NEAR > claims[0].number / total > 1 / _NEAR]
        return len(near) == 1 and claims[1].holds(near[0])


def _nearby(known: Mapping[Subject, Seen]) -> Iterable[_Nearby]:
    for subject, seen in known.items():
        observation = seen.observation
        if observation is not None and observation.model is not None:
            yield _Nearby(subject.block, observation.model)
