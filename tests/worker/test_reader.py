"""The reader of models: what TensorFlow knows of a model is what the report says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from inspect import cleandoc
from typing import Any

import pytest

from sphinx_kerasshape.messages.layers import weights_of
from sphinx_kerasshape.messages.report import Failure, LayerRow, Model, Report
from sphinx_kerasshape.run.worker_process import Worker
from tests.support import models, workers
from tests.support.tiers import asked, tiered
from tests.support.workers import answers, request

Read = Callable[[str], Model]


@pytest.fixture(scope="module")
def reports(worker: Worker) -> dict[str, Report]:
    """The reports of all models, each run once, in one batch."""
    codes = {name: cleandoc(code) for name, code in models.ALL.items()}
    return dict(zip(codes, answers(worker, map(request, codes.values())), strict=True))  # type: ignore[arg-type]


@pytest.fixture
def known(reports: dict[str, Report]) -> Read:
    """Return a function that gives the model of a name in ``models``."""

    def read(name: str) -> Model:
        assert isinstance(reports[name], Report), reports[name]
        model = reports[name].model
        assert model is not None
        return model

    return read


@pytest.fixture
def read(worker: Worker) -> Read:
    """Return a function that runs a code and gives its model."""

    def run(code: str) -> Model:
        (answer,) = answers(worker, [request(cleandoc(code))])
        assert isinstance(answer, Report), answer
        assert answer.model is not None
        return answer.model

    return run


def outputs(row: LayerRow) -> list[Any]:
    """The shapes that a layer gives, call by call; without lists where there is only one."""
    calls = [[tensor.shape for tensor in call.outputs] for call in row.calls]
    return [shapes[0] if len(shapes) == 1 else shapes for shapes in calls]


def inputs(row: LayerRow) -> list[Any]:
    return [[tensor.shape for tensor in call.inputs] for call in row.calls]


def sources(row: LayerRow) -> list[tuple[str, ...]]:
    return [call.sources for call in row.calls]


def by_name(model: Model) -> dict[str, LayerRow]:
    return {row.name: row for row in model.layers}


N = None
TABLE = {
    # model: input, output, its layers (output, params, weights), total
    "dense_on_a_sequence": (
        (N, N, 50),
        (N, N, 10),
        [((N, N, 128), 6528, [(50, 128), (128,)]), ((N, N, 10), 1290, [(128, 10), (10,)])],
        7818,
    ),
    "dense": (
        (N, 50),
        (N, 10),
        [((N, 128), 6528, [(50, 128), (128,)]), ((N, 10), 1290, [(128, 10), (10,)])],
        7818,
    ),
    "lstm": (
        (N, N, 50),
        (N, 1),
        [((N, 64), 29440, [(50, 256), (64, 256), (256,)]), ((N, 1), 65, [(64, 1), (1,)])],
        29505,
    ),
    "lstm_sequences": (
        (N, N, 50),
        (N, N, 1),
        [((N, N, 64), 29440, [(50, 256), (64, 256), (256,)]), ((N, N, 1), 65, [(64, 1), (1,)])],
        29505,
    ),
    "conv_flatten": (
        (N, 20, 50),
        (N, 1),
        [((N, 18, 32), 4832, [(3, 50, 32), (32,)]), ((N, 576), 0, []), ((N, 1), 577, [(576, 1), (1,)])],
        5409,
    ),
    "conv_pool": (
        (N, N, 50),
        (N, 1),
        [((N, N, 32), 4832, [(3, 50, 32), (32,)]), ((N, 32), 0, []), ((N, 1), 33, [(32, 1), (1,)])],
        4865,
    ),
    "fixed_batch": ((32, 50), (32, 4), [((32, 4), 204, [(50, 4), (4,)])], 204),
}


@pytest.mark.parametrize("name", TABLE)
def test_reference_values(name: str, known: Read) -> None:
    model = known(name)
    before, after, layers, total = TABLE[name]
    assert [tensor.shape for tensor in model.inputs] == [before]
    assert [tensor.shape for tensor in model.outputs] == [after]
    found = [(outputs(row)[0], row.params, [w.shape for w in row.weights]) for row in model.layers]
    assert found == layers
    assert (model.params, model.trainable, model.non_trainable) == (total, total, 0)
    assert (model.chain, model.type, model.bytes) == (True, "Sequential", 4 * total)


def test_the_reference_table_is_complete() -> None:
    assert list(TABLE) == list(models.CHAINS)


def test_open_axis_before_flatten(worker: Worker) -> None:
    (answer,) = answers(worker, [request(cleandoc(models.FAILING))])
    assert isinstance(answer, Failure)
    assert answer.error is not None
    assert answer.error.type == "ValueError"
    assert "must be fully-defined (no `None` dimensions)" in answer.error.message


def test_calls_of_a_chain(known: Read) -> None:
    conv, flatten, dense = known("conv_flatten").layers
    assert [inputs(row) for row in (conv, flatten, dense)] == [[[(N, 20, 50)]], [[(N, 18, 32)]], [[(N, 576)]]]
    assert sources(dense) == [("flatten",)]
    (tensor,) = dense.calls[0].outputs
    assert tensor.dtype == "float32"
    assert [(w.name, w.path, w.dtype, w.trainable) for w in dense.weights] == [
        ("kernel", "sequential/dense/kernel", "float32", True),
        ("bias", "sequential/dense/bias", "float32", True),
    ]


def test_every_call_of_a_shared_layer(known: Read) -> None:
    model = known("shared")
    dense = by_name(model)["dense"]
    assert outputs(dense) == [(N, 10, 4), (N, 20, 4)]
    assert inputs(dense) == [[(N, 10, 8)], [(N, 20, 8)]]
    assert sources(dense) == [("a",), ("b",)]
    assert [tensor.name for tensor in model.inputs] == ["a", "b"]
    assert [tensor.name for tensor in model.outputs] == ["dense", "dense"]
    assert [tensor.shape for tensor in model.outputs] == [(N, 10, 4), (N, 20, 4)]
    assert (model.params, dense.params, model.chain) == (36, 36, False)


def test_a_layer_called_on_its_own_output(known: Read) -> None:
    rows = by_name(known("shared_in_a_row"))
    assert sources(rows["dense"]) == [("in",), ("dense[0][0]",), ("dense[1][0]",)]
    assert sources(rows["sum"]) == [("in", "dense[2][0]")]


def test_branches(known: Read) -> None:
    model = known("branches")
    assert [row.name for row in model.layers] == ["image", "a", "b", "both"]
    both = model.layers[-1]
    assert (inputs(both), outputs(both)) == ([[(N, 32, 32, 8), (N, 32, 32, 8)]], [(N, 32, 32, 16)])
    assert sources(both) == [("a", "b")]
    assert not model.chain


def test_dicts_of_inputs_and_outputs(known: Read) -> None:
    model = known("dicts")
    assert [(t.name, t.shape) for t in model.inputs] == [("name", (N, N, 4)), ("year", (N, 1))]
    assert [(t.name, t.shape) for t in model.outputs] == [("to_group", (N, 5)), ("to_score", (N, 1))]
    assert sources(by_name(model)["both"]) == [("year", "gru")]


def test_a_layer_with_several_outputs(known: Read) -> None:
    rows = by_name(known("states"))
    assert outputs(rows["encode"]) == [[(N, 3), (N, 3), (N, 3)]]
    assert sources(rows["decode"]) == [("in", "encode[0][1]", "encode[0][2]")]
    assert inputs(rows["decode"]) == [[(N, N, 5), (N, 3), (N, 3)]]


def test_tensors_given_by_keyword_are_inputs(known: Read) -> None:
    attend = by_name(known("keywords"))["attend"]
    assert sources(attend) == [("q", "v", "mask")]
    assert outputs(attend) == [[(N, 4, 16), (N, 2, 4, 4)]]
    assert [tensor.dtype for tensor in attend.calls[0].inputs] == ["float32", "float32", "bool"]


def test_operations_are_rows(known: Read) -> None:
    model = known("operations")
    assert [row.type for row in model.layers] == [
        *("InputLayer", "Mean", "Dense", "Split", "GetItem", "Multiply", "Negative", "Concatenate")
    ]
    rows = {row.type: row for row in model.layers}
    assert outputs(rows["Split"]) == [[(N, 3), (N, 3)]]
    assert sources(rows["GetItem"]) == [(f"{rows['Split'].name}[0][1]",)]
    assert (rows["Mean"].params, rows["Mean"].weights) == (0, ())
    assert model.outputs[0].shape == (N, 4)


def test_a_model_of_a_part(known: Read) -> None:
    model = known("intermediate")
    assert [(row.name, sources(row)) for row in model.layers][1:] == [("conv", [(model.layers[0].name,)])]
    assert (model.inputs[0].shape, model.outputs[0].shape) == ((N, 32, 32, 3), (N, 30, 30, 2))


def test_an_input_that_is_an_output(known: Read) -> None:
    assert [(t.name, t.shape) for t in known("input_is_output").outputs] == [
        ("in", (N, 3)),
        ("dense", (N, 2)),
    ]


def test_an_input_that_leads_nowhere(worker: Worker) -> None:
    code = """
        a, b = keras.Input((3,), name="a"), keras.Input((4,), name="b")
        model = keras.Model([a, b], layers.Dense(2)(a))"""
    (report,) = answers(worker, [request(cleandoc(code))])
    if isinstance(report, Failure) and "not connected" in report.message:
        pytest.skip("this Keras refuses such models")
    assert isinstance(report, Report)
    assert report.model is not None
    assert [tensor.name for tensor in report.model.inputs] == ["a", "b"]
    assert outputs(by_name(report.model)["b"]) == [(N, 4)]


def test_nested(known: Read) -> None:
    model = known("nested")
    assert [(row.name, row.depth, row.params) for row in model.layers] == [
        ("inner", 0, 24),
        ("one", 1, 24),
        ("two", 0, 15),
    ]
    inner, one, _ = model.layers
    assert (inner.weights, weights_of(model.layers, 0)) == ((), one.weights)
    assert model.params == 39


def test_a_nested_model_that_is_called_twice(known: Read) -> None:
    model = known("nested_twice")
    assert [(row.name, row.depth) for row in model.layers] == [("a", 0), ("b", 0), ("inner", 0), ("one", 1)]
    rows = by_name(model)
    assert outputs(rows["inner"]) == [(N, 7, 4), (N, 9, 4)]
    assert outputs(rows["one"]) == [(N, N, 4)]
    assert (model.params, rows["inner"].params) == (24, 24)


def test_depths_and_a_union_of_weights(known: Read) -> None:
    model = known("deeper")
    depths = {row.name: (row.depth, row.params) for row in model.layers if row.name.startswith("level")}
    assert depths == {"level2": (0, 18), "level1": (1, 12), "level0": (2, 6)}
    assert [row.depth for row in model.layers] == [0, 0, 1, 1, 2, 2, 3, 2, 1, 0]
    assert model.params == 24


def test_a_model_inside_a_layer(known: Read) -> None:
    model = known("model_in_a_layer")
    assert [(row.name, row.depth) for row in model.layers] == [
        ("in", 0),
        ("twice", 0),
        ("inner", 1),
        ("in", 2),
        ("lstm", 2),
    ]
    assert (model.layers[1].params, outputs(model.layers[1])) == (160, [(N, 4)])


def test_a_subclassed_model_inside(known: Read) -> None:
    model = known("subclassed_inside")
    assert [(row.type, row.depth, row.params) for row in model.layers] == [
        ("InputLayer", 0, 0),
        ("Block", 0, 424),
        ("Dense", 1, 408),
        ("LayerNormalization", 1, 16),
        ("Dense", 0, 18),
    ]
    assert outputs(model.layers[1]) == [(N, N, 8)]


def test_a_class_with_a_functional_model_of_its_own(known: Read) -> None:
    assert (known("subclass_of_functional").type, known("subclass_of_functional").params) == ("Net", 18)


def test_trainable_and_not(known: Read) -> None:
    def counts(name: str) -> tuple[int, ...]:
        model = known(name)
        return (model.trainable, model.non_trainable, *(row.trainable for row in model.layers))

    assert counts("batch_norm") == (116, 8, 108, 8)
    assert counts("frozen_layer") == (15, 24, 0, 15)
    assert counts("frozen_variable") == (20, 4, 20)
    assert counts("frozen_nested") == (15, 40, 0, 0, 0, 15)
    assert counts("lora") == (64, 128, 64)


def test_seeds_are_no_params(known: Read) -> None:
    model = known("seeds")
    assert [row.params for row in model.layers] == [0, 0, 0, 0, 0, 193]
    assert model.params == 193


def test_dtypes_and_bytes(known: Read) -> None:
    model = known("mixed_precision")
    dtypes = [tensor.dtype for row in model.layers for tensor in row.calls[0].outputs]
    assert (dtypes[0], dtypes[-1]) == ("float16", "float32")
    assert ({w.dtype for row in model.layers for w in row.weights}, model.bytes) == ({"float32"}, 46 * 4)
    assert known("float64").bytes == 36 * 8
    assert known("bfloat16").bytes == 36 * 2
    own = known("own_layer").layers[0]
    assert {w.dtype for w in own.weights} == {"float32", "int32", "bool"}
    assert own.bytes == 8 * 4 + 4 + 1 + 8


def test_words_and_numbers(known: Read) -> None:
    model = known("text")
    assert [t.dtype for row in model.layers for t in (*row.calls[0].inputs, *row.calls[0].outputs)] == [
        *("string", "int64", "int64", "float32")
    ]
    assert outputs(model.layers[-1]) == [(N, 7, 4)]
    assert model.params == 16


TRUTH = """
import json
from keras.src.utils import summary_utils

