"""Named axes of real models: what TensorFlow makes of them, and what pages show and state."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Callable
from inspect import cleandoc

import pytest

from sphinx_kerasshape.axes import expression, notation
from sphinx_kerasshape.claims import needs
from sphinx_kerasshape.messages.report import Failure, Model, Report
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.projects import Project
from tests.support.tiers import slow, tiered
from tests.support.workers import answers, request

TIME = "batch, time"
TWO = "a: batch, time | b: batch, words"
IMAGE = "batch, height, width"


def layer(call: str, shape: str = "(None, 50)") -> str:
    return f"keras.Sequential([keras.Input({shape}), layers.{call}])"


def graph(outputs: str, shape: str = "(None, 8)") -> str:
    return f"(lambda x: keras.Model(x, {outputs}))(keras.Input({shape}))"


def graph_of_two(outputs: str) -> str:
    inputs = "keras.Input((None, 8), name='a'), keras.Input((None, 8), name='b')"
    return f"(lambda a, b: keras.Model([a, b], {outputs}))({inputs})"


CASES = {
    "Dense(3)": (TIME, "(batch, time, 3)"),
    "LSTM(64)": (TIME, "(batch, 64)"),
    "Bidirectional(layers.LSTM(4, return_sequences=True))": (TIME, "(batch, time, 8)"),
    "TimeDistributed(layers.Dense(3))": (TIME, "(batch, time, 3)"),
    "GlobalMaxPooling1D()": (TIME, "(batch, 50)"),
    "Conv1D(32, 3)": (TIME, "(batch, time − 2, 32)"),
    "Conv1D(32, 3, padding='same')": (TIME, "(batch, time, 32)"),
    "Conv1D(32, 3, padding='causal')": (TIME, "(batch, time, 32)"),
    "Conv1D(32, 3, dilation_rate=4)": (TIME, "(batch, time − 8, 32)"),
    "Conv1D(32, 3, strides=2)": (TIME, "(batch, ⌊(time − 3) / 2⌋ + 1, 32)"),
    "Conv1D(32, 3, strides=2, padding='same')": (TIME, "(batch, ⌈time / 2⌉, 32)"),
    "Conv1D(32, 16, strides=16)": (TIME, "(batch, ⌊time / 16⌋, 32)"),
    "Conv1D(32, 25, strides=10)": (TIME, "(batch, ⌊(time − 25) / 10⌋ + 1, 32)"),
    "Conv1DTranspose(4, 3, strides=2)": (TIME, "(batch, 2·time + 1, 4)"),
    "MaxPooling1D(2)": (TIME, "(batch, ⌊time / 2⌋, 50)"),
    "AveragePooling1D(3, padding='same')": (TIME, "(batch, ⌈time / 3⌉, 50)"),
    "UpSampling1D(4)": (TIME, "(batch, 4·time, 50)"),
    "ZeroPadding1D(3)": (TIME, "(batch, time + 6, 50)"),
    "Cropping1D((1, 4))": (TIME, "(batch, time − 5, 50)"),
    "Permute((2, 1))": (TIME, "(batch, 50, time)"),
    "Reshape((-1,))": (TIME, "(batch, 50·time)"),
    "Lambda(lambda t: t[:, 2:][:, ::2])": (TIME, "(batch, ⌊(time − 3) / 2⌋ + 1, 50)"),
}
GRAPHS = {
    graph("keras.ops.reshape(x, (-1, 8))"): (TIME, "(batch·time, 8)"),
    graph("keras.ops.matmul(x, keras.ops.transpose(x, (0, 2, 1)))"): (TIME, "(batch, time, time)"),
    graph("layers.Concatenate(axis=1)([x, x, layers.Conv1D(8, 3)(x)])"): (TIME, "(batch, 3·time − 2, 8)"),
    graph("x[:, :20]"): (TIME, "(batch, depends on time, 8)"),
    graph("x[:, 3:][:, -1:]"): (TIME, "(batch, 1, 8)"),
    graph_of_two("layers.Concatenate(axis=1)([layers.Conv1D(8, 3)(a), b])"): (
        TWO,
        "(batch, time + words − 2, 8)",
    ),
    graph_of_two("layers.Attention()([a, b])"): (TWO, "(batch, time, 8)"),
    graph_of_two("layers.Add()([a, b])"): (TIME, "(batch, time, 8)"),
    layer("Conv2D(8, 3, strides=2)", "(None, None, 3)"): (
        IMAGE,
        "(batch, ⌊(height − 3) / 2⌋ + 1, ⌊(width − 3) / 2⌋ + 1, 8)",
    ),
    layer("Reshape((-1, 3))", "(None, None, 3)"): (IMAGE, "(batch, height·width, 3)"),
    layer("Reshape((-1, 3))", "(None, None, 3) "): ("batch, side, side", "(batch, side², 3)"),
}


def asked(worker: Worker, code: str, axes: str, **more: str) -> Report | Failure:
    (answer,) = answers(worker, [request(f"model = {code}", axes=axes, **more)])
    assert isinstance(answer, (Report, Failure))
    return answer


def model(worker: Worker, code: str, axes: str, **more: str) -> Model:
    answer = asked(worker, code, axes, **more)
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    return answer.model


def outputs(found: Model) -> list[str]:
    return [f"({', '.join(tensor.symbolic)})" for tensor in found.outputs]


@pytest.mark.parametrize("call", CASES)
def test_layers(worker: Worker, call: str) -> None:
    axes, shape = CASES[call]
    assert outputs(model(worker, layer(call), axes)) == [shape]


@pytest.mark.parametrize("code", GRAPHS)
def test_graphs(worker: Worker, code: str) -> None:
    axes, shape = GRAPHS[code]
    assert outputs(model(worker, code, axes)) == [shape]


def test_steps_are_put_together(worker: Worker) -> None:
    calls = ["Conv1D(8, 3, strides=2)", "Conv1D(8, 3, strides=2)", "Conv1D(8, 3)", "MaxPooling1D(2)"]
    code = f"keras.Sequential([keras.Input((None, 50)), {', '.join(f'layers.{call}' for call in calls)}])"
    found = model(worker, code, TIME)
    assert [row.calls[0].outputs[0].symbolic[1] for row in found.layers] == [
        "⌊(time − 3) / 2⌋ + 1",
        "⌊(time − 7) / 4⌋ + 1",
        "⌊(time − 15) / 4⌋ + 1",
        "⌊(time − 19) / 8⌋ + 1",
    ]
    assert [row.calls[0].inputs[0].symbolic[1] for row in found.layers][1] == "⌊(time − 3) / 2⌋ + 1"


@pytest.mark.parametrize(
    ("code", "axes", "sizes"),
    [
        (layer("LSTM(3)"), TIME, [("batch", 1, 1, ""), ("time", 1, 1, "")]),
        (layer("Conv1D(3, 7, name='conv')"), TIME, [("batch", 1, 1, ""), ("time", 7, 1, "conv")]),
        (
            graph_of_two("[layers.Conv1D(3, 4, name='c')(a), layers.MaxPooling1D(2, name='p')(b)]"),
            TWO,
            [("batch", 1, 1, ""), ("time", 4, 1, "c"), ("words", 2, 1, "p")],
        ),
        (
            graph("layers.Add(name='add')([x, layers.UpSampling1D(8)(layers.MaxPooling1D(8, name='p')(x))])"),
            TIME,
            [("batch", 1, 1, ""), ("time", 8, 8, "")],
        ),
    ],
)
def test_smallest_sizes(worker: Worker, code: str, axes: str, sizes: list[tuple[str, int, int, str]]) -> None:
    found = model(worker, code, axes)
    assert [(axis.name, axis.least, axis.unit, axis.refused) for axis in found.axes] == sizes


POSITIONS = """
class Positions(layers.Layer):
    def build(self, shape):
        self.table = self.add_weight(shape=(100, 8))

    def call(self, x):
        return x + self.table[:keras.ops.shape(x)[1]]

