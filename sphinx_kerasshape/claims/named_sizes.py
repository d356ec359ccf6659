"""Sizes of a report that have the names of axes, and whether a stated expression is the same size."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterable
from dataclasses import dataclass

from sphinx_kerasshape.axes import expression, notation
from sphinx_kerasshape.axes.expression import Expr, Size
from sphinx_kerasshape.claims.counts import Unreadable
from sphinx_kerasshape.messages.report import Axis, Model, TensorSpec
from sphinx_kerasshape.text import hint, quoted

_SIZES_PER_AXIS = 200
"""The sizes of each axis at which expressions are compared."""
_MAX_SIZES = 4000
"""The sizes of all axes together: of many axes there are fewer of each."""


@dataclass(frozen=True)
class SymbolicSize:
    """An open size in a report: an expression of the model's axes."""

    size: Size
    axes: tuple[Axis, ...]

    def is_same(self, stated: Size) -> bool:
        """Whether a stated expression gives the same size for all sizes of the axes."""
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
"""A shape in a report: numbers, named sizes, and ``None`` for an open size without a name."""


def dims(tensor: TensorSpec, model: Model) -> Dims:
    """Return a tensor's shape with the names of a model's axes."""
    if not tensor.symbolic:
        return tensor.shape
    pairs = zip(tensor.shape, tensor.symbolic, strict=True)
    return tuple(_dim(size, text, model.axes) for size, text in pairs)


def _dim(size: int | None, text: str, axes: tuple[Axis, ...]) -> int | SymbolicSize | None:
    if size is not None or text == "None":
        return size
    return SymbolicSize(_parsed(text), axes)


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> Size:
    """Return the size that a text states; many tensors of a model have the same."""
    return notation.parse(text)


@functools.lru_cache(maxsize=1024)
def _are_same(stated: Expr, actual: Expr, axes: tuple[Axis, ...]) -> bool:
    return all(
        expression.evaluate(stated, sizes) == expression.evaluate(actual, sizes) for sizes in _samples(axes)
    )


def ascii_text(text: str) -> str:
    """Return an expression with the signs of a keyboard."""
    signs = {"−": "-", "·": "*", "⌊": "floor(", "⌈": "ceil(", "⌋": ")", "⌉": ")", "²": "**2", "³": "**3"}
    for sign, written in signs.items():
        text = text.replace(sign, written)
    return text


def require_axes(text: str, stated: Iterable[str], axes: tuple[Axis, ...]) -> None:
    """Raise :class:`Unreadable` if the model has no axes of the stated names."""
    names = [axis.name for axis in axes]
    unknown = sorted(set(stated) - set(names))
    if not unknown:
        return
    if names:
        axis = quoted(unknown[0])
        raise Unreadable(f"{quoted(text)} has the unknown axis {axis}{hint(unknown[0], names)}")
    raise Unreadable(
        f"{quoted(text)} is not a shape: write one such as (None, 50), "
        "with ? for any size and … for any axes; "
        f"to write {' and '.join(map(quoted, unknown))}, name the axes of the model with :axes:"
    )


@functools.lru_cache(maxsize=64)
def _samples(axes: tuple[Axis, ...]) -> tuple[dict[str, int], ...]:
    """Return sizes of all axes to compare at: some are random, the others a series for each axis."""
    draw = random.Random(0)  # noqa: S311 - the same verdict on every build
    taken = {axis.name: _taken(axis, _SIZES_PER_AXIS) for axis in axes}

    def any_sizes() -> dict[str, int]:
        return {name: draw.choice(sizes) for name, sizes in taken.items()}

    samples = [any_sizes() for _ in range(60)]
    count = min(_SIZES_PER_AXIS, _MAX_SIZES // max(1, len(axes)))
    for axis in axes:
        others = any_sizes()
        samples += [{**others, axis.name: size} for size in taken[axis.name][:count]]
    return tuple(samples)


def _taken(axis: Axis, count: int) -> list[int]:
    """Return the first sizes of an axis that expressions hold for, up to the largest one."""
    steps = range(count if axis.unit else 1)
    sizes = [axis.least + axis.unit * number + offset for number in steps for offset in (0, *axis.offsets)]
    sizes = sizes[:count] + ([] if axis.is_partial else list(axis.others))
    return [size for size in sizes if not axis.most or size <= axis.most]
