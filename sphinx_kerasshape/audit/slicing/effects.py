"""What one statement does to names."""

from __future__ import annotations

from typing import NamedTuple

NOTHING: frozenset[str] = frozenset()


class Effect(NamedTuple):
    """What a statement does; for one that holds others, what its first line does.

    Names with a colon stand for files: ``file:model.h5``.
    """

    uses: frozenset[str] = NOTHING
    late: frozenset[str] = NOTHING
    """Names that functions use which the statement may call."""
    binds: frozenset[str] = NOTHING
    mutates: frozenset[str] = NOTHING
    """Names whose values it changes."""
    builds: frozenset[str] = NOTHING
    """Names of models that it builds if they aren't built yet."""
    connects: frozenset[str] = NOTHING
    """Names of layers and models that it certainly builds, without data."""
    is_setting: bool = False
    """Whether it changes how Keras makes models."""
    is_outward: bool = False
    """Whether it changes something outside of the function that it is in."""
    is_star: bool = False
    """Whether it binds names that only the imported module knows."""

    def joined(self, other: Effect) -> Effect:
        """Return what two runs of the same statement do."""
        return Effect(
            self.uses | other.uses,
            self.late | other.late,
            self.binds | other.binds,
            self.mutates | other.mutates,
            self.builds | other.builds,
            self.connects | other.connects,
            self.is_setting | other.is_setting,
            self.is_outward | other.is_outward,
            self.is_star | other.is_star,
        )


class Summary(NamedTuple):
    """What calling a function does, in terms of its parameters and of names that it doesn't bind."""

    free: frozenset[str] = NOTHING
    """Names from outside that it uses."""
    mutates: frozenset[str] = NOTHING
    calls: frozenset[str] = NOTHING
    """Names of layers and models that it calls, so that they are built."""
    trains: frozenset[str] = NOTHING
    """Names of models that it trains."""
    binds: frozenset[str] = NOTHING
    """Global names that it binds."""
    holds: tuple[tuple[str, frozenset[str], int], ...] = ()
    """For each name: the names whose values may now be parts of its value, and functions and classes."""
    returns: frozenset[str] = NOTHING
    """Names whose values may be part of what it returns."""
    codes: int = 0
    """Functions and classes that may be parts of the returned value."""
    is_unbuilt: bool = False
    """Whether it may return a model that isn't built yet."""
    has_inputs: bool = False
    """Whether it may return something that knows its input's shape."""
    is_setting: bool = False
    kept: frozenset[int] = frozenset()
    """Its statements that matter, by ``id``."""