"""


@pytest.mark.parametrize(
    ("outputs_code", "sizes"),
    [
        ("Positions(name='p')(x)", (1, 1, "", 100)),
        slow("layers.Reshape((-1, 8, 8))(Positions(name='p')(x))", (8, 8, "", 96)),
        ("layers.Conv1D(8, 3, name='c')(x)", (3, 1, "c", 0)),
        ("x[:, 2000:]", (2001, 1, "get_item", 0)),
    ],
)
def test_largest_sizes(worker: Worker, outputs_code: str, sizes: tuple[int, int, str, int]) -> None:
    code = f"{POSITIONS}model = {graph(outputs_code)}"
    (answer,) = answers(worker, [request(code, axes=TIME)])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    (_, least, unit, layer_name, most, *_) = answer.model.axes[1]
    assert (least, unit, layer_name.rstrip("_0123456789") or layer_name, most) == sizes


COMPUTED = """
class Embedded(layers.Layer):
    def __init__(self, rows, **more):
        super().__init__(**more)
        self.positions = layers.Embedding(rows, 8)

    def call(self, x):
        return x + self.positions(keras.ops.arange(keras.ops.shape(x)[1]))

class Numbers(layers.Layer):
    def call(self, x):
        return keras.ops.broadcast_to(keras.ops.arange(keras.ops.shape(x)[1]), keras.ops.shape(x)[:2])

    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape[:2], "int32")

class Gathered(layers.Layer):
    def call(self, x):
        import tensorflow as tf
        return tf.gather(x, [4, 2], axis=1)

