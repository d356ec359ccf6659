"""The rows of a model's table: the counts of each part, and what it shares with earlier rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sphinx_kerasshape.messages.report import LayerRow, Weight
from sphinx_kerasshape.worker.axes.follow import Symbols
from sphinx_kerasshape.worker.read import parts, weights
from sphinx_kerasshape.worker.read.flops import Flops
from sphinx_kerasshape.worker.read.parts import Part
from sphinx_kerasshape.worker.read.weights import Count, Counts

WEIGHT = "Variable"
"""The type of a row that is a weight which a model holds besides its layers."""

UNCALLED, IN_TRAINING = "uncalled", "training"
"""Notes: the layer was not called, or is called in training only."""


def is_chain(rows: Iterable[LayerRow]) -> bool:
    """Whether each layer has one call, with one input from another layer at most."""
    return all(len(row.calls) == 1 and len(row.calls[0].sources) <= 1 for row in rows)


class Rows:
    """The rows of a model in order; those of the parts inside a part follow its own."""

    def __init__(self, model: Any, model_parts: Iterable[Part], symbols: Symbols, flops: Flops) -> None:
        self._parts = list(_flat(model_parts, symbols))
        # From here on nothing is built any more.
        self._counts = Counts(model)
        self._flops = flops
        self.count = self._counts.of(model)
        self._is_frozen = not getattr(model, "trainable", True)
        self._paths: dict[int, str] = {}
        self._taken_paths: set[str] = set()

    def __iter__(self) -> Iterator[LayerRow]:
        # Calling the model in training may build more layers, so this comes last.
        rows = list(self._rows())
        for row, (part, _) in zip(rows, self._parts, strict=True):
            note = ""
            if part.uncalled is not None:
                note = IN_TRAINING if id(part.element) in part.uncalled.in_training else UNCALLED
            yield row._replace(note=note)

    def _rows(self) -> Iterator[LayerRow]:
        shared = self._shared()
        frozen_above: list[bool] = []
        for number, (part, depth) in enumerate(self._parts):
            element = part.element
            frozen_above[depth:] = [not getattr(element, "trainable", True)]
            count = Count.of([element]) if part.is_weight else self._counts.of(element)
            yield LayerRow(
                name=str(element.name),
                type=WEIGHT if part.is_weight else type(element).__name__,
                depth=depth,
                calls=part.calls,
                params=count.params,
                trainable=0 if self._is_frozen or any(frozen_above) else count.trainable,
                bytes=count.bytes,
                weights=tuple(self._weight(variable) for variable in self._variables(number)),
                shared=shared.get(number, 0),
                flops=self._flops.get(id(element)),
                declared=part.declared,
            )

    def _variables(self, number: int) -> list[Any]:
        """Return the weights of a part without inner parts; inner parts have rows with their own."""
        part, depth = self._parts[number]
        if part.is_weight:
            return [part.element]
        has_parts = number + 1 < len(self._parts) and self._parts[number + 1][1] > depth
        return [] if has_parts else weights.all_variables(part.element)

    def _shared(self) -> dict[int, int]:
        """Return how many numbers of each row are in weights of earlier rows outside it."""
        first: dict[int, int] = {}
        shared: dict[int, dict[int, int]] = {}
        above: list[int] = []
        for number, (_, depth) in enumerate(self._parts):
            above[depth:] = [number]
            for variable in self._variables(number):
                earlier = first.setdefault(id(variable), number)
                for row in reversed(above) if earlier < number else ():
                    if row <= earlier:
                        break
                    shared.setdefault(row, {})[id(variable)] = Count.of([variable]).params
        return {row: sum(sizes.values()) for row, sizes in shared.items()}

    def _weight(self, variable: Any) -> Weight:
        return Weight(
            name=str(variable.name),
            path=self._path(variable),
            shape=weights.shape_of(variable),
            dtype=str(variable.dtype),
            trainable=bool(variable.trainable),
        )

    def _path(self, variable: Any) -> str:
        """Return a path that no other variable has; names given by hand can be equal."""
        if id(variable) not in self._paths:
            path, number = str(variable.path), 1
            while path in self._taken_paths:
                number += 1
                path = f"{variable.path} ({number})"
            self._taken_paths.add(path)
            self._paths[id(variable)] = path
        return self._paths[id(variable)]


def _flat(model_parts: Iterable[Part], symbols: Symbols) -> Iterator[tuple[Part, int]]:
    """Yield all parts with their depths; a stack, not recursion, for models nested very deeply."""
    stack = [iter(model_parts)]
    while stack:
        part = next(stack[-1], None)
        if part is None:
            stack.pop()
            continue
        yield part, len(stack) - 1
        stack.append(parts.inside(part, symbols))
