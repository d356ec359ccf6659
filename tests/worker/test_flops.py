"""The column ``flops``: operations as TensorFlow's own profiler counts them."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from textwrap import indent

import pytest

from sphinx_kerasshape.messages.report import Failure, Report
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.projects import Project
from tests.support.workers import answers, request

CONV = """
    model = keras.Sequential([
        keras.Input((8, 8, 3)),
        layers.Conv2D(4, 3, activation="relu", name="conv"),
        layers.GlobalAveragePooling2D(name="pool"),
        layers.Dense(10, name="out"),
    ])"""
PROFILED = """
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
function = tf.function(model).get_concrete_function(tf.TensorSpec((1, 8, 8, 3)))
graph = convert_variables_to_constants_v2(function).graph
options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
options["output"] = "none"
print(tf.compat.v1.profiler.profile(graph, options=options).total_float_ops)
model
"""
"""The profiler, as its users run it."""


def counted(worker: Worker, code: str, flops: str, **more: str) -> dict[str, int | None]:
    (answer,) = answers(worker, [request(cleandoc(code), flops=flops, **more)])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    return {"": answer.model.flops, **{row.name: row.flops for row in answer.model.layers}}


def test_what_the_profiler_says(worker: Worker) -> None:
    (answer,) = answers(worker, [request(cleandoc(CONV) + PROFILED, flops="batch", weights="real")])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    rows = {row.name: row.flops for row in answer.model.layers}
    # 36 positions, 4 filters of 27 numbers, two operations each, and as many additions of the bias.
    assert rows == {"conv": 36 * 4 * (2 * 27 + 1), "pool": 36 * 4, "out": 4 * 10 * 2 + 10}
    assert answer.model.flops == sum(filter(None, rows.values())) == int(answer.output.split()[-1])


def test_grouped_convolutions(worker: Worker) -> None:
    """Keras has them compiled, in a function of its own."""
    code = """
        model = keras.Sequential([
            keras.Input((16, 4)), layers.Conv1D(6, 3, groups=2, use_bias=False, name="grouped")
        ])"""
    # 14 positions, 6 filters, each of 3 steps of the 2 channels of its group.
    assert counted(worker, code, "batch")["grouped"] == 2 * 14 * 6 * 3 * 2


def test_weightless_or_not(worker: Worker) -> None:
    assert counted(worker, CONV, "batch") == counted(worker, CONV, "batch", weights="real")


@pytest.mark.parametrize(
    ("code", "flops", "expected"),
    [
        # Open axes besides the batch have to be stated.
        (
            "keras.Sequential([keras.Input((None, 8)), layers.Dense(4, name='d')])",
            "batch",
            {"": None, "d": None},
        ),
        (
            "keras.Sequential([keras.Input((None, 8)), layers.Dense(4, name='d')])",
            "(2, 5, 8)",
            {"": 2 * 5 * 4 * (2 * 8 + 1), "d": 2 * 5 * 4 * (2 * 8 + 1)},
        ),
        # The work of an LSTM is in a loop, of which TensorFlow has no figure.
        (
            "keras.Sequential([keras.Input((5, 8)), layers.LSTM(4, name='l'), layers.Dense(3, name='d')])",
            "batch",
            {"": None, "l": None, "d": 27},
        ),
        # Nor has a cell that is called in that loop.
        (
            "keras.Sequential([keras.Input((5, 8)), layers.RNN(layers.LSTMCell(4, name='c'), name='r')])",
            "batch",
            {"": None, "r": None, "c": None},
        ),
        # All calls of a shared layer.
        (
            "a = keras.Input((8,), name='a')\n"
            "d = layers.Dense(8, name='d')\n"
            "model = keras.Model(a, layers.Add(name='sum')([d(a), d(d(a))]))",
            "batch",
            {"": 3 * 8 * 17 + 8, "a": None, "d": 3 * 8 * 17, "sum": 8},
        ),
    ],
)
def test_counts(worker: Worker, code: str, flops: str, expected: dict[str, int | None]) -> None:
    assert counted(worker, code, flops) == expected


ENCODER = """
    x = keras.Input((16, 32), name="x")
    y = layers.MultiHeadAttention(4, 8, name="heads")(x, x)
    y = layers.Add(name="add")([x, y])
    z = layers.Dense(64, activation="relu", name="wide")(y)
    keras.Model(x, layers.Dense(32, name="narrow")(z))"""
HEADS = (
    3 * (2 * 16 * 32 * (4 * 8) + 16 * 4 * 8)  # query, key and value, with their biases
    + 4 * (2 * 16 * 8 * 16)  # every query times every key
    + 5 * 4 * 16 * 16  # a softmax is five for each number
    + 4 * (2 * 16 * 16 * 8)  # the weights times the values
    + (2 * 16 * (4 * 8) * 32 + 16 * 32)  # what they give, put together
)


def test_a_transformer_has_a_total(worker: Worker) -> None:
    found = counted(worker, ENCODER, "batch")
    rows = {name: found[name] for name in ("heads", "add", "wide", "narrow")}
    # Versions of Keras divide the queries by √8, or the products of queries and keys.
    assert rows["heads"] in (HEADS + 16 * 4 * 8, HEADS + 4 * 16 * 16)
    assert rows | {"heads": 0} == {"heads": 0, "add": 512, "wide": 16 * 64 * 65, "narrow": 16 * 32 * 129}
    assert found[""] == sum(filter(None, rows.values()))
    # Twice the batch, twice the work.
    assert counted(worker, ENCODER, "(2, 16, 32)")[""] == 2 * found[""]


KINDS = {
    # What is called with x, and the operations by hand: two for each product that is summed, and the bias.
    "layers.Dense(4)(x)": 10 * 4 * (2 * 8 + 1),
    "layers.Conv1D(3, 2, strides=2)(x)": 5 * 3 * (2 * (2 * 8) + 1),
    "layers.Conv1D(3, 2, padding='causal', dilation_rate=2)(x)": 10 * 3 * (2 * (2 * 8) + 1),
    "layers.Conv1DTranspose(3, 2, use_bias=False)(x)": 10 * 8 * 2 * (2 * 3),
    "layers.Conv1DTranspose(3, 5, strides=2)(x)": 10 * 8 * 2 * (5 * 3) + 23 * 3,
    "layers.Conv1DTranspose(3, 5, strides=2, padding='same')(x)": 10 * 8 * 2 * (5 * 3) + 20 * 3,
    "layers.DepthwiseConv1D(3, depth_multiplier=2)(x)": 8 * 16 * (2 * 3 + 1),
    "layers.SeparableConv1D(6, 3)(x)": 8 * 8 * (2 * 3) + 8 * 6 * (2 * 8 + 1),
    "layers.MaxPooling1D(2)(x)": 5 * 8 * 2,
    "layers.AveragePooling1D(4, strides=2)(x)": 4 * 8 * 4,
    "layers.GlobalAveragePooling1D()(x)": 10 * 8,
    "layers.Add()([x, x])": 10 * 8,
    "layers.TimeDistributed(layers.Dense(3))(x)": 10 * 3 * (2 * 8 + 1),
    "layers.Softmax()(x)": 5 * 10 * 8,
    "layers.Flatten()(x)": 0,
    "layers.Dropout(0.5)(x)": 0,
    "layers.Conv2D(3, 3, dilation_rate=2)(picture)": 2 * 2 * 3 * (2 * (9 * 4) + 1),
    "layers.Conv2D(6, 3, groups=2)(picture)": 4 * 4 * 6 * (2 * (9 * 2) + 1),
    "layers.Conv2DTranspose(3, 3, strides=2, use_bias=False)(picture)": 6 * 6 * 4 * 2 * (9 * 3),
    "layers.DepthwiseConv2D(3)(picture)": 4 * 4 * 4 * (2 * 9 + 1),
    "layers.MaxPooling2D(2)(picture)": 3 * 3 * 4 * 4,
    "layers.Conv3D(3, 2)(film)": 3**3 * 3 * (2 * (8 * 2) + 1),
    "layers.Conv3DTranspose(3, 2, strides=2, use_bias=False)(film)": 4**3 * 2 * 2 * (8 * 3),
    "layers.MaxPooling3D(2)(film)": 2**3 * 2 * 8,
    "layers.AveragePooling3D(2, strides=1)(film)": 3**3 * 2 * 8,
    # Looking up rows is arithmetic with whole numbers.
    "layers.Embedding(50, 8)(words)": 0,
    "layers.Dense(2)(layers.Embedding(50, 8, mask_zero=True)(words))": 10 * 2 * (2 * 8 + 1),
}


def test_kinds_of_layers(worker: Worker) -> None:
    head = """
        x, words = keras.Input((10, 8)), keras.Input((10,), dtype="int32")
        picture, film = keras.Input((6, 6, 4)), keras.Input((4, 4, 4, 2))
        """
    used = {code: next(name for name in ("words", "picture", "film", "x") if name in code) for code in KINDS}
    codes = [f"{cleandoc(head)}\nkeras.Model({name}, {code})" for code, name in used.items()]
    found = {}
    for code, answer in zip(KINDS, answers(worker, [request(c, flops="batch") for c in codes]), strict=True):
        assert isinstance(answer, Report), (code, answer)
        assert answer.model is not None
        found[code] = answer.model.flops
    assert found == KINDS


PRODUCTS = {
    # What is computed of q (5, 8) and k (7, 8), and how many operations that are.
    "layers.Attention()([q, k])": 2 * (2 * 5 * 7 * 8) + 5 * 5 * 7,
    "layers.AdditiveAttention(use_scale=False)([q, k])": (
        3 * (5 * 7 * 8)
        - 5 * 7  # each sum of a query and a key, times one; their sums
        + 5 * 5 * 7
        + 2 * 5 * 7 * 8
    ),
    "layers.EinsumDense('abc,cd->abd', (5, 6), bias_axes='d')(q)": 2 * 5 * 8 * 6 + 5 * 6,
    "layers.EinsumDense('...x,xyz->...yz', (2, 3))(q)": 2 * 5 * 8 * 6,
    "ops.einsum('bij,bkj->bik', q, k)": 2 * 5 * 8 * 7,
    "ops.einsum('bij,bkj->bikj', q, k)": 5 * 8 * 7,  # multiplied, not added
    "ops.einsum('bij->bji', q)": 0,
    "ops.einsum('bij->bj', q)": 4 * 8,
    "ops.einsum('bij,bkj,bkl->bil', q, k, k)": 2 * (2 * 5 * 7 * 8),
    "ops.matmul(q, ops.transpose(k, (0, 2, 1)))": 2 * 5 * 8 * 7,
    "layers.Dot(2)([q, k])": 2 * 5 * 8 * 7,
    "layers.Lambda(lambda x: tf.matmul(x, x, transpose_a=True))(q)": 2 * 8 * 5 * 8,
    "layers.Lambda(lambda x: tf.matmul(x, x, transpose_b=True))(q)": 2 * 5 * 8 * 5,
}


def test_products(worker: Worker) -> None:
    head = "from keras import ops\nq, k = keras.Input((5, 8), name='q'), keras.Input((7, 8), name='k')\n"
    codes = [f"{head}keras.Model([q, k], {code})" for code in PRODUCTS]
    found = {}
    for code, answer in zip(
        PRODUCTS, answers(worker, [request(c, flops="batch") for c in codes]), strict=True
    ):
        assert isinstance(answer, Report), (code, answer)
        assert answer.model is not None
        found[code] = answer.model.flops
    assert found == PRODUCTS


def test_queries_in_groups(worker: Worker) -> None:
    code = """
        q, k = keras.Input((5, 8)), keras.Input((7, 8))
        keras.Model([q, k], layers.GroupQueryAttention(6, 4, 2)(q, k))"""
    projections = (2 * 8 + 1) * 5 * 24 + 2 * (2 * 8 + 1) * 7 * 12 + (2 * 24 + 1) * 5 * 8
    attention = 2 * (4 * 2 * 5 * 7 * 6) + 5 * 4 * 5 * 7
    # And the products of queries and keys, or the queries, are divided by √6.
    rest = (counted(worker, code, "batch")[""] or 0) - projections - attention
    assert 4 * 5 * 6 <= rest <= 4 * 5 * 7 + 2


def test_a_subclassed_model(worker: Worker) -> None:
    code = """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.one, self.two = layers.Dense(4, name="one"), layers.Dense(2, name="two")
            def call(self, x):
                return self.two(self.one(x))
        model = Net()"""
    found = counted(worker, code, "batch", input="(None, 8)")
    assert found == {"": 4 * 17 + 2 * 9, "one": 4 * 17, "two": 2 * 9}


def test_sizes_that_do_not_fit(worker: Worker) -> None:
    (answer,) = answers(worker, [request(cleandoc(CONV), flops="(1, 8)")])
    assert isinstance(answer, Failure)
    assert answer.message == ":flops-at: (1, 8) does not fit the model's input, (None, 8, 8, 3)"


def test_a_page(make_project: Callable[..., Project]) -> None:
    head = "```{keras:model} net\n:columns: layer, flops\n:show: table, totals\n"
    pages = f"# Net\n\n{head}{cleandoc(CONV)}\n```\n"
    built = make_project({"index.md": pages}).build("text")
    assert built.warnings == []
    rows = [line.split("|")[1:-1] for line in built.page("index.txt").splitlines() if line.startswith("| ")]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["Layer", "FLOPs"],
        ["conv", "7,920"],
        ["pool", "144"],
        ["out", "90"],
    ]


def test_open_sizes_are_refused(make_project: Callable[..., Project]) -> None:
    head = "```{keras:model} net\n:columns: flops\n:flops-at: (None, 8, 8, 3)\n"
    page = f"# Net\n\n{head}{cleandoc(CONV)}\n```\n"
    (warning,) = make_project({"index.md": page}).build("text").warnings
    assert warning.startswith("index.md:3: WARNING: :flops-at: (None, 8, 8, 3) has open axes: ")


OPEN = """\
x = keras.Input((None, 8), name="x")
keras.Model(x, layers.Dense(4, name="d")(layers.Dense(4, name="c")(x)))"""
PAGES = {
    "index.md": f"# Net\n\n```{{keras:model}} net\n:columns: layer, flops\n\n{OPEN}\n```\n",
    "index.rst": (
        "Net\n===\n\n.. keras:model:: net\n   :columns: layer, flops\n\n" + indent(OPEN, "   ") + "\n"
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_whose_input_has_open_axes(name: str, make_project: Callable[..., Project]) -> None:
    project = make_project({name: PAGES[name]})
    line = 3 if name == "index.md" else 4
    hint = (
        f"{name}:{line}: WARNING: model 'net': the column flops has no counts, since the input has open "
        "axes: add their sizes to the directive, such as ':flops-at: (1, 128, 8)' [kerasshape.option]"
    )
    assert project.build("text").warnings == [hint]
    assert project.build("text", "-E").warnings == [hint]
    # What it says helps.
    columns = next(row for row in PAGES[name].splitlines() if "columns" in row)
    project.write(
        name, PAGES[name].replace(columns, f"{columns}\n{columns.split(':')[0]}:flops-at: (1, 128, 8)")
    )
    built = project.build("text")
    assert built.warnings == []
    assert "8,704" in built.page("index.txt")


HINTS = {
    # A size that works is named, for each input, in the form that a call takes.
    "model = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3)])": "(1, 128, 128, 3)",
    """
    a, b = keras.Input((None, 8)), keras.Input((3, 8))
    model = keras.Model([a, b], layers.Dot(2)([a, b]))""": "[(1, 128, 8), (1, 3, 8)]",
    """
    words = keras.Input((None,), dtype="int32")
    model = keras.Sequential([words, layers.Embedding(9, 4), layers.Dense(2)])""": "(1, 128) int32",
    """
    x = keras.Input((None, 8))
    class Position(layers.Layer):
        def build(self, shape):
            self.position = self.add_weight(shape=(50, 8))
        def call(self, x):
            return x + self.position[:keras.ops.shape(x)[1]]
    model = keras.Model(x, layers.Dense(2)(Position()(x)))""": "(1, 32, 8)",
    """
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.d = layers.Dense(4)
        def call(self, left, right, training=False):
            return self.d(left) + self.d(right)
    model = Net()
    model(keras.Input((None, 8)), right=keras.Input((None, 8)))""": "",
    """
    x = {"q": keras.Input((None, 8), name="q"), "k": keras.Input((4, 9), name="k")}
    model = keras.Model(x, layers.Dense(2)(x["q"]))""": "{'q': (1, 128, 8), 'k': (1, 4, 9)}",
    # No sizes would help, or none are needed.
    "model = keras.Sequential([keras.Input((None, 8)), layers.LSTM(4)])": "",
    "model = keras.Sequential([keras.Input((5, 8)), layers.Dense(4)])": "",
    "model = keras.Sequential([keras.Input((5, 8)), layers.LSTM(4)])": "",
}


def test_hints(worker: Worker) -> None:
    requests = [request(cleandoc(code), flops="batch") for code in HINTS]
    for code, answer in zip(HINTS, answers(worker, requests), strict=True):
        assert isinstance(answer, Report), (code, answer)
        assert answer.model is not None
        assert answer.model.uncounted == HINTS[code], code


def test_hints_for_subclassed_models(worker: Worker) -> None:
    code = """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.d = layers.Dense(4, name="d")
            def call(self, {parameters}):
                return self.d({used})
        model = Net()"""
    stated = {
        ("x", "x", "(None, None, 8)"): "(1, 128, 8)",
        ("x, y", "x * y", "[(None, None, 8), (None, None, 1)]"): "[(1, 128, 8), (1, 128, 1)]",
        (
            "x, y",
            "x * y",
            "{'x': (None, None, 8), 'y': (None, None, 1)}",
        ): "{'x': (1, 128, 8), 'y': (1, 128, 1)}",
        ("x", "x['a']", "{'a': (None, None, 8)}"): "{'a': (1, 128, 8)}",
    }
    for (parameters, used, given), hint in stated.items():
        written = cleandoc(code).format(parameters=parameters, used=used)
        (answer,) = answers(worker, [request(written, flops="batch", input=given)])
        assert isinstance(answer, Report), answer
        assert answer.model is not None
        assert answer.model.uncounted == hint
        assert counted(worker, written, hint, input=given)["d"]