def some(tensor):
    shape = [size or (16 if axis else 2) for axis, size in enumerate(tensor.shape)]
    return tf.fill(shape, "a") if tensor.dtype == "string" else tf.ones(shape, tensor.dtype)

taken = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
given = tf.nest.flatten(model(tf.nest.map_structure(some, taken)))
print("\\n" + json.dumps({
    "params": model.count_params(),
    "trainable": summary_utils.count_params(model.trainable_weights),
    "non_trainable": summary_utils.count_params(model.non_trainable_weights),
    "layers": [[layer.name, layer.count_params()] for layer in model.layers],
    "given": [[list(tensor.shape), tensor.dtype.name] for tensor in given],
}))
model
"""
"""What Keras itself says of a model, and what it gives for some numbers; printed as the last line."""

EXTRA = {
    "fitted": """
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        model.compile("adam", "mse", metrics=["mae"])
        model.fit(tf.ones((4, 3)), tf.ones((4, 2)), verbose=0)
        assert sum(v.shape.num_elements() for v in model.optimizer.variables) > 16""",
    "optimizer_built": """
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        model.compile("adam", "mse")
        model.optimizer.build(model.trainable_variables)""",
    "int8": """
        model = keras.Sequential([keras.Input((8,)), layers.Dense(4), layers.Dense(2)])
        model.quantize("int8")""",
    "built_by_a_call": """
        model = keras.Sequential([layers.Dense(4), layers.Dense(2)])
        model(tf.ones((3, 8)))""",
    "built_by_hand": """
        model = keras.Sequential([layers.Dense(4), layers.Dense(2)])
        model.build((None, 8))""",
}


@pytest.fixture(scope="module")
def truths(worker: Worker, request: pytest.FixtureRequest) -> dict[str, Report]:
    known = {**models.ALL, **EXTRA, "zoo": models.zoo()}
    names = {*asked(request, "name"), "fitted", "optimizer_built", "built_by_a_call"}
    codes = {name: cleandoc(code) + TRUTH for name, code in known.items() if name in names}
    runs = answers(worker, [workers.request(code, weights="real") for code in codes.values()])
    return dict(zip(codes, runs, strict=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", tiered([*models.ALL, *EXTRA, "zoo"], quick={*models.QUICK, *EXTRA}))
def test_against_keras_itself(name: str, truths: dict[str, Report]) -> None:
    report = truths[name]
    assert isinstance(report, Report), report
    model = report.model
    assert model is not None
    truth = json.loads(report.output.splitlines()[-1])
    assert [model.params, model.trainable, model.non_trainable] == [
        *(truth["params"], truth["trainable"], truth["non_trainable"])
    ]
    params = [(row.name, row.params) for row in model.layers if row.depth == 0]
    assert [pair for pair in params if list(pair) in truth["layers"]] == list(map(tuple, truth["layers"]))
    if name == "lookups":
        return  # these layers of Keras announce another dtype, or shape, than they give
    for tensor, (shape, dtype) in zip(model.outputs, truth["given"], strict=True):
        assert tensor.dtype == dtype
        open_or_equal = [size in (None, real) for size, real in zip(tensor.shape, shape, strict=True)]
        assert all(open_or_equal), (tensor.shape, shape)


def test_optimizers_are_not_counted(truths: dict[str, Report]) -> None:
    for name in ("fitted", "optimizer_built"):
        assert truths[name].model is not None
        assert truths[name].model.params == 8
        assert truths[name].model.bytes == 32


def test_a_batch_that_was_called_with_is_the_batch(truths: dict[str, Report]) -> None:
    assert truths["built_by_a_call"].model is not None
    assert truths["built_by_a_call"].model.inputs[0].shape == (3, 8)


@pytest.fixture(scope="module")
def applications(worker: Worker, request: pytest.FixtureRequest) -> dict[str, Report]:
    names = [name for name in asked(request, "name") if name in models.APPLICATIONS]
    runs = answers(worker, [workers.request(f"keras.applications.{name}(weights=None)") for name in names])
    return dict(zip(names, runs, strict=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", models.APPLICATIONS)
def test_applications(name: str, applications: dict[str, Report]) -> None:
    model = applications[name].model
    assert model is not None
    assert model.params == models.APPLICATIONS[name]
    assert sum(row.params for row in model.layers) == model.params
    assert model.outputs[0].shape == (N, 1000)


UNBUILT = {
    "subclassed": (
        """
        class Small(keras.Model):
            def __init__(self):
                super().__init__()
                self.norm, self.lstm, self.out = layers.LayerNormalization(), layers.LSTM(16), layers.Dense(2)
            def call(self, x):
                return self.out(self.lstm(self.norm(x)))
        model = Small()""",
        "Small is a subclassed model, whose shapes Keras knows only once it is called: add its input to "
        "the directive, with the batch axis first, such as ':input: (None, 28, 28, 1)' (for several inputs a "
        "list or dict of shapes), or call the model in the code",
    ),
    "no_input": (
        "model = keras.Sequential([layers.Embedding(9, 3), layers.Dense(2)], name='net')",
        "the Sequential model 'net' has no input shape, so its layers have no shapes or weights yet: "
        "add it to the directive, with the batch axis first, such as ':input: (None, None)', or add a "
        "keras.Input before its layers",
    ),
    "empty": ("model = keras.Sequential(name='net')", "the Sequential model 'net' has no layers"),
    "input_only": (
        "model = keras.Sequential([keras.Input((3,))], name='net')",
        "the Sequential model 'net' has no layers",
    ),
    "unknown_shape": (
        """
        class Odd(layers.Layer):
            def compute_output_shape(self, shape):
                raise NotImplementedError
        model = keras.Sequential([keras.Input((3,)), Odd(), layers.Dense(2)], name="net")""",
        "Keras can't tell the shapes of the Sequential model 'net', though it has an input shape: one of "
        "its layers needs a compute_output_shape() method",
    ),
}


@pytest.fixture(scope="module")
def unbuilt(worker: Worker) -> dict[str, Failure]:
    runs = answers(worker, [request(cleandoc(code)) for code, _ in UNBUILT.values()])
    return dict(zip(UNBUILT, runs, strict=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", UNBUILT)
def test_models_without_shapes(name: str, unbuilt: dict[str, Failure]) -> None:
    assert unbuilt[name] == Failure("unbuilt", UNBUILT[name][1])


COUNTING = """
import sys
from sphinx_kerasshape.worker.read import reader

