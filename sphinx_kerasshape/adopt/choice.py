"""Which blocks become directives: those that run as wholes, as the build will run them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import NamedTuple

from sphinx_kerasshape.adopt.groups import CODE, MODEL, Chosen, Groups
from sphinx_kerasshape.adopt.makers import Maker, is_alike, known_subjects, makers, unmade
from sphinx_kerasshape.adopt.needs import Needs, bound
from sphinx_kerasshape.adopt.results import Judged
from sphinx_kerasshape.audit.document import Document
from sphinx_kerasshape.messages.layers import remarks
from sphinx_kerasshape.messages.report import Answer, Failure, Model, Report
from sphinx_kerasshape.messages.request import Piece, Request
from sphinx_kerasshape.settings.settings import Settings

_REFUSED = {
    "training": "it trains",
    "data for": "it needs data:",
    "weights of": "it needs a download: weights of",
    "batches of": "it needs files: batches of",
}
"""What stand-ins say of what the build would need, by how their names begin."""
_MAX_ROUNDS = 50

Answers = Mapping[Request, Answer]
Rounds = Generator[list[Request], Answers, "Choice"]
"""Asks for answers, round by round, and returns a choice."""


class Choice(NamedTuple):
    """The blocks that become directives, in order, and why others can't."""

    chosen: tuple[Chosen, ...] = ()
    left: Mapping[int, str] = {}
    models: Mapping[int, Model] = {}
    """The models that blocks make, whether they are chosen or not."""


def choice(one: Judged, needs: Needs, problem_of: Callable[[int, str], str]) -> Rounds:
    """Return the choice for a document; see :class:`.Groups`."""
    known = known_subjects(one)
    found = makers(one, known)
    choosing = _Choosing(one.document, found)
    for _ in range(_MAX_ROUNDS):
        groups = Groups(found, needs, choosing.left, problem_of).found()
        if not (yield from choosing.is_settled(groups)):
            continue
        chosen = sorted((some for group in choosing.groups for some in group), key=lambda some: some.block)
        models = {number: maker.model for number, maker in found.items() if maker.model is not None}
        return Choice(tuple(chosen), {**unmade(one, known, found), **choosing.left}, models)
    return Choice((), choosing.left)


class _Choosing:
    """What is known so far."""

    def __init__(self, document: Document, found: Mapping[int, Maker]) -> None:
        self._document = document
        self._makers = found
        self._says_model: set[int] = set()
        self.left: dict[int, str] = {}
        self.groups: list[list[Chosen]] = []

    def is_settled(self, groups: list[list[Chosen]]) -> Generator[list[Request], Answers, bool]:
        """Run groups of blocks, and keep them; return whether all of them can become directives."""
        self.groups = [
            [one._replace(says_model=one.block in self._says_model) for one in group] for group in groups
        ]
        if not groups:
            return True
        answers = yield [self._whole(group) for group in groups]
        before = len(self.left)
        for group in groups:
            self._note_unready(group, answers[self._whole(group)])
        if len(self.left) > before:
            return False
        requests = [self._requests(group) for group in self.groups]
        answers = yield [request for some in requests for request in some]
        done = [
            self._is_read(group, some, answers) for group, some in zip(self.groups, requests, strict=True)
        ]
        return all(done)

    def _whole(self, group: Sequence[Chosen]) -> Request:
        """Return a request that runs whole blocks with stand-ins, and so says what they use."""
        codes = [code_of(one, self._document) for one in group]
        pieces = tuple(
            Piece(code, 1, one.block, bound(code), ("0",)) for one, code in zip(group, codes, strict=True)
        )
        return Request("", prelude=Settings().prelude, kind="document", pieces=pieces)

    def _note_unready(self, group: Sequence[Chosen], answer: Answer) -> None:
        """Note the blocks of a group that fail as wholes, or would need what is not here."""
        if isinstance(answer, Failure):
            self.left[group[-1].block] = _unrun(answer.message)
            return
        used: set[str] = set()
        failures = {failed.piece: failed for failed in answer.failed}
        for number, (one, observation) in enumerate(zip(group, answer.observations, strict=True)):
            new = [name for name in observation.stand_ins if name not in used]
            used.update(new)
            failed = failures.get(number)
            if refused := next(filter(None, map(_refused, new)), ""):
                self.left[one.block] = refused
            elif failed is not None and not one.raises and failed.kind != "follows":
                self.left[one.block] = _unrun(failed.failure.message)

    def _requests(self, group: Sequence[Chosen]) -> list[Request]:
        """Return the requests that the build will make."""
        requests: list[Request] = []
        settings = Settings()
        for one in group:
            request = Request(
                code_of(one, self._document),
                settings.prelude,
                model=one.expression if one.says_model else "",
                raises=one.raises,
                weights="real" if one.kind == CODE else settings.weights,
                kind=one.kind,
                earlier=tuple(earlier.step() for earlier in requests),
            )
            requests.append(request)
        return requests

    def _is_read(self, group: list[Chosen], requests: Sequence[Request], answers: Answers) -> bool:
        """Give the blocks of a group their reports; note the first that has none."""
        for number, (one, request) in enumerate(zip(group, requests, strict=True)):
            answer = answers[request]
            problem = _unlike(answer, self._makers.get(one.block), one)
            if isinstance(answer, Report) and not problem:
                group[number] = one._replace(report=answer)
                continue
            if one.kind == MODEL and not one.says_model and not one.raises:
                self._says_model.add(one.block)
            else:
                self.left[one.block] = problem
            return False
        return True


def code_of(one: Chosen, document: Document) -> str:
    """Return the code that the directive has."""
    hidden = "".join(f"{line}  # hide\n" for line in one.hidden)
    return hidden + document.blocks[one.block].code.rstrip("\n")


def _refused(stand_in: str) -> str:
    """Return why what has used a stand-in is left as it is; empty if it isn't."""
    found = next((start for start in _REFUSED if stand_in.startswith(start)), "")
    return f"{_REFUSED[found]}{stand_in.removeprefix(found)}" if found else ""


def _unlike(answer: Answer, maker: Maker | None, one: Chosen) -> str:
    """Return why a block can't become a directive, now that it has run as one."""
    if isinstance(answer, Failure):
        return _unrun(answer.message)
    if one.kind == CODE or one.raises:
        return ""
    if answer.model is None or maker is None or maker.model is None:
        return answer.unread.message.strip().partition("\n")[0] if answer.unread else "it makes no model"
    if not is_alike(answer.model, maker.model):
        return f"when all of its code runs, {one.expression} is another model"
    return next((text for _, text in remarks(answer)), "")


def _unrun(message: str) -> str:
    first = message.strip().partition("\n")[0]
    return f"its code can't run as a whole: {first}"
