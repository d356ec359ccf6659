"""Named axes, followed through a model: the sizes of each tensor as expressions of the names.

What each operation does with the sizes of its inputs is fitted to probes. These steps are composed along
the graph, and the result is checked against probes that it was not made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sphinx_kerasshape.axes import expression, notation
from sphinx_kerasshape.axes.expression import Depends, Expr, Size
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Axis
from sphinx_kerasshape.worker.axes import fitting, ranges
from sphinx_kerasshape.worker.axes.probe import Probes
from sphinx_kerasshape.worker.axes.search import Search
from sphinx_kerasshape.worker.axes.walk import Probe, Refused, TensorPath, Unfollowed, Unsettled

Symbols = Mapping[int, tuple[str, ...]]
"""The expressions of a tensor's dimensions, by the tensor's id."""

_MAX_PROBES = 48
"""With so many probes the expressions are taken as they are."""
_TRIES = 300
"""How many sizes to try in order to tell two functions apart."""
_CHECKS = 3
"""How many probes to check a result against, besides those of small sizes."""

_FAR = (1_000, 30_011, 1_000_003)
"""Steps to very large sizes: a slice, a clip or a maximum may change what happens there."""


class BadAxes(ValueError):
    """Names that don't fit the model's inputs; the message says how to mend that."""

    problem = Problem.OPTION

    def __init__(self, message: str) -> None:
        super().__init__(f":axes: {message}")


def follow(functional: Any, option: str) -> tuple[tuple[Axis, ...], Symbols]:
    """Return the named axes of a model, and the expressions of its tensors.

    Raises :class:`BadAxes`, :class:`Unfollowed`.
    """
    probes = Probes(functional, _input_axes(functional, option))
    search = Search(probes)
    start = search.first()
    if not start:
        raise Unfollowed(probes.hint())
    follower = _Follower(probes, search, start)
    follower.settle()
    probes.effort.refill()
    try:
        axes = ranges.axes(probes, search, start[0].sizes)
    except Unsettled:
        raise Unfollowed(probes.hint()) from None
    probes.effort.refill()
    follower.check_extremes(axes)
    return tuple(map(follower.checked, axes)), follower.symbols()


def _input_axes(functional: Any, option: str) -> list[tuple[str | int, ...]]:
    """Return a name or a size for each dimension of each input. Raises :class:`BadAxes`."""
    try:
        names = notation.axis_names(option)
    except notation.Unreadable as unreadable:
        raise BadAxes(str(unreadable)) from None
    inputs = {str(tensor._keras_history[0].name): tuple(tensor.shape) for tensor in functional.inputs}
    for name in names:
        if name and name not in inputs:
            raise BadAxes(f"there is no input {name!r}: the inputs are {', '.join(inputs)}")
    return [_dimensions(name, shape, names, len(inputs)) for name, shape in inputs.items()]


def _dimensions(
    name: str, shape: tuple[int | None, ...], axis_names: Mapping[str, tuple[str, ...]], count: int
) -> tuple[str | int, ...]:
    """Return a name or a size for each dimension of an input, one of ``count``."""
    what = "the input" if count == 1 else f"the input {name!r}"
    if name not in axis_names and "" not in axis_names and None in shape:
        raise BadAxes(f"the open axes of {what}, of shape {shape}, have no names")
    names = axis_names.get(name, axis_names.get("", ()))
    missing = shape.count(None)
    if len(names) != missing:
        is_own = count == 1 or name in axis_names
        hint = ": name only the sizes that are None, the batch first"
        if not is_own:
            hint = "; name the axes of each input, as in 'a: batch, time | b: batch'"
        listed = f"{_count(len(names))} ({', '.join(names)})"
        raise BadAxes(f"names {listed}, but {what} has {_count(missing, 'open ')}: {shape}{hint}")
    following = iter(names)
    return tuple(next(following) if size is None else int(size) for size in shape)


def _count(count: int, kind: str = "") -> str:
    return f"{count} {kind}{'axis' if count == 1 else 'axes'}"


class _Follower:
    """Composes the steps of a model, from probes; asks for more probes as needed."""

    def __init__(self, probes: Probes, search: Search, start: list[Probe]) -> None:
        self._probes = probes
        self._search = search
        self._samples = start
        self._first_alone = len(start) - len(probes.names)
        """The number of the first probe in which one axis alone has another size."""
        self._links = start[0].links
        self._steps: dict[tuple[object, ...], fitting.Step | None] = {}
        self._sizes: dict[TensorPath, tuple[Size, ...]] = {}
        self._undecided: list[tuple[Expr, Expr]] = []
        self._equal: set[tuple[Expr, Expr]] = set()
        """Functions that no sizes which the model takes can tell apart."""

    def settle(self) -> None:
        """Find expressions that hold for all samples, and for others."""
        while True:
            self._compose()
            more = self._deciding()
            if more is None:
                more = self._contradicting()
            if not more or len(self._samples) >= _MAX_PROBES:
                break
            self._samples += more
        self._drop_wrong(self._samples)

    def check_extremes(self, axes: Sequence[Axis]) -> None:
        """Check the expressions against small sizes and very large ones, of one axis and of all."""
        start = self._samples[0].sizes
        alone = [{**start, axis.name: axis.least} for axis in axes]
        joint = [{axis.name: axis.least + axis.unit * more for axis in axes} for more in (1, 2, 5, 18)]
        far = [
            {**start, **{axis.name: axis.least + axis.unit * more for axis in chosen}}
            for more in _FAR
            for chosen in (*([axis] for axis in axes), axes)
        ]
        ends = [
            {**start, axis.name: axis.least + axis.unit * max(0, (limit - axis.least) // axis.unit + more)}
            for axis in axes
            for limit in self._probes.limits
            for more in (0, 1)
            if axis.unit
        ]
        lists = [axis for axis in axes if not axis.unit and axis.tried]
        listed = [{**start, axis.name: size} for axis in lists for size in axis.others]
        for sizes in (*alone, *joint, *far, *ends, *listed):
            with suppress(Refused):
                self._drop_wrong([self._probes.at(sizes)])

    def checked(self, axis: Axis) -> Axis:
        """Return an axis that tells whether the expressions hold for its single sizes."""
        start = self._samples[0].sizes
        probes = [self._probes.at({**start, axis.name: size}) for size in axis.others]
        is_partial = any(self._is_wrong(path, probe) for path in self._sizes for probe in probes)
        return axis._replace(is_partial=is_partial)

    def symbols(self) -> Symbols:
        """Return the texts of the expressions; ``None`` where the calls of a nested model differ."""
        symbols: dict[int, tuple[str, ...]] = {}
        for path, sizes in self._sizes.items():
            texts = tuple(map(str, sizes))
            before = symbols.get(path[-1], texts)
            symbols[path[-1]] = tuple(
                text if text == other else "None" for text, other in zip(before, texts, strict=True)
            )
        return symbols

    def _compose(self) -> None:
        self._undecided = []
        self._sizes = {}
        made = {output for link in self._links for output in link.outputs}
        for path in self._samples[0].shapes:
            if path not in made:
                self._sizes[path] = tuple(
                    self._direct(column) or self._unknown(column, ()) for column in self._columns(path)
                )
        for link in self._links:
            columns = [column for path in link.inputs for column in self._columns(path)]
            sizes = [size for path in link.inputs for size in self._sizes[path]]
            for path in link.outputs:
                self._sizes[path] = tuple(
                    self._output_size(columns, sizes, column) for column in self._columns(path)
                )

    def _columns(self, path: TensorPath) -> list[fitting.Column]:
        """Return the values of each dimension; for a tensor whose rank changes, values that nothing fits."""
        shapes = [sample.shapes[path] for sample in self._samples]
        if len({*map(len, shapes)}) > 1:
            return [(0, *(-(number**3) for number in range(1, len(shapes)))) for _ in shapes[0]]
        return list(zip(*shapes, strict=True))

    def _output_size(self, inputs: list[fitting.Column], sizes: list[Size], output: fitting.Column) -> Size:
        """Return the size that an operation makes of its inputs' sizes."""
        known = [
            (column, size)
            for column, size in zip(inputs, sizes, strict=True)
            if isinstance(size, Expr) and not size.is_constant
        ]
        made = self._applied([column for column, _ in known], [size for _, size in known], output)
        if made is None:
            return self._direct(output) or self._unknown(output, sizes)
        if max(self._search.units.values()) > 1 and len(str(made)) > 1:
            # Where sizes have to be multiples of something, a direct expression may be simpler.
            direct = self._direct(output)
            if direct is not None and len(str(direct)) < len(str(made)):
                return direct
        return made

    def _direct(self, output: fitting.Column) -> Expr | None:
        """Return a size as a function of the axes themselves, if one fits."""
        names = self._probes.names
        columns = [tuple(sample.sizes[name] for sample in self._samples) for name in names]
        return self._applied(columns, [expression.axis(name) for name in names], output)

    def _applied(
        self, columns: list[fitting.Column], sizes: list[Expr], output: fitting.Column
    ) -> Expr | None:
        """Return the function that fits, applied to sizes."""
        key = (tuple(columns), output)
        if key not in self._steps:
            self._steps[key] = fitting.fit(columns, output)
        step = self._steps[key]
        if step is None:
            return None
        values = {str(number): size for number, size in enumerate(sizes)}
        made = expression.substitute(step.expr, values)
        if step.other is not None:
            self._undecided.append((made, expression.substitute(step.other, values)))
        return made

    def _unknown(self, output: fitting.Column, sizes: Iterable[Size]) -> Depends:
        """Return the axes that a size depends on: those that change it alone, or all that may."""
        names = self._probes.names
        alone = [name for number, name in enumerate(names, self._first_alone) if output[number] != output[0]]
        possible = {name for size in sizes for name in expression.names(size)}
        return Depends(tuple(alone or [name for name in names if name in possible]))

    def _deciding(self) -> list[Probe] | None:
        """Return a probe that decides between functions which all fit; ``None`` if there can be none."""
        for expr, other in dict.fromkeys(self._undecided):
            if (expr, other) in self._equal:
                continue
            for _ in range(_TRIES):
                sizes = self._search.new_sizes()
                if expression.evaluate(expr, sizes) != expression.evaluate(other, sizes):
                    with suppress(Refused):
                        return [self._probes.at(sizes)]
            self._equal.add((expr, other))
        return None

    def _contradicting(self) -> list[Probe]:
        """Return probes for other sizes that contradict the expressions."""
        probes = []
        for _ in range(_CHECKS):
            with suppress(Refused):
                probe = self._probes.at(self._search.new_sizes())
                if any(self._is_wrong(path, probe) for path in self._sizes):
                    probes.append(probe)
        return probes

    def _is_wrong(self, path: TensorPath, probe: Probe) -> bool:
        sizes, shape = self._sizes[path], probe.shapes[path]
        if len(sizes) != len(shape):
            return any(isinstance(size, Expr) for size in sizes)
        pairs = zip(sizes, shape, strict=True)
        return any(
            isinstance(size, Expr) and expression.evaluate(size, probe.sizes) != true for size, true in pairs
        )

    def _drop_wrong(self, probes: Iterable[Probe]) -> None:
        """Replace the expressions that a probe contradicts by the axes that they depend on."""
        for probe in probes:
            for path, true in probe.shapes.items():
                sizes = self._sizes[path]
                # Some layers drop an axis of one: then each size depends on that.
                shape = true if len(true) == len(sizes) else (None,) * len(sizes)
                pairs = zip(sizes, shape, strict=True)
                self._sizes[path] = tuple(self._kept(size, number, probe) for size, number in pairs)

    def _kept(self, size: Size, true: int | None, probe: Probe) -> Size:
        if isinstance(size, Depends) or expression.evaluate(size, probe.sizes) == true:
            return size
        start = self._samples[0].sizes
        changed = {name for name in start if probe.sizes[name] != start[name]}
        names = (true is not None and expression.names(size)) or changed
        return Depends(tuple(name for name in self._probes.names if name in names))
