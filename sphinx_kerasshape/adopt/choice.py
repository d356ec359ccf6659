"""Which blocks of a document become directives: chosen from their needs, then run as the build will run them."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sphinx_kerasshape.adopt.needs import Needs
from sphinx_kerasshape.audit import judging
from sphinx_kerasshape.audit.document import Document, Subject
from sphinx_kerasshape.audit.planning import Planned, Seen
from sphinx_kerasshape.messages.layers import remarks
from sphinx_kerasshape.messages.report import Answer, Failure, Model, Report
from sphinx_kerasshape.messages.request import Piece, Request
from sphinx_kerasshape.settings.settings import Settings

MODEL, CODE, RAISES = "model", "code", "raises"
_NOT_SHOWN = ("ImportError", "ModuleNotFoundError", "AttributeError", "NameError", "SyntaxError", "KeyError")
"""Exceptions that are about the code's surroundings; a page doesn't show them on purpose."""
_REFUSED = {"data for": "needs data", "weights of": "needs a download: weights", "batches": "needs files"}
_MAX_ROUNDS = 8

Rounds = Generator[list[Request], Mapping[Request, Answer], "Choice"]
"""Asks for answers, round by round, and returns a choice."""


class Chosen(NamedTuple):
    """A block that becomes a directive."""

    block: int
    kind: str
    """``model`` or ``code``."""
    expression: str = ""
    """The name of its model in the code."""
    says_model: bool = False
    """Whether the directive has to say which model is meant."""
    raises: str = ""
    hidden: tuple[str, ...] = ()
    """Imports that run before it, and are not shown."""
    session: int = -1
    """The number of its session; -1 if it has none."""
    report: Report | None = None


class Choice(NamedTuple):
    """The blocks that become directives, in order, and why others can't."""

    chosen: tuple[Chosen, ...]
    left: Mapping[int, str]


class _Maker(NamedTuple):
    """A block that makes a model, or fails to."""

    block: int
    expression: str
    model: Model | None = None
    raises: str = ""
    is_own: bool = True
    """Whether the block itself has what says so."""


def choice(
    document: Document,
    plans: Sequence[Planned],
    known: Mapping[Subject, Seen],
    answers: Mapping[Request, Answer],
    needs: Needs,
    problem_of: Callable[[int, str], str],
) -> Rounds:
    """Return the choice for a document; ``problem_of`` says why the markup of a block can't become a kind."""
    makers: dict[int, _Maker] = {}
    for maker in _makers(document, plans, known, answers):
        if maker.is_own or maker.block not in makers:
            makers[maker.block] = maker
    left: dict[int, str] = {}
    says: set[int] = set()
    for _ in range(_MAX_ROUNDS):
        groups = _groups(document, makers, needs, left, problem_of)
        if not groups:
            return Choice((), {**_unmade(document, known, makers), **left})
        answers = yield [_whole(group, document) for group in groups]
        if _drop_unready(groups, document, answers, left):
            continue
        groups = [[one._replace(says_model=one.block in says) for one in group] for group in groups]
        requests = [_requests(group, document) for group in groups]
        answers = yield [request for some in requests for request in some]
        done = True
        for group, some in zip(groups, requests, strict=True):
            for number, (one, request) in enumerate(zip(group, some, strict=True)):
                problem = _unlike(answers[request], makers.get(one.block), one)
                if problem and one.kind == MODEL and not one.says_model and one.expression and not one.raises:
                    says.add(one.block)
                elif problem:
                    left[one.block] = problem
                else:
                    report = answers[request]
                    assert isinstance(report, Report)
                    group[number] = one._replace(report=report)
                    continue
                done = False
                break
        if done:
            chosen = sorted((one for group in groups for one in group), key=lambda one: one.block)
            return Choice(tuple(chosen), {**_unmade(document, known, makers), **left})
    return Choice((), left)


# What makes a model


def _makers(
    document: Document,
    plans: Sequence[Planned],
    known: Mapping[Subject, Seen],
    answers: Mapping[Request, Answer],
) -> Iterator[_Maker]:
    """Yield what makes models; of several in a block, the one that is meant comes last."""
    made: dict[str, list[object]] = {}
    for subject in document.models:
        seen = known.get(subject)
        model = seen.observation.model if seen is not None and seen.observation is not None else None
        if seen is None or model is None:
            continue
        look = _look(model)
        if look in made.setdefault(subject.expression, []):
            continue
        made[subject.expression].append(look)
        root = re.match(r"\w+", subject.expression)
        blocks = [piece.block for piece in seen.slice.pieces if root and root[0] in piece.defines]
        block = blocks[-1] if blocks else subject.block
        yield _Maker(block, subject.expression, model, is_own=block == subject.block)
    yield from _failing(document, plans, known, answers)


