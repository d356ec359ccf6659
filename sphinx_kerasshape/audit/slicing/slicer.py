"""The statements that a subject needs, and the pieces that are left of them."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Subject
from sphinx_kerasshape.audit.slicing.backward import Backward, Live, Use
from sphinx_kerasshape.audit.slicing.cutting import cut_code, source_lines
from sphinx_kerasshape.audit.slicing.known import ALWAYS_BOUND
from sphinx_kerasshape.audit.slicing.parsing import Broken, Top, expression_names, tops
from sphinx_kerasshape.audit.slicing.program import Program
from sphinx_kerasshape.audit.slicing.results import (
    BUILDS,
    FEEDS,
    NEEDED,
    DocumentRun,
    Missing,
    Observation,
    Piece,
    Slice,
    Unparsed,
)


class Chosen(NamedTuple):
    """The statements that a subject needs."""

    kept: frozenset[int]
    """By ``id``, those inside others too."""
    numbers: tuple[int, ...]
    """The numbers of those at the top."""
    needed: frozenset[int]
    """Those of ``numbers`` that are needed even if nothing has to be built."""
    after: int
    """The number of the last statement that may run before the subject is looked at."""
    live: Live
    unparsed: tuple[Unparsed, ...]
    is_run: bool


class Slicer:
    """Slices of one document."""

    def __init__(self, codes: Sequence[str], subjects: Sequence[Subject], defined: Collection[str]) -> None:
        self._lines = [source_lines(code) for code in codes]
        self._tops = tops(codes)
        self._starts = [(top.block, 1 if isinstance(top, Broken) else top.first) for top in self._tops]
        self._held = [() if isinstance(top, Broken) else tuple(_within(top.node)) for top in self._tops]
        self._known = ALWAYS_BOUND | frozenset(defined)
        forced = frozenset(key for subject in subjects for key in self._inside(subject))
        self._program = _program(self._tops, forced)
        self._touched = [self._touches(number) for number in range(len(self._tops))]
        self._pieces: dict[tuple[int, bool, frozenset[int]], Piece] = {}

    def _touches(self, number: int) -> frozenset[str] | None:
        """Return the names that a statement binds or changes; ``None`` if it matters without any."""
        top = self._tops[number]
        if isinstance(top, Broken):
            return top.names
        effects = [self._program.effects[key] for key in self._held[number]]
        if any(effect.is_setting for effect in effects):
            return None
        return frozenset().union(*(effect.binds | effect.mutates | effect.builds for effect in effects))

    # The place of a subject

    def _last(self, subject: Subject) -> int:
        """Return the number of the statement that contains, or comes last before, the subject's line."""
        return bisect_right(self._starts, (subject.block, subject.line)) - 1

    def _inside(self, subject: Subject) -> frozenset[int]:
        """Return the statement inside others that ends at the subject's line, and those that it is in."""
        number = self._last(subject)
        top = self._tops[number] if number >= 0 else None
        if not isinstance(top, Top) or top.block != subject.block or subject.line >= top.last:
            return frozenset()
        if not isinstance(getattr(top.node, "body", None), list):
            return frozenset()
        return frozenset(_path(top.node, subject.line)) - {id(top.node)}

    def _caller(self, number: int, inside: frozenset[int]) -> tuple[int, bool]:
        """Return the number of the statement that runs a statement inside, and whether there is one."""
        top = self._tops[number]
        is_code = isinstance(top, Top) and isinstance(
            top.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        )
        if not inside or not is_code:
            return number, True
        names = {top.node.name}  # type: ignore[union-attr]
        callers = self._users(number, names)
        if not callers:
            return number, False
        first = callers[0]
        if isinstance(top.node, ast.ClassDef) and not _is_in_init(top.node, inside):  # type: ignore[union-attr]
            effect = self._program.effects[id(self._tops[first].node)]  # type: ignore[union-attr]
            later = self._users(first, set(effect.binds))
            return (later[0], True) if later else (first, not effect.binds)
        return first, True

    def _users(self, number: int, names: set[str]) -> list[int]:
        """Return the numbers of later statements that may call something with one of some names."""
        found = []
        for later in range(number + 1, len(self._tops)):
            top = self._tops[later]
            if isinstance(top, Broken) or isinstance(top.node, ast.FunctionDef | ast.ClassDef):
                continue
            effects = [
                self._program.effects[key] for key in _within(top.node) if key in self._program.effects
            ]
            if any(names & (effect.uses | effect.late) for effect in effects):
                found.append(later)
        return found

    # What it needs

    def chosen(self, subject: Subject) -> Chosen:
        """Return the statements that a subject needs."""
        inside = self._inside(subject)
        last, is_run = self._caller(self._last(subject), inside) if self._last(subject) >= 0 else (-1, True)
        full = self._walked(subject, last, inside, builds=True)
        is_building = any(
            self._program.effects[key].builds for key in full.kept if key in self._program.effects
        )
        least = self._walked(subject, last, inside, builds=False) if is_building else full
        return full._replace(needed=frozenset(least.numbers), is_run=is_run)

    def _walked(self, subject: Subject, last: int, inside: frozenset[int], builds: bool) -> Chosen:
        forced = set(inside)
        live: Live = {}
        names = expression_names(subject.expression, self._program.of_modules)
        if inside or not names:
            forced |= {id(top.node) for top in self._tops[max(last, 0) : last + 1] if isinstance(top, Top)}
        if not (inside and self._is_code(self._last(subject))):
            late = self._program.names_after(last, names)
            live = dict.fromkeys(late, Use(last + 1, subject.line, is_late=True))
            live |= dict.fromkeys(names, Use(last + 1, subject.line))
        walk = Backward(self._program.effects, frozenset(forced), builds=builds)
        unparsed: list[Unparsed] = []
        numbers: list[int] = []
        for number in range(last, -1, -1):
            live = self._step(walk, number, live, numbers, unparsed)
        numbers += self._stars(live, last, walk)
        return Chosen(
            frozenset(walk.kept), tuple(sorted(numbers)), frozenset(), last, live, tuple(unparsed[::-1]), True
        )

    def _is_code(self, number: int) -> bool:
        top = self._tops[number]
        return isinstance(top, Top) and isinstance(
            top.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        )

    def _step(
        self, walk: Backward, number: int, live: Live, numbers: list[int], unparsed: list[Unparsed]
    ) -> Live:
        top, touched = self._tops[number], self._touched[number]
        if isinstance(top, Broken):
            names = top.names & live.keys()
            if names:
                unparsed.append(Unparsed(top.block, top.line, top.message, tuple(sorted(names))))
            return {name: use for name, use in live.items() if name not in names}
        if touched is not None and live.keys().isdisjoint(touched) and not walk.is_forced(top.node):
            return live
        walk.top = number
        live = walk.statement(top.node, live)
        if id(top.node) in walk.kept:
            numbers.append(number)
        return live

    def _stars(self, live: Live, last: int, walk: Backward) -> list[int]:
        """Return the numbers of star imports, if there is a name that only they can bind."""
        unbound = [name for name in live if name not in self._known and ":" not in name]
        if not unbound:
            return []
        found = []
        for number, top in enumerate(self._tops[: last + 1]):
            if isinstance(top, Top) and self._program.effects[id(top.node)].is_star:
                found.append(number)
                walk.kept.add(id(top.node))
        return found

    # Results

    def slice(self, chosen: Chosen) -> Slice:
        """Return the slice that consists of the chosen statements."""
        pieces = tuple(self._piece(number, chosen) for number in chosen.numbers)
        return Slice(pieces, tuple(self._missing(chosen)), chosen.unparsed, chosen.is_run)

    def run(self, largest: Chosen, members: Sequence[tuple[int, Subject, Chosen]]) -> DocumentRun:
        """Return a run of the largest slice of a group, at which the others are looked at too."""
        pieces = tuple(self._piece(number, largest) for number in largest.numbers)
        observations = []
        for _, subject, chosen in members:
            after = sum(1 for number in largest.numbers if number <= chosen.after) - 1
            numbers = set(chosen.numbers)
            needed = tuple(place for place, number in enumerate(largest.numbers) if number in numbers)
            observations.append(Observation(subject, after, needed, self.slice(chosen)))
        return DocumentRun(pieces, tuple(observations))

    def _piece(self, number: int, chosen: Chosen) -> Piece:
        kept = chosen.kept.intersection(self._held[number])
        key = (number, number in chosen.needed, kept)
        if key not in self._pieces:
            self._pieces[key] = self._made_piece(*key)
        return self._pieces[key]

    def _made_piece(self, number: int, is_needed: bool, kept: frozenset[int]) -> Piece:
        top = self._tops[number]
        assert isinstance(top, Top)
        code = cut_code(top, self._lines[top.block], kept, self._program)
        effects = [self._program.effects[key] for key in kept]
        names = {name for effect in effects for name in effect.binds | effect.mutates | effect.builds}
        defines = tuple(sorted(name for name in names if ":" not in name))
        built = BUILDS if any(effect.builds for effect in effects) else FEEDS
        return Piece(top.block, top.first, top.last, code, defines, NEEDED if is_needed else built)

    def _missing(self, chosen: Chosen) -> Iterable[Missing]:
        bound = self._bound(chosen)
        has_star = any(
            self._program.effects[id(self._tops[number].node)].is_star  # type: ignore[union-attr]
            for number in chosen.numbers
        )
        for name, use in sorted(chosen.live.items(), key=lambda entry: (entry[1], entry[0])):
            is_bound = bound.get(name, use.top + 1) <= (chosen.after if use.is_late else use.top)
            if name in self._known or ":" in name or is_bound:
                continue
            top = self._tops[min(use.top, len(self._tops) - 1)] if self._tops else None
            block = top.block if top and use.top <= chosen.after else -1
            yield Missing(name, block, use.line, not (use.is_late or has_star))

    def _bound(self, chosen: Chosen) -> dict[str, int]:
        """Return the first of the chosen statements that may bind each name."""
        bound: dict[str, int] = {}
        for number in chosen.numbers if chosen.live.keys() - self._known else ():
            for key in self._held[number]:
                if key in chosen.kept:
                    for name in self._program.effects[key].binds | self._program.effects[key].mutates:
                        bound.setdefault(name, number)
        return bound


def _program(every: Sequence[Top | Broken], forced: frozenset[int]) -> Program:
    """Return what a document's code does; functions that turn out to build models are read again."""
    program = Program(every, forced)
    for _ in range(3):
        again = Program(every, forced, program.training) if program.training else program
        if again.training == program.training:
            return again
        program = again
    return program


def _within(node: ast.stmt) -> Iterable[int]:
    """Yield the ``id`` of a statement and of those in it, functions aside."""
    yield id(node)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    for name in ("body", "orelse", "finalbody"):
        suite = getattr(node, name, None)
        for statement in suite if isinstance(suite, list) else ():
            yield from _within(statement)
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        for statement in part.body:
            yield from _within(statement)


def _path(node: ast.AST, line: int) -> Iterable[int]:
    """Yield the statements from the outermost to the innermost that a line is in."""
    for part in ast.walk(node):
        if isinstance(part, ast.stmt) and part.lineno <= line <= (part.end_lineno or part.lineno):
            yield id(part)


def _is_in_init(node: ast.ClassDef, inside: frozenset[int]) -> bool:
    return any(
        id(part) in inside and part.name == "__init__"
        for part in node.body
        if isinstance(part, ast.FunctionDef)
    )