sys.setrecursionlimit(100_000)  # for Keras: it follows a chain layer by layer

def chain(size):
    x = inputs = keras.Input((8,))
    for _ in range(size):
        x = layers.Dense(8)(x)
    return keras.Model(inputs, x)

def repeated(size):
    x = inputs = keras.Input((8,))
    dense = layers.Dense(8)
    for _ in range(size):
        x = dense(x)
    return keras.Model(inputs, x)

def calls(model):
    count = 0
    def see(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")
    sys.setprofile(see)
    reader.read(model)
    sys.setprofile(None)
    return count

def nested(size):
    model = keras.Sequential([keras.Input((8,)), layers.Dense(8)])
    for _ in range(size):
        inputs = keras.Input((8,))
        model = keras.Model(inputs, layers.Dense(8)(model(inputs)))
    return model

model = chain(500)
print(calls(model) / calls(chain(50)), calls(repeated(300)) / calls(repeated(30)))
print(calls(nested(100)) / calls(nested(10)))
"""


def test_reading_takes_time_in_proportion_to_size(worker: Worker) -> None:
    (report,) = answers(worker, [request(COUNTING)])
    assert isinstance(report, Report), report
    assert report.model is not None
    assert len(report.model.layers) == 501
    assert report.model.chain
    ratios = [float(ratio) for ratio in report.output.split()]
    assert len(ratios) == 3
    assert all(5 < ratio < 10.5 for ratio in ratios), ratios


LARGE = {
    "functional": """
        import sys
        sys.setrecursionlimit(100_000)
        x = inputs = keras.Input((4,))
        for _ in range(2000):
            x = layers.Dense(4)(x)
        model = keras.Model(inputs, x)""",
    "nested": """
        import sys
        sys.setrecursionlimit(100_000)
        model = keras.Sequential([keras.Input((4,)), layers.Dense(4)])
        for _ in range(400):
            inputs = keras.Input((4,))
            model = keras.Model(inputs, layers.Dense(4)(model(inputs)))""",
}
"""Keras itself follows both by recursion, hence the limits."""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "rows", "params"), [("functional", 2001, 40_000), ("nested", 1201, 8_020)])
def test_large_models(name: str, rows: int, params: int, read: Read) -> None:
    model = read(LARGE[name])
    assert (len(model.layers), model.params) == (rows, params)
    assert max(row.depth for row in model.layers) == (400 if name == "nested" else 0)
    assert sum(row.params for row in model.layers if row.weights) == params


def test_a_hundred_models_deep(read: Read) -> None:
    model = read("""
        model = keras.Sequential([keras.Input((8,)), layers.Dense(8)])
        for _ in range(100):
            inputs = keras.Input((8,))
            model = keras.Model(inputs, model(inputs))""")
    assert (model.params, max(row.depth for row in model.layers)) == (72, 100)
    assert {row.params for row in model.layers} == {0, 72}
