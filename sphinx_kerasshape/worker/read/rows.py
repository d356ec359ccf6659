"""Rows of a model's table, from its parts: what each holds, and what of that an earlier one holds too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sphinx_kerasshape.messages.report import LayerRow, Weight
from sphinx_kerasshape.worker.axes.follow import Symbols
from sphinx_kerasshape.worker.read import parts, weights
from sphinx_kerasshape.worker.read.flops import Counted
from sphinx_kerasshape.worker.read.parts import Part
from sphinx_kerasshape.worker.read.weights import Count, Holdings

WEIGHT = "Variable"
"""The type of a row that is a weight, of a model that has some besides those of its layers."""

UNCALLED, IN_TRAINING = "uncalled", "training"
"""Notes: no call was made of the layer, or only in training."""


class Rows:
    """The rows of a model in order, those of parts inside a part behind its own."""

    def __init__(self, model: Any, found: Iterable[Part], symbols: Symbols, flops: Counted) -> None:
        self._parts = list(_flat(found, symbols))
        # From here on nothing is built any more.
        self._holdings = Holdings(model)
        self._flops = flops
        self.count = self._holdings.count(model)
        self._frozen = not getattr(model, "trainable", True)
        self._paths: dict[int, str] = {}
        self._taken: set[str] = set()

    def __iter__(self) -> Iterator[LayerRow]:
        # Last of all it is seen what training calls, which may build more layers.
        rows = list(self._rows())
        for row, (part, _) in zip(rows, self._parts, strict=True):
            note = ""
            if part.uncalled is not None:
                note = IN_TRAINING if id(part.what) in part.uncalled.in_training else UNCALLED
            yield row._replace(note=note)

    def _rows(self) -> Iterator[LayerRow]:
        shared = self._shared()
        above: list[bool] = []
        for number, (part, depth) in enumerate(self._parts):
            del above[depth:]
            above.append(not getattr(part.what, "trainable", True))
            count = Count.of([part.what]) if part.is_weight else self._holdings.count(part.what)
            yield LayerRow(
                name=str(part.what.name),
                type=WEIGHT if part.is_weight else type(part.what).__name__,
                depth=depth,
                calls=part.calls,
                params=count.params,
                trainable=0 if self._frozen or any(above) else count.trainable,
                bytes=count.bytes,
                weights=tuple(self._weight(variable) for variable in self._held(number)),
                shared=shared.get(number, 0),
                flops=self._flops.get(id(part.what)),
            )

    def _held(self, number: int) -> list[Any]:
        """Return the weights of a part that has no parts of its own; those of others are theirs."""
        part, depth = self._parts[number]
        if part.is_weight:
            return [part.what]
        has_parts = number + 1 < len(self._parts) and self._parts[number + 1][1] > depth
        return [] if has_parts else weights.weights(part.what)

    def _shared(self) -> dict[int, int]:
        """Return how many numbers of each row are in weights that an earlier row, not of it, has."""
        first: dict[int, int] = {}
        found: dict[int, dict[int, int]] = {}
        above: list[int] = []
        for number, (_, depth) in enumerate(self._parts):
            del above[depth:]
            above.append(number)
            for variable in self._held(number):
                earlier = first.setdefault(id(variable), number)
                for row in reversed(above) if earlier < number else ():
                    if row <= earlier:
                        break
                    found.setdefault(row, {})[id(variable)] = Count.of([variable]).params
        return {row: sum(sizes.values()) for row, sizes in found.items()}

    def _weight(self, variable: Any) -> Weight:
        return Weight(
            name=str(variable.name),
            path=self._path(variable),
            shape=weights.sizes(variable),
            dtype=str(variable.dtype),
            trainable=bool(variable.trainable),
        )

    def _path(self, variable: Any) -> str:
        """Return a variable's path; of several with the same, which names by hand allow, each its own."""
        if id(variable) not in self._paths:
            path, number = str(variable.path), 1
            while path in self._taken:
                number += 1
                path = f"{variable.path} ({number})"
            self._taken.add(path)
            self._paths[id(variable)] = path
        return self._paths[id(variable)]


def _flat(found: Iterable[Part], symbols: Symbols) -> Iterator[tuple[Part, int]]:
    """Give all parts with their depths; a stack, not recursion, for models nested very deeply."""
    stack = [iter(found)]
    while stack:
        part = next(stack[-1], None)
        if part is None:
            stack.pop()
            continue
        yield part, len(stack) - 1
        stack.append(parts.inside(part, symbols))