def _unmade(
    document: Document, known: Mapping[Subject, Seen], makers: Mapping[int, _Maker]
) -> dict[int, str]:
    """Return the blocks that would make a model but for what is not here, each with the reason."""
    found: dict[int, str] = {}
    for subject in document.models:
        seen = known.get(subject)
        failure = seen.observation.failure if seen is not None and seen.observation is not None else None
        is_other = failure is not None and failure.message.startswith("it is ")
        is_binding = seen is not None and any(
            piece.block == subject.block and re.match(r"\w*", subject.expression)[0] in piece.defines  # type: ignore[index]
            for piece in seen.slice.pieces
        )
        if failure is not None and is_binding and not is_other and subject.block not in makers:
            if not document.blocks[subject.block].is_off:
                found[subject.block] = judging.why(seen)
    return found


def _failing(
    document: Document,
    plans: Sequence[Planned],
    known: Mapping[Subject, Seen],
    answers: Mapping[Request, Answer],
) -> Iterator[_Maker]:
    """Yield the blocks whose model can't be made, as plain TensorFlow says."""
    for plan in plans:
        answer = answers[plan.request]
        for failed in answer.failed if isinstance(answer, Report) else ():
            error, block = failed.failure.error, plan.run.pieces[failed.piece].block
            if failed.kind != "code" or error is None or error.type.rpartition(".")[2] in _NOT_SHOWN:
                continue
            subjects = [one for one in document.models if one.block == block and one in known]
            if subjects and not failed.failure.mend:
                yield _Maker(block, subjects[-1].expression, None, error.type.rpartition(".")[2])


def is_alike(one: Model, other: Model) -> bool:
    """Whether two models have the same layers, whatever these are called."""
    return _look(one) == _look(other)


def _look(model: Model) -> object:
    """Return what a model looks like, whatever its layers are called."""
    shapes = [tuple(one.shape for one in some) for some in (model.inputs, model.outputs)]
    rows = [
        (row.type, row.depth, row.params, row.trainable, [one.shape for call in row.calls for one in call.outputs])
        for row in model.layers
    ]
    return model.type, shapes, rows, model.params, model.trainable


# What has to run with it


def _groups(
    document: Document,
    makers: Mapping[int, _Maker],
    needs: Needs,
    left: dict[int, str],
    problem_of: Callable[[int, str], str],
) -> list[list[Chosen]]:
    """Return the blocks that run together, group by group; note why others are left."""
    wanted: dict[int, dict[int, tuple[str, ...]]] = {}
    """For each block that runs, the blocks that it needs, each with the imports that can take its place."""

    def problem(number: int, kind: str) -> str:
        kind = RAISES if number in makers and makers[number].raises else kind
        is_off = "it is switched off" if document.blocks[number].is_off else ""
        return left.get(number, "") or problem_of(number, kind) or is_off or needs.problem(number)

    def take(number: int, kind: str) -> str:
        """Take a block and all that it needs; return why that is impossible."""
        if number in wanted:
            return ""
        why = problem(number, kind)
        found: dict[int, tuple[str, ...]] = {}
        for need in needs.of(number) if not why else ():
            other = makers.get(need.block)
            why_not = take(need.block, MODEL if other is not None else CODE)
            if not why_not:
                found[need.block] = ()
            elif need.imports:
                found[need.block] = need.imports
            else:
                names = f"{', '.join(need.names[:3])} of " if need.names else ""
                why = why or f"it needs {names}the block in {{line {need.block}}}: {why_not}"
        if not why:
            wanted[number] = found
        return why

    for number, maker in sorted(makers.items()):
        if document.blocks[number].is_off or number in left:
            continue
        why = take(number, MODEL)
        if why:
            left[number] = why
    needed = {number: wanted[number] for number in _closure(makers.keys() & wanted.keys(), wanted)}
    return [
        [_chosen(number, makers.get(number), needed[number], session if len(group) > 1 else -1) for number in group]
        for session, group in enumerate(_components(needed))
    ]


