"""A search for sizes that a model takes: for each axis a first size, and the step from one to the next."""

from __future__ import annotations

import random
from itertools import chain, combinations, count, product
from math import lcm

from sphinx_kerasshape.worker.axes import integers
from sphinx_kerasshape.worker.axes.probe import Probes
from sphinx_kerasshape.worker.axes.walk import Probe, Refused, Sizes, Unsettled

_UNITS = (1, 2, 4, 8, 16, 32, 64, 3, 5, 6, 7, 10, 12, 24, 60, 420)
"""What sizes may have to be a multiple of, in the order of trying."""
_LARGEST = (2048, 480, 120, 30, 8)
"""Largest sizes, in units, in the order of trying: some layers take so many steps at most."""
_ALL_UP_TO = 41, 301
_POWERS = tuple(2**power for power in range(6, 13))
_MAX_NUMBERS = 160
"""The numbers that are tried as sizes where nothing is known: small ones, powers of two, the model's own.

In a small model there may be more of them.
"""
_PRIMES = (13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)
"""So many samples or steps fit nothing that they don't always fit."""
_MAX_CALLS = 8_000
"""Calls that may be made for the numbers that are tried."""
_MAX_OFFSET = 64
"""The largest step within which other sizes are looked for."""
_MAX_FOUND = 12
"""How many probes of these are added to the first ones."""
_FEW = 8
"""How many of them are tried in all combinations."""


