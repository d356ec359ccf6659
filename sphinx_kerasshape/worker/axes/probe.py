"""Probes: the shapes that a functional model has for concrete sizes of its open axes.

A probe goes through each operation's ``compute_output_spec``, which neither computes
nor allocates anything, and notes every tensor's shape, those inside of nested models
too. Which sizes the model takes at all is found here as well.
"""

from __future__ import annotations

import contextlib
import io
import random
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sphinx_kerasshape.messages.report import Axis
from sphinx_kerasshape.worker.read.recorder import graph_of

Place = tuple[int, ...]
"""A tensor of the graph by its id, behind those of the calls of nested models that it is in."""
Sizes = dict[str, int]

_UNITS = (1, 2, 4, 8, 16, 32, 64, 3, 5, 6, 7, 10, 12, 24, 60, 420)
"""What sizes may have to be a multiple of, in the order of trying."""
_TOPS = (2048, 480, 120, 30, 8)
"""Largest sizes, in units, in the order of trying: some layers take so many steps at most."""


class Refused(Exception):
    """That the model does not take some sizes; ``layer`` is the one that refuses them."""

    def __init__(self, layer: str) -> None:
        super().__init__(layer)
        self.layer = layer


@dataclass(frozen=True)
class Link:
    """Tensors that others are made from: an operation's call, or the way into or out of a model."""

    inputs: tuple[Place, ...]
    outputs: tuple[Place, ...]


@dataclass
class Probe:
    """The shapes of all tensors for some sizes, and how the tensors hang together."""

    sizes: Sizes
    shapes: dict[Place, tuple[int, ...]] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)