def _closure(numbers: Iterable[int], wanted: Mapping[int, Mapping[int, tuple[str, ...]]]) -> set[int]:
    found: set[int] = set()
    todo = list(numbers)
    while todo:
        number = todo.pop()
        if number not in found:
            found.add(number)
            todo += [other for other, imports in wanted[number].items() if not imports]
    return found


def _components(needed: Mapping[int, Mapping[int, tuple[str, ...]]]) -> list[list[int]]:
    """Return the blocks that depend on each other, in the document's order."""
    group_of = {number: {number} for number in needed}
    for number, others in needed.items():
        for other, imports in others.items():
            if not imports:
                joined = group_of[number] | group_of[other]
                for one in joined:
                    group_of[one] = joined
    groups = {min(group): sorted(group) for group in group_of.values()}
    return [groups[first] for first in sorted(groups)]


def _chosen(
    number: int, maker: _Maker | None, needed: Mapping[int, tuple[str, ...]], session: int
) -> Chosen:
    hidden = tuple(dict.fromkeys(line for lines in needed.values() for line in lines))
    if maker is None:
        return Chosen(number, CODE, hidden=hidden, session=session)
    return Chosen(number, MODEL, maker.expression, raises=maker.raises, hidden=hidden, session=session)


# What says that it runs


def code_of(one: Chosen, document: Document) -> str:
    """Return the code that the directive has."""
    hidden = "".join(f"{line}  # hide\n" for line in one.hidden)
    return hidden + document.blocks[one.block].code.rstrip("\n")


def _whole(group: Sequence[Chosen], document: Document) -> Request:
    """Return a request that runs whole blocks with stand-ins, and so says what they use."""
    pieces = tuple(Piece(code_of(one, document), 1, one.block, (), ("0",)) for one in group)
    return Request("", prelude=Settings().prelude, kind="document", pieces=pieces)


def _drop_unready(
    groups: Sequence[Sequence[Chosen]],
    document: Document,
    answers: Mapping[Request, Answer],
    left: dict[int, str],
) -> bool:
    """Note blocks that fail as wholes, or would need what is not here; return whether there is one."""
    before = len(left)
    for group in groups:
        answer = answers[_whole(group, document)]
        if isinstance(answer, Failure):
            left[group[-1].block] = f"its code can't run as a whole: {_line(answer.message)}"
            continue
        used: set[str] = set()
        failures = {failed.piece: failed for failed in answer.failed}
        for number, (one, observation) in enumerate(zip(group, answer.observations, strict=True)):
            new = [name for name in observation.stand_ins if name not in used]
            used.update(new)
            failed = failures.get(number)
            refused = next(filter(None, map(_refused, new)), "")
            if refused:
                left[one.block] = refused
            elif failed is not None and not one.raises and failed.kind != "follows":
                left[one.block] = f"its code can't run as a whole: {_line(failed.failure.message)}"
            if one.block in left:
                break
    return len(left) > before


def _refused(stand_in: str) -> str:
    """Return why what has used a stand-in is left as it is; empty if it isn't."""
    if stand_in == "training":
        return "it trains"
    for start, reason in _REFUSED.items():
        if stand_in.startswith(start):
            rest = stand_in.removeprefix(start).strip()
            return f"it {reason}: {rest}" if start == "data for" else f"it {reason} of {rest}"
    return ""


def _requests(group: Sequence[Chosen], document: Document) -> list[Request]:
    """Return the requests that the build will make."""
    requests: list[Request] = []
    settings = Settings()
    for one in group:
        request = Request(
            code_of(one, document),
            settings.prelude,
            model=one.expression if one.says_model else "",
            raises=one.raises,
            weights="real" if one.kind == CODE else settings.weights,
            kind=one.kind,
            earlier=tuple(earlier.step() for earlier in requests),
        )
        requests.append(request)
    return requests


def _unlike(answer: Answer, maker: _Maker | None, one: Chosen) -> str:
    """Return why a block can't become a directive, now that it has run as one."""
    if isinstance(answer, Failure):
        return f"its code can't run as a whole: {_line(answer.message)}"
    if one.kind == CODE or one.raises:
        return ""
    if answer.model is None or maker is None or maker.model is None:
        return _line(answer.unread.message) if answer.unread else "it makes no model"
    if not is_alike(answer.model, maker.model):
        return f"when all of its code runs, {one.expression} is another model"
    return next((text for _, text in remarks(answer)), "")


def _line(message: str) -> str:
    return message.strip().partition("\n")[0]
