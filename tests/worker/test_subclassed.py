"""Models that are classes with a call() of their own, and layers made of layers: read from their calls."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from inspect import cleandoc

import pytest
from packaging.version import Version

from sphinx_kerasshape.messages.report import Failure, Model, Report
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.projects import Project
from tests.support.workers import answers, request

Show = Callable[..., str]

TAGGER = """
    class Block(layers.Layer):
        def __init__(self, units):
            super().__init__(name="block")
            self.dense, self.norm = layers.Dense(units, name="dense"), layers.LayerNormalization(name="norm")

        def call(self, x):
            return self.norm(self.dense(x))

    class Tagger(keras.Model):
        def __init__(self):
            super().__init__(name="tagger")
            self.block = Block(8)
            self.lstm = layers.LSTM(16, name="lstm")
            self.out = layers.Dense(2, name="out")

        def call(self, x):
            return self.out(self.lstm(self.block(x)))
"""


@pytest.fixture
def show(worker: Worker) -> Show:
    """Return a function that runs a code and writes its model as text, a line a call of a layer."""

    def run(code: str, **options: str) -> str:
        (answer,) = answers(worker, [request(cleandoc(code), **options)])
        assert isinstance(answer, Report), answer
        assert answer.model is not None
        return written(answer.model)

    return run


@pytest.fixture
def failure(worker: Worker) -> Callable[..., Failure]:
    def run(code: str, **options: str) -> Failure:
        (answer,) = answers(worker, [request(cleandoc(code), **options)])
        assert isinstance(answer, Failure), answer
        return answer

    return run


def written(model: Model) -> str:
    ends = [", ".join(str(tensor.shape) for tensor in end) for end in (model.inputs, model.outputs)]
    lines = [f"{' -> '.join(ends)} {model.params}"]
    for row in model.layers:
        marks = "".join(f" ({mark})" for mark in (row.note, row.shared and f"shared {row.shared}") if mark)
        start = f"{'  ' * row.depth}{row.name} {row.type} {row.params}{marks}"
        calls = [
            f"{start}: {', '.join(call.sources)} -> {', '.join(str(one.shape) for one in call.outputs)}"
            for call in row.calls
        ]
        lines += calls or [start]
    return "\n".join(lines)


def expected(text: str) -> str:
    return cleandoc(text)


TAGGER_ROWS = """
    (None, None, 50) -> (None, 2) 2058
    block Block 424: x -> (None, None, 8)
      dense Dense 408: x -> (None, None, 8)
      norm LayerNormalization 16: dense -> (None, None, 8)
    lstm LSTM 1600: block -> (None, 16)
    out Dense 34: lstm -> (None, 2)