class Blocks(layers.Layer):
    def __init__(self, **more):
        super().__init__(**more)
        self.attention = layers.MultiHeadAttention(2, 4)

    def call(self, x):
        return x + self.attention(x, x)

x = keras.Input((None, 8), name="x")
"""


@pytest.mark.parametrize(
    ("outputs_code", "sizes"),
    [
        ("Embedded(100)(x)", (1, 1, "", 100)),
        slow("Blocks()(Embedded(5000)(x))", (1, 1, "", 5000)),
        ("layers.Conv1D(8, 3, name='c')(Embedded(100)(x))", (3, 1, "c", 100)),
        slow("layers.Conv1D(8, 3)(Embedded(100)(layers.ZeroPadding1D(7)(x)))", (1, 1, "", 86)),
        slow("Embedded(50)(layers.MaxPooling1D(2, padding='same')(x))", (1, 1, "", 100)),
        ("x + layers.Embedding(64, 8)(Numbers()(x))", (1, 1, "", 64)),
        ("keras.ops.take(x, [3, 5], axis=1)", (6, 1, "take", 0)),
        ("Gathered(name='g')(x)", (5, 1, "g", 0)),
        slow(
            "layers.Dense(2)(Gathered(name='g')(layers.LSTM(4, return_sequences=True)(x)))",
            (5, 1, "g", 0),
        ),
        ("layers.Add()([x, layers.MaxPooling1D(4, padding='same')(x)])", (1, 1, "", 4)),
    ],
)
@pytest.mark.parametrize("weights", tiered(["auto", "real"], quick={"auto"}))
def test_sizes_that_layers_refuse_only_when_they_compute(
    worker: Worker, outputs_code: str, sizes: tuple[int, int, str, int], weights: str
) -> None:
    code = f"{COMPUTED}model = keras.Model(x, {outputs_code})"
    (answer,) = answers(worker, [request(code, axes=TIME, weights=weights)])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    (_, least, unit, layer_name, most, *_) = answer.model.axes[1]
    assert (least, unit, layer_name.rstrip("_0123456789") or layer_name, most) == sizes


def test_reading_the_sizes_changes_nothing_of_the_model(worker: Worker) -> None:
    """Weights, seeds, losses and what layers count are those of the author's own calls."""
    code = """
        import numpy as np
        class Counts(layers.Layer):
            def build(self, shape):
                self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False)
                self.drop = layers.Dropout(0.5, seed=1)

            def call(self, x):
                self.seen.assign_add(1)
                self.add_loss(keras.ops.sum(x))
                return keras.ops.take(self.drop(x, training=True), [3, 5], axis=1)

        model = keras.Model(x, Counts()(x))
        shown = lambda: print(*(np.array(v) for v in model.variables), len(model.losses))
        model(np.ones((2, 9, 8), "float32"))
    """
    session = request(COMPUTED + cleandoc(code) + "\nshown()", axes=TIME, weights="real")
    (answer,) = answers(worker, [session])
    again = request("shown()", kind="code", earlier=(session.step(),), weights="real")
    (second,) = answers(worker, [again])
    assert isinstance(answer, Report), answer
    assert isinstance(second, Report), second
    assert answer.output == second.output != ""


def test_sizes_that_have_to_be_multiples_make_expressions_simple(worker: Worker) -> None:
    code = graph("layers.Add()([x, layers.UpSampling1D(8)(layers.MaxPooling1D(8)(x))])")
    found = model(worker, code, TIME)
    shapes = {row.type: row.calls[0].outputs[0].symbolic[1] for row in found.layers}
    assert shapes["UpSampling1D"] == shapes["Add"] == "time"
    assert shapes["MaxPooling1D"] == "⌊time / 8⌋"


NESTED = """
inner = keras.Sequential([keras.Input((None, 8)), layers.Conv1D(8, 3, name="conv"), layers.MaxPooling1D(2)],
                         name="inner")
x = keras.Input((None, 8))
model = keras.Model(x, {outputs})
"""


@pytest.mark.parametrize(
    ("made", "inside", "outside"),
    [("inner(x)", "time − 2", "⌊time / 2⌋ − 1"), ("inner(inner(x))", "None", "⌊(time − 10) / 4⌋ + 1")],
)
def test_nested_models(worker: Worker, made: str, inside: str, outside: str) -> None:
    """Layers inside have the sizes of the outer call; if there are several calls, none."""
    (answer,) = answers(worker, [request(NESTED.format(outputs=made), axes=TIME)])
    assert isinstance(answer, Report), answer
    found = answer.model
    assert found is not None
    assert [row.calls[0].outputs[0].symbolic[1] for row in found.layers if row.name == "conv"] == [inside]
    assert found.outputs[0].symbolic == ("batch", outside, "8")


