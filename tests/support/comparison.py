"""Reports held against plain TensorFlow: rows, totals, connections, axes, and shapes at several sizes."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from sphinx_kerasshape.axes import expression, notation
from sphinx_kerasshape.axes.expression import Expr
from sphinx_kerasshape.messages import input_spec
from sphinx_kerasshape.messages.layers import weights_of
from sphinx_kerasshape.messages.report import Axis, Failure, LayerCall, LayerRow, Model, Report, TensorSpec
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.projects import REPOSITORY
from tests.support.random_models import Program
from tests.support.workers import answers, request

MANY = 7
"""So many inputs are compared in one order only."""
FAR = 29
"""A number of steps beyond the usual sizes."""
SIZES = 5
"""Sizes of each axis that calls are made with, where it has so many."""
NEAR = 8
"""Sizes around the smallest one of an axis that are tried although they are not said."""
Sizes = dict[str, int]
Shape = tuple[int | None, ...]


class Plain:
    """A process that runs programs in plain TensorFlow."""

    def __init__(self) -> None:
        script = REPOSITORY / "tests" / "support" / "plain_tensorflow.py"
        self._process = subprocess.Popen(
            [sys.executable, script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def send(self, **asked: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()

    def said(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "plain TensorFlow has crashed"
        found: dict[str, Any] = json.loads(line)
        return found

    def call(self, program: Program, sizes: Sizes, *, symbolic: bool = False) -> dict[str, Any]:
        """Call the model of the last program, on zeros or on symbolic tensors."""
        inputs = [
            (name, [sizes[dim] if isinstance(dim, str) else dim for dim in dims], dtype)
            for name, dims, dtype in program.inputs
        ]
        self.send(inputs=inputs, symbolic=symbolic)
        return self.said()

    def close(self) -> None:
        self._process.communicate()


def compare(program: Program, worker: Worker, tensorflow: Plain) -> Counter[str]:
    """Hold the answer for a program against plain TensorFlow; return what was compared."""
    tensorflow.send(code=program.code)
    (answer,) = answers(worker, [request(program.code, axes=program.axes)])
    truth = tensorflow.said()
    if "error" in truth:
        assert isinstance(answer, Failure), answer
        assert answer.error is not None, answer
        assert (answer.error.type, answer.error.message) == (truth["error"], truth["message"])
        return Counter(errors=1)
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    return described(answer.model, truth) + at_sizes(program, answer.model, tensorflow)


def at_sizes(
    program: Program, model: Model, tensorflow: Plain, *, is_near: bool = True, is_far: bool = False
) -> Counter[str]:
    """Compare calls of the last program at several sizes of each axis.

    With ``is_near``, sizes near those that are said are tried too; with ``is_far``, much larger ones.
    """
    if model.unfollowed:
        refused(program, tensorflow)
        return Counter(unfollowed=1)
    found = Counter({"models at several sizes": int(bool(model.axes))})
    for sizes in some_sizes(model, (FAR,) if is_far else ()):
        found.update(called(model, tensorflow.call(program, sizes), sizes), sizes=1)
    if is_near:
        not_said(program, model, tensorflow)
    found.update(axes_of(model))
    return found


def refused(program: Program, tensorflow: Plain) -> None:
    """Make sure that the model takes neither all sizes nor all multiples of one."""
    for unit in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 24):
        sizes = [dict.fromkeys(program.names, unit * count) for count in (1, 2, 3, 5)]
        assert any(is_refused(tensorflow.call(program, one, symbolic=True)) for one in sizes), unit


def is_refused(said: dict[str, Any]) -> bool:
    """Whether a symbolic call failed, or left a tensor empty."""
    return "error" in said


def axes_of(model: Model) -> Counter[str]:
    """Count the axes, and those that the model takes fewer sizes of than calls are made with."""
    few = [axis for axis in model.axes if len(taken(axis)) < SIZES]
    return Counter({"axes": len(model.axes), "axes with fewer sizes": len(few)})


# What is known without a call.


def described(model: Model, truth: dict[str, Any], *, is_random: bool = True) -> Counter[str]:
    """Compare the rows, their weights, the totals, and the connections.

    A random model has composite layers of known classes only.
    """
    totals(model, truth)
    is_kept = not any(row.declared for row in model.layers)
    if "inputs" in truth and is_kept:
        assert ends(model.inputs) == pairs(truth["inputs"])
        assert ends(model.outputs) == pairs(truth["outputs"])
    inside(model, truth)
    if "inputs" not in truth:
        return counts(model)
    places = {path: number for number, path in enumerate(paths(model))}
    graph = [tuple(row["path"]) for row in truth["rows"]]
    assert [path for path in places if path in graph] == graph
    assert not is_random or all(is_inside(path, truth["rows"]) for path in places if path not in graph)
    seen: set[int] = set()
    for true in truth["rows"]:
        number = places[tuple(true["path"])]
        row = model.layers[number]
        assert (row.type, row.params, row.trainable) == (true["type"], true["params"], true["trainable"]), row
        weights = weights_of(model.layers, number)
        assert sorted((one.shape, one.dtype) for one in weights) == sorted(
            (tuple(shape), dtype) for _, _, shape, dtype in true["weights"]
        ), row
        if true["calls"] is not None and is_kept:
            above = tuple(true["path"][:-1])
            beside = {path[-1]: model.layers[places[path]] for path in graph if path[:-1] == above}
            connected(row, true["calls"] or [[]], beside)
        if row.weights:
            ids = {one: tuple(shape) for one, _, shape, _ in true["weights"]}
            again = [shape for one, shape in ids.items() if one in seen]
            assert row.shared == sum(weight_size(shape) for shape in again), row
            seen.update(ids)
    return counts(model)


def counts(model: Model) -> Counter[str]:
    return Counter(models=1, rows=len(model.layers), totals=3)


def totals(model: Model, truth: dict[str, Any]) -> None:
    """Compare the totals, and the sums of the outermost rows with them."""
    counts = (model.params, model.trainable, model.non_trainable)
    assert counts == (truth["params"], truth["trainable"], truth["non_trainable"])
    outermost = [row for row in model.layers if row.depth == 0]
    if not any(row.shared for row in outermost):
        assert sum(row.trainable for row in outermost) == model.trainable
    assert sum(row.params - row.shared for row in outermost) == model.params


def inside(model: Model, truth: dict[str, Any]) -> None:
    """Compare the rows of all layers, at whatever depth, with those of the same path."""
    true: dict[tuple[str, ...], list[tuple[object, ...]]] = {}
    for one in truth["inside"]:
        true.setdefault(tuple(one["path"]), []).append((one["params"], one["trainable"], one["type"]))
    for path, row in zip(paths(model), model.layers, strict=True):
        assert path not in true or (row.params, row.trainable, row.type) in true[path], (row, true[path])
    if "inputs" not in truth:
        missing = {path for path in true if len(path) == 1}.difference(paths(model))
        assert not missing, missing


def weight_size(shape: tuple[int, ...]) -> int:
    found = 1
    for size in shape:
        found *= size
    return found


def connected(row: LayerRow, true: list[list[Any]], beside: dict[str, LayerRow]) -> None:
    """Compare where the inputs of each call are from, and what Keras knows of their shapes."""
    assert len(row.calls) == len(true), row
    for call, inputs in zip(row.calls, true, strict=True):
        sources = []
        for (name, number, output), shape, dtype in inputs:
            calls = beside[name].calls
            assert ends(calls[number].outputs)[output] == (tuple(shape), dtype), (row, name)
            single = len(calls) == len(calls[0].outputs) == 1
            source = name if single else f"{name}[{number}][{output}]"
            sources.append((source, tuple(shape), dtype))
        # Keras sorts what is given by keyword.
        own = [(source, *end) for source, end in zip(call.sources, ends(call.inputs), strict=True)]
        assert Counter(own) == Counter(sources), row


def ends(tensors: Iterable[TensorSpec]) -> list[tuple[Shape, str]]:
    return [(one.shape, one.dtype) for one in tensors]


def pairs(said: list[Any]) -> list[tuple[Shape, str]]:
    return [(tuple(shape), dtype) for shape, dtype in said]


def paths(model: Model) -> Iterator[tuple[str, ...]]:
    above: list[str] = []
    for row in model.layers:
        del above[row.depth :]
        above.append(row.name)
        yield tuple(above)


def is_inside(path: tuple[str, ...], rows: list[dict[str, Any]]) -> bool:
    """Whether this is part of a layer that is no model."""
    kinds = {tuple(row["path"]): row["type"] for row in rows}
    above = next(path[:length] for length in range(len(path) - 1, 0, -1) if path[:length] in kinds)
    return kinds[above] in ("Bidirectional", "TimeDistributed", "MultiHeadAttention", "Positioned")


# What a call says.


def some_sizes(model: Model, far: Iterable[int] = ()) -> list[Sizes]:
    """Return some sizes of each axis, the smallest and the largest ones among them, and single ones.

    There are ``far`` ones too, so many steps beyond the smallest one.
    """
    draw = random.Random(0)
    chosen = {}
    for axis in model.axes:
        least, *more = taken(axis)
        some = draw.sample(more, min(len(more), SIZES - 1))
        beyond = (least + steps * axis.unit for steps in far if axis.unit)
        chosen[axis.name] = [least, *some, *([axis.most] if axis.most else beyond)]
    count = max(map(len, chosen.values()), default=1)
    rows = [{name: sizes[number % len(sizes)] for name, sizes in chosen.items()} for number in range(count)]
    small = rows[0]
    single = [(axis.name, size) for axis in model.axes if not axis.is_partial for size in axis.others]
    return rows + [{**small, name: size} for name, size in single]


def taken(axis: Axis) -> list[int]:
    """Return the first sizes of an axis that the model takes."""
    steps = range(8 if axis.unit else 1)
    sizes = [axis.least + axis.unit * number + offset for number in steps for offset in (0, *axis.offsets)]
    return [size for size in sizes if not axis.most or size <= axis.most]


def not_said(program: Program, model: Model, tensorflow: Plain) -> None:
    """Make sure that the model takes single sizes that are said, and none of those near that are not.

    Keras is asked first: some of TensorFlow's convolutions give back what is smaller than their kernel, and
    what comes after an empty tensor may crash.
    """
    ample = {axis.name: taken(axis)[-1] for axis in model.axes}
    for axis in model.axes:
        for size in axis.others:
            said = tensorflow.call(program, {**ample, axis.name: size})
            assert not is_refused(said), (axis, size, said)
        near = {*range(1, NEAR), *range(axis.least - NEAR, axis.least + axis.unit), axis.most + 1}
        for size in sorted(near.difference(taken(axis), axis.others)):
            if 1 <= size < axis.least + axis.unit or 1 < size == axis.most + 1:
                sizes = {**ample, axis.name: size}
                said = tensorflow.call(program, sizes, symbolic=True)
                assert is_refused(said) or is_refused(tensorflow.call(program, sizes)), (axis, size, said)


def called(model: Model, said: dict[str, Any], sizes: Sizes) -> Counter[str]:
    """Compare the shapes of all calls for some sizes of the axes."""
    assert "error" not in said, (sizes, said)
    assert agree(model.outputs, said["outputs"], sizes), (sizes, model.outputs, said["outputs"])
    true: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in said["calls"]:
        true.setdefault(tuple(one["path"]), []).append(one)
    found: Counter[str] = Counter()
    calls: dict[tuple[str, ...], list[LayerCall]] = {}
    for path, row in zip(paths(model), model.layers, strict=True):
        if row.type != "InputLayer":
            calls.setdefault(path, []).extend(row.calls)  # Layers may have the same name.
    for path, own in calls.items():
        if path not in true:
            continue
        given = true.pop(path)
        pairs_ = [(one, other) for one in own for other in given if fits(one, other, sizes)]
        assert {id(one) for one, _ in pairs_} == {id(one) for one in own}, (sizes, path, own, given)
        assert {id(other) for _, other in pairs_} == {id(other) for other in given}, (sizes, path, own, given)
        if len(path) == 1:
            assert len(own) == len(given), (sizes, path, own, given)
        found["calls"] += len(own)
        found.update(kinds(own))
    assert not true, (sizes, true)
    return found


def fits(call: LayerCall, true: dict[str, Any], sizes: Sizes) -> bool:
    # A graph has what is given by keyword in the order of the keywords, a call in that of the parameters.
    orders = itertools.permutations(call.inputs) if 1 < len(call.inputs) < MANY else [call.inputs]
    is_given = any(agree(order, true["inputs"], sizes) for order in orders)
    return is_given and agree(call.outputs, true["outputs"], sizes)


def agree(tensors: Iterable[TensorSpec], true: list[Any], sizes: Sizes) -> bool:
    """Compare shapes; Keras does not always keep the dtypes that it announces for other policies."""
    tensors = list(tensors)
    return len(tensors) == len(true) and all(
        len(one.shape) == len(shape)
        and all(said in (None, size) for said, size in zip(at(one, sizes), shape, strict=True))
        for one, (shape, _) in zip(tensors, true, strict=True)
    )


def at(tensor: TensorSpec, sizes: Sizes) -> Shape:
    """Return the shape for some sizes of the axes; what the report does not say is ``None``."""
    return tuple(value(text, sizes) for text in tensor.symbolic) if tensor.symbolic else tensor.shape


def value(text: str, sizes: Sizes) -> int | None:
    if text == "None":
        return None
    size = notation.parse(text)
    return expression.evaluate(size, sizes) if isinstance(size, Expr) else None


def kinds(calls: Iterable[LayerCall]) -> Iterator[str]:
    """Say of each open dimension what the report has for it."""
    for tensor in itertools.chain.from_iterable((*call.inputs, *call.outputs) for call in calls):
        for size, text in zip(tensor.shape, tensor.symbolic, strict=False):
            if text.startswith(("depends", "None")):
                yield "unknown sizes"
            elif size is None:
                yield "named sizes"


# Inputs.


def named_input(tensor: TensorSpec) -> tuple[str, tuple[int | str, ...], str]:
    """Name the open sizes of an input: the batch, and others by their place; those of a decoder apart."""
    place = "_out" if tensor.name.startswith("decoder") else ""
    names = ["batch", *(f"size{axis}{place}" for axis in range(1, len(tensor.shape)))]
    dims = tuple(name if size is None else size for name, size in zip(names, tensor.shape, strict=True))
    return tensor.name, dims, tensor.dtype


def sized(structure: input_spec.Structure, batch: int, *sizes: int) -> Any:
    """Write an input with some sizes as JSON for a plain run; the open axes of each tensor differ."""
    if isinstance(structure, input_spec.InputSpec):
        others = itertools.cycle(sizes)
        first, *shape = structure.shape
        taken_ = [batch if first is None else first, *(next(others) if one is None else one for one in shape)]
        return {"shape": taken_, "dtype": structure.dtype or "float32"}
    if isinstance(structure, dict):
        return {name: sized(item, batch, *sizes) for name, item in structure.items()}
    return [sized(item, batch, *sizes) for item in structure]