"""


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("model = Tagger()", "(None, None, 50)"),
        ("model = Tagger()\n    model.build((None, None, 50))", ""),
        ("model = Tagger()\n    model(keras.Input((None, 50)))", ""),
        # Whatever the code called it with before.
        ("model = Tagger()\n    model(tf.zeros((4, 7, 50)))", "(None, None, 50)"),
    ],
)
def test_the_reference_value(code: str, given: str, show: Show) -> None:
    assert show(TAGGER + "\n    " + code, input=given) == expected(TAGGER_ROWS)


@pytest.mark.parametrize(
    "use",
    ["model(tf.zeros((4, 7, 50)))", "import numpy\n    model.predict(numpy.zeros((4, 7, 50)), verbose=0)"],
)
def test_a_call_with_values_leaves_the_batch_open(use: str, show: Show) -> None:
    found = show(f"{TAGGER}\n    model = Tagger()\n    {use}")
    assert found == expected(TAGGER_ROWS).replace("(None, None, ", "(None, 7, ")


def test_a_sequential_model_inside_has_the_batch_of_the_call(show: Show) -> None:
    """Keras builds it for the batch of its first call."""
    code = """
        class Coder(keras.Model):
            def __init__(self):
                super().__init__(name="coder")
                inner = keras.Sequential([layers.Dense(3, name="deep")], name="inner")
                self.half = keras.Sequential([inner, layers.Dense(5, name="wide")], name="half")

            def call(self, x):
                return self.half(x)

        model = Coder()
        model(tf.zeros((2, 4)))
    """
    assert show(code) == expected(
        """
        (None, 4) -> (None, 5) 35
        half Sequential 35: x -> (None, 5)
          inner Sequential 15: input_layer -> (None, 3)
            deep Dense 15: input_layer_1 -> (None, 3)
          wide Dense 20: inner -> (None, 5)
        """
    )


def test_a_call_that_needs_values(show: Show) -> None:
    code = """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.dense, self.pool = layers.Dense(4, name="dense"), layers.AveragePooling1D(2, name="pool")
            def call(self, x):
                if tf.reduce_sum(x) > 0:
                    x = x * 2
                return self.pool(self.dense(x.numpy()))
        model = Net()"""
    assert show(code, input="(None, None, 3)") == expected("""
        (None, None, 3) -> (None, None, 4) 16
        dense Dense 16:  -> (None, None, 4)
        pool AveragePooling1D 0: dense -> (None, None, 4)""")


def test_a_loop_whose_length_depends_on_the_input(show: Show) -> None:
    code = """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.dense = layers.Dense(3, name="dense")
            def call(self, x):
                for _ in range(int(tf.shape(x)[1])):
                    x = self.dense(x)
                return x
        model = Net()"""
    two_calls = show(code, input="(None, None, 3)")
    assert two_calls.splitlines()[1:] == [
        "dense Dense 12: x -> (None, None, 3)",
        "dense Dense 12: dense[0][0] -> (None, None, 3)",
    ]


@pytest.mark.skipif(
    Version(version("keras")) < Version("3.7"),
    reason="attention calls its softmax as a layer up to Keras 3.6",
)
def test_layers_made_of_layers(show: Show) -> None:
    code = """
        x = inputs = keras.Input((None, 6), name="in")
        x = layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="both")(x)
        x = layers.MultiHeadAttention(2, 3, name="attend")(x, x)
        x = layers.TimeDistributed(layers.Dense(5, name="dense"), name="each")(x)
        x = layers.RNN([layers.LSTMCell(3, name="one"), layers.GRUCell(2, name="two")], name="rnn")(x)
        model = keras.Model(inputs, layers.Dense(1, activation=layers.PReLU(name="act"), name="out")(x))"""
    found = show(code)
    cells = "(None, 2), (None, 3), (None, 3), (None, 2)"
    assert found == expected(f"""
        (None, None, 6) -> (None, 1) 769
        in InputLayer 0:  -> (None, None, 6)
        both Bidirectional 352: in -> (None, None, 8)
          forward_lstm LSTM 176: sequences -> (None, None, 4)
          backward_lstm LSTM 176: sequences -> (None, None, 4)
        attend MultiHeadAttention 218: both, both -> (None, None, 8)
          query EinsumDense 54: query -> (None, None, 2, 3)
          key EinsumDense 54: value -> (None, None, 2, 3)
          value EinsumDense 54: value -> (None, None, 2, 3)
          attention_output EinsumDense 56: query, key, value -> (None, None, 8)
        each TimeDistributed 45: attend -> (None, None, 5)
          dense Dense 45: inputs -> (None, 5)
        rnn RNN 150: each -> (None, 2)
          stacked_rnn_cells StackedRNNCells 150: sequences, sequences, sequences, sequences -> {cells}
            one LSTMCell 108: inputs, states, states -> (None, 3), (None, 3), (None, 3)
            two GRUCell 42: one[0][1], states -> (None, 2), (None, 2)
        out Dense 4: rnn -> (None, 1)
          kernel Variable 2
          bias Variable 1
          act PReLU 1: inputs -> (None, 1)""")


def test_shared_weights_are_counted_once(show: Show) -> None:
    code = """
        class Tower(layers.Layer):
            def __init__(self, dense, **more):
                super().__init__(**more)
                self.dense, self.own = dense, layers.Dense(2, name="own")
            def call(self, x):
                return self.own(self.dense(x))
        class Pair(keras.Model):
            def __init__(self):
                super().__init__()
                dense = layers.Dense(4, name="dense")
                self.left, self.right = Tower(dense, name="left"), Tower(dense, name="right")
            def call(self, a, b):
                return {"sum": self.left(a) + self.right(b), "again": self.left(b)}
        model = Pair()"""
    assert show(code, input="[(None, 3), (None, 3)]") == expected("""
        (None, 3), (None, 3) -> (None, 2), (None, 2) 36
        left Tower 26: a -> (None, 2)
        left Tower 26: b -> (None, 2)
          dense Dense 16: x -> (None, 4)
          dense Dense 16: x -> (None, 4)
          own Dense 10: dense[0][0] -> (None, 2)
          own Dense 10: dense[1][0] -> (None, 2)
        right Tower 26 (shared 16): b -> (None, 2)
          dense Dense 16 (shared 16): x -> (None, 4)
          own Dense 10: dense -> (None, 2)""")


def test_layers_that_are_not_called_say_so(show: Show) -> None:
    code = """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.out, self.spare = layers.Dense(2, name="out"), layers.Dense(9, name="spare")
                self.head = layers.Dense(3, name="head")
            def call(self, x, training=False):
                if training:
                    self.head(x)
                return self.out(x)
        model = Net()"""
    assert show(code, input="(None, 4)") == expected("""
        (None, 4) -> (None, 2) 10
        out Dense 10: x -> (None, 2)
        spare Dense 0 (uncalled)
        head Dense 0 (training)""")


def test_weights_of_the_model_itself(show: Show) -> None:
    code = """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.token = self.add_weight(shape=(1, 1, 6), name="token", trainable=False)
                self.out = layers.Dense(2, name="out")
            def call(self, x):
                return self.out(x + self.token)
        model = Net()"""
    assert show(code, input="(None, None, 6)") == expected("""
        (None, None, 6) -> (None, None, 2) 20
        token Variable 6
        out Dense 14: x -> (None, None, 2)""")


def test_dicts_in_and_out(show: Show) -> None:
    code = """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.embed, self.dense = layers.Embedding(9, 4, name="embed"), layers.Dense(2, name="dense")
            def call(self, inputs):
                x = self.embed(inputs["ids"]) * inputs["mask"][..., None]
                return {"tags": self.dense(x), "ids": inputs["ids"]}
        model = Net()"""
    given = "{'ids': (None, 7) int32, 'mask': (None, 7)}"
    assert show(code, input=given) == expected("""
        (None, 7), (None, 7) -> (None, 7), (None, 7, 2) 46
        embed Embedding 36: ids -> (None, 7, 4)
        dense Dense 10: embed, mask -> (None, 7, 2)""")


def test_frozen_parts_have_nothing_trainable_inside(worker: Worker) -> None:
    code = TAGGER + "\n    model = Tagger()\n    model.block.trainable = False"
    (answer,) = answers(worker, [request(cleandoc(code), input="(None, None, 50)")])
    assert isinstance(answer, Report)
    assert answer.model is not None
    assert (answer.model.trainable, answer.model.non_trainable) == (1634, 424)
    assert [row.trainable for row in answer.model.layers] == [0, 0, 0, 1600, 34]


def test_names_that_collide(worker: Worker) -> None:
    code = """
        class Net(keras.Model):
            def __init__(self):
                super().__init__(name="net")
                self.blocks = [layers.Dense(3, name="same"), layers.Dense(3, name="same")]
            def call(self, x):
                for block in self.blocks:
                    x = block(x)
                return x
        model = Net()"""
    (answer,) = answers(worker, [request(cleandoc(code), input="(None, 3)")])
    assert isinstance(answer, Report)
    assert answer.model is not None
    assert answer.model.params == 24
    assert [weight.path for row in answer.model.layers for weight in row.weights] == [
        "net/same/kernel",
        "net/same/bias",
        "net/same/kernel (2)",
        "net/same/bias (2)",
    ]


def test_an_input_that_the_model_refuses(failure: Callable[..., Failure]) -> None:
    code = TAGGER + "\n    model = Tagger()\n    model(tf.zeros((1, 4, 50)))"
    found = failure(code, input="(None, None, 40)")
    assert found.problem == "unbuilt"
    assert found.message.startswith(
        "the model can't be built with :input: (None, None, 40)\n"
        "ValueError: Exception encountered when calling Block.call().\n"
    )
    assert "expected axis -1 of input shape to have value 50" in found.message
    assert [(frame.line, frame.text) for frame in found.frames] == [
        (17, "return self.out(self.lstm(self.block(x)))"),
        (7, "return self.norm(self.dense(x))"),
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("(None, 3)", "missing a required argument: 'b'"),
        ("[(None, 3), (None, 3), (None, 3)]", "too many positional arguments"),
    ],
)
def test_a_wrong_number_of_inputs(given: str, said: str, failure: Callable[..., Failure]) -> None:
    code = """
        class Net(keras.Model):
            def call(self, a, b):
                return a + b
        model = Net()"""
    found = failure(code, input=given)
    assert found.message.startswith(f"the model can't be built with :input: {given}\nTypeError: ")
    assert said in found.message


BUILT = """
    class Net(keras.Model):
        def __init__(self):
            super().__init__(name="net")
            self.dense = layers.Dense(4, name="dense")
        def call(self, x, PARAMETERS):
            return self.dense(x)
        def build(self, shape):
            self.dense.build(shape)
            self.built = True
    model = Net()
    model.build((None, 3))
