"""What slices of a document consist of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Subject

NEEDED = "needed"
BUILDS = "builds"
FEEDS = "feeds"


class Piece(NamedTuple):
    """A statement at the top of a block, or what is left of it."""

    block: int
    first: int
    last: int
    code: str
    """Its line *n* is line ``first + n`` of the block."""
    defines: tuple[str, ...]
    """The names that it binds, or whose values it changes: they are lost if it fails."""
    role: str = NEEDED
    """``needed``; ``builds``: it matters only if it is the first that builds a model, so it may be left out
    once the model is built; ``feeds``: only pieces that build need it."""


class Missing(NamedTuple):
    """A name that nothing in the document binds before the line that uses it first."""

    name: str
    block: int
    line: int
    is_certain: bool = True
    """Whether the line runs; false if a function uses the name that may not be called, or if a star import
    may bind it."""


class Unparsed(NamedTuple):
    """A block that is no Python, and the names of the slice that it seems to bind."""

    block: int
    line: int
    message: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Slice:
    """What has to run, in the document's order, for a subject to have its value."""

    making: Callable[[], tuple[Piece, ...]]
    """Makes the pieces: few who have a slice look at them."""
    missing: tuple[Missing, ...] = ()
    unparsed: tuple[Unparsed, ...] = ()
    is_run: bool = True
    """Whether the subject's line runs; false if it is in a function that nothing calls."""
    usual: tuple[str, ...] = ()
    """The names that it uses as everybody does, though the document does not import them."""

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The statements, and what is left of them."""
        return self.making()

    def __reduce__(self) -> tuple[object, ...]:
        """Return how another process has it, which gets the pieces made."""
        made = partial(tuple, self.pieces)
        return Slice, (made, self.missing, self.unparsed, self.is_run, self.usual)


class Observation(NamedTuple):
    """A subject that a run serves."""

    subject: Subject
    after: int
    """The number of the run's piece behind which the value is looked at; -1: before the first. For a subject
    inside a piece: the piece in which its line runs."""
    slice: Slice


class DocumentRun(NamedTuple):
    """Pieces that run in one go, and all that is looked at meanwhile."""

    pieces: tuple[Piece, ...]
    observations: tuple[Observation, ...]
