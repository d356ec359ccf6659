"""What layers hold: other layers, and variables, each counted once however often it is reached.

Keras' own properties recurse, and so can't be asked of models nested a thousand deep; what is
said here is the same, found without recursion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod
from operator import index
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.report import item_size


def sizes(variable: Any) -> tuple[int, ...]:
    """Return the shape of a variable. Raises ``ValueError`` for one that is no shape."""
    try:
        shape = tuple(map(index, variable.shape))
    except TypeError:
        shape = (-1,)
    if any(size < 0 for size in shape):
        raise ValueError(f"the weight {variable.name!r} has {variable.shape!r} as its shape, which is none")
    return shape


class Count(NamedTuple):
    """Numbers in distinct variables: all of them, the trainable ones, and the bytes of all."""

    params: int = 0
    trainable: int = 0
    bytes: int = 0

    @classmethod
    def of(cls, variables: Iterable[Any]) -> Count:
        """Count distinct variables."""
        total = trainable = size = 0
        for variable in variables:
            params = prod(sizes(variable))
            total += params
            trainable += params if variable.trainable else 0
            size += params * item_size(str(variable.dtype))
        return cls(total, trainable, size)

    def plus(self, other: Count) -> Count:
        """Add the count of other variables."""
        return Count(*(one + more for one, more in zip(self, other, strict=True)))


def layers(layer: Any) -> list[Any]:
    """Return the layers that a layer holds itself, in the order in which it got them."""
    return list({id(inner): inner for inner in getattr(layer, "_layers", ())}.values())


def own(layer: Any) -> list[Any]:
    """Return the weights that a layer holds itself; neither seeds nor the state of metrics."""
    variables = [*getattr(layer, "_trainable_variables", ()), *getattr(layer, "_non_trainable_variables", ())]
    return list({id(variable): variable for variable in variables}.values())


def everything(layer: Any) -> Iterator[Any]:
    """Give a layer and all layers inside it, each once, as Keras orders their weights."""
    seen: set[int] = set()
    stack = [layer]
    while stack:
        here = stack.pop()
        if id(here) not in seen:
            seen.add(id(here))
            yield here
            stack += reversed(layers(here))


def weights(layer: Any) -> list[Any]:
    """Return a layer's weights, and those of all layers inside it."""
    found = (variable for here in everything(layer) for variable in own(here))
    return list({id(variable): variable for variable in found}.values())


class Holdings:
    """Counts of the layers of a model, in time proportional to its size where nothing is shared."""

    def __init__(self, model: Any) -> None:
        self._known: dict[int, Count] = {}
        everyone = list(everything(model))
        held = [id(inner) for layer in everyone for inner in layers(layer)]
        variables = [id(variable) for layer in everyone for variable in own(layer)]
        shares = len(set(held)) < len(held) or len(set(variables)) < len(variables) or id(model) in held
        if not shares:
            # Each stands behind what holds it, so its own count is there when it is needed.
            for layer in reversed(everyone):
                count = Count.of(own(layer))
                for inner in layers(layer):
                    count = count.plus(self._known[id(inner)])
                self._known[id(layer)] = count

    def count(self, layer: Any) -> Count:
        """Count a layer's distinct weights; none is trainable where the layer isn't."""
        known = self._known.get(id(layer)) or Count.of(weights(layer))
        return known if getattr(layer, "trainable", True) else known._replace(trainable=0)
