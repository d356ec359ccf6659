"""The blocks that have to run together: those that make models, and what these need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from sphinx_kerasshape.adopt.makers import Maker
from sphinx_kerasshape.adopt.needs import Need, Needs
from sphinx_kerasshape.messages.report import Report

MODEL, CODE, RAISES = "model", "code", "raises"
"""What a block becomes: ``keras:model``, ``keras:code``, or a ``keras:model`` that shows an error."""


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


class Groups:
    """The blocks that can become directives, as far as the code and the markup say.

    ``problem_of`` says why the markup of a block can't become a kind of directive. Blocks that can't are
    added to ``left``.
    """

    def __init__(
        self,
        makers: Mapping[int, Maker],
        needs: Needs,
        left: dict[int, str],
        problem_of: Callable[[int, str], str],
    ) -> None:
        self._makers = makers
        self._needs = needs
        self._left = left
        self._problem_of = problem_of
        self._wanted: dict[int, dict[int, tuple[str, ...]]] = {}
        """The blocks that run, with those that each needs, and the imports that take the place of some."""

    def found(self) -> list[list[Chosen]]:
        """Return the blocks, those together that need each other."""
        for number in sorted(self._makers.keys() - self._left.keys()):
            if why := self._take(number):
                self._left[number] = why
        needed = {
            number: self._wanted[number] for number in self._closure(self._makers.keys() & self._wanted)
        }
        groups = []
        for session, group in enumerate(_components(needed)):
            number = session if len(group) > 1 else -1
            groups.append([self._chosen(block, needed[block], number) for block in group])
        return groups

    def _take(self, number: int) -> str:
        """Take a block and all that it needs; return why that is impossible."""
        if number in self._wanted:
            return ""
        maker = self._makers.get(number)
        kind = CODE if maker is None else RAISES if maker.raises else MODEL
        why = self._left.get(number, "") or self._problem_of(number, kind) or self._needs.problem(number)
        found: dict[int, tuple[str, ...]] = {}
        for need in self._needs.of(number) if not why else ():
            why_not = self._take(need.block)
            if why_not and not need.imports:
                return _lacking(need, why_not)
            found[need.block] = need.imports if why_not else ()
        if not why:
            self._wanted[number] = found
        return why

    def _closure(self, numbers: Iterable[int]) -> set[int]:
        """Return blocks with all that they need."""
        found: set[int] = set()
        todo = list(numbers)
        while todo:
            number = todo.pop()
            if number not in found:
                found.add(number)
                todo += [other for other, imports in self._wanted[number].items() if not imports]
        return found

    def _chosen(self, number: int, needed: Mapping[int, tuple[str, ...]], session: int) -> Chosen:
        hidden = tuple(dict.fromkeys(line for lines in needed.values() for line in lines))
        maker = self._makers.get(number)
        if maker is None:
            return Chosen(number, CODE, hidden=hidden, session=session)
        return Chosen(number, MODEL, maker.expression, raises=maker.raises, hidden=hidden, session=session)


def _lacking(need: Need, reason: str) -> str:
    names = f"{', '.join(need.names[:3])} of " if need.names else ""
    return f"it needs {names}the block in {{line {need.block}}}: {reason}"


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
