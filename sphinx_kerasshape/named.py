"""Named sizes of a report: what a page may write for them, and which of it is the same. Pure."""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass

from sphinx_kerasshape import axes, notation
from sphinx_kerasshape.axes import Expr, Size
from sphinx_kerasshape.codec import listed
from sphinx_kerasshape.counts import Unreadable
from sphinx_kerasshape.messages import Axis, Model, Tensor
from sphinx_kerasshape.wording import brief, said

_SWEEP = 200
"""Sizes of each axis that expressions are compared at."""
_MOST = 4000
"""Sizes of all axes: where there are more axes, fewer of each."""
_NEED = re.compile(
    r"\b(?P<name>[^\W\d]\w*+) ?(?:(?P<sign>≥|>=|>) ?(?P<least>\d{1,9})"
    r"|= ?(?P<first>\d{1,9}), ?(?P<second>\d{1,9})(?:, ?\d{1,9})*,? ?(?:…|\.\.\.))"
)


@dataclass(frozen=True)
class Known:
    """An open size as TensorFlow says it: an expression, for sizes that the model takes."""

    size: Size
    axes: tuple[Axis, ...]

    def is_same(self, stated: Size) -> bool:
        """Whether a stated expression gives the same size, whatever the sizes of the axes are."""
        if stated == self.size:
            return True
        if not isinstance(stated, Expr) or not isinstance(self.size, Expr):
            return False
        if not axes.names(stated) <= {axis.name for axis in self.axes}:
            return False
        return _are_same(stated, self.size, self.axes)

    def __str__(self) -> str:
        return str(self.size)


Dims = tuple[int | Known | None, ...]
"""A shape of a report: numbers, named sizes, and ``None`` where a size is open and has no name."""


def dims(tensor: Tensor, model: Model) -> Dims:
    """Return a tensor's shape with the names of a model's axes."""
    if not tensor.symbolic:
        return tensor.shape
    pairs = zip(tensor.shape, tensor.symbolic, strict=True)
    return tuple(_dim(size, text, model.axes) for size, text in pairs)


def _dim(size: int | None, text: str, known: tuple[Axis, ...]) -> int | Known | None:
    if size is not None or text == "None":
        return size
    return Known(_parsed(text), known)


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> Size:
    """Read a size; many tensors of a model have the same."""
    return notation.parse(text)


@functools.lru_cache(maxsize=1024)
def _are_same(one: Expr, other: Expr, known: tuple[Axis, ...]) -> bool:
    return all(axes.evaluate(one, sizes) == axes.evaluate(other, sizes) for sizes in _samples(known))


def plain(text: str) -> str:
    """Write an expression with the signs of a keyboard."""
    signs = {"−": "-", "·": "*", "⌊": "floor(", "⌈": "ceil(", "⌋": ")", "⌉": ")", "²": "**2", "³": "**3"}
    for sign, written in signs.items():
        text = text.replace(sign, written)
    return text


def needs(known: Iterable[Axis]) -> str:
    """Say which sizes a model takes: ``time ≥ 3``, ``width = 8, 16, 24, …``; nothing if any."""
    return ", ".join(_need(axis, "≥") for axis in known if axis.least > 1)


def _need(axis: Axis, sign: str) -> str:
    if axis.unit == 1:
        least = axis.least - 1 if sign == ">" else axis.least
        return f"{axis.name} {sign} {least}"
    sizes = ", ".join(str(axis.least + axis.unit * number) for number in range(3))
    return f"{axis.name} = {sizes}, …"


@dataclass(frozen=True)
class NeedsClaim:
    """Stated smallest sizes of axes: ``time ≥ 3``."""

    text: str

    def holds(self, known: tuple[Axis, ...]) -> bool:
        """Whether all of it is true."""
        return all(_is_so(found, _axis(found, known, self.text)) for found in self._found())

    def restated(self, known: tuple[Axis, ...]) -> str:
        """Write the truth in the notation of the claim."""

        def true(found: re.Match[str]) -> str:
            axis = _axis(found, known, self.text)
            return found[0] if _is_so(found, axis) else _need(axis, found["sign"] or "≥")

        return _NEED.sub(true, self.text)

    def _found(self) -> list[re.Match[str]]:
        return list(_NEED.finditer(self.text))


def needs_claim(text: str) -> NeedsClaim:
    """Read what a page states of sizes. Raises :class:`Unreadable`."""
    rest = re.sub(r"\bneeds\b|\band\b|,", "", _NEED.sub("", text))
    if rest.strip() or not _NEED.search(text):
        raise Unreadable(f"{said(text)} states no sizes: write time ≥ 3, or time = 8, 16, 24, …")
    return NeedsClaim(text)


def unknown_names(text: str, stated: Iterable[str], known: tuple[Axis, ...]) -> None:
    """Raise :class:`Unreadable` for names that are none of the model's axes."""
    names = [axis.name for axis in known]
    strange = sorted(set(stated) - set(names))
    if not strange:
        return
    what = " and ".join(map(repr, strange))
    if names:
        raise Unreadable(f"{said(text)} names {brief(what)}, but the axes of the model are {listed(names)}")
    raise Unreadable(
        f"{said(text)} is no shape: write (None, 50), with ? for any size and … for any axes; "
        f"for {what} the model has to name its axes (:axes:)"
    )


def _axis(found: re.Match[str], known: tuple[Axis, ...], text: str) -> Axis:
    unknown_names(text, [found["name"]], known)
    return next(axis for axis in known if axis.name == found["name"])


def _is_so(found: re.Match[str], axis: Axis) -> bool:
    if found["sign"]:
        least = int(found["least"]) + (found["sign"] == ">")
        return (axis.least, axis.unit) == (least, 1)
    first, second = int(found["first"]), int(found["second"])
    return (axis.least, axis.unit) == (first, second - first)


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