"""


def test_a_model_that_is_built_with_less_than_its_call_requires(
    show: Show, failure: Callable[..., Failure]
) -> None:
    assert "(None, 4)" in show(BUILT.replace("PARAMETERS", "training, mask"))
    found = failure(BUILT.replace("PARAMETERS", "training, *, factor"))
    assert (found.problem, "add its input to the directive" in found.message) == ("unbuilt", True)


PAGES = {
    "page.md": """
        # Page

        ```{keras:model} tagger
        :input: (None, None, 50)
        :depth: all
        CODE
        model = Tagger()
        ```

        Its block gives {keras:shape}`(None, None, 8) <tagger/block/dense.output>`, from
        {keras:params}`408 <tagger/block/dense>` params.
        """,
    "page.rst": """
        Page
        ====

        .. keras:model:: tagger
           :input: (None, None, 50)
           :depth: all

           CODE
           model = Tagger()

        Its block gives :keras:shape:`(None, None, 8) <tagger/block/dense.output>`, from
        :keras:params:`408 <tagger/block/dense>` params.
        """,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page(name: str, make_project: Callable[..., Project]) -> None:
    indent = " " * (3 if name.endswith("rst") else 0)
    code = cleandoc(TAGGER).replace("\n", f"\n{indent}")
    built = make_project({name: cleandoc(PAGES[name]).replace("CODE", code)}).build("text")
    assert built.warnings == []
    text = built.page("page.txt").split("model = Tagger()\n\n")[1]
    assert text == TEXT


TEXT = """\
+--------------+-----------------+--------+
| Layer        | Output shape    | Params |
|==============|=================|========|
| block        | (None, None, 8) | 424    |
+--------------+-----------------+--------+
| block/dense  | (None, None, 8) | 408    |
+--------------+-----------------+--------+
| block/norm   | (None, None, 8) | 16     |
+--------------+-----------------+--------+
| lstm         | (None, 16)      | 1,600  |
+--------------+-----------------+--------+
| out          | (None, 2)       | 34     |
+--------------+-----------------+--------+
| Total params |                 | 2,058  |
+--------------+-----------------+--------+