def without_names(found: Model) -> Model:
    def plain(tensors: tuple) -> tuple:
        return tuple(tensor._replace(symbolic=()) for tensor in tensors)

    rows = tuple(
        row._replace(
            calls=tuple(
                call._replace(inputs=plain(call.inputs), outputs=plain(call.outputs)) for call in row.calls
            ),
        )
        for row in found.layers
    )
    return found._replace(inputs=plain(found.inputs), outputs=plain(found.outputs), layers=rows, axes=())


@pytest.mark.parametrize("weights", ["auto", "real"])
def test_nothing_else_of_the_report_changes(worker: Worker, weights: str) -> None:
    """Neither by the probes themselves, nor by what the layers say or do while they are asked."""
    code = """
        calls = []
        class Loud(layers.Layer):
            def call(self, x):
                calls.append(x.shape)
                print("called", len(calls))
                return x[:, 1:]
        model = keras.Sequential([keras.Input((None, 8)), Loud(), layers.Conv1D(4, 3), layers.Dropout(0.1)])
        print("made")"""
    requests = [request(textwrap.dedent(code), axes=axes, weights=weights) for axes in ("", TIME)]
    plain, followed = answers(worker, requests)
    assert isinstance(plain, Report)
    assert isinstance(followed, Report)
    assert plain.model is not None
    assert followed.model is not None
    assert followed.model.outputs[0].symbolic == ("batch", "time − 3", "4")
    assert without_names(followed.model) == plain.model
    assert followed.output == plain.output


@pytest.mark.parametrize(
    ("code", "axes", "message"),
    [
        (
            layer("LSTM(3)"),
            "batch",
            ":axes: names 1 axis (batch), but the input has 2 open axes: (None, None, 50)",
        ),
        (
            layer("Dense(3)", "(50,)"),
            TIME,
            ":axes: names 2 axes (batch, time), but the input has 1 open axis: (None, 50)",
        ),
        (
            graph_of_two("layers.Add()([a, b])"),
            "c: batch | b: batch",
            ":axes: there is no input 'c': the inputs are a, b",
        ),
        (
            graph_of_two("layers.Add()([a, b])"),
            "a: batch, time",
            ":axes: the open axes of the input 'b', of shape (None, None, 8), have no names",
        ),
        (
            "(lambda *ends: keras.Model(ends, ends))(keras.Input((None, 8)), keras.Input((8,), name='b'))",
            TIME,
            "but the input 'b' has 1 open axis: (None, 8); name the axes of each input",
        ),
    ],
)
def test_names_that_do_not_fit(worker: Worker, code: str, axes: str, message: str) -> None:
    failure = asked(worker, code, axes)
    assert isinstance(failure, Failure)
    assert failure.problem == "option"
    assert message in failure.message


def test_axes_that_cannot_be_followed_cost_the_expressions_only(worker: Worker) -> None:
    found = model(worker, graph_of_two("layers.Add(name='add')([a, b])"), TWO)
    assert found.unfollowed.startswith(
        "no sizes were found that the model takes: its layer 'add' refuses batch = "
    )
    assert found.unfollowed.endswith("; give axes that must be equal the same name")
    assert (found.axes, found.outputs[0].shape, found.outputs[0].symbolic) == ((), (None, None, 8), ())


_HALVED = "layers.UpSampling1D({0})(layers.MaxPooling1D({0}, padding='same')(x))"


@pytest.mark.parametrize(
    ("code", "least", "unit", "shape"),
    [
        (graph(f"layers.Concatenate()([x, {_HALVED.format(2)}])"), 2, 2, "time"),
        slow(graph(f"layers.Concatenate()([x, {_HALVED.format(3)}])"), 3, 3, "time"),
        slow(graph(f"keras.ops.concatenate([x, {_HALVED.format(2)}], axis=-1)"), 2, 2, "time"),
        slow(graph(f"layers.Concatenate()([x, {_HALVED.format(2)}[:, :-1]])"), 1, 2, "time"),
        (graph("layers.Reshape((-1, 11 * 8))(x)"), 11, 11, "⌊time / 11⌋"),
        slow(graph("layers.Reshape((-1, 128 * 8))(x)"), 128, 128, "⌊time / 128⌋"),
        (graph("layers.Dense(8)(layers.Reshape((37, 8))(x))"), 37, 0, "37"),
        (graph("x[:, :3000]"), 1, 1, "depends on time"),
        slow(graph("x[:, :100]"), 1, 1, "depends on time"),
        (graph("x[:, -100:]"), 1, 1, "depends on time"),
    ],
)
def test_sizes_are_those_that_calls_take(
    worker: Worker, code: str, least: int, unit: int, shape: str
) -> None:
    """Each size is tried in a real call, up to three steps beyond what is said."""
    sizes = range(max(1, least - unit), least + 3 * unit + 3)
    tried = f"""
        import numpy as np
        taken = []
        for size in {list(sizes)}:
            try:
                model(np.zeros((2, size, 8), "float32"))
                taken.append(size)
            except Exception:
                pass
        print(taken)
    """
    (answer,) = answers(worker, [request(f"model = {code}\n{cleandoc(tried)}", axes=TIME)])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    _, time = answer.model.axes
    assert (time.least, time.unit) == (least, unit)
    assert answer.model.outputs[0].symbolic[1] == shape
    said = [size for size in sizes if size == least or (unit and size > least and (size - least) % unit == 0)]
    assert answer.output.strip() == str(said)


