"""Walks back through a document, one for each subject; those that meet share the rest of their way.

What a walk notes from a place on depends on that place, and on which names matter there. So a document
with many subjects costs about as much as one with a single subject.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.slicing.backward import Backward, Live
from sphinx_kerasshape.audit.slicing.effects import Effect
from sphinx_kerasshape.audit.slicing.parsing import Broken, Top
from sphinx_kerasshape.audit.slicing.results import Unparsed


class Step:
    """A statement that a walk has kept, and the step before it in the document."""

    def __init__(
        self, number: int, kept: frozenset[int], rest: Step | None, effects: Mapping[int, Effect]
    ) -> None:
        self.number = number
        self.kept = kept
        """Statements by ``id``: that one, and those inside it that matter."""
        self.rest = rest
        own = [effects[key] for key in kept if key in effects]
        self.changes = frozenset().union(*(effect.binds | effect.mutates for effect in own))
        self.size: int = len(kept) + (rest.size if rest else 0)
        """How many statements there are, with those of all earlier steps."""
        self.is_building: bool = any(effect.builds for effect in own) or bool(rest and rest.is_building)
        self.has_star: bool = any(effect.is_star for effect in own) or bool(rest and rest.has_star)
        self.first_changes: dict[str, int | None] = {}
        """The earliest statement that changes each name, as far as somebody has asked."""
        self.usual: tuple[frozenset[str], frozenset[str]] | None = None
        """The usual names that the code of all steps uses, and those that it binds, if somebody has asked."""


class Walk(NamedTuple):
    """What a walk has found: its last step, the names that matter at the start, and what is no Python."""

    step: Step | None
    live: Live
    unparsed: tuple[Unparsed, ...] = ()


_State = tuple[int, bool, frozenset[object], frozenset[str]]


class Walks:
    """All walks through a document; ``touched`` are the names that each statement binds or changes.

    ``None`` is for statements that matter without any.
    """

    def __init__(
        self,
        tops: Sequence[Top | Broken],
        effects: Mapping[int, Effect],
        touched: Sequence[frozenset[str] | None],
    ) -> None:
        self._tops = tops
        self._effects = effects
        self._always = [number for number, names in enumerate(touched) if names is None]
        self._touching: dict[str, list[int]] = {}
        for number, names in enumerate(touched):
            for name in names or ():
                self._touching.setdefault(name, []).append(number)
        self._built = frozenset().union(*(effect.builds for effect in effects.values()))
        self._known: dict[_State, Walk] = {}

    def walk(self, last: int, live: Live, forced: frozenset[int], *, builds: bool) -> Walk:
        """Return what matters for names behind a statement, and for ``forced`` statements at or in it."""
        back = Backward(self._effects, forced, built=self._built if builds else frozenset())
        path: list[tuple[_State, int, frozenset[int], tuple[Unparsed, ...]]] = []
        number = last if forced else self._next(last, live)
        found = None
        while number >= 0:
            state: _State = (number, builds, frozenset(live.items()), back.connected)
            found = self._known.get(state) if number < last or not forced else None
            if found is not None:
                break
            before, kept, unparsed = self._step(back, number, live)
            path.append((state, number, kept, unparsed))
            live = before
            number = self._next(number - 1, live)
        found = found or Walk(None, live)
        for state, number, kept, unparsed in reversed(path):
            step = Step(number, kept, found.step, self._effects) if kept else found.step
            found = Walk(step, found.live, (*found.unparsed, *unparsed))
            if number < last or not forced:
                self._known[state] = found
        return found

    def _next(self, number: int, live: Live) -> int:
        """Return the last statement up to a number that may matter; -1 if there is none."""
        lists = [self._always, *(self._touching[name] for name in live if name in self._touching)]
        places = ((numbers, bisect_right(numbers, number)) for numbers in lists)
        return max((numbers[place - 1] for numbers, place in places if place), default=-1)

    def _step(
        self, back: Backward, number: int, live: Live
    ) -> tuple[Live, frozenset[int], tuple[Unparsed, ...]]:
        top = self._tops[number]
        if isinstance(top, Broken):
            names = top.names & live.keys()
            unparsed = (Unparsed(top.block, top.line, top.message, tuple(sorted(names))),) if names else ()
            return {name: use for name, use in live.items() if name not in names}, frozenset(), unparsed
        back.top, back.kept = number, set()
        live = back.statement(top.node, live)
        return live, frozenset(back.kept) if id(top.node) in back.kept else frozenset(), ()


def steps(step: Step | None) -> Iterator[Step]:
    """Yield a step and all those before it, the last one first."""
    while step is not None:
        yield step
        step = step.rest


def earliest(step: Step | None, name: str) -> int | None:
    """Return the number of the first statement, of a step and those before it, that changes a name."""
    asked = []
    while step is not None and name not in step.first_changes:
        asked.append(step)
        step = step.rest
    found = step.first_changes[name] if step is not None else None
    for one in reversed(asked):
        found = one.number if found is None and name in one.changes else found
        one.first_changes[name] = found
    return found