class Search:
    """Searches for the sizes of a model's axes."""

    def __init__(self, probes: Probes) -> None:
        self._probes = probes
        self._names = probes.names
        self.units = dict.fromkeys(self._names, 1)
        """The step from one size of an axis to the next; 0 if there is one size only."""
        self._starts = dict.fromkeys(self._names, 0)
        """A size that the others differ from by multiples of the unit."""
        self._steps = dict.fromkeys(self._names, integers.MOST)
        """How many steps of the unit may be made from the start."""
        self.offsets: dict[str, tuple[int, ...]] = dict.fromkeys(self._names, ())
        """Distances from each size of an axis to further sizes, within a step."""
        self._free: tuple[str, ...] = ()
        """The axes that are to take every size."""
        self._is_in_vain = False
        self._largest = 0
        self._random = random.Random(0)  # noqa: S311 - the same sizes on every build

    def first(self) -> list[Probe]:
        """Find out which sizes the model takes, and return some probes; none if it takes no sizes."""
        batch = self._probes.batch
        # Where steps are folded into the batch, sizes are looked for that every batch takes.
        ways = ((), *(((batch,),) if batch and len(self._names) > 1 else ()))[::-1]
        for _ in self._probes.ways():
            for self._free in ways:
                self._starts = dict.fromkeys(self._names, 0)
                self._steps = dict.fromkeys(self._names, integers.MOST)
                if probes := self._multiples() or self._progressions():
                    return self._with_offsets(probes)
                if self._is_in_vain:
                    return []
        return []

    def new_sizes(self) -> Sizes:
        """Return random sizes that have not been tried yet, as far as there are any."""
        for _ in range(100):
            sizes = {name: self._size(name) for name in self._names}
            if tuple(sizes.values()) not in self._probes.tried:
                break
        return sizes

    def _with_offsets(self, probes: list[Probe]) -> list[Probe]:
        """Find the sizes within a step that the model takes, and add probes of them.

        Halves that are rounded up fit together for 31, 32, 63, 64, ….
        """
        first, second = self.indivisible(2) or (probes[0].sizes, probes[1].sizes)
        found: list[Probe] = []
        for name, unit in self.units.items():
            if self._steps[name] < integers.MOST or unit > _MAX_OFFSET:
                continue
            for offset in range(1, unit):
                both = [{**first, name: size + offset} for size in (first[name], second[name])]
                if all(map(self._probes.takes, both)):
                    self.offsets[name] += (offset,)
                    found += map(self._probes.at, both)
        place = len(probes) - len(self._names)
        return [*probes[:place], *found[:_MAX_FOUND], *probes[place:]]

    def _multiples(self) -> list[Probe]:
        """Return probes of multiples of the same number; none if the model takes no such sizes."""
        # Among small sizes, those that fit only by being repeated would hide the step.
        for self._largest in _LARGEST:
            for unit in _UNITS:
                self.units = {name: 1 if name in self._free else unit for name in self._names}
                probes = self._try()
                if probes:
                    return self._with_small_units() if unit > 1 else probes
                if probes is None:
                    break
        return []

    def _progressions(self) -> list[Probe]:
        """Return probes around some sizes that the model takes, each axis in steps of its own; or none."""
        own, most = self._probes.integers, max(_MAX_NUMBERS, _MAX_CALLS // self._probes.calls)
        small = range(1, _ALL_UP_TO[most > _MAX_NUMBERS])
        numbers = sorted({*small, *_POWERS, *own})[:most]
        common = sorted({lcm(*pair) for pair in combinations(own, 2)}.difference(numbers))[:_MAX_NUMBERS]
        free = dict.fromkeys(self._free, self._primes()[0])
        # A size of one fits much by being repeated, and tells nothing of the others.
        same = ({**dict.fromkeys(self._names, number), **free} for number in (*numbers[1:], 1, *common))
        few = numbers[-_FEW:] if len(self._names) < 4 else ()
        others = (
            {**dict(zip(self._names, sizes, strict=True)), **free}
            for sizes in product(few, repeat=len(self._names))
        )
        taken = filter(self._probes.takes, same)
        found = next(chain(taken, filter(self._probes.takes, others)), None)
        if found is None:
            return []
        steps = [*numbers, *common]
        self._set_out(found, steps)
        # So does what is made of it, up to some size. Sizes that are not repeated may lie beyond.
        ends = {name: size + self.units[name] * self._steps[name] for name, size in found.items()}
        ends = {name: end for name, end in ends.items() if end < integers.MOST}
        further = (sizes for sizes in taken if all(sizes[name] > end for name, end in ends.items()))
        if ends and (found := next(further, None)):
            self._set_out(found, steps)
        found = self._starts
        together = [{name: size + more for name, size in found.items()} for more in (1, 2, 5)]
        if 0 in self.units.values() and all(map(self._probes.takes, together)):
            self._is_in_vain = True  # They only have to be equal.
            return []
        for self._largest in _LARGEST:
            if probes := self._try():
                return probes
        return []

    def _set_out(self, start: Sizes, numbers: list[int]) -> None:
        """Start from some sizes that the model takes, and find the steps to others."""
        self._starts = start
        self.units = {name: self._step(name, start, numbers) for name in self._names}

    def _step(self, name: str, start: Sizes, numbers: list[int]) -> int:
        """Return the step from one size of an axis that the model takes to the next; 0 if there is none."""

        def takes(step: int, *times: int) -> bool:
            return all(self._probes.takes({**start, name: start[name] + step * more}) for more in times)

        self._steps[name] = integers.MOST
        if step := next((step for step in numbers if takes(step, 1, 2, 3, 5)), 0):
            return step
        step = next((step for step in numbers if takes(step, 1)), 0)
        self._steps[name] = next(steps for steps in count(1) if not takes(step, steps + 1)) if step else 0
        return step

    def indivisible(self, count: int) -> list[Sizes]:
        """Return some sizes that the model takes, multiples of each axis' unit and of a prime; or none."""
        primes = self._primes()

        def size(name: str, prime: int) -> int:
            start = 0 if name in self._free else self._starts[name]
            # The start is mostly the first multiple.
            return start + self.units[name] * min(prime - 1 if start else prime, self._steps[name])

        rows = [[*primes[number:], *primes[:number]] for number in range(count)]
        made = [
            {name: size(name, prime) for name, prime in zip(self._names, row, strict=False)} for row in rows
        ]
        return made if all(map(self._probes.takes, made)) else []

    def _primes(self) -> list[int]:
        """Return the primes that divide no number of the model."""
        own = self._probes.integers
        return [prime for prime in _PRIMES if all(number % prime for number in own)] or [_PRIMES[0]]

    def _size(self, name: str) -> int:
        if name in self._free:
            return self._random.choice(self._primes())
        start = self._starts[name]
        least = 0 if start else max(2, self._largest // 8)
        most = min(self._largest, self._steps[name])
        offset = self._random.choice((0, *self.offsets[name]))
        return start + self.units[name] * self._random.randint(min(least, most), most) + offset

    def _try(self) -> list[Probe] | None:
        """Make some probes, if the model takes the sizes; the last differ from the first in one axis each.

        Return ``None`` if calls of such sizes would be too large.
        """
        first = self.new_sizes()
        others = [self.new_sizes() for _ in range(5)]
        alone = [{**first, name: self.new_sizes()[name]} for name in self._names]
        probes = []
        try:
            for sizes in (first, *others, *alone):
                probe = self._probes.at(sizes, real=True)
                if not probe.is_checked:
                    return None
                probes.append(probe)
        except Unsettled:
            return None
        except Refused:
            return []
        return probes

    def _with_small_units(self) -> list[Probe]:
        """Reduce the unit of each axis as far as possible, and return new probes."""
        for name in self._names:
            large, largest = self.units[name], self._largest
            for unit in sorted(unit for unit in _UNITS if large % unit == 0):
                self.units[name], self._largest = unit, largest
                if self._try():
                    break
                self._largest = largest * large // unit  # A layer may need that many steps at least.
                if self._try():
                    break
        return self._try() or []