PICTURE = "x = keras.Input((None, None, 3), name='x')\n"
TOGETHER = {
    # Where steps are folded into the batch, the sizes are those that every batch takes.
    """
    y = layers.MaxPooling2D(2)(layers.Conv2D(16, 5)(x))
    model = keras.Model(x, layers.Dense(10)(keras.ops.reshape(y, (-1, 16 * 5 * 5))))""": (
        "height = 14, 15, 24, 25, 34, 35, …, width = 14, 15, 24, 25, 34, 35, …",
        "⌊batch·(⌊height / 2⌋ − 2)·(⌊width / 2⌋ − 2) / 25⌋",
    ),
    # Of two axes whose product is a multiple.
    "model = keras.Model(x, layers.Reshape((-1, 20, 3))(x))": (
        "height = 2, 4, 6, …, width = 10, 20, 30, …",
        "batch",
    ),
    # Positions fit sizes of one too, which are repeated.
    """
    class Positions(layers.Layer):
        def build(self, shape):
            self.table = self.add_weight(shape=(1, 8, 8, 8))

        def call(self, x):
            return keras.ops.reshape(x + self.table, (-1, 64, 8))

    model = keras.Model(x, Positions()(layers.Conv2D(8, 4, 4)(x)))""": (
        "height = 4–7, 32–35, width = 4–7, 32–35",
        "batch",
    ),
}


def test_sizes_of_axes_that_depend_on_one_another(worker: Worker) -> None:
    """What is said of each axis holds together with all that is said of the others."""
    codes = [PICTURE + cleandoc(code) for code in TOGETHER]
    requests = [request(code, axes="batch, height, width") for code in codes]
    for code, answer in zip(TOGETHER, answers(worker, requests), strict=True):
        assert isinstance(answer, Report), (code, answer)
        assert answer.model is not None
        said = needs.needs(answer.model.axes), answer.model.outputs[0].symbolic[0]
        assert said == TOGETHER[code], code


@pytest.mark.parametrize(
    ("outputs_code", "axes", "needed"),
    [
        # The sizes beside one another, not beside large ones.
        ("layers.Cropping1D((4, 5))(layers.Concatenate(axis=1)([a, b]))", TWO, "words ≥ 9"),
        # A multiple that is neither a number of the model nor a usual one.
        (
            "layers.Reshape((7, -1, 8))(layers.Reshape((-1, 88))(layers.Add()([a, b])))",
            "a: batch, time | b: batch, time",
            "time = 77, 154, 231, …",
        ),
    ],
)
def test_sizes_of_two_inputs(worker: Worker, outputs_code: str, axes: str, needed: str) -> None:
    assert needs.needs(model(worker, graph_of_two(outputs_code), axes).axes) == needed


_SAME = "layers.UpSampling1D(2)(layers.MaxPooling1D(2, padding='same')({}))"


