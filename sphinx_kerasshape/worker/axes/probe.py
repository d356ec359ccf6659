"""Probes: the shapes that a functional model has for concrete sizes of its open axes.

A probe makes a symbolic call of each operation, which neither computes nor allocates anything, and records
the shapes of all tensors, inside nested models too. The probes also find out which sizes the model takes at
all. Where tracing an operation would tell no more than what it declares, its declaration is asked.
"""

from __future__ import annotations

import io
import random
import warnings
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, count, product
from typing import Any

from sphinx_kerasshape.messages.report import Axis
from sphinx_kerasshape.worker.axes.real_calls import RealCalls
from sphinx_kerasshape.worker.read import declared
from sphinx_kerasshape.worker.read.recorder import graph_of

Call = Callable[[Any, Any, Any], declared.Traced]
"""Makes a symbolic call of an operation, with some arguments."""
Outputs = Callable[[Any, Any, Any], Any]
"""Returns the symbolic outputs of an operation."""
TensorPath = tuple[int, ...]
"""The id of a tensor of the graph, after the ids of the calls of nested models that it is in."""
Sizes = dict[str, int]

_UNITS = (1, 2, 4, 8, 16, 32, 64, 3, 5, 6, 7, 10, 12, 24, 60, 420)
"""What sizes may have to be a multiple of, in the order of trying."""
_LARGEST = (2048, 480, 120, 30, 8)
"""Largest sizes, in units, in the order of trying: some layers take so many steps at most."""
_FAR_STEPS = (1_000, 30_011)
"""Steps to sizes that a model without a limit takes."""
_ALL_UP_TO = 41
_POWERS = tuple(2**power for power in range(6, 13))
_MAX_NUMBER = 100_000
_MAX_NUMBERS = 160
"""The numbers that are tried as sizes where nothing is known: small ones, powers of two, the model's own."""
_MAX_DIVISORS = 40
_FEW = 8
"""How many of them are tried in all combinations."""


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
    is_checked: bool | None = None
    """Whether all calls that may refuse the sizes were made; ``None`` if that was not asked for."""


