"""Whole numbers of a model, which sizes may depend on."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

MOST = 100_000
"""Larger numbers are no sizes."""
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