@pytest.mark.parametrize(
    ("outputs_code", "needed", "shown"),
    [
        (f"layers.Add()([x, {_SAME.format('x')}])", "time = 1, 2, 4, 6, …", "time = 2, 4, 6, …"),
        slow(f"layers.Concatenate()([x, {_SAME.format('x')}])", "time = 2, 4, 6, …", ""),
        slow(
            f"(lambda y: layers.Add()([y, {_SAME.format('y')}]))(layers.Cropping1D(1)(x))",
            "time = 3, 4, 6, 8, …",
            "time = 4, 6, 8, …",
        ),
        slow(
            f"(lambda y: layers.Concatenate()([y, {_SAME.format('y')}]))(layers.MaxPooling1D(2)(x))",
            "time = 4, 5, 8, 9, 12, 13, …",
            "",
        ),
        (
            f"(lambda y: layers.Concatenate()([y, {_SAME.format('y')}]))"
            "(layers.Conv1D(8, 3, strides=2, padding='same')(x))",
            "time = 3, 4, 7, 8, 11, 12, …",
            "",
        ),
        slow(
            "layers.Add()([layers.MaxPooling1D(8, padding='same')(x), layers.MaxPooling1D(8)(x)])",
            "time = 8–16, 24, …",
            "time = 8, 16, 24, …",
        ),
        (
            f"(lambda y: layers.Add()([y, {_SAME.format('y')}]))(layers.MaxPooling1D(16, padding='same')(x))",
            "time = 1–32, 49–64, 81–96, …",
            "time = 17–32, 49–64, 81–96, …",
        ),
        ("layers.Lambda(lambda t: t + keras.ops.ones((37, 8)))(x)", "time = 1, 37", "time = 37"),
        slow(
            "layers.Lambda(lambda t: t + keras.ops.pad(t[:, 10:], [[0, 0], [10, 0], [0, 0]]))(x)",
            "time = 1, 10, 11, 12, …",
            "time ≥ 10",
        ),
        slow(
            f"layers.Lambda(lambda t: t * keras.ops.mean(t + {_SAME.format('t')}))(x)",
            "time = 1, 2, 4, 6, …",
            "",
        ),
    ],
)
def test_all_sizes_that_calls_take_are_said(
    worker: Worker, outputs_code: str, needed: str, shown: str
) -> None:
    """Also those of one that are repeated, and several of each step; each is tried in a real call."""
    tried = """
        import numpy as np
        for size in range(1, 81):
            try:
                print(size, *model(np.zeros((2, size, 8), "float32")).shape)
            except Exception:
                pass
    """
    code = f"model = {graph(outputs_code)}\n{cleandoc(tried)}"
    (answer,) = answers(worker, [request(code, axes=TIME)])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    _, time = answer.model.axes
    assert (needs.needs([time]), needs.shown([time])) == (needed, shown)
    steps = {
        time.least + time.unit * number + offset for number in range(80) for offset in (0, *time.offsets)
    }
    true = {int(line.split()[0]): line.split()[1:] for line in answer.output.splitlines()}
    true = {size: shape for size, shape in true.items() if "0" not in shape}
    assert sorted(true) == [size for size in range(1, 81) if size in steps or size in time.others]
    for size in true.keys() & steps:
        said = [notation.parse(text) for text in answer.model.outputs[0].symbolic]
        assert true[size] == [str(expression.evaluate(one, {"batch": 2, "time": size})) for one in said]


@pytest.mark.slow
def test_a_layer_of_keras_that_refuses_sizes_only_when_it_computes(worker: Worker) -> None:
    """It pads by reflection, which needs more steps than it adds."""
    code = "model = keras.Sequential([keras.Input((None,)), layers.MelSpectrogram(fft_length=64, name='m')])"
    (answer,) = answers(worker, [request(code, axes=TIME)], 300)
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    time = answer.model.axes[1]
    assert (time.least, time.unit, time.refused) == (33, 1, "m")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dtype", "layer", "rows"),
    [
        ("int32", "CategoryEncoding(9, output_mode='one_hot')", 9),
        ("int32", "Hashing(5, output_mode='one_hot')", 5),
        ("float32", "Discretization([0.0, 1.0], output_mode='one_hot')", 3),
    ],
)
def test_layers_that_drop_an_axis_of_one(worker: Worker, dtype: str, layer: str, rows: int) -> None:
    """One step gives tensors of another rank, which the expressions don't hold for."""
    code = f"model = keras.Sequential([keras.Input((None,), dtype={dtype!r}), layers.{layer}])"
    (answer,) = answers(worker, [request(code, axes=TIME)])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    assert answer.model.outputs[0].symbolic == ("batch", "time", str(rows))
    time = answer.model.axes[1]
    assert (needs.needs([time]), needs.shown([time])) == ("time = 1–4, …", "time ≥ 2")
    assert time.refused == ""


FAR = """
SOME = 20000

class Bump(layers.Layer):
    def call(self, x):
        return x[:, :-1] if 20000 < (x.shape[1] or 0) < 25000 else x

class Named(layers.Layer):
    def call(self, x):
        return x[:, :-1] if SOME < (x.shape[1] or 0) < SOME + 50 else x

class Kept(layers.Layer):
    def __init__(self, most, **more):
        super().__init__(**more)
        self.most = most

    def call(self, x):
        return x[:, :-1] if self.most < (x.shape[1] or 0) < self.most + 50 else x

class Positions(layers.Layer):
    def __init__(self, **more):
        super().__init__(**more)
        self.table = layers.Embedding(20000, 512)

    def call(self, x):
        return x + self.table(keras.ops.arange(keras.ops.shape(x)[1]))

class Least(layers.Layer):
    def call(self, x):
        return keras.ops.ones((1, max(x.shape[1] or 0, 20000), 1))
"""


