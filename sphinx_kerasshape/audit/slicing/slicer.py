"""The statements that a subject needs, and the pieces that are left of them."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sphinx_kerasshape.audit.document import Subject
from sphinx_kerasshape.audit.slicing.backward import Live, Use
from sphinx_kerasshape.audit.slicing.cutting import cut_code, source_lines
from sphinx_kerasshape.audit.slicing.known import ALWAYS_BOUND, USUAL
from sphinx_kerasshape.audit.slicing.parsing import Broken, Top, expression_names, tops
from sphinx_kerasshape.audit.slicing.program import Program
from sphinx_kerasshape.audit.slicing.results import (
    BUILDS,
    FEEDS,
    DocumentRun,
    Missing,
    Observation,
    Piece,
    Slice,
)
from sphinx_kerasshape.audit.slicing.walks import Step, Walk, Walks, earliest, steps

_DOTTED = re.compile(r"(?<![\w.])(?<!from )(?<!import )(\w+)\.")
"""A name of which an attribute is used."""


@dataclass(frozen=True)
class Chosen:
    """The statements that a subject needs."""

    walk: Walk
    least: Walk
    """What is needed even if nothing has to be built."""
    stars: tuple[int, ...]
    """Star imports, if there is a name that only they can bind."""
    after: int
    """The number of the last statement that may run before the subject is looked at."""
    is_run: bool

    @property
    def size(self) -> int:
        """How many statements there are, those inside others too."""
        return (self.walk.step.size if self.walk.step else 0) + len(self.stars)

    @property
    def last(self) -> int:
        """The number of the last statement at the top; -1 if there is none."""
        return max((self.walk.step.number if self.walk.step else -1, *self.stars))

    @cached_property
    def steps(self) -> dict[int, Step]:
        """The steps by their numbers, the last one first."""
        return {step.number: step for step in steps(self.walk.step)}

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the statements at the top."""
        return tuple(sorted({*self.steps, *self.stars}))

    def has(self, other: Chosen) -> bool:
        """Whether these are all statements of another choice, and maybe more."""
        for step in steps(other.walk.step):
            own = self.steps.get(step.number)
            if own is step:
                break  # Both have the same steps before it.
            if own is None or not step.kept <= own.kept:
                return False
        return all(star in self.stars or star in self.steps for star in other.stars)


