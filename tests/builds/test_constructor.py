"""The constructor's view: it is shown only if its code, run in turn, builds the same model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from inspect import cleandoc

import pytest

from sphinx_kerasshape.messages.report import Model, Report
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.messages.result import Result
from sphinx_kerasshape.run.execution import Execution
from sphinx_kerasshape.run.rebuilt import checked
from sphinx_kerasshape.run.worker_process import Outcome, Run, Worker
from tests.support.projects import Project
from tests.support.workers import answers, request

WRITTEN = {
    # what is tested: the model's layers, and what the code of the last has to be
    "default-of-another-argument": (
        "layers.MaxPooling2D(3, strides=2)",
        "layers.MaxPooling2D(pool_size=(3, 3), strides=(2, 2))",
    ),
    "equal-to-that-default": ("layers.MaxPooling2D(3)", "layers.MaxPooling2D(pool_size=(3, 3))"),
    "rescaling": ("layers.Rescaling(0.5, offset=-1)", "layers.Rescaling(0.5, offset=-1)"),
    "dtype": ("layers.Dense(3, dtype='mixed_float16')", 'layers.Dense(3, dtype="mixed_float16")'),
    "data-format": (
        "layers.Flatten(data_format='channels_first')",
        'layers.Flatten(data_format="channels_first")',
    ),
    "inf": ("layers.ReLU(max_value=float('inf'))", 'layers.ReLU(max_value=float("inf"))'),
    "frozen": ("layers.Dense(3, trainable=False)", "layers.Dense(3, trainable=False)"),
}


def constructor(worker: Worker, code: str) -> str:
    (answer,) = answers(worker, [request(cleandoc(code), constructor=True)])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    return answer.model.constructor


@pytest.mark.parametrize("name", WRITTEN)
def test_code_is_that_of_the_model(name: str, worker: Worker) -> None:
    layer, expected = WRITTEN[name]
    code = constructor(worker, f"keras.Sequential([keras.Input((9, 9, 3)), {layer}])")
    assert expected in code


OWN = """
class Scale(layers.Layer):
    def __init__(self, by=1):
        super().__init__()
        self.out = layers.Dense(by)

    def call(self, x):
        return self.out(x)

    def get_config(self):
        return {"name": self.name}