@pytest.mark.parametrize(
    ("outputs_code", "size", "shape", "tried"),
    [
        *((f"layers.Lambda(lambda t: t[:, :{size}])(x)", 8, "depends on time", "") for size in (5000, 40000)),
        ("Bump()(x)", 8, "depends on time", ""),
        slow("Named()(x)", 8, "depends on time", ""),
        slow("Kept(20000)(x)", 8, "depends on time", ""),
        ("Least()(x)", 8, "depends on time", ""),
        ("Positions()(x)", 512, "time", "batch = 3001, time = 1001"),
        ("layers.Dense(512)(x)", 512, "time", ""),
    ],
)
def test_sizes_far_beyond_those_of_the_first_probes(
    worker: Worker, outputs_code: str, size: int, shape: str, tried: str
) -> None:
    """What changes there is found, or what was tried is said."""
    code = f"{FAR}model = {graph(outputs_code, f'(None, {size})')}"
    (answer,) = answers(worker, [request(code, axes=TIME)])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    assert answer.model.outputs[0].symbolic[1] == shape
    assert needs.tried(answer.model.axes) == tried


def test_positions_beside_a_large_table_of_words_have_a_largest_size(worker: Worker) -> None:
    """What a call reads of weights does not make it a large one."""
    code = """
        class Tokens(layers.Layer):
            def __init__(self, **more):
                super().__init__(**more)
                self.words, self.positions = layers.Embedding(20000, 256), layers.Embedding(80, 256)

            def call(self, x):
                return self.words(x) + self.positions(keras.ops.arange(keras.ops.shape(x)[1]))

        model = keras.Sequential([keras.Input((None,), dtype="int32"), Tokens()])"""
    (answer,) = answers(worker, [request(cleandoc(code), axes=TIME)])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    assert answer.model.axes[1].most == 80


WITHOUT_STEPS = {
    "if n & (n - 1): raise ValueError('no')": ("x", "time = 1, 2, 4, 8, 16, 32, 64", "time"),
    "root = int(n**0.5); assert root * root == n": (
        "keras.ops.reshape(x, (-1, root, root, 4))",
        "time = 1, 4, 9, 16, 25, 36, 49, 64",
        "depends on time",
    ),
    # Where squares are folded into the batch, so are some other sizes.
    "root = int(n**0.5)": (
        "keras.ops.reshape(x, (-1, root, root, 4))",
        "time = 1–4, 8, 9, 16, 25, 36, 49, 64",
        "depends on time",
    ),
}


@pytest.mark.parametrize("begin", WITHOUT_STEPS)
def test_sizes_without_steps_are_listed_up_to_one_that_is_said(worker: Worker, begin: str) -> None:
    given, needed, size = WITHOUT_STEPS[begin]
    code = f"""
        class Choosy(layers.Layer):
            def call(self, x):
                n = x.shape[1] or 1
                {begin}
                return {given}

        x = keras.Input((None, 4))
        model = keras.Model(x, Choosy()(x))"""
    (answer,) = answers(worker, [request(cleandoc(code), axes=TIME)])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    assert needs.needs(answer.model.axes) == needed
    assert needs.tried(answer.model.axes) == "time = 64"
    assert answer.model.outputs[0].symbolic[1] == size


def test_the_table_of_a_subclassed_model_stays_without_axes(worker: Worker) -> None:
    code = "class Own(keras.Model):\n    def call(self, x):\n        return x\nmodel = Own()\n"
    (answer,) = answers(worker, [request(f"{code}model(tf.zeros((2, 3)))", axes="batch")])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    assert answer.model.outputs[0].shape == (None, 3)
    assert answer.model.unfollowed.startswith("can't be followed through a subclassed model: ")


def test_a_subclassed_model_has_no_axes(worker: Worker) -> None:
    (failure,) = answers(worker, [request("class Own(keras.Model): ...\nmodel = Own()", axes=TIME)])
    assert isinstance(failure, Failure)
    assert failure.problem == "unbuilt"


CODE = """\
model = keras.Sequential([
    layers.Input(shape=(None, 50)),
    layers.Conv1D(32, 3, name="conv"),
    layers.LSTM(64, name="lstm"),
])"""
RST = f"""\
Page
====

.. keras:model:: conv
   :axes: batch, time
   :columns: layer, input, output
   :expect-input: (batch, time, 50)
   :expect-output: (batch, 64)
   :expect-axes: time ≥ 3

{textwrap.indent(CODE, "   ")}

It gives :keras:shape:`conv/conv.output`, that is
:keras:shape:`(batch, time-2, 32) <conv/conv.output>` or
:keras:shape:`(None, None, 32) <conv/conv.output>`, for :keras:axes:`conv`.
"""
MD = f"""\
# Page

```{{keras:model}} conv
:axes: batch, time
:columns: layer, input, output
:expect-input: (batch, time, 50)
:expect-output: (batch, 64)
:expect-axes: time ≥ 3
{CODE}
```

It gives {{keras:shape}}`conv/conv.output`, that is
{{keras:shape}}`(batch, time-2, 32) <conv/conv.output>` or
{{keras:shape}}`(None, None, 32) <conv/conv.output>`, for {{keras:axes}}`conv`.
"""