Its block gives (None, None, 8), from 408 params.
"""


MARKED = """
    class Twice(layers.Layer):
        def __init__(self, dense, **more):
            super().__init__(**more)
            self.dense, self.own = dense, layers.Dense(4, name="own")

        def call(self, x):
            return self.own(self.dense(x))

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            dense = layers.Dense(4, name="dense")
            self.one, self.two = Twice(dense, name="one"), Twice(dense, name="two")
            self.spare, self.drop = layers.Dense(9, name="spare"), layers.Dropout(0.5, name="drop")

        def call(self, x, training=False):
            x = self.two(self.one(x))
            return self.drop(x) if training else x

    model = Net()
"""


@pytest.mark.parametrize(
    ("language", "remarks"),
    [
        ("en", ["(partly shared)", "(shared)", "(not called)", "(called in training only)"]),
        ("de", ["(teils gemeinsam)", "(gemeinsam)", "(nicht aufgerufen)", "(nur im Training aufgerufen)"]),
    ],
)
def test_remarks(language: str, remarks: list[str], make_project: Callable[..., Project]) -> None:
    head = "```{keras:model} net\n:input: (None, 4)\n:depth: all\n:show: table\n"
    project = make_project(
        {"index.md": f"# Net\n\n{head}{cleandoc(MARKED)}\n```\n"}, f"language = '{language}'"
    )
    built = project.build("text")
    assert built.warnings == []
    rows = [line.split("|")[1:-1] for line in built.page("index.txt").splitlines() if line.startswith("| ")]
    partly, shared, uncalled, training = remarks
    assert [[cell.strip() for cell in row] for row in rows[1:]] == [
        ["one", "(None, 4)", "40", "x"],
        ["one/dense", "(None, 4)", "20", "x"],
        ["one/own", "(None, 4)", "20", "dense"],
        [f"two {partly}", "(None, 4)", "40", "one"],
        [f"two/dense {shared}", "(None, 4)", "–", "x"],
        ["two/own", "(None, 4)", "20", "dense"],
        [f"spare {uncalled}", "–", "0", "–"],
        [f"drop {training}", "–", "0", "–"],
    ]


CALLS = """
    class Net(keras.Model):
        def __init__(self):
            super().__init__(name="net")
            self.one, self.two = layers.Dense(3, name="one"), layers.Dense(3, name="two")

        def call(self, {parameters}):
            {body}

    model = Net()
    {code}
