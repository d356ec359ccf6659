"""Probes: the shapes that a functional model has for concrete sizes of its open axes.

A probe goes through each operation's ``compute_output_spec``, which neither computes nor allocates
anything, and records the shapes of all tensors, inside nested models too. The probes also find out which
sizes the model takes at all.
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

TensorPath = tuple[int, ...]
"""The id of a tensor of the graph, after the ids of the calls of nested models that it is in."""
Sizes = dict[str, int]

_UNITS = (1, 2, 4, 8, 16, 32, 64, 3, 5, 6, 7, 10, 12, 24, 60, 420)
"""What sizes may have to be a multiple of, in the order of trying."""
_LARGEST = (2048, 480, 120, 30, 8)
"""Largest sizes, in units, in the order of trying: some layers take so many steps at most."""


class Refused(Exception):
    """The model does not take some sizes; ``layer`` is the one that refuses them."""

    def __init__(self, layer: str) -> None:
        super().__init__(layer)
        self.layer = layer


@dataclass(frozen=True)
class Link:
    """Tensors and those made from them, by the call of an operation or on the way into or out of a model."""

    inputs: tuple[TensorPath, ...]
    outputs: tuple[TensorPath, ...]


@dataclass
class Probe:
    """The shapes of all tensors for some sizes, and the links between the tensors."""

    sizes: Sizes
    shapes: dict[TensorPath, tuple[int, ...]] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)


class Probes:
    """Makes the probes of a functional model.

    ``axes`` has, for each of the model's inputs, a name or a size for each dimension.
    """

    def __init__(self, functional: Any, axes: list[tuple[str | int, ...]]) -> None:
        self._functional = functional
        self._axes = axes
        self.names = tuple(dict.fromkeys(name for dims in axes for name in dims if isinstance(name, str)))
        self.units = dict.fromkeys(self.names, 1)
        self._largest = 0
        self._random = random.Random(0)  # noqa: S311 - the same sizes on every build
        self._results: dict[tuple[int, ...], Probe | Refused] = {}

    def at(self, sizes: Mapping[str, int]) -> Probe:
        """Return the probe for some sizes. Raises :class:`Refused`."""
        key = tuple(sizes[name] for name in self.names)
        if key not in self._results:
            try:
                self._results[key] = self._make(dict(sizes))
            except Refused as refused:
                self._results[key] = refused
        result = self._results[key]
        if isinstance(result, Refused):
            raise result
        return result

    def first(self) -> list[Probe]:
        """Find out which sizes the model takes, and return some probes; none if it takes no sizes."""
        for unit in _UNITS:
            for largest in _LARGEST:
                self._largest = largest
                self.units = dict.fromkeys(self.names, unit)
                probes = self._try()
                if probes:
                    return self._with_small_units() if unit > 1 else probes
        return []

    def hint(self) -> str:
        """Return what is wrong if the model takes no sizes."""
        refusals = [(key, result) for key, result in self._results.items() if isinstance(result, Refused)]
        key, refused = refusals[-1]
        sizes = ", ".join(f"{name} = {size}" for name, size in zip(self.names, key, strict=True))
        return (
            f"no sizes were found that the model takes: its layer {refused.layer!r} refuses {sizes}; "
            "give axes that must be equal the same name"
        )

    def new_sizes(self) -> Sizes:
        """Return random sizes that have not been tried yet, as far as there are any."""
        for _ in range(100):
            sizes = {name: self._size(name) for name in self.names}
            if tuple(sizes.values()) not in self._results:
                break
        return sizes

    def smallest(self, start: Sizes) -> Iterator[Axis]:
        """Find the smallest size of each axis, while the others have sizes that the model takes."""
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
        return self.units[name] * self._random.randint(max(2, self._largest // 8), self._largest)

    def _try(self) -> list[Probe]:
        """Make some probes, if the model takes the sizes; the last differ from the first in one axis each."""
        first = self.new_sizes()
        others = [self.new_sizes() for _ in range(5)]
        alone = [{**first, name: self.new_sizes()[name]} for name in self.names]
        try:
            return [self.at(sizes) for sizes in (first, *others, *alone)]
        except Refused:
            return []

    def _with_small_units(self) -> list[Probe]:
        """Reduce the unit of each axis as far as possible, and return new probes."""
        for name in self.names:
            large = self.units[name]
            for unit in sorted(unit for unit in _UNITS if large % unit == 0):
                self.units[name] = unit
                if self._try():
                    break
        return self._try()

    def _make(self, sizes: Sizes) -> Probe:
        import keras

        probe = Probe(sizes)
        tensors = [
            keras.KerasTensor(
                tuple(sizes[dim] if isinstance(dim, str) else dim for dim in dims), dtype=reference.dtype
            )
            for dims, reference in zip(self._axes, self._functional.inputs, strict=True)
        ]
        # What a layer prints meanwhile does not belong in a page.
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _walk(self._functional, tensors, (), probe)
        return probe


def _walk(functional: Any, tensors: list[Any], path: TensorPath, probe: Probe) -> dict[int, Any]:
    """Go through a graph with other inputs; return what replaces each of its tensors, by the id."""
    import tensorflow as tf

    values: dict[int, Any] = {}
    _replace(functional.inputs, tensors, values, path, probe)
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        for node in functional._nodes_by_depth[depth]:
            if node.is_input or any(id(tensor) not in values for tensor in node.input_tensors):
                continue
            args, kwargs = node.arguments.fill_in(values)
            outputs = _call(node, args, kwargs, path, probe)
            try:
                _replace(node.outputs, tf.nest.flatten(outputs), values, path, probe)
            except ValueError:
                raise Refused(str(node.operation.name)) from None
            if not graph_of(node.operation):
                probe.links.append(Link(_paths(path, node.input_tensors), _paths(path, node.outputs)))
    return values


def _call(node: Any, args: Any, kwargs: Any, path: TensorPath, probe: Probe) -> Any:
    import tensorflow as tf

    operation = node.operation
    inner = graph_of(operation)
    try:
        if inner is None:
            return operation.compute_output_spec(*args, **kwargs)
        inputs = args[0] if args else kwargs["inputs"]
        inner._assert_input_compatibility(inputs)
    except Exception as error:
        raise Refused(str(operation.name)) from error
    inside = (*path, id(node))
    probe.links.append(Link(_paths(path, node.input_tensors), _paths(inside, inner.inputs)))
    values = _walk(inner, tf.nest.flatten(inputs), inside, probe)
    probe.links.append(Link(_paths(inside, inner.outputs), _paths(path, node.outputs)))
    return [values[id(tensor)] for tensor in inner.outputs]


def _paths(path: TensorPath, tensors: Any) -> tuple[TensorPath, ...]:
    return tuple((*path, id(tensor)) for tensor in tensors)


def _replace(own: Any, others: Any, values: dict[int, Any], path: TensorPath, probe: Probe) -> None:
    """Replace a graph's own tensors by others, and record their shapes."""
    for tensor, other in zip(own, others, strict=True):
        shape = tuple(other.shape)
        if any(size is None or size < 1 for size in shape):
            raise ValueError(shape)
        values[id(tensor)] = other
        probe.shapes[*path, id(tensor)] = tuple(map(int, shape))
