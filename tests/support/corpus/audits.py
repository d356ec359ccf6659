"""Audits of documents of the corpus, and what they say of each line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sphinx_kerasshape.audit.audit import Audited, audited
from sphinx_kerasshape.audit.document import Place
from sphinx_kerasshape.audit.verdict import DRIFTED, Verdict
from sphinx_kerasshape.messages.report import Answer
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.corpus import formats
from tests.support.corpus.corpus import Corpus, Telling
from tests.support.corpus.formats import Where
from tests.support.corpus.lies import Lie
from tests.support.workers import answers


class Audits:
    """Audits files with one worker; what has been answered is not asked again."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._known: dict[Request, Answer] = {}

    def of(self, paths: Sequence[Path]) -> list[Audited]:
        return list(audited(map(str, paths), {}, self._answers))

    def _answers(self, requests: Sequence[Request]) -> Mapping[Request, Answer]:
        new = list(dict.fromkeys(request for request in requests if request not in self._known))
        self._known.update(zip(new, answers(self._worker, new, 120), strict=True))
        return self._known


class Planted(NamedTuple):
    """A false statement of a document, and the lines at one of which it must be reported."""

    kind: str
    lines: frozenset[Where]
    is_mended: bool
    stated: str
    """What is reported; empty for a part of a summary."""


class Spoilt(NamedTuple):
    """A document with false statements."""

    telling: Telling
    data: bytes
    planted: tuple[Planted, ...]

    @property
    def is_mended(self) -> bool:
        return all(one.is_mended for one in self.planted)


def spoilt(corpus: Corpus, telling: Telling, turn: int, *, mendable: bool = False) -> Spoilt:
    """Return a copy of a document in which each value is false, in another way at each turn.

    If it is to be mendable, the values that nothing can rewrite are true.
    """
    is_shown = telling.format in formats.SHOW_PRINTED
    lies: dict[int, Lie] = {}
    for marker, choices in corpus.lies(telling).items():
        some = [lie for lie in choices if lie.is_mended or not mendable]
        if some and (is_shown or not telling.story.is_printed(marker)):
            lies[marker] = some[turn % len(some)]
    true = corpus.true_values(telling)
    made = corpus.rendered(telling, {**true, **{marker: lie.text for marker, lie in lies.items()}})
    planted = tuple(one for marker, lie in lies.items() for one in _planted(lie, made.places[marker]))
    return Spoilt(telling, made.data, planted)


def _planted(lie: Lie, where: Where) -> list[Planted]:
    stated = "" if "\n" in lie.text else lie.text
    return [
        Planted(
            lie.kind,
            frozenset(where._replace(line=where.line + line) for line in lines),
            lie.is_mended,
            stated,
        )
        for lines in lie.lines
    ]


def faults(spoilt_: Spoilt, path: Path, one: Audited) -> list[str]:
    """Return what an audit of a document misses, and what it reports although it is true."""
    found = drifted(one)
    name = f"{path.parent.name}/{path.name}"
    missed = [
        f"{name}: {lie.kind} at {sorted(lie.lines, key=str)[0]} is missed"
        for lie in spoilt_.planted
        if not any(lie.lines & lines and lie.stated in verdict.stated for lines, verdict in found)
    ]
    false = frozenset[Where]().union(*(lie.lines for lie in spoilt_.planted))
    kinds = ", ".join(lie.kind for lie in spoilt_.planted)
    alarms = [
        f"{name}: with {kinds}, {verdict.stated} at {min(lines, key=str)} is true: {verdict.reason}"
        for lines, verdict in found
        if not lines & false
    ]
    return missed + alarms


def figures(results: Sequence[Audited]) -> str:
    """Return how many documents there are, and how many of their statements have each verdict."""
    counts = Counter(verdict.verdict for one in results for verdict in one.verdicts)
    verdicts = ", ".join(f"{number} {verdict}" for verdict, number in counts.most_common())
    return f"{len(results)} documents, {verdicts}"


def written(path: Path, data: bytes) -> Path:
    """Write a document; return its path."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def drifted(one: Audited) -> list[tuple[frozenset[Where], Verdict]]:
    """Return what an audit says has drifted, with the lines that it stands on."""
    return [(lines(one, verdict.place), verdict) for verdict in one.verdicts if verdict.verdict == DRIFTED]


def lines(one: Audited, place: Place) -> frozenset[Where]:
    """Return the lines of a place."""
    assert one.document is not None
    text = one.document.texts[place.text]
    first = text.text.count("\n", 0, place.start) + 1
    last = text.text.count("\n", 0, place.end) + 1
    return frozenset(Where(text.cell, text.output, line) for line in range(first, last + 1))