class Probes:
    """Makes the probes of a functional model, whose open axes have the given names.

    ``axes`` has, for each of the model's inputs, a name or a size for each dimension.
    """

    def __init__(self, functional: Any, axes: list[tuple[str | int, ...]]) -> None:
        self._functional = functional
        self._axes = axes
        self.names = tuple(dict.fromkeys(name for dims in axes for name in dims if isinstance(name, str)))
        self.units = dict.fromkeys(self.names, 1)
        self._top = 0
        self._random = random.Random(0)  # noqa: S311 - the same sizes on every build
        self._known: dict[tuple[int, ...], Probe | Refused] = {}

    def at(self, sizes: Mapping[str, int]) -> Probe:
        """Ask for the shapes for some sizes. Raises :class:`Refused`."""
        key = tuple(sizes[name] for name in self.names)
        if key not in self._known:
            try:
                self._known[key] = self._ask(dict(sizes))
            except Refused as refused:
                self._known[key] = refused
        found = self._known[key]
        if isinstance(found, Refused):
            raise found
        return found

    def first(self) -> list[Probe]:
        """Find out which sizes the model takes, and return some probes; none if it takes none."""
        for unit in _UNITS:
            for top in _TOPS:
                self._top = top
                self.units = dict.fromkeys(self.names, unit)
                found = self._takes()
                if found:
                    return self._with_small_units() if unit > 1 else found
        return []

    def hint(self) -> str:
        """Say what is wrong where the model takes no sizes."""
        key, refused = next((key, it) for key, it in reversed(self._known.items()) if isinstance(it, Refused))
        sizes = ", ".join(f"{name} = {size}" for name, size in zip(self.names, key, strict=True))
        return (
            f"no sizes were found that the model takes; its layer {refused.layer!r} refuses {sizes}. "
            "Give axes that have to be equal the same name"
        )

    def fresh(self) -> Sizes:
        """Return sizes that were not asked for yet, as far as there are any."""
        for _ in range(100):
            sizes = {name: self._size(name) for name in self.names}
            if tuple(sizes.values()) not in self._known:
                break
        return sizes

    def least(self, start: Sizes) -> Iterator[Axis]:
        """Find the smallest size of each axis, while the others have sizes that are taken."""
        for name in self.names:
            unit = self.units[name]
            low, high, middle, layer = 0, start[name] // unit, 1, ""
            while high - low > 1:
                try:
                    self.at({**start, name: middle * unit})
                    high = middle
                except Refused as refused:
                    low, layer = middle, refused.layer
                middle = (low + high) // 2
            yield Axis(name, high * unit, unit, layer)

    def _size(self, name: str) -> int:
        return self.units[name] * self._random.randint(max(2, self._top // 8), self._top)

    def _takes(self) -> list[Probe]:
        """Make some probes; the last ones differ from the first in one axis each."""
        first = self.fresh()
        others = [self.fresh() for _ in range(5)]
        alone = [{**first, name: self.fresh()[name]} for name in self.names]
        try:
            return [self.at(sizes) for sizes in (first, *others, *alone)]
        except Refused:
            return []

    def _with_small_units(self) -> list[Probe]:
        """Ask each axis to be a multiple of no more than it has to be."""
        for name in self.names:
            large = self.units[name]
            for unit in sorted(unit for unit in _UNITS if large % unit == 0):
                self.units[name] = unit
                if self._takes():
                    break
        return self._takes()

    def _ask(self, sizes: Sizes) -> Probe:
        import keras

        probe = Probe(sizes)
        tensors = [
            keras.KerasTensor(
                tuple(sizes[dim] if isinstance(dim, str) else dim for dim in dims), dtype=reference.dtype
            )
            for dims, reference in zip(self._axes, self._functional.inputs, strict=True)
        ]
        # What a layer prints while it is asked belongs to no page.
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _walk(self._functional, tensors, (), probe)
        return probe


def _walk(functional: Any, tensors: list[Any], path: Place, probe: Probe) -> dict[int, Any]:
    """Go through a graph, with these tensors as its inputs; returns what stands for each of its own."""
    import tensorflow as tf

    values: dict[int, Any] = {}
    _note(functional.inputs, tensors, values, path, probe)
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        for node in functional._nodes_by_depth[depth]:
            if node.is_input or any(id(tensor) not in values for tensor in node.input_tensors):
                continue
            args, kwargs = node.arguments.fill_in(values)
            made = _call(node, args, kwargs, path, probe)
            try:
                _note(node.outputs, tf.nest.flatten(made), values, path, probe)
            except ValueError:
                raise Refused(str(node.operation.name)) from None
            if not graph_of(node.operation):
                inputs = tuple((*path, id(tensor)) for tensor in node.input_tensors)
                probe.links.append(Link(inputs, tuple((*path, id(tensor)) for tensor in node.outputs)))
    return values


def _call(node: Any, args: Any, kwargs: Any, path: Place, probe: Probe) -> Any:
    import tensorflow as tf

    operation = node.operation
    inner = graph_of(operation)
    try:
        if inner is None:
            return operation.compute_output_spec(*args, **kwargs)
        given = args[0] if args else kwargs["inputs"]
        inner._assert_input_compatibility(given)
    except Exception as error:
        raise Refused(str(operation.name)) from error
    inside = (*path, id(node))
    into = tuple((*inside, id(tensor)) for tensor in inner.inputs)
    probe.links.append(Link(tuple((*path, id(tensor)) for tensor in node.input_tensors), into))
    values = _walk(inner, tf.nest.flatten(given), inside, probe)
    out = tuple((*inside, id(tensor)) for tensor in inner.outputs)
    probe.links.append(Link(out, tuple((*path, id(tensor)) for tensor in node.outputs)))
    return [values[id(tensor)] for tensor in inner.outputs]


def _note(own: Any, given: Any, values: dict[int, Any], path: Place, probe: Probe) -> None:
    for tensor, value in zip(own, given, strict=True):
        shape = tuple(value.shape)
        if any(size is None or size < 1 for size in shape):
            raise ValueError(shape)
        values[id(tensor)] = value
        probe.shapes[*path, id(tensor)] = tuple(map(int, shape))
