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

UNCALLED, IN_TRAINING, UNTRACKED = "uncalled", "training", "untracked"
"""Notes: the layer was not called, is called in training only, or is called but not tracked by Keras."""


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
        # A model trains the weights that are trainable, also those of a frozen layer whose parts are not.
        self._is_frozen = not getattr(model, "trainable", True)
        self._layers = {id(layer) for layer in weights.all_layers(model)}
        self._gates = weights.gates(weights.all_layers(model))
        self._weights = {id(variable) for variable in weights.all_variables(model)}
        count = self._counts.of(model)
        self.count = count._replace(trainable=0) if self._is_frozen else count
        self._paths: dict[int, str] = {}
        self._taken_paths: set[str] = set()

    def __iter__(self) -> Iterator[LayerRow]:
        # Calling the model in training may build more layers, so this comes last.
        rows = list(self._rows())
        for row, (part, _) in zip(rows, self._parts, strict=True):
            note = row.note
            if part.uncalled is not None:
                note = IN_TRAINING if id(part.element) in part.uncalled.in_training else UNCALLED
            yield row._replace(note=note)

    def _rows(self) -> Iterator[LayerRow]:
        shared = self._shared()
        for number, (part, depth) in enumerate(self._parts):
            element = part.element
            count = Count.of([element]) if part.is_weight else self._counts.of(element)
            # Keras does not find layers that an object of another kind holds.
            untracked = 0 if part.is_weight or id(element) in self._layers else self._untracked(element)
            if untracked:
                count = Count()
            yield LayerRow(
                name=str(element.name),
                type=WEIGHT if part.is_weight else type(element).__name__,
                depth=depth,
                calls=part.calls,
                params=count.params,
                trainable=0 if self._is_frozen else count.trainable,
                bytes=count.bytes,
                weights=() if untracked else tuple(map(self._weight, self._variables(number))),
                shared=shared.get(number, 0),
                flops=self._flops.get(id(element)),
                declared=part.declared,
                refused=part.refused,
                note=f"{UNTRACKED} {untracked}" if untracked else "",
            )

    def _untracked(self, layer: Any) -> int:
        """Return the number of parameters of a layer none of whose weights is the model's; else 0."""
        own = weights.all_variables(layer)
        return 0 if any(id(variable) in self._weights for variable in own) else Count.of(own).params

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
            gates=self._gates.get(id(variable), 1),
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
