"""The inner layers and the variables of layers, each counted once however often it is reached.

Keras' own properties recurse, and so fail for models nested a thousand deep. These functions return the
same without recursion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod
from operator import index
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.report import item_size


def shape_of(variable: Any) -> tuple[int, ...]:
    """Return the shape of a variable. Raises ``ValueError`` if it is no shape."""
    try:
        shape = tuple(map(index, variable.shape))
    except TypeError:
        shape = (-1,)
    if any(size < 0 for size in shape):
        raise ValueError(f"the weight {variable.name!r} has {variable.shape!r} in place of a shape")
    return shape


class Count(NamedTuple):
    """How many numbers some variables hold, how many of these are trainable, and the bytes of all."""

    params: int = 0
    trainable: int = 0
    bytes: int = 0

    @classmethod
    def of(cls, variables: Iterable[Any]) -> Count:
        """Count distinct variables."""
        total = trainable = size = 0
        for variable in variables:
            params = prod(shape_of(variable))
            total += params
            trainable += params if variable.trainable else 0
            size += params * item_size(str(variable.dtype))
        return cls(total, trainable, size)

    def plus(self, other: Count) -> Count:
        """Add the count of other variables."""
        return Count(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def distinct(things: Iterable[Any]) -> list[Any]:
    """Return layers or variables in order, each once; equal ones may be different things."""
    return list({id(thing): thing for thing in things}.values())


def inner_layers(layer: Any) -> list[Any]:
    """Return the layers that a layer holds itself, in the order in which it got them."""
    return distinct(getattr(layer, "_layers", ()))


def own_variables(layer: Any) -> list[Any]:
    """Return the weights that a layer holds itself, without seeds and the state of metrics."""
    names = ("_trainable_variables", "_non_trainable_variables")
    return distinct(variable for name in names for variable in getattr(layer, name, ()))


def all_layers(layer: Any) -> Iterator[Any]:
    """Yield a layer and all layers inside it, each once, in Keras' order of their weights."""
    seen: set[int] = set()
    stack = [layer]
    while stack:
        here = stack.pop()
        if id(here) not in seen:
            seen.add(id(here))
            yield here
            stack += reversed(inner_layers(here))


def all_variables(layer: Any) -> list[Any]:
    """Return the weights of a layer and of all layers inside it."""
    return distinct(variable for inner in all_layers(layer) for variable in own_variables(inner))


_GATES = {"LSTMCell": 4, "GRUCell": 3, "ConvLSTMCell": 4}
"""The gates of Keras' own cells."""


def gates(layers: Iterable[Any]) -> dict[int, int]:
    """Return the number of gates that weights are made of, by their ids: those of Keras' own cells."""
    found: dict[int, int] = {}
    for layer in layers:
        number = _gates(type(layer))
        own = vars(layer) if number else {}
        size = number * own.get("units", own.get("filters", 0))
        for name in ("kernel", "recurrent_kernel", "bias"):
            # A class that derives from Keras' may have something else of these names.
            if size and tuple(getattr(own.get(name), "shape", ()))[-1:] == (size,):
                found[id(own[name])] = number
    return found


def _gates(kind: type) -> int:
    """Return the number of gates of a class: never by its name alone, which may be an author's."""
    keras = ("keras", "tf_keras")
    own = (base for base in kind.__mro__ if base.__module__.partition(".")[0] in keras)
    return next((_GATES[base.__name__] for base in own if base.__name__ in _GATES), 0)


class Counts:
    """The counts of a model's layers, in time proportional to its size if nothing is shared."""

    def __init__(self, model: Any) -> None:
        self._counts: dict[int, Count] = {}
        layers = list(all_layers(model))
        inner = [id(inner) for layer in layers for inner in inner_layers(layer)]
        variables = [id(variable) for layer in layers for variable in own_variables(layer)]
        is_shared = len(set(inner)) < len(inner) or len(set(variables)) < len(variables) or id(model) in inner
        if not is_shared:
            # Each layer comes after those that hold it, so in reverse its count is there when it is needed.
            for layer in reversed(layers):
                count = Count.of(own_variables(layer))
                for held in inner_layers(layer):
                    count = count.plus(self._counts[id(held)])
                self._counts[id(layer)] = count

    def of(self, layer: Any) -> Count:
        """Return the count of a layer's distinct weights."""
        return self._counts.get(id(layer)) or Count.of(all_variables(layer))
