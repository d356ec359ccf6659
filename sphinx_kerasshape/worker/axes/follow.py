"""Named axes, followed through a model: a size of each tensor as an expression of them.

Each operation's own step is fitted from what it made of its inputs' sizes in the
probes; the steps are put together along the graph, and the result is held against
probes that it was not made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from sphinx_kerasshape.axes import expression, notation
from sphinx_kerasshape.axes.expression import Depends, Expr, Size
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Axis
from sphinx_kerasshape.worker.axes import fitting
from sphinx_kerasshape.worker.axes.probe import Place, Probe, Probes, Refused

Symbols = Mapping[int, tuple[str, ...]]
"""What stands for the dimensions of a tensor of the graph, by its id."""

_MOST = 48
"""Probes from which on no step is looked at any closer."""
_TRIES = 300
"""Sizes among which one is looked for that tells two functions apart."""
_CHECKS = 3
"""Probes that a result is held against, besides those of small sizes."""


class Unnamed(ValueError):
    """Names that don't fit the model's inputs; the message says how to mend that."""

    problem = Problem.OPTION

    def __init__(self, message: str) -> None:
        super().__init__(f":axes: {message}")


def named(functional: Any, option: str) -> tuple[tuple[Axis, ...], Symbols]:
    """Return the axes of a model, and the expressions of its tensors. Raises :class:`Unnamed`."""
    probes = Probes(functional, input_axes(functional, option))
    start = probes.first()
    if not start:
        raise Unnamed(probes.hint())
    follower = _Follower(probes, start)
    follower.settle()
    least = tuple(probes.least(start[0].sizes))
    follower.check_small(least)
    return least, follower.symbols()


def input_axes(functional: Any, option: str) -> list[tuple[str | int, ...]]:
    """Return a name or a size for each dimension of each input. Raises :class:`Unnamed`."""
    try:
        given = notation.axis_names(option)
    except notation.Unreadable as unreadable:
        raise Unnamed(str(unreadable)) from None
    inputs = {str(tensor._keras_history[0].name): tuple(tensor.shape) for tensor in functional.inputs}
    for name in given:
        if name and name not in inputs:
            raise Unnamed(f"there is no input {name!r}; there is {', '.join(inputs)}")
    return [_names(name, shape, given, len(inputs)) for name, shape in inputs.items()]


def _names(
    name: str, shape: tuple[int | None, ...], given: Mapping[str, tuple[str, ...]], count: int
) -> tuple[str | int, ...]:
    what = "the input" if count == 1 else f"the input {name!r}"
    if name not in given and "" not in given and None in shape:
        raise Unnamed(f"{what}, of shape {shape}, has no axes")
    names = given.get(name, given.get("", ()))
    missing = shape.count(None)
    if len(names) != missing:
        hint = "" if count == 1 or name in given else "; give each input its own: a: batch, time | b: batch"
        dims = f"{missing} open dimension{'' if missing == 1 else 's'}"
        raise Unnamed(f"{len(names)} named ({', '.join(names)}), but {what} has {dims}: {shape}{hint}")
    following = iter(names)
    return tuple(next(following) if size is None else int(size) for size in shape)


class _Follower:
    """Puts the steps of a model together, from probes of which it asks for more as needed."""

    def __init__(self, probes: Probes, start: list[Probe]) -> None:
        self._probes = probes
        self._samples = start
        self._alone = len(start) - len(probes.names)
        self._links = start[0].links
        self._steps: dict[tuple[object, ...], fitting.Step | None] = {}
        self._sizes: dict[Place, tuple[Size, ...]] = {}
        self._open: list[tuple[Expr, Expr]] = []
        self._equal: set[tuple[Expr, Expr]] = set()
        """Functions that no sizes which the model takes can tell apart."""

    def settle(self) -> None:
        """Find expressions that hold for all samples, and for others."""
        while True:
            self._compose()
            more = self._telling()
            if more is None:
                more = self._contradicting()
            if not more or len(self._samples) >= _MOST:
                break
            self._samples += more
        self._drop_wrong(self._samples)

    def check_small(self, least: Iterable[Axis]) -> None:
        """Hold the expressions against small sizes, of one axis, and of all of them."""
        start = self._samples[0].sizes
        alone = [{**start, axis.name: axis.least} for axis in least]
        joint = [{axis.name: axis.least + axis.unit * more for axis in least} for more in (1, 2, 5, 18)]
        for sizes in (*alone, *joint):
            with suppress(Refused):
                self._drop_wrong([self._probes.at(sizes)])

    def symbols(self) -> Symbols:
        """Return what is to be shown; where a nested model's calls differ, ``None``."""
        found: dict[int, tuple[str, ...]] = {}
        for place, sizes in self._sizes.items():
            texts = tuple(map(str, sizes))
            before = found.get(place[-1], texts)
            found[place[-1]] = tuple(
                one if one == other else "None" for one, other in zip(before, texts, strict=True)
            )
        return found

    def _compose(self) -> None:
        self._open = []
        self._sizes = {}
        made = {output for link in self._links for output in link.outputs}
        for place in self._samples[0].shapes:
            if place not in made:
                self._sizes[place] = tuple(
                    self._direct(column) or self._unknown(column, ()) for column in self._columns(place)
                )
        for link in self._links:
            columns = [column for place in link.inputs for column in self._columns(place)]
            sizes = [size for place in link.inputs for size in self._sizes[place]]
            for place in link.outputs:
                self._sizes[place] = tuple(
                    self._made(columns, sizes, column) for column in self._columns(place)
                )

    def _columns(self, place: Place) -> list[fitting.Column]:
        return list(zip(*(sample.shapes[place] for sample in self._samples), strict=True))

    def _made(self, inputs: list[fitting.Column], sizes: list[Size], output: fitting.Column) -> Size:
        """Return what an operation makes of its inputs' sizes."""
        known = [
            (column, size)
            for column, size in zip(inputs, sizes, strict=True)
            if isinstance(size, Expr) and not size.is_constant
        ]
        step = self._fitted([column for column, _ in known], output)
        if step is None:
            return self._direct(output) or self._unknown(output, sizes)
        values = {str(number): size for number, (_, size) in enumerate(known)}
        made = expression.substitute(step.expr, values)
        if step.other is not None:
            self._open.append((made, expression.substitute(step.other, values)))
        return self._simpler(made, output)

    def _simpler(self, made: Expr, output: fitting.Column) -> Expr:
        """Return a simpler expression where sizes have to be multiples of something."""
        if max(self._probes.units.values()) > 1 and len(str(made)) > 1:
            direct = self._direct(output)
            if direct is not None and len(str(direct)) < len(str(made)):
                return direct
        return made

    def _direct(self, output: fitting.Column) -> Expr | None:
        """Return a size as a function of the axes themselves, if one fits."""
        names = self._probes.names
        columns = [tuple(sample.sizes[name] for sample in self._samples) for name in names]
        step = self._fitted(columns, output)
        if step is None:
            return None
        values = {str(number): expression.axis(name) for number, name in enumerate(names)}
        if step.other is not None:
            self._open.append(
                (expression.substitute(step.expr, values), expression.substitute(step.other, values))
            )
        return expression.substitute(step.expr, values)

    def _unknown(self, output: fitting.Column, sizes: Iterable[Size]) -> Depends:
        """Return which axes a size depends on: those that change it alone, or all that it may."""
        names = self._probes.names
        alone = [name for number, name in enumerate(names) if output[self._alone + number] != output[0]]
        possible = {name for size in sizes for name in expression.names(size)}
        return Depends(tuple(alone or [name for name in names if name in possible]))

    def _fitted(self, inputs: list[fitting.Column], output: fitting.Column) -> fitting.Step | None:
        key = (tuple(inputs), output)
        if key not in self._steps:
            self._steps[key] = fitting.fit(inputs, output)
        return self._steps[key]

    def _telling(self) -> list[Probe] | None:
        """Return a probe that decides between functions which all fit, if there can be one."""
        for one, other in dict.fromkeys(self._open):
            if (one, other) in self._equal:
                continue
            for _ in range(_TRIES):
                sizes = self._probes.fresh()
                if expression.evaluate(one, sizes) != expression.evaluate(other, sizes):
                    with suppress(Refused):
                        return [self._probes.at(sizes)]
            self._equal.add((one, other))
        return None

    def _contradicting(self) -> list[Probe]:
        """Return the probes for other sizes that do not confirm the expressions."""
        found = []
        for _ in range(_CHECKS):
            with suppress(Refused):
                probe = self._probes.at(self._probes.fresh())
                if any(self._is_wrong(place, probe) for place in self._sizes):
                    found.append(probe)
        return found

    def _is_wrong(self, place: Place, probe: Probe) -> bool:
        pairs = zip(self._sizes[place], probe.shapes[place], strict=True)
        return any(
            isinstance(size, Expr) and expression.evaluate(size, probe.sizes) != true for size, true in pairs
        )

    def _drop_wrong(self, probes: Iterable[Probe]) -> None:
        """Admit of each size that a probe does not confirm that it isn't known."""
        for probe in probes:
            for place, true in probe.shapes.items():
                pairs = zip(self._sizes[place], true, strict=True)
                self._sizes[place] = tuple(self._kept(size, number, probe) for size, number in pairs)

    def _kept(self, size: Size, true: int, probe: Probe) -> Size:
        if isinstance(size, Depends) or expression.evaluate(size, probe.sizes) == true:
            return size
        start = self._samples[0].sizes
        changed = {name for name in start if probe.sizes[name] != start[name]}
        names = expression.names(size) or changed
        return Depends(tuple(name for name in self._probes.names if name in names))
