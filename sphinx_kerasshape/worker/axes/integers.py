"""Whole numbers of a model, which sizes may depend on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import CodeType
from typing import Any

from sphinx_kerasshape.worker.read import identity, weights

MOST = 100_000
"""Larger numbers are no sizes."""
_LEAST = 40
"""Smaller numbers of code are met by other probes."""
_MAX_DIVISORS = 40


def of_layers(functional: Any) -> set[int]:
    """Return the whole numbers of a model: in its layers' configurations and in the shapes of its weights."""
    found: set[int] = set()
    stack: list[Any] = [tuple(weight.shape) for weight in functional.weights]
    for operation in functional.operations:
        with suppress(Exception):
            stack.append(operation.get_config())
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack += item.values()
        elif isinstance(item, (list, tuple)):
            stack += item
        elif type(item) is int and 1 < item <= MOST:
            found.add(item)
    few = sorted(found)[:_MAX_DIVISORS]
    return found | {number // divisor for number in found for divisor in few if number % divisor == 0}


def of_code(functional: Any) -> set[int]:
    """Return the whole numbers in the code and the attributes of layers that are not Keras' own."""
    found: set[object] = set()
    for layer in weights.all_layers(functional):
        if not identity.is_of_keras(layer):
            for value in _values(layer):
                found.add(value if type(value) is int else None)
                found.update(_constants(getattr(value, "__code__", None), getattr(value, "__globals__", {})))
    return {number for number in found if type(number) is int and _LEAST < number <= MOST}


def _values(layer: Any) -> Iterator[object]:
    """Give what a layer has, and the methods of its classes, but for those of Keras and Python."""
    yield from vars(layer).values()
    for cls in type(layer).__mro__:
        if not cls.__module__.startswith(("keras.", "tensorflow.", "builtins")):
            yield from vars(cls).values()


def _constants(code: object, names: Mapping[str, object]) -> Iterator[object]:
    """Give the constants of a function's code, and what it has names for."""
    if isinstance(code, CodeType):
        values = (names.get(name) for name in code.co_names)
        yield from (value for value in values if type(value) is int)
        for constant in code.co_consts:
            yield constant
            yield from _constants(constant, names)
