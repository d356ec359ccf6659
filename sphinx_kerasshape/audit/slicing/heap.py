"""The objects of a document, as far as its syntax tells them apart, and which can be reached from which.

A set of objects is an integer: bit *n* stands for the object with number *n*.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator


class Heap:
    """Objects, each made by one expression; what an object holds is only ever added to."""

    def __init__(self) -> None:
        self.modules = 0
        """Modules, and what is imported from them."""
        self.values = 0
        """Those of them that may be objects as well."""
        self.codes = 0
        """Functions and classes that the document defines."""
        self.classes = 0
        """Classes that the document defines."""
        self.methods = 0
        """Methods of objects, which change the objects when they are called."""
        self.plots = 0
        """Figures, axes and whatever else plotting libraries make."""
        self.foreign = 0
        """Objects of libraries that aren't Keras, whose ``fit`` decides what they are."""
        self.inputs = 0
        """Layers that know their input's shape."""
        self.symbolic = 0
        """Tensors that an ``Input`` starts."""
        self.unbuilt = 0
        """Layers and models that the next call may build."""
        self.outer = 0
        """What the code of a function is given: arguments, and values of names that it doesn't bind."""
        self.parts = 0
        """What the objects hold that the code of a function is given."""
        self._reach: list[int] = []
        self._numbers: dict[Hashable, int] = {}
        self._holders: list[int] = []

    def made(self, key: Hashable, contents: int = 0) -> int:
        """Return the object that an expression makes, which holds ``contents``."""
        if key in self._numbers:
            bit = 1 << self._numbers[key]
            self.store(bit, contents)
            return bit
        self._numbers[key] = len(self._reach)
        bit = 1 << len(self._reach)
        self._reach.append(bit | self.reachable(contents))
        self._holders.append(0)
        for number in numbers(contents):
            self._holders[number] |= bit
        return bit

    def reachable(self, objects: int) -> int:
        """Return the objects, and all that they hold."""
        reached = 0
        while objects:
            reached |= self._reach[objects.bit_length() - 1]
            objects &= ~reached
        return reached

    def holding(self, objects: int) -> int:
        """Return the objects, and all that hold any of them, however indirectly."""
        found = new = objects
        while new:
            around = 0
            for number in numbers(new):
                around |= self._holders[number]
            new = around & ~found
            found |= new
        return found

    def store(self, holders: int, contents: int) -> None:
        """Let each of the ``holders`` hold ``contents``."""
        added = self.reachable(contents)
        if not added & ~self._common(holders):
            return
        for number in numbers(contents):
            self._holders[number] |= holders
        for number in numbers(self.holding(holders)):
            self._reach[number] |= added

    def _common(self, holders: int) -> int:
        common = -1
        for number in numbers(holders):
            common &= self._reach[number]
        return common


def numbers(objects: int) -> Iterator[int]:
    """Yield the numbers of the objects in a set, the smallest first."""
    while objects:
        lowest = objects & -objects
        yield lowest.bit_length() - 1
        objects ^= lowest
