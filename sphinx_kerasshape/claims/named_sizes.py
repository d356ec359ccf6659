"""Named sizes of a report: what a page may write for them, and which of it is the same. Pure."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterable
from dataclasses import dataclass

from sphinx_kerasshape.axes import expression, notation
from sphinx_kerasshape.axes.expression import Expr, Size
from sphinx_kerasshape.claims.counts import Unreadable
from sphinx_kerasshape.messages.report import Axis, Model, TensorSpec
from sphinx_kerasshape.text import excerpt, listed, quoted

_SWEEP = 200
"""Sizes of each axis that expressions are compared at."""
_MOST = 4000
"""Sizes of all axes: where there are more axes, fewer of each."""


@dataclass(frozen=True)
class SymbolicSize:
    """An open size as TensorFlow says it: an expression, for sizes that the model takes."""

    size: Size
    axes: tuple[Axis, ...]

    def is_same(self, stated: Size) -> bool:
        """Whether a stated expression gives the same size, whatever the sizes of the axes are."""
        if stated == self.size:
            return True
        if not isinstance(stated, Expr) or not isinstance(self.size, Expr):
            return False
        if not expression.names(stated) <= {axis.name for axis in self.axes}:
            return False
        return _are_same(stated, self.size, self.axes)

    def __str__(self) -> str:
        return str(self.size)


Dims = tuple[int | SymbolicSize | None, ...]
"""A shape of a report: numbers, named sizes, and ``None`` where a size is open and has no name."""


def dims(tensor: TensorSpec, model: Model) -> Dims:
    """Return a tensor's shape with the names of a model's axes."""
    if not tensor.symbolic:
        return tensor.shape
    pairs = zip(tensor.shape, tensor.symbolic, strict=True)
    return tuple(_dim(size, text, model.axes) for size, text in pairs)


def _dim(size: int | None, text: str, known: tuple[Axis, ...]) -> int | SymbolicSize | None:
    if size is not None or text == "None":
        return size
    return SymbolicSize(_parsed(text), known)


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> Size:
    """Read a size; many tensors of a model have the same."""
    return notation.parse(text)


@functools.lru_cache(maxsize=1024)
def _are_same(one: Expr, other: Expr, known: tuple[Axis, ...]) -> bool:
    return all(
        expression.evaluate(one, sizes) == expression.evaluate(other, sizes) for sizes in _samples(known)
    )


def plain(text: str) -> str:
    """Write an expression with the signs of a keyboard."""
    signs = {"−": "-", "·": "*", "⌊": "floor(", "⌈": "ceil(", "⌋": ")", "⌉": ")", "²": "**2", "³": "**3"}
    for sign, written in signs.items():
        text = text.replace(sign, written)
    return text


def unknown_names(text: str, stated: Iterable[str], known: tuple[Axis, ...]) -> None:
    """Raise :class:`Unreadable` for names that are none of the model's axes."""
    names = [axis.name for axis in known]
    strange = sorted(set(stated) - set(names))
    if not strange:
        return
    what = " and ".join(map(repr, strange))
    if names:
        raise Unreadable(
            f"{quoted(text)} names {excerpt(what)}, but the axes of the model are {listed(names)}"
        )
    raise Unreadable(
        f"{quoted(text)} is no shape: write (None, 50), with ? for any size and … for any axes; "
        f"for {what} the model has to name its axes (:axes:)"
    )


@functools.lru_cache(maxsize=64)
def _samples(known: tuple[Axis, ...]) -> tuple[dict[str, int], ...]:
    """Return sizes to compare at: of each axis many in a row, and of all together some."""
    draw = random.Random(0)  # noqa: S311 - the same verdict on every build

    def any_sizes() -> dict[str, int]:
        return {axis.name: axis.least + axis.unit * draw.randrange(_SWEEP) for axis in known}

    found = [any_sizes() for _ in range(60)]
    sweep = min(_SWEEP, _MOST // max(1, len(known)))
    for axis in known:
        others = any_sizes()
        found += [{**others, axis.name: axis.least + axis.unit * more} for more in range(sweep)]
    return tuple(found)
