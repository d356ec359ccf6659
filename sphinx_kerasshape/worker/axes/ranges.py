"""The smallest and the largest size of each axis that a model takes."""

from __future__ import annotations

from collections.abc import Mapping

from sphinx_kerasshape.messages.report import Axis
from sphinx_kerasshape.worker.axes import integers
from sphinx_kerasshape.worker.axes.probe import Probes
from sphinx_kerasshape.worker.axes.walk import Sizes

_FAR_STEPS = (1_000, 30_011)
"""Steps to sizes that a model without a limit takes."""


class Ranges:
    """Finds the sizes of each axis, while the others have sizes that are taken."""

    def __init__(self, probes: Probes, units: Mapping[str, int]) -> None:
        self._probes = probes
        self._units = units

    def axes(self, start: Sizes) -> tuple[Axis, ...]:
        """Return all axes of a model that takes some sizes."""
        smallest = [self._smallest(name, start) for name in self._probes.names]
        small = {axis.name: axis.least for axis in smallest}
        if not self._probes.takes(small):
            small = start
        # The other axes are small, so that real calls of long sequences can be made.
        return tuple(axis._replace(most=self._most(axis, small)) for axis in smallest)

    def _smallest(self, name: str, start: Sizes) -> Axis:
        unit = self._units[name]
        if not unit:
            return Axis(name, start[name], 0, self._probes.refusing({**start, name: start[name] + 1}))
        rest = start[name] % unit
        # The first number of steps that gives no size, and one that gives a size which the model takes.
        low, high, layer = -1 if rest else 0, start[name] // unit, ""
        middle = low + 1
        while high - low > 1:
            if refusing := self._probes.refusing({**start, name: rest + middle * unit}):
                low, layer = middle, refusing
            else:
                high = middle
            middle = (low + high) // 2
        return Axis(name, rest + high * unit, unit, layer)

    def _most(self, axis: Axis, small: Sizes) -> int:
        """Return the largest size of an axis, such as a table of positions has; 0 if there is no limit."""
        first = small[axis.name]

        def refused(steps: int) -> bool:
            return not self._probes.takes({**small, axis.name: first + steps * axis.unit})

        if not axis.unit:
            return 0
        within = {
            (rows - first) // axis.unit for rows in self._probes.tables if first <= rows <= integers.MOST
        }
        low = 0
        for high in sorted({*_FAR_STEPS, *within, *(steps + 1 for steps in within)} - {0}):
            if refused(high):
                break
            low = high
        else:
            return 0
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if refused(middle) else (middle, high)
        return first + low * axis.unit
