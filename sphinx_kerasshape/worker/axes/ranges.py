"""The sizes of each axis that a model takes: the smallest, the largest, and single ones besides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sphinx_kerasshape.messages.report import Axis
from sphinx_kerasshape.worker.axes import integers
from sphinx_kerasshape.worker.axes.probe import Probes
from sphinx_kerasshape.worker.axes.search import Search
from sphinx_kerasshape.worker.axes.walk import Sizes, Unfollowed, Unsettled

_FAR_STEPS = (1_000, 30_011)
"""Steps to sizes that a model without a limit takes."""
_FEWER_STEPS = (10_000, 3_000, 1_000, 300, 100, 30, 10, 3, 1, 0)
"""Steps to sizes that calls are tried with where those are too large for a call."""
_NEAR = 8
"""The sizes that are tried from one on, and around the smallest one, as single ones."""

_IRREGULAR = sorted({2**power for power in range(3, 12)} | {root**2 for root in range(3, 17)})
"""Sizes that are tried beyond the largest one of an axis that has a limit."""
_MAX_LISTED = 64
"""Up to this size, those of an axis without steps are listed."""

_TOGETHER = ((0, 1), (1, 0), (1, 2), (3, 1), (2, 6))
"""How many steps from the smallest sizes combinations are checked: of one axis, and of the others."""

_STARTS = 3
"""From how many sizes the smallest ones are looked for: some may fit by accident."""


def axes(probes: Probes, search: Search, start: Sizes) -> tuple[Axis, ...]:
    """Return the axes, with sizes that can be combined as one likes.

    Raises :class:`Unfollowed`, or :class:`Unsettled` if sizes take too long to be tried.
    """
    refused: Sizes = {}
    for usual in search.indivisible(_STARTS) or [start]:
        found = Ranges(probes, search, usual).axes()
        refused = next(filter(probes.is_refused, _combinations(found)), {})
        if not refused:
            return found
    raise Unfollowed(probes.refusal(refused))


def _combinations(axes: Sequence[Axis]) -> Iterator[Sizes]:
    for axis in axes:
        for steps, others in _TOGETHER:
            yield {one.name: _size(one, steps if one is axis else others + n) for n, one in enumerate(axes)}


def _size(axis: Axis, steps: int) -> int:
    size = axis.least + axis.unit * steps
    return axis.least if axis.most and size > axis.most else size


class Ranges:
    """Finds the sizes of each axis, while the others have sizes that are taken."""

    def __init__(self, probes: Probes, search: Search, start: Sizes) -> None:
        self._probes = probes
        self._search = search
        self._start = start

    def axes(self) -> tuple[Axis, ...]:
        """Return all axes. Raises :class:`.Unsettled` if the smallest sizes take too long to be tried."""
        smallest = self._all_smallest()
        # The other axes are small, so that real calls of long sequences can be made.
        small = {axis.name: axis.least for axis in smallest}
        if not self._probes.takes(small):
            small = self._start
        found = (self._with_others(self._with_limit(axis, small), small) for axis in smallest)
        return tuple(self._listed(axis, small) for axis in found)

    def _all_smallest(self) -> list[Axis]:
        """Return all axes from their smallest sizes on, which fit together."""
        smallest = [self._smallest(name) for name in self._probes.names]
        if self._probes.refusing({axis.name: axis.least for axis in smallest}):
            # Each is as small as it can be beside the large others, but not beside one another.
            for number, name in enumerate(self._probes.names):
                smallest[number] = self._smallest(name)
                self._start = {**self._start, name: smallest[number].least}
        return smallest

    def _smallest(self, name: str) -> Axis:
        unit, start = self._search.units[name], self._start[name]
        if not unit:
            return Axis(name, start, 0, self._refusing(name, start + 1))
        rest = start % unit
        # The first number of steps that gives no size, and one that gives a size which the model takes.
        low, high, layer = -1 if rest else 0, start // unit, ""
        while high > low + 1:
            low, high, layer = self._boundary(name, low, high, layer)
            # Single sizes may be taken far below the others.
            between = {*range(high + 1, high + _NEAR), (high + start // unit) // 2}
            gaps = [step for step in between if step < start // unit]
            refusing = {step: by for step in gaps if (by := self._refusing(name, rest + step * unit))}
            if not refusing:
                break
            low, high, layer = max(refusing), start // unit, refusing[max(refusing)]
        return self._with_offsets(Axis(name, rest + high * unit, unit, layer))

    def _boundary(self, name: str, low: int, high: int, layer: str) -> tuple[int, int, str]:
        """Return the steps of a refused size and of the next one, which is taken, and the refusing layer."""
        unit, rest = self._search.units[name], self._start[name] % self._search.units[name]
        middle = low + 1
        while high - low > 1:
            if refusing := self._refusing(name, rest + middle * unit):
                low, layer = middle, refusing
            else:
                high = middle
            middle = (low + high) // 2
        return low, high, layer

    def _with_offsets(self, axis: Axis) -> Axis:
        """Begin with the smallest of the sizes within a step."""
        rests = [(axis.least + offset) % axis.unit for offset in (0, *self._search.offsets[axis.name])]
        least = axis.least
        for size in range(least - 1, 0, -1):
            if size % axis.unit in rests:
                if self._refusing(axis.name, size):
                    break
                least = size
        offsets = sorted({(rest - least) % axis.unit for rest in rests} - {0})
        return axis._replace(least=least, offsets=tuple(offsets))

    def _with_limit(self, axis: Axis, small: Sizes) -> Axis:
        """Add the largest size, such as a table of positions has, and the largest one that was tried."""

        def sizes(steps: int) -> Sizes:
            return {**small, axis.name: small[axis.name] + steps * axis.unit}

        if not axis.unit:
            return axis
        ends = {*self._probes.tables, *self._probes.limits}
        within = {(size - small[axis.name]) // axis.unit for size in ends if size <= integers.MOST}
        tested = {*_FAR_STEPS, *within, *(steps + 1 for steps in within)}
        low, is_settled = 0, True
        try:
            for high in sorted(steps for steps in tested if steps > 0):
                if self._probes.refusing(sizes(high)):
                    low = self._last(axis, small, low, high)
                    axis = axis._replace(most=sizes(low)[axis.name])
                    break
                low = high
        except Unsettled:
            is_settled, low = False, high
        if is_settled and self._probes.is_tried(sizes(low)):
            return axis
        fewer = (sizes(steps) for steps in _FEWER_STEPS if steps < low)
        return axis._replace(tried=next((one[axis.name] for one in fewer if self._probes.is_tried(one)), 0))

    def _last(self, axis: Axis, small: Sizes, low: int, high: int) -> int:
        """Return the last number of steps that is taken, between one that is and one that is not."""

        def is_refused(steps: int) -> bool:
            sizes = {**small, axis.name: small[axis.name] + steps * axis.unit}
            return bool(self._probes.refusing(sizes))

        # Single sizes may be taken far beyond the others.
        if refused := next(filter(is_refused, range(low + 1, min(high, low + _NEAR))), 0):
            return refused - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if is_refused(middle) else (middle, high)
        return low

    def _with_others(self, axis: Axis, small: Sizes) -> Axis:
        """Add single sizes that are taken too."""
        end = axis.least + (axis.unit or _NEAR)
        near = {*range(1, _NEAR + 1), *range(axis.least - max(axis.unit, _NEAR), end)}
        steps = {axis.least, *(axis.least + offset for offset in axis.offsets)}
        if axis.unit == 1:
            steps |= {size for size in near if size >= axis.least}
        others = [
            size
            for size in sorted(near - steps)
            if 0 < size < end
            and not self._probes.refusing({**self._start, axis.name: size})
            and self._probes.takes({**small, axis.name: size})
        ]
        is_taken = axis.least - axis.unit in others
        return axis._replace(others=tuple(others), refused="" if is_taken else axis.refused)

    def _listed(self, axis: Axis, small: Sizes) -> Axis:
        """Return an axis as it is, or with a list of sizes if some beyond the largest are taken too.

        Powers of two and squares are no steps.
        """

        def is_taken(size: int) -> bool:
            return self._probes.takes({**small, axis.name: size})

        largest = max(axis.most, *axis.others, axis.least)
        if (axis.unit and not axis.most) or not any(is_taken(size) for size in _IRREGULAR if size > largest):
            return axis
        least, *others = filter(is_taken, range(1, _MAX_LISTED + 1))
        return Axis(axis.name, least, 0, axis.refused, others=tuple(others), tried=_MAX_LISTED)

    def _refusing(self, name: str, size: int) -> str:
        """Return the layer that refuses a size of an axis, or what gives tensors of another rank for it."""
        sizes = {**self._start, name: size}
        return self._probes.refusing(sizes) or self._differing(sizes)

    def _differing(self, sizes: Sizes) -> str:
        """Return a word if tensors have another rank than usual: some layers drop an axis of one."""
        shapes, start = self._probes.at(sizes).shapes, self._probes.at(self._start).shapes
        return "rank" if any(len(shapes[path]) != len(start[path]) for path in start) else ""