"""
REPLAYED = {
    # parameters, body, the author's call, the calls of the layers
    "required-training": (
        "x, training",
        "return self.one(x)",
        "model(tf.zeros((2, 4)), training=False)",
        "one",
    ),
    "keyword-only": (
        "x, *, more",
        "return self.one(x) + self.two(more)",
        "model(tf.zeros((2, 4)), more=tf.zeros((2, 5)))",
        "one two",
    ),
    "several": (
        "*inputs",
        "return self.one(inputs[0]) + self.two(inputs[1])",
        "model(tf.zeros((2, 4)), tf.zeros((2, 5)))",
        "one two",
    ),
    "optional-list": (
        "x, extras=None",
        "return self.one(x) if extras is None else self.one(x) + self.two(extras[0])",
        "model(tf.zeros((2, 4)), extras=[tf.zeros((2, 5)), tf.zeros((2, 5))])",
        "one two",
    ),
    "mask": (
        "x, mask=None",
        "return self.one(x) if mask is None else self.two(self.one(x))",
        "model(tf.zeros((2, 6, 4)), mask=tf.ones((2, 6), 'bool'))",
        "one two",
    ),
    "required-mask": ("x, mask", "return self.one(x)", "model(tf.zeros((2, 6, 4)), mask=None)", "one"),
    "flag": (
        "x, twice=False",
        "return self.two(self.one(x)) if twice else self.one(x)",
        "model(tf.zeros((2, 4)), twice=True)",
        "one two",
    ),
    "training-is-left-to-the-model": (
        "x, training=False",
        "return self.two(self.one(x)) if training else self.one(x)",
        "model(tf.zeros((2, 4)), training=True)",
        "one",
    ),
}


@pytest.mark.parametrize("name", REPLAYED)
def test_calls_are_made_as_the_author_made_them(name: str, worker: Worker) -> None:
    parameters, body, code, called = REPLAYED[name]
    (answer,) = answers(
        worker, [request(cleandoc(CALLS.format(parameters=parameters, body=body, code=code)))]
    )
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    assert [row.name for row in answer.model.layers if row.calls] == called.split()


FED = {
    "any-keyword": (
        "x, **more",
        "return self.one(x) + self.two(more['extra'])",
        "{'x': (None, 4), 'extra': (None, 5)}",
        "one two",
    ),
    "any-keyword-but-one-input": (
        "inputs, **more",
        "return self.one(inputs['x'])",
        "{'x': (None, 4), 'y': (None, 5)}",
        "one",
    ),
    "required-training": ("x, training", "return self.one(x)", "(None, 4)", "one"),
    "keyword-only": (
        "x, *, more",
        "return self.one(x) + self.two(more)",
        "{'x': (None, 4), 'more': (None, 5)}",
        "one two",
    ),
    "several": (
        "*inputs",
        "return self.one(inputs[0]) + self.two(inputs[1])",
        "[(None, 4), (None, 5)]",
        "one two",
    ),
    "mask": (
        "x, mask=None",
        "return self.one(x) if mask is None else self.two(self.one(x))",
        "{'x': (None, 6, 4), 'mask': (None, 6) bool}",
        "one two",
    ),
    "optional-list": (
        "x, extras=None",
        "return self.one(x) if extras is None else self.one(x) + self.two(extras[0])",
        "{'x': (None, 4), 'extras': [(None, 5), (None, 5)]}",
        "one two",
    ),
}


@pytest.mark.parametrize("name", FED)
def test_an_input_feeds_each_parameter(name: str, worker: Worker) -> None:
    parameters, body, given, called = FED[name]
    code = cleandoc(CALLS.format(parameters=parameters, body=body, code=""))
    (answer,) = answers(worker, [request(code, input=given)])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    assert [row.name for row in answer.model.layers if row.calls] == called.split()


@pytest.mark.parametrize(
    ("start", "is_kept", "keep", "kept"),
    [
        ("self.memory = None", "self.memory is not None", "self.memory = ", "self.memory"),
        ("self.memory = {}", "'x' in self.memory", "self.memory['x'] = ", "self.memory['x']"),
        ("pass", "hasattr(self, '_memory')", "self._memory = ", "self._memory"),
    ],
)
def test_values_kept_from_the_first_call(
    worker: Worker, start: str, is_kept: str, keep: str, kept: str
) -> None:
    """A layer that only the first call calls has its row, and the author's code keeps its values."""
    code = f"""
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.dense, self.out = layers.Dense(3, name="d"), layers.Dense(2, name="out")
                {start}

            def build(self, shape):
                self.dense.build((None, 4))
                self.out.build((None, 3))

            def call(self, x):
                if not ({is_kept}):
                    {keep}self.dense(keras.ops.ones((1, 4)))
                return self.out(x[:, :3] + {kept})

        model = Net()
        model(keras.ops.zeros((2, 4)))
    """
    read = request(cleandoc(code))
    later = request(f"self = model\nprint({kept}.shape)", kind="code", earlier=(read.step(),))
    answer, printed = answers(worker, [read, later])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    rows = {row.name: [call.outputs[0].shape for call in row.calls] for row in answer.model.layers}
    assert rows == {"d": [(1, 3)], "out": [(None, 2)]}
    assert isinstance(printed, Report), printed
    assert printed.output == "(1, 3)\n"