class Probes:
    """Makes the probes of a functional model.

    ``axes`` has, for each of the model's inputs, a name or a size for each dimension.
    """

    def __init__(self, functional: Any, axes: list[tuple[str | int, ...]]) -> None:
        self._functional = functional
        self._axes = axes
        self.names = tuple(dict.fromkeys(name for dims in axes for name in dims if isinstance(name, str)))
        self.units = dict.fromkeys(self.names, 1)
        """The step from one size of an axis to the next; 0 if there is one size only."""
        self._starts = dict.fromkeys(self.names, 0)
        """A size that the others differ from by multiples of the unit."""
        self._steps = dict.fromkeys(self.names, _MAX_NUMBER)
        """How many steps of the unit may be made from the start."""
        self._tables = {int(weight.shape[0]) for weight in functional.weights if len(weight.shape) == 2}
        """Numbers of rows: a table of positions has one for each step."""
        self._largest = 0
        self._symbolic: Call = declared.outputs
        self._calls: RealCalls | None = None
        self._random = random.Random(0)  # noqa: S311 - the same sizes on every build
        self._results: dict[tuple[int, ...], Probe | Refused] = {}

    def at(self, sizes: Mapping[str, int], *, real: bool = False) -> Probe:
        """Return the probe for some sizes, with ``real`` calls or without. Raises :class:`Refused`."""
        key = tuple(sizes[name] for name in self.names)
        result = self._results.get(key)
        if result is None or (real and isinstance(result, Probe) and result.is_checked is None):
            try:
                result = self._make(dict(sizes), self._calls if real else None)
            except Refused as refused:
                result = refused
            self._results[key] = result
        if isinstance(result, Refused):
            raise result
        return result

    def first(self) -> list[Probe]:
        """Find out which sizes the model takes, and return some probes; none if it takes no sizes."""
        # Some models can't be called, and some can't be traced, whatever the sizes.
        for self._symbolic, self._calls in (
            (declared.outputs, RealCalls()),
            (declared.outputs, None),
            (_declared, None),
        ):
            self._results.clear()
            self._starts = dict.fromkeys(self.names, 0)
            self._steps = dict.fromkeys(self.names, _MAX_NUMBER)
            if probes := self._multiples() or self._progressions():
                return probes
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

    def ranges(self, start: Sizes) -> tuple[Axis, ...]:
        """Find the smallest and the largest size of each axis, while the others have sizes that are taken."""
        smallest = [self._smallest(name, start) for name in self.names]
        small = {axis.name: axis.least for axis in smallest}
        if self._refusing(small):
            small = start
        # The other axes are small, so that real calls of long sequences can be made.
        return tuple(axis._replace(most=self._most(axis, small)) for axis in smallest)

    def _smallest(self, name: str, start: Sizes) -> Axis:
        unit = self.units[name]
        if not unit:
            return Axis(name, start[name], 0, self._refusing({**start, name: start[name] + 1}))
        rest = start[name] % unit
        # The first number of steps that gives no size, and one that gives a size which the model takes.
        low, high, layer = -1 if rest else 0, start[name] // unit, ""
        middle = low + 1
        while high - low > 1:
            if refusing := self._refusing({**start, name: rest + middle * unit}):
                low, layer = middle, refusing
            else:
                high = middle
            middle = (low + high) // 2
        return Axis(name, rest + high * unit, unit, layer)

    def _most(self, axis: Axis, small: Sizes) -> int:
        """Return the largest size of an axis, such as a table of positions has; 0 if there is no limit."""
        first = small[axis.name]

        def refused(steps: int) -> bool:
            return bool(self._refusing({**small, axis.name: first + steps * axis.unit}))

        if not axis.unit:
            return 0
        within = {(rows - first) // axis.unit for rows in self._tables if first <= rows <= _MAX_NUMBER}
        low = 0
        for high in sorted({*_FAR_STEPS, *within, *(steps + 1 for steps in within)} - {0}):
            if refused(high):
                break
            low = high
        else:
            return 0
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if refused(middle) else (middle, high)
        return first + low * axis.unit

    def _refusing(self, sizes: Sizes) -> str:
        """Return the layer that refuses some sizes; empty if none does."""
        try:
            self.at(sizes, real=True)
        except Refused as refused:
            return refused.layer
        return ""

    def _multiples(self) -> list[Probe]:
        """Return probes of multiples of the same number; none if the model takes no such sizes."""
        for unit in _UNITS:
            for largest in _LARGEST:
                self._largest = largest
                self.units = dict.fromkeys(self.names, unit)
                probes = self._try()
                if probes:
                    return self._with_small_units() if unit > 1 else probes
        return []

    def _progressions(self) -> list[Probe]:
        """Return probes around some sizes that the model takes, each axis in steps of its own; or none."""
        numbers = sorted({*range(1, _ALL_UP_TO), *_POWERS, *_numbers(self._functional)})[:_MAX_NUMBERS]
        # A size of one fits much by being repeated, and tells nothing of the others.
        same = (dict.fromkeys(self.names, number) for number in (*numbers[1:], 1))
        few = numbers[-_FEW:] if len(self.names) < 4 else ()
        others = (dict(zip(self.names, sizes, strict=True)) for sizes in product(few, repeat=len(self.names)))
        found = next(filter(self._takes, chain(same, others)), None)
        if found is None:
            return []
        self._starts = found
        self.units = {name: self._step(name, found, numbers) for name in self.names}
        together = [{name: size + more for name, size in found.items()} for more in (1, 2, 5)]
        if 0 in self.units.values() and all(map(self._takes, together)):
            return []  # They only have to be equal.
        for self._largest in _LARGEST:
            if probes := self._try():
                return probes
        return []

    def _step(self, name: str, start: Sizes, numbers: list[int]) -> int:
        """Return the step from one size of an axis that the model takes to the next; 0 if there is none."""

        def takes(step: int, *times: int) -> bool:
            return all(self._takes({**start, name: start[name] + step * more}) for more in times)

        if step := next((step for step in numbers if takes(step, 1, 2, 5)), 0):
            return step
        step = next((step for step in numbers if takes(step, 1)), 0)
        self._steps[name] = next(steps for steps in count(1) if not takes(step, steps + 1)) if step else 0
        return step

    def _takes(self, sizes: Sizes) -> bool:
        return not self._refusing(sizes)

    def _size(self, name: str) -> int:
        start = self._starts[name]
        least = 0 if start else max(2, self._largest // 8)
        most = min(self._largest, self._steps[name])
        return start + self.units[name] * self._random.randint(min(least, most), most)

    def _try(self) -> list[Probe]:
        """Make some probes, if the model takes the sizes; the last differ from the first in one axis each."""
        first = self.new_sizes()
        others = [self.new_sizes() for _ in range(5)]
        alone = [{**first, name: self.new_sizes()[name]} for name in self.names]
        probes = []
        with suppress(Refused):
            for sizes in (first, *others, *alone):
                probe = self.at(sizes, real=True)
                if not probe.is_checked:
                    break
                probes.append(probe)
            else:
                return probes
        return []

    def _with_small_units(self) -> list[Probe]:
        """Reduce the unit of each axis as far as possible, and return new probes."""
        for name in self.names:
            large, largest = self.units[name], self._largest
            for unit in sorted(unit for unit in _UNITS if large % unit == 0):
                self.units[name], self._largest = unit, largest
                if self._try():
                    break
                self._largest = largest * large // unit  # A layer may need that many steps at least.
                if self._try():
                    break
        return self._try()

    def _make(self, sizes: Sizes, calls: RealCalls | None) -> Probe:
        import keras

        probe = Probe(sizes)
        tensors = [
            keras.KerasTensor(
                tuple(sizes[dim] if isinstance(dim, str) else dim for dim in dims), dtype=reference.dtype
            )
            for dims, reference in zip(self._axes, self._functional.inputs, strict=True)
        ]
        # What a layer prints meanwhile does not belong in a page.
        with redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if calls:
                calls.begin()
            _walk(self._functional, tensors, (), probe, partial(self._call, calls))
        if calls or not self._calls:
            probe.is_checked = not calls or calls.are_complete
        return probe

    def _call(self, calls: RealCalls | None, operation: Any, args: Any, kwargs: Any) -> Any:
        call = self._symbolic(operation, args, kwargs)
        if calls:
            calls.confirm(operation, args, kwargs, call)
        return call.outputs


def _numbers(functional: Any) -> set[int]:
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
        elif type(item) is int and 1 < item <= _MAX_NUMBER:
            found.add(item)
    few = sorted(found)[:_MAX_DIVISORS]
    return found | {number // divisor for number in found for divisor in few if number % divisor == 0}


def _declared(operation: Any, args: Any, kwargs: Any) -> declared.Traced:
    return declared.Traced(operation.compute_output_spec(*args, **kwargs))


def _walk(
    functional: Any, tensors: list[Any], path: TensorPath, probe: Probe, outputs_of: Outputs
) -> dict[int, Any]:
    """Go through a graph with other inputs; return what replaces each of its tensors, by the id."""
    import tensorflow as tf

    values: dict[int, Any] = {}
    _replace(functional.inputs, tensors, values, path, probe)
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        for node in functional._nodes_by_depth[depth]:
            if node.is_input or any(id(tensor) not in values for tensor in node.input_tensors):
                continue
            args, kwargs = node.arguments.fill_in(values)
            outputs = _call(node, args, kwargs, path, probe, outputs_of)
            try:
                _replace(node.outputs, tf.nest.flatten(outputs), values, path, probe)
            except ValueError:
                raise Refused(str(node.operation.name)) from None
            if not graph_of(node.operation):
                probe.links.append(Link(_paths(path, node.input_tensors), _paths(path, node.outputs)))
    return values


def _call(node: Any, args: Any, kwargs: Any, path: TensorPath, probe: Probe, outputs_of: Outputs) -> Any:
    import tensorflow as tf

    operation = node.operation
    inner = graph_of(operation)
    try:
        if inner is None:
            return outputs_of(operation, args, kwargs)
        inputs = args[0] if args else kwargs["inputs"]
        inner._assert_input_compatibility(inputs)
    except Exception as error:
        raise Refused(str(operation.name)) from error
    inside = (*path, id(node))
    probe.links.append(Link(_paths(path, node.input_tensors), _paths(inside, inner.inputs)))
    values = _walk(inner, tf.nest.flatten(inputs), inside, probe, outputs_of)
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
