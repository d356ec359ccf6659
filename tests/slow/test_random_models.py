"""Random models: what a report says of them, held against plain TensorFlow."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings

from sphinx_kerasshape.axes import expression, notation
from sphinx_kerasshape.axes.expression import Expr
from sphinx_kerasshape.messages.layers import weights_of
from sphinx_kerasshape.messages.report import Axis, Failure, LayerCall, LayerRow, Model, Report, TensorSpec
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.projects import REPOSITORY
from tests.support.random_models import Program, programs
from tests.support.workers import answers, request

pytestmark = pytest.mark.slow

RUNS, EXAMPLES = 12, 12
"""How often to start afresh, and with how many models: Hypothesis varies models from the tenth on."""
FOUND = {
    "orthogonal numbers of a dtype that TensorFlow has none for": Program(
        "x = keras.Input((3, 8), name='a')\nmodel = keras.Model(x, layers.SimpleRNN(4, dtype='bfloat16')(x))",
        (("a", ("batch", 3, 8), "float32"),),
    ),
    "an input without open sizes beside one with": Program(
        "a = keras.Input(batch_shape=(2, None, 3), name='a')\n"
        "b = keras.Input(batch_shape=(2, 7), name='b')\n"
        "model = keras.Model([a, b], [layers.Conv1D(4, 2)(a), layers.Dense(3)(b)])",
        (("a", (2, "time", 3), "float32"), ("b", (2, 7), "float32")),
    ),
}
"""Programs that were answered wrongly once."""
Sizes = dict[str, int]
Shape = tuple[int | None, ...]


class Plain:
    """A process that runs programs in plain TensorFlow."""

    def __init__(self) -> None:
        script = REPOSITORY / "tests" / "support" / "random_models.py"
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
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
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


@pytest.fixture(scope="module")
def tensorflow() -> Iterator[Plain]:
    plain = Plain()
    yield plain
    plain.close()


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found(worker: Worker, tensorflow: Plain, name: str) -> None:
    compare(FOUND[name], worker, tensorflow)


def test_random_models(worker: Worker, tensorflow: Plain, record_property: pytest.RecordProperty) -> None:
    figures: Counter[str] = Counter()
    for number in range(RUNS):
        run(number, EXAMPLES, worker, tensorflow, figures)
    record_property(
        "figure", f"random models: {', '.join(f'{count} {name}' for name, count in figures.items())}"
    )
    assert figures["models"] > RUNS * EXAMPLES * 3 // 4
    assert figures["unknown sizes"] * 20 < figures["named sizes"]


def run(number: int, examples: int, worker: Worker, tensorflow: Plain, figures: Counter[str]) -> None:
    """Compare some models; a difference is shown with the smallest program that has it."""

    @seed(number)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(programs())
    def same(program: Program) -> None:
        figures.update(compare(program, worker, tensorflow))

    same()


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
    if answer.model.unfollowed:
        refused(program, tensorflow)
        program = program._replace(inputs=())
    found = described(answer.model, truth)
    for sizes in some_sizes(answer.model):
        said = tensorflow.call(program, sizes)
        found.update(called(answer.model, said, sizes))
    if program.names:
        too_small(program, answer.model, tensorflow)
    return found


def refused(program: Program, tensorflow: Plain) -> None:
    """Make sure that the model takes neither all sizes nor all multiples of one."""
    for unit in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 24):
        sizes = [dict.fromkeys(program.names, unit * count) for count in (1, 2, 3, 5)]
        assert any(is_refused(tensorflow.call(program, one, symbolic=True)) for one in sizes), unit


def is_refused(said: dict[str, Any]) -> bool:
    """Whether a symbolic call failed, or left a tensor empty."""
    return "error" in said


# What is known without a call.


def described(model: Model, truth: dict[str, Any]) -> Counter[str]:
    """Compare the rows, their weights, and the connections."""
    totals = (model.params, model.trainable, model.non_trainable)
    assert totals == (truth["params"], truth["trainable"], truth["non_trainable"])
    assert ends(model.inputs) == pairs(truth["inputs"])
    assert ends(model.outputs) == pairs(truth["outputs"])
    places = {path: number for number, path in enumerate(paths(model))}
    graph = [tuple(row["path"]) for row in truth["rows"]]
    assert [path for path in places if path in graph] == graph
    assert all(is_inside(path, truth["rows"]) for path in places if path not in graph)
    seen: set[int] = set()
    for true in truth["rows"]:
        number = places[tuple(true["path"])]
        row = model.layers[number]
        assert (row.type, row.params, row.trainable) == (true["type"], true["params"], true["trainable"]), row
        weights = weights_of(model.layers, number)
        assert sorted((one.shape, one.dtype) for one in weights) == sorted(
            (tuple(shape), dtype) for _, _, shape, dtype in true["weights"]
        ), row
        if true["calls"] is not None:
            above = tuple(true["path"][:-1])
            beside = {path[-1]: model.layers[places[path]] for path in graph if path[:-1] == above}
            connected(row, true["calls"] or [[]], beside)
        if row.weights:
            ids = {one: tuple(shape) for one, _, shape, _ in true["weights"]}
            again = [shape for one, shape in ids.items() if one in seen]
            assert row.shared == sum(weight_size(shape) for shape in again), row
            seen.update(ids)
    return Counter(models=1, rows=len(model.layers))


def weight_size(shape: tuple[int, ...]) -> int:
    found = 1
    for size in shape:
        found *= size
    return found


def connected(row: LayerRow, true: list[list[Any]], beside: dict[str, LayerRow]) -> None:
    """Compare where the inputs of each call are from, and what Keras knows of their shapes."""
    assert len(row.calls) == len(true), row
    for call, inputs in zip(row.calls, true, strict=True):
        assert ends(call.inputs) == [(tuple(shape), dtype) for _, shape, dtype in inputs], row
        sources = []
        for (name, number, output), shape, dtype in inputs:
            calls = beside[name].calls
            assert ends(calls[number].outputs)[output] == (tuple(shape), dtype), (row, name)
            single = len(calls) == len(calls[0].outputs) == 1
            sources.append(name if single else f"{name}[{number}][{output}]")
        assert list(call.sources) == sources, row


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


def some_sizes(model: Model) -> list[Sizes]:
    """Return the smallest sizes that the model takes, others, and the largest ones."""
    draw = random.Random(0)
    small = {axis.name: axis.least for axis in model.axes}
    others = [{axis.name: draw.choice(taken(axis)) for axis in model.axes} for _ in range(4)]
    most = {axis.name: axis.most or axis.least for axis in model.axes}
    return [small, *others, most] if small else [small]


def taken(axis: Axis) -> list[int]:
    """Return the first sizes of an axis that the model takes."""
    sizes = [axis.least + axis.unit * steps for steps in range(8 if axis.unit else 1)]
    return [size for size in sizes if not axis.most or size <= axis.most]


def too_small(program: Program, model: Model, tensorflow: Plain) -> None:
    """Make sure that the model does not take the next smaller size of an axis.

    Keras is asked: some of TensorFlow's convolutions give back what is smaller than their kernel, and
    what comes after an empty tensor may crash.
    """
    ample = {axis.name: taken(axis)[-1] for axis in model.axes}
    for axis in model.axes:
        if axis.least > axis.unit:
            sizes = {**ample, axis.name: axis.least - axis.unit}
            said = tensorflow.call(program, sizes, symbolic=True)
            assert is_refused(said) or is_refused(tensorflow.call(program, sizes)), (axis, said)
        between = [axis.least + more for more in range(1, axis.unit)] + ([axis.most + 1] if axis.most else [])
        for size in between:
            said = tensorflow.call(program, {**ample, axis.name: size})
            assert is_refused(said) or size == 1, (axis, size, said)


def called(model: Model, said: dict[str, Any], sizes: Sizes) -> Counter[str]:
    """Compare the shapes of all calls for some sizes of the axes."""
    assert "error" not in said, (sizes, said)
    assert agree(model.outputs, said["outputs"], sizes), (sizes, model.outputs, said["outputs"])
    true: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in said["calls"]:
        true.setdefault(tuple(one["path"]), []).append(one)
    found: Counter[str] = Counter()
    for path, row in zip(paths(model), model.layers, strict=True):
        if row.type == "InputLayer" or path not in true:
            continue
        given = true.pop(path)
        pairs_ = [(one, other) for one in row.calls for other in given if fits(one, other, sizes)]
        assert {id(one) for one, _ in pairs_} == {id(one) for one in row.calls}, (sizes, row, given)
        assert {id(other) for _, other in pairs_} == {id(other) for other in given}, (sizes, row, given)
        if row.depth == 0:
            assert len(row.calls) == len(given), (sizes, row, given)
        found["calls"] += len(row.calls)
        found.update(kinds(row.calls))
    assert not true, (sizes, true)
    return found


def fits(call: LayerCall, true: dict[str, Any], sizes: Sizes) -> bool:
    return agree(call.inputs, true["inputs"], sizes) and agree(call.outputs, true["outputs"], sizes)


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