class Slicer:
    """Slices of one document."""

    def __init__(self, codes: Sequence[str], subjects: Sequence[Subject], defined: Collection[str]) -> None:
        self._lines = [source_lines(code) for code in codes]
        self._tops = tops(codes)
        self._starts = [(top.block, 1 if isinstance(top, Broken) else top.first) for top in self._tops]
        self._held = [() if isinstance(top, Broken) else tuple(_within(top.node)) for top in self._tops]
        self._known = ALWAYS_BOUND | frozenset(defined)
        self._paths: dict[int, dict[int, list[int]]] = {}
        forced = frozenset(key for subject in subjects for key in self._inside(subject))
        self._program = _program(self._tops, forced)
        self._touched = [self._touches(number) for number in range(len(self._tops))]
        self._walks = Walks(self._tops, self._program.effects, self._touched)
        self._stars = [
            number
            for number, top in enumerate(self._tops)
            if isinstance(top, Top) and self._program.effects[id(top.node)].is_star
        ]
        self._pieces: dict[tuple[int, frozenset[int]], Piece] = {}

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
        if not isinstance(top, Top) or top.block != subject.block:
            return frozenset()
        if subject.line >= top.last + (subject.visit > 0):
            return frozenset()
        if not isinstance(getattr(top.node, "body", None), list):
            return frozenset()
        if number not in self._paths:
            self._paths[number] = _paths(top.node)
        return frozenset(self._paths[number].get(subject.line, ())) - {id(top.node)}

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
        forced, live = self._start(subject, last, inside)
        walk = self._walks.walk(last, live, forced, builds=True)
        is_building = walk.step is not None and walk.step.is_building
        least = self._walks.walk(last, live, forced, builds=False) if is_building else walk
        unbound = [name for name in walk.live if name not in self._known and ":" not in name]
        stars = self._stars[: bisect_right(self._stars, last)] if unbound else []
        return Chosen(walk, least, tuple(stars), last, is_run)

    def _start(self, subject: Subject, last: int, inside: frozenset[int]) -> tuple[frozenset[int], Live]:
        """Return the statements that are kept whatever they do, and the names that matter behind the last."""
        names = expression_names(subject.expression, self._program.of_modules)
        forced = inside
        if inside or not names:
            forced |= {id(top.node) for top in self._tops[max(last, 0) : last + 1] if isinstance(top, Top)}
        live: Live = {}
        if not (inside and self._is_code(self._last(subject))):
            late = self._program.names_after(last, names)
            live = dict.fromkeys(late, Use(last + 1, subject.line, is_late=True))
            live |= dict.fromkeys(names, Use(last + 1, subject.line))
        return forced, live

    def _is_code(self, number: int) -> bool:
        top = self._tops[number]
        return isinstance(top, Top) and isinstance(
            top.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        )

    # Results

    def slice(self, chosen: Chosen) -> Slice:
        """Return the slice that consists of the chosen statements."""
        missing = tuple(self._missing(chosen))
        usual = self._usual(chosen.walk.step, {one.name for one in missing})
        return Slice(lambda: self._made(chosen), missing, chosen.walk.unparsed, chosen.is_run, usual)

    def run(self, largest: Chosen, members: Sequence[tuple[int, Subject, Chosen]]) -> DocumentRun:
        """Return a run of the largest slice of a group, at which the others are looked at too."""
        observations = [
            Observation(subject, bisect_right(largest.numbers, chosen.after) - 1, self.slice(chosen))
            for _, subject, chosen in members
        ]
        return DocumentRun(self._made(largest), tuple(observations))

    def _made(self, chosen: Chosen) -> tuple[Piece, ...]:
        needed = {step.number for step in steps(chosen.least.step)} | {*chosen.stars}
        return tuple(self._piece(number, chosen, number in needed) for number in chosen.numbers)

    def _piece(self, number: int, chosen: Chosen, is_needed: bool) -> Piece:
        step = chosen.steps.get(number)
        kept = step.kept if step else frozenset([id(self._tops[number].node)])  # type: ignore[union-attr]
        if not is_needed:
            role = BUILDS if any(self._program.effects[key].builds for key in kept) else FEEDS
            return self._whole_piece(number, kept)._replace(role=role)
        return self._whole_piece(number, kept)

    def _whole_piece(self, number: int, kept: frozenset[int]) -> Piece:
        kept = kept.intersection(self._held[number])
        if (number, kept) not in self._pieces:
            self._pieces[number, kept] = self._made_piece(number, kept)
        return self._pieces[number, kept]

    def _usual(self, step: Step | None, missing: Collection[str]) -> tuple[str, ...]:
        """Return the usual names that the code of steps uses, and does not bind, or that are missing."""
        asked = []
        while step is not None and step.usual is None:
            asked.append(step)
            step = step.rest
        nothing: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
        used, bound = (step and step.usual) or nothing
        for one in reversed(asked):
            piece = self._whole_piece(one.number, one.kept)
            used, bound = used | frozenset(_DOTTED.findall(piece.code)), bound.union(piece.defines)
            one.usual = used, bound = used & USUAL.keys(), bound & USUAL.keys()
        return tuple(name for name in USUAL if name in missing or name in used - bound)

    def _made_piece(self, number: int, kept: frozenset[int]) -> Piece:
        top = self._tops[number]
        assert isinstance(top, Top)
        code = cut_code(top, self._lines[top.block], kept, self._program)
        effects = [self._program.effects[key] for key in kept]
        names = {name for effect in effects for name in effect.binds | effect.mutates | effect.builds}
        defines = tuple(sorted(name for name in names if ":" not in name))
        return Piece(top.block, top.first, top.last, code, defines)

    def _missing(self, chosen: Chosen) -> Iterable[Missing]:
        step, live = chosen.walk.step, chosen.walk.live
        has_star = bool(chosen.stars) or (step is not None and step.has_star)
        for name, use in sorted(live.items(), key=lambda entry: (entry[1], entry[0])):
            if name in self._known or ":" in name:
                continue
            bound = earliest(step, name)
            if bound is not None and bound <= (chosen.after if use.is_late else use.top):
                continue
            top = self._tops[min(use.top, len(self._tops) - 1)] if self._tops else None
            block = top.block if top and use.top <= chosen.after else -1
            yield Missing(name, block, use.line, not (use.is_late or has_star))


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


def _paths(node: ast.AST) -> dict[int, list[int]]:
    """Return the statements, by ``id``, that each line is in."""
    found: dict[int, list[int]] = {}
    for part in ast.walk(node):
        if isinstance(part, ast.stmt):
            for line in range(part.lineno, (part.end_lineno or part.lineno) + 1):
                found.setdefault(line, []).append(id(part))
    return found


def _is_in_init(node: ast.ClassDef, inside: frozenset[int]) -> bool:
    return any(
        id(part) in inside and part.name == "__init__"
        for part in node.body
        if isinstance(part, ast.FunctionDef)
    )