model = keras.Sequential([keras.Input((4,)), Scale(3)])
"""


def test_code_that_builds_another_model_is_not_shown(worker: Worker) -> None:
    assert constructor(worker, OWN) == (
        "# There is no constructor's view of this model: the code that would build it gives another 'scale'."
    )


def test_code_with_classes_of_the_page(worker: Worker) -> None:
    whole = OWN.replace('{"name": self.name}', '{"name": self.name, "by": self.by}')
    whole = whole.replace("self.out =", "self.by, self.out = by,")
    assert "Scale(by=3)" in constructor(worker, whole)


def test_arguments_that_a_config_leaves_out(worker: Worker) -> None:
    kept = OWN.replace("self.out =", "self.by, self.out = by,")
    assert "Scale(by=3)" in constructor(worker, kept)


NOT_WRITTEN = {
    # a model, and what the comment says
    "lambda": (
        "keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x)])",
        "the function '<lambda>' has no name that other code could use",
    ),
    "array": (
        "x = keras.Input((9,)); model = keras.Model(x, keras.ops.matmul(x, keras.ops.ones((9, 9))))",
        "'matmul' can't be written: an array of 81 values is too long to write",
    ),
    "list": (
        """
        words = [f"w{number}" for number in range(1001)]
        model = keras.Sequential([keras.Input((1,), dtype="string"), layers.StringLookup(vocabulary=words)])
        """,
        "a list of 1,001 values is too long to write",
    ),
    "argument": (
        """
        class Net(keras.Model):
            def __init__(self, units):
                x = keras.Input((4,))
                super().__init__(x, layers.Dense(units)(x))

        x = keras.Input((4,))
        model = keras.Model(x, Net(3)(x))
        """,
        "'net' can't be written: the argument 'units' of Net() is not known",
    ),
    "adapted": (
        """
        words = layers.StringLookup(name="words")
        words.adapt(["a", "b"])
        model = keras.Sequential([keras.Input((1,), dtype="string"), words])
        """,
        "what 'words' has learned by adapt() is no argument",
    ),
    "depth": (
        """
        model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
        for _ in range(120):
            model = keras.Sequential([keras.Input((4,)), model])
        """,
        "the code that would build it fails (SyntaxError: too many nested parentheses",
    ),
}


@pytest.mark.parametrize("name", NOT_WRITTEN)
def test_why_there_is_no_code(worker: Worker, name: str) -> None:
    code, reason = NOT_WRITTEN[name]
    assert constructor(worker, code).startswith(f"# There is no constructor's view of this model: {reason}")


BUILT = {
    "drawn seed": (
        "keras.Sequential([keras.Input((9, 9)), layers.RandomCrop(4, 4), layers.RandomCrop(2, 2, seed=3)])",
        "    layers.RandomCrop(4, 4),\n    layers.RandomCrop(2, 2, seed=3),\n",
    ),
    "outputs in lists": (
        """
        x = keras.Input((5, 3))
        cells = [layers.LSTMCell(2), layers.LSTMCell(2)]
        model = keras.Model(x, layers.RNN(cells, return_state=True, name="rnn")(x)[0])
        """,
        "rnn, rnn_2, rnn_3, rnn_4, rnn_5 = keras.tree.flatten(layers.RNN(",
    ),
    "outputs in a dict": (
        """
        a = keras.Input((4,))
        inner = keras.Model(a, {"one": layers.Dense(2)(a)}, name="inner")
        x = keras.Input((4,))
        model = keras.Model(x, inner(x)["one"])
        """,
        "inner_2 = keras.tree.flatten(inner(inputs))[0]",
    ),
    "nested": (
        """
        inner = keras.Sequential([keras.Input((4,)), layers.Dense(3)], name="inner")
        x = keras.Input((4,))
        model = keras.Model(x, layers.Add()([inner(x), inner(layers.Dropout(0.1)(x))]))
        """,
        "inner_layer = keras.Sequential([",
    ),
    "nested functional": (
        """
        a = keras.Input((4,))
        inner = keras.Model(a, layers.Dense(3)(a) * 2, name="inner")
        x = keras.Input((4,))
        model = keras.Model(x, layers.Dense(1)(inner(x)))
        """,
        'inner = keras.Model(inputs_2, multiply, name="inner")',
    ),
    "shared layer": (
        """
        a, b = keras.Input((4,)), keras.Input((4,))
        dense = layers.Dense(3)
        model = keras.Model([a, b], layers.Concatenate()([dense(a), dense(b)]))
        """,
        "dense_layer(inputs_2)",
    ),
    "mask and training": (
        """
        x, m = keras.Input((5, 8)), keras.Input((5,), dtype="bool")
        model = keras.Model([x, m], layers.LSTM(3)(x, mask=m, training=False))
        """,
        "(inputs, mask=inputs_2, training=False)",
    ),
    "dict": (
        """
        x = keras.Input((4,), name="x")
        model = keras.Model({"x": x}, {"a": layers.Dense(1)(x), "b": layers.Dense(2)(x)})
        """,
        'keras.Model({"x": x}, {"a": dense, "b": dense_1})',
    ),
    "einsum": (
        """
        a, b = keras.Input((3, 4)), keras.Input((4, 5))
        model = keras.Model([a, b], keras.ops.einsum("bij,bjk->bik", a, b))
        """,
        'keras.ops.einsum("bij,bjk->bik", inputs, inputs_2)',
    ),
    "slices": (
        "x = keras.Input((9, 4)); model = keras.Model(x, layers.Dense(2)(x[:, 1:-1, ::2]))",
        "inputs[:, 1:-1, ::2]",
    ),
    "arguments of calls": (
        """
        q, m = keras.Input((3, 4)), keras.Input((5, 4))
        model = keras.Model([q, m], layers.MultiHeadAttention(2, 4)(q, m, use_causal_mask=True))
        """,
        "(inputs, inputs_2, use_causal_mask=True)",
    ),
    "training": (
        "x = keras.Input((4,)); model = keras.Model(x, layers.Dropout(0.5)(x, training=True))",
        "layers.Dropout(0.5)(inputs, training=True)",
    ),
    "training of a functional model": (
        """
        a = keras.Input((4,))
        base = keras.Model(a, layers.BatchNormalization()(a), name="base")
        x = keras.Input((4,))
        model = keras.Model(x, layers.Dense(1)(base(x, training=False)))
        """,
        "base(inputs, training=False)",
    ),
    "infinity": (
        "x = keras.Input((4,)); model = keras.Model(x, keras.ops.where(x > 0, x, -float('inf')))",
        'keras.ops.where(greater, x1=inputs, x2=float("-inf"))',
    ),
    "from within": (
        """
        x = layers.Rescaling(2.0)(keras.Input((4,)))
        model = keras.Model(x, layers.Dense(1)(x))
        """,
        "inputs = layers.Input(shape=(4,))\ndense = layers.Dense(1)(inputs)",
    ),
    "class of functional models": (
        """
        class Trained(keras.Model):
            def __init__(self, inputs, outputs, rate=0.1, **kwargs):
                super().__init__(inputs, outputs, **kwargs)
                self.rate = rate

        x = keras.Input((4,))
        model = Trained(x, layers.Dense(1)(x), rate=0.2, name="net")
        """,
        'Trained(inputs, dense, rate=0.2, name="net")',
    ),
    "class of Sequential models": (
        """
        class Stack(keras.Sequential):
            pass

        model = Stack([keras.Input((4,)), layers.Dense(1)])
        """,
        "model = Stack([",
    ),
    "class with its arguments": (
        """
        class Net(keras.Model):
            def __init__(self, units, name=None):
                x = keras.Input((4,))
                super().__init__(x, layers.Dense(units)(x), name=name)
                self.units = units

        x = keras.Input((4,))
        model = keras.Model(x, Net(3, name="inner")(x))
        """,
        'Net(3, name="inner")(inputs)',
    ),
    "arguments by name only": (
        """
        class Double(layers.Layer):
            def __init__(self, *, units, **kwargs):
                super().__init__(**kwargs)
                self.units, self.inner = units, layers.Dense(units)

            def call(self, x):
                return self.inner(x) * 2

        model = keras.Sequential([keras.Input((4,)), Double(units=3)])
        """,
        "Double(units=3)",
    ),
    "class without its arguments": (
        """
        class Net(keras.Model):
            def __init__(self, units):
                x = keras.Input((4,))
                super().__init__(x, layers.Dense(units)(x))

        model = Net(3)
        """,
        "keras.Model(inputs, dense)  # what Net() makes; its arguments are not known",
    ),
    "letters that names can't have": (
        "x = keras.Input((4,)); model = keras.Model(x, layers.Dense(1, name='x²')(x))",
        'x_ = layers.Dense(1, name="x²")(inputs)',
    ),
    "shared block": (
        """
        block = keras.Sequential([keras.Input((4,)), layers.Dense(3)], name="block")
        a, b = keras.Input((4,)), keras.Input((4,))
        model = keras.Model([a, b], layers.Add()([block(a), block(b)]))
        """,
        "    layers.Dense(3),",
    ),
    "policies": (
        """
        keras.config.set_dtype_policy("mixed_float16")
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(1, dtype="float32")])
        """,
        'keras.config.set_dtype_policy("mixed_float16")',
    ),
    "channels first": (
        """
        keras.config.set_image_data_format("channels_first")
        model = keras.Sequential([keras.Input((3, 8, 8)), layers.Conv2D(2, 3)])
        """,
        'keras.config.set_image_data_format("channels_first")',
    ),
    "sparse encoding": (
        """
        model = keras.Sequential([
            keras.Input((1,), dtype="int64"), layers.CategoryEncoding(4, output_mode="one_hot", sparse=True)])
        """,
        'output_mode="one_hot", sparse=True)',
    ),
    "sparse": (
        "x = keras.Input((4,), sparse=True); model = keras.Model(x, layers.Dense(2)(x))",
        "layers.Input(shape=(4,), sparse=True)",
    ),
    "integers": (
        "x = keras.Input((4,), dtype='int32'); model = keras.Model(x, layers.Embedding(5, 2)(x))",
        'layers.Input(shape=(4,), dtype="int32")',
    ),
    "wrappers": (
        "keras.Sequential([keras.Input((4, 3)), layers.Bidirectional(layers.LSTM(2), merge_mode='sum')])",
        'layers.Bidirectional(layers.LSTM(2), merge_mode="sum")',
    ),
    "frozen": (
        "model = keras.Sequential([keras.Input((4,)), layers.Dense(2)]); model.trainable = False",
        "model.trainable = False",
    ),
}


@pytest.mark.parametrize("name", BUILT)
def test_code_builds_the_same_model(worker: Worker, name: str) -> None:
    code, expected = BUILT[name]
    written = constructor(worker, code)
    assert expected in written, written
    whole = f"{cleandoc(code)}\n{written}" if "class " in code else written
    once, again = answers(worker, [request(cleandoc(code)), request(whole)])
    assert isinstance(once, Report), once
    assert isinstance(again, Report), again
    assert once.model is not None
    assert again.model is not None
    assert _table(again.model) == _table(once.model)


def _table(model: Model) -> object:
    rows = [(row.type, row.depth, row.params, row.trainable, len(row.calls)) for row in model.layers]
    return rows, [tensor.shape for tensor in model.outputs], model.params, model.trainable


DIFFERENT = {
    # a model, and what is written in its place
    "a call's argument": ("base(x, training=False)", "base(x)"),
    "an operation's argument": ("keras.ops.mean(x, axis=1)", "keras.ops.mean(x, axis=-1)"),
    "an operation's string": ("keras.ops.einsum('ab,ab->ab', x, x)", "keras.ops.einsum('ab,ab->ab', x, y)"),
    "a layer's setting": ("layers.Dense(4, activation='relu')(x)", "layers.Dense(4, activation='tanh')(x)"),
    "a layer's rate": ("layers.Dropout(0.1)(x)", "layers.Dropout(0.2)(x)"),
    "an argument no config has": ("coded(True)(x)", "coded(False)(x)"),
    "a shared layer": ("relu(relu(x))", "layers.ReLU()(layers.ReLU()(x))"),
    "the order of arguments": ("layers.Subtract()([x, y])", "layers.Subtract()([y, x])"),
    "the order of outputs": (
        "[layers.ReLU()(x), layers.ReLU()(y)]",
        "[layers.ReLU()(x), layers.ReLU()(y)][::-1]",
    ),
    "what inputs are in": ("{'a': x + y}", "[x + y]"),
}
PARTS = """
x, y = keras.Input((4,)), keras.Input((4,))
a = keras.Input((4,))
base = keras.Model(a, layers.BatchNormalization()(a))
relu = layers.ReLU()
coded = lambda sparse: layers.CategoryEncoding(4, output_mode="multi_hot", sparse=sparse)
model = keras.Model([x, y], OUTPUTS)
"""


@pytest.mark.parametrize("name", DIFFERENT)
def test_another_model_is_told_apart(worker: Worker, name: str) -> None:
    """Whatever the code is that was written: it is not shown if it builds this other model."""
    asked = [
        request(PARTS.replace("OUTPUTS", text), constructor=True)  # type: ignore[arg-type]
        for text in DIFFERENT[name]
    ]
    results: dict[Request, Result] = {}
    for _ in Execution(lambda: worker, 60).run(asked, results):
        pass
    mine, other = (results[one].answer for one in asked)
    same = checked(mine, mine).model
    different = checked(mine, other).model
    assert same is not None
    assert different is not None
    assert not same.constructor.startswith("#"), same.constructor
    assert different.constructor.startswith("# There is no constructor's view of this model: the code that ")


CODE = """
a = keras.Input((4,))
inner = keras.Model(a, layers.Dense(3)(a), name="inner")
x = keras.Input((4,))
model = keras.Model(x, layers.Dense(1)(inner(x)))
"""
PAGES = {
    "index.md": "# Nested\n\n```{keras:model} nested\n:show: constructor\n" + CODE + "```\n",
    "index.rst": "Nested\n======\n\n.. keras:model:: nested\n   :show: constructor\n"
    + CODE.replace("\n", "\n   "),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page(name: str, make_project: Callable[..., Project]) -> None:
    project = make_project({name: PAGES[name]})
    built = project.build("text")
    assert built.warnings == []
    assert (
        built.page("index.txt")
        == cleandoc("""
        Nested
        ******

           inputs = layers.Input(shape=(4,))
           inputs_2 = layers.Input(shape=(4,))
           dense = layers.Dense(3)(inputs_2)
           inner = keras.Model(inputs_2, dense, name="inner")
           inner_2 = inner(inputs)
           dense_1 = layers.Dense(1)(inner_2)
           model = keras.Model(inputs, dense_1)
        """)
        + "\n"
    )


class Counting:
    """A worker that counts the requests it runs."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.count = 0

    def run(self, runs: Sequence[Run]) -> Iterator[Outcome]:
        self.count += sum(len(run.requests) for run in runs)
        return self.worker.run(runs)


@pytest.mark.parametrize(("views", "count"), [((), 2), (("constructor",), 4)])
def test_models_without_the_view_run_once(worker: Worker, views: tuple[str, ...], count: int) -> None:
    counting = Counting(worker)
    codes = [f"keras.Sequential([keras.Input((4,)), layers.Dense({units})])" for units in (1, 2)]
    more = dict.fromkeys(views, True)
    answers(counting, [request(code, **more) for code in codes])  # type: ignore[arg-type]
    assert counting.count == count
