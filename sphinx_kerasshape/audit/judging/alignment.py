"""Which layer of a model each row of a printed summary is of.

The rows are paired in order, so that as few cells as possible differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Row, Summary
from sphinx_kerasshape.audit.judging import agreement
from sphinx_kerasshape.messages.report import LayerRow

_ALONE = 20
"""What a row or layer without a counterpart costs; two of them cost more than a pair in which a cell or two
differ, and less than a pair in which all cells do."""
_TYPE, _OUTPUT, _PARAMS, _DEPTH, _SOURCES, _NAME = 16, 12, 12, 12, 4, 2
_LEFT_OUT = 2
"""What a layer costs for which a summary has dots."""
_MOST = 250_000
"""Pairs that are compared; longer summaries are paired row by row."""
_COUNTER = re.compile(r"_\d+$")


class Alignment(NamedTuple):
    """What is paired with what."""

    pairs: tuple[LayerRow | None, ...]
    """The counterpart of each stated row."""
    missing: dict[int, tuple[LayerRow, ...]]
    """The layers without a row, by the number of the row before which they belong."""
    cost: int


def aligned(summary: Summary, layers: Sequence[LayerRow]) -> Alignment:
    """Return the cheapest alignment of a summary's rows with layers."""
    return _Aligner(summary, layers).aligned()


class _Aligner:
    def __init__(self, summary: Summary, layers: Sequence[LayerRow]) -> None:
        self._rows, self._layers = summary.rows, layers
        self._is_nested = any(row.depth for row in summary.rows)
        names = {layer.name for layer in layers}
        known = sum(row.name.text in names or row.name.is_cut for row in summary.rows)
        self._is_renumbered = 2 * known < len(summary.rows)
        self._left_out = _LEFT_OUT if summary.is_partial else _ALONE
        self._costs: dict[tuple[int, int], int] = {}
        self._outputs: dict[tuple[str, tuple[object, ...]], bool] = {}

    def aligned(self) -> Alignment:
        start, end = self._same_ends()
        rows, layers = len(self._rows) - start - end, len(self._layers) - start - end
        steps = self._steps(start, rows, layers) if rows * layers <= _MOST else "=" * min(rows, layers)
        steps += "-" * (rows - steps.count("=") - steps.count("-"))
        steps += "+" * (layers - steps.count("=") - steps.count("+"))
        return self._followed("=" * start + steps + "=" * end)

    def _same_ends(self) -> tuple[int, int]:
        """Return how many rows at the start and at the end are the same."""
        most = min(len(self._rows), len(self._layers))
        start = 0
        while start < most and not self._cost(start, start):
            start += 1
        end = 0
        while end < most - start and not self._cost(len(self._rows) - end - 1, len(self._layers) - end - 1):
            end += 1
        return start, end

    def _steps(self, start: int, rows: int, layers: int) -> str:
        """Return the cheapest steps: ``=`` is a pair, ``-`` a row alone, ``+`` a layer alone."""
        costs = [[0] * (layers + 1) for _ in range(rows + 1)]
        for row in range(rows, -1, -1):
            for layer in range(layers, -1, -1):
                options = self._options(costs, row, layer, start)
                costs[row][layer] = min(options.values(), default=0)
        steps, row, layer = "", 0, 0
        while options := self._options(costs, row, layer, start):
            steps += min(options, key=options.__getitem__)
            row += steps[-1] != "+"
            layer += steps[-1] != "-"
        return steps

    def _options(self, costs: list[list[int]], row: int, layer: int, start: int) -> dict[str, int]:
        """Return what each next step costs with all that follow."""
        options = {}
        has_row, has_layer = row + 1 < len(costs), layer + 1 < len(costs[0])
        if has_row and has_layer:
            options["="] = self._cost(start + row, start + layer) + costs[row + 1][layer + 1]
        if has_layer:
            options["+"] = self._left_out + costs[row][layer + 1]
        if has_row:
            options["-"] = _ALONE + costs[row + 1][layer]
        return options

    def _cost(self, number: int, place: int) -> int:
        """Return how much a row and a layer differ."""
        key = (number, place)
        if key not in self._costs:
            row, layer = self._rows[number], self._layers[place]
            self._costs[key] = (
                _TYPE * (not agreement.is_type(row.type, layer.type))
                + _OUTPUT * (not self._is_output(row, layer))
                + _PARAMS * (not agreement.is_count(row.params, layer.params))
                + _DEPTH * (self._is_nested and row.depth != layer.depth)
                + _SOURCES * (not self._is_connected(row, layer))
                + self._cost_of_name(row, layer)
            )
        return self._costs[key]

    def _cost_of_name(self, row: Row, layer: LayerRow) -> int:
        """Return how much names differ; Keras may have counted up all of them."""
        name = row.name.text.rstrip("…")
        if name == layer.name or (row.name.is_cut and layer.name.startswith(name)):
            return 0
        is_same = _COUNTER.sub("", name) == _COUNTER.sub("", layer.name)
        return _NAME - is_same * (1 + self._is_renumbered)

    def _is_connected(self, row: Row, layer: LayerRow) -> bool:
        """Whether a row may be connected to what a layer is, as far as counted names say that."""
        if row.connected.text in ("", "-") or row.connected.is_cut or not layer.calls:
            return True
        stated = [_COUNTER.sub("", name) for name in agreement.sources_in(row.connected)]
        every = agreement.sources(layer)
        options = [*every, [name for names in every for name in names]]
        return any(stated == [_COUNTER.sub("", name) for name in names] for names in options)

    def _is_output(self, row: Row, layer: LayerRow) -> bool:
        key = (row.output.text, layer.calls)
        if key not in self._outputs:
            self._outputs[key] = agreement.is_output(row.output, layer)
        return self._outputs[key]

    def _followed(self, steps: str) -> Alignment:
        pairs: list[LayerRow | None] = []
        missing: dict[int, tuple[LayerRow, ...]] = {}
        place = cost = 0
        for step in steps:
            cost += self._cost(len(pairs), place) if step == "=" else _ALONE
            if step == "+":
                missing[len(pairs)] = (*missing.get(len(pairs), ()), self._layers[place])
            else:
                pairs.append(self._layers[place] if step == "=" else None)
            place += step != "-"
        return Alignment(tuple(pairs), missing, cost)