@pytest.mark.parametrize(("name", "page"), [("page.rst", RST), ("page.md", MD)])
def test_page(make_project: Callable[..., Project], name: str, page: str) -> None:
    project = make_project({name: page})
    built = project.build("text")
    assert built.warnings == []
    text = built.page("page.txt")
    assert re.search(r"\| conv +\| \(batch, time, 50\) +\| \(batch, time − 2, 32\) +\|", text)
    assert re.search(r"\| lstm +\| \(batch, time − 2, 32\) +\| \(batch, 64\) +\|", text)
    assert "\nNeeds time ≥ 3\n" in text
    said = " ".join(text.split())
    assert (
        "gives (batch, time − 2, 32), that is (batch, time-2, 32) or (None, None, 32), for time ≥ 3." in said
    )

    wrong = page.replace("time-2", "time-3").replace(":expect-axes: time ≥ 3", ":expect-axes: time ≥ 4")
    wrong = wrong.replace("(None, None, 32)", "(batch, tame, 32)").replace("(batch, 64)", "(batch, time, 64)")
    project.write(name, wrong)
    lines = wrong.splitlines()

    def at(text: str) -> str:
        return f"{name}:{next(n for n, line in enumerate(lines, 1) if text in line)}: WARNING: "

    says = "but TensorFlow 2"
    warnings = sorted(
        re.sub(r"(but TensorFlow \d)\S*", r"\1", line) for line in project.build("text").warnings
    )
    assert warnings == sorted(
        [
            f"{at('time-3')}the page states (batch, time-3, 32) for conv/conv.output, {says} says "
            "(batch, time - 2, 32) [kerasshape.claim]",
            f"{at('tame')}'(batch, tame, 32)' has the unknown axis 'tame'; did you mean 'time'? "
            "[kerasshape.claim]",
            f"{at('expect-output')}the page states (batch, time, 64) for conv.output, {says} says "
            "(batch, 64) [kerasshape.claim]",
            f"{at('expect-axes')}the page states time ≥ 4 for conv, {says} says time ≥ 3 [kerasshape.claim]",
        ]
    )


def test_axes_that_do_not_fit_are_one_warning(make_project: Callable[..., Project]) -> None:
    project = make_project({"page.rst": RST.replace(":axes: batch, time", ":axes: batch")})
    for _ in range(2):
        (warning,) = project.build("text").warnings
        assert warning == (
            "page.rst:4: WARNING: model 'conv': :axes: names 1 axis (batch), but the input has 2 open axes: "
            "(None, None, 50): name only the sizes that are None, the batch first [kerasshape.option]"
        )


def test_signs_that_latex_lacks(make_project: Callable[..., Project]) -> None:
    page = MD.replace("Conv1D(32, 3,", "Conv1D(32, 3, strides=2,").replace("time-2", "(time-3)//2 + 1")
    built = make_project({"page.md": page}).build("latex")
    assert built.warnings == []
    (document,) = built.out.glob("*.tex")
    text = document.read_text(encoding="utf-8").partition(r"\begin{document}")[2]
    assert not set("⌊⌋−") & set(re.sub(r"(?s)\\begin\{sphinxVerbatim.*?\\end\{sphinxVerbatim\}", "", text))
    assert r"\ensuremath{\lfloor}(time~\ensuremath{-}~3)~/~2\ensuremath{\rfloor}" in text.replace(
        "\u00a0", "~"
    )


def test_axes_are_part_of_the_request(make_project: Callable[..., Project]) -> None:
    project = make_project({"page.rst": RST})
    assert "(batch, time − 2, 32)" in project.build("text").page("page.txt")
    project.write("page.rst", RST.replace("time", "steps"))
    built = project.build("text")
    assert built.warnings == []
    assert "(batch, steps − 2, 32)" in built.page("page.txt")


def test_every_case_has_a_code_of_its_own() -> None:
    assert len(set(itertools.chain(map(layer, CASES), GRAPHS))) == len(CASES) + len(GRAPHS)


def test_layers_of_keras_applications_refuse_by_shape(worker: Worker) -> None:
    """Calls of theirs, in large models too large to be made, are not needed to know which sizes are taken."""
    code = (
        "from keras.src.applications.convnext import LayerScale\n"
        "model = keras.Sequential([keras.Input((None, 4096)), LayerScale(0.1, 4096)])"
    )
    (answer,) = answers(worker, [request(code, axes="batch, time")])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    assert [axis.tried for axis in answer.model.axes] == [None, None]
