"""A page shows the shapes that calls give, whatever layers declare: each is held against a real call."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from importlib.metadata import version
from inspect import cleandoc

import pytest
from packaging.version import Version

from sphinx_kerasshape.messages.layers import remarks
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Model, Report
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.projects import Project
from tests.support.workers import answers, request

OLD = Version(version("keras")) < Version("3.7")
LAYERS = """
    class Doubles(layers.Layer):
        def call(self, x):
            return keras.ops.concatenate([x, x], -1)

        def compute_output_shape(self, shape):
            return shape

    class Casts(layers.Layer):
        def call(self, x):
            return keras.ops.cast(x, "int32")

        def compute_output_spec(self, x):
            return keras.KerasTensor(x.shape, "float32")

    class Pools(layers.Layer):
        def call(self, x):
            return keras.ops.mean(x, 1)

        def compute_output_shape(self, shape):
            return shape

    class Keeps(layers.Layer):
        def call(self, x):
            return x * 2

        def compute_output_shape(self, shape):
            return shape

    inputs = keras.Input((6, 4), name="inputs")
"""
CASES = {
    "scores": (
        """
        query, memory = keras.Input((10, 8)), keras.Input((20, 8))
        model = keras.Model(
            [query, memory],
            layers.MultiHeadAttention(2, 4, name="wrong")(query, memory, return_attention_scores=True),
        )
        """,
        ["wrong"],
    ),
    "shape": ("model = keras.Model(inputs, layers.ReLU()(Doubles(name='wrong')(inputs)))", ["wrong"]),
    "dtype": ("model = keras.Model(inputs, Casts(name='wrong')(inputs))", ["wrong"]),
    "rank": ("model = keras.Model(inputs, Pools(name='wrong')(inputs))", ["wrong"]),
    "right": ("model = keras.Model(inputs, Keeps(name='right')(inputs))", []),
    "sequential": (
        "model = keras.Sequential([keras.Input((6, 4)), Doubles(name='wrong'), layers.Softmax()])",
        ["wrong"],
    ),
    "nested": (
        """
        inner = keras.Sequential([keras.Input((6, 4)), Doubles(name="wrong")], name="inner")
        model = keras.Model(inputs, layers.Flatten()(inner(inputs)))
        """,
        ["inner/wrong"],
    ),
    "several": (
        "model = keras.Sequential([keras.Input((6, 4)), *(Doubles(name=f'wrong{n}') for n in range(3))])",
        ["wrong0"],
    ),
    "activation": (
        "model = keras.Model(inputs, layers.Dense(4, activation=lambda x: x[..., :2], name='wrong')(inputs))",
        ["wrong"],
    ),
    "halving": (
        "model = keras.Model(inputs, layers.Dense(4, activation='glu', name='wrong')(inputs))",
        ["wrong"],
    ),
    "layer-as-activation": (
        """
        inner = keras.Sequential([layers.Dense(5)])
        model = keras.Model(inputs, layers.Dense(4, activation=inner, name="wrong")(inputs))
        """,
        ["wrong"],
    ),
    "open-promise": (
        "model = keras.Model(inputs, layers.EinsumDense('abc,cd->abd', output_shape=(None, 3))(inputs))",
        [],
    ),
    "own-call-of-an-instance": (
        """
        model = keras.Model(inputs, layers.Dense(4, name="dense")(inputs))
        given = model.call
        model.call = lambda x, **more: given(x, **more)[:, :2]
        """,
        [],
    ),
    "own-call-method": (
        """
        class Own(keras.Model):
            def __call__(self, x, **more):
                return super().__call__(x, **more)[:, :2]

        model = Own(inputs, layers.Dense(4, name="dense")(inputs))
        """,
        [],
    ),
    "wrapped": ("model = keras.Model(inputs, layers.TimeDistributed(layers.Dense(3))(inputs))", []),
    "method": (
        """
        layer = layers.Dense(4, name="wrong")
        layer.call = lambda x: x[:, :3]
        model = keras.Model(inputs, layer(inputs))
        """,
        ["wrong"],
    ),
    "more-than-its-graph": (
        """
        class More(keras.Model):
            def __init__(self):
                super().__init__(inputs, layers.Dense(4)(inputs))
                self.more = layers.Dense(7, name="more")

            def call(self, x):
                return self.more(super().call(x))

        model = More()
        """,
        [],
    ),
    "more-than-its-layers": (
        """
        class More(keras.Sequential):
            def call(self, x, training=None, mask=None):
                return layers.concatenate([super().call(x), x])

        model = More([inputs, layers.Dense(3), layers.Dense(10)])
        """,
        [],
    ),
    "tf-function": (
        """
        class Own(keras.Model):
            def __init__(self):
                super().__init__()
                self.first, self.second = layers.Dense(4, name="first"), layers.Dense(3, name="second")

            @tf.function
            def call(self, x):
                x = self.first(x)
                if tf.reduce_sum(x) > 0:
                    x = -x
                return self.second(x)

        model = Own()
        model(tf.zeros((2, 6, 4)))
        """,
        [],
    ),
}
CALL = """
inputs = model.inputs if hasattr(model, "inputs") else [inputs]
arguments = [tf.zeros((3, *tensor.shape[1:]), tensor.dtype) for tensor in inputs]
made = model(arguments if len(arguments) > 1 else arguments[0])
print([(tuple(tensor.shape), tensor.dtype.name) for tensor in tf.nest.flatten(made)])
"""


def read(worker: Worker, code: str) -> tuple[Model, str, list[str]]:
    """Return a model, what its code prints, and the layers that declare something else."""
    (answer,) = answers(worker, [request(f"{cleandoc(LAYERS)}\n{cleandoc(code)}\n{CALL}")])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    wrong = [text.split("'")[1] for problem, text in remarks_of(answer) if problem is Problem.DECLARED]
    return answer.model, answer.output, wrong


def remarks_of(report: Report) -> tuple[tuple[Problem, str], ...]:
    from sphinx_kerasshape.messages.layers import remarks

    return remarks(report)


@pytest.mark.parametrize("name", CASES)
def test_outputs_are_those_of_a_call(name: str, worker: Worker) -> None:
    code, wrong = CASES[name]
    model, output, found = read(worker, code)
    real = ast.literal_eval(output.splitlines()[-1])
    said = [((3, *tensor.shape[1:]), tensor.dtype) for tensor in model.outputs]
    assert said == real
    assert found == wrong
    if model.trailing:
        return
    # The table ends with what the model gives.
    last = [row for row in model.layers if row.depth == 0][-1].calls[-1].outputs
    assert [(3, *tensor.shape[1:]) for tensor in last] == [shape for shape, _ in real]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dtype", "layer", "shape", "gives"),
    [
        ("int32", "layers.Hashing(5, output_mode='one_hot')", (None, None, 5), "float32"),
        ("int32", "layers.IntegerLookup(vocabulary=[1], output_mode='one_hot')", (None, None, 2), "int64"),
        ("float32", "Halves()", (None, None, 2), "float32"),
    ],
)
def test_outputs_for_open_axes_are_those_of_calls(
    dtype: str, layer: str, shape: tuple[int | None, ...], gives: str, worker: Worker
) -> None:
    """Neither a layer that can't be traced with open axes, nor one that does something else then."""
    code = f"""
        class Halves(layers.Layer):
            def call(self, x):
                return keras.ops.reshape(x, (-1, x.shape[1] or 1))[:, 1:, None] * [1.0, 2.0]

        inputs = keras.Input((None,), dtype={dtype!r})
        model = keras.Model(inputs, {layer}(inputs))
        made = model(tf.zeros((3, 7), {dtype!r}))
        print(len(made.shape), made.shape[-1], made.dtype.name)
    """
    (answer,) = answers(worker, [request(cleandoc(code))])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    assert answer.output.split() == [str(len(shape)), str(shape[-1]), gives]
    assert [(one.shape, one.dtype) for one in answer.model.outputs] == [(shape, gives)]


def test_a_layer_that_refuses_what_another_really_gives_is_named(worker: Worker) -> None:
    code = (
        f"{cleandoc(LAYERS)}\nkeras.Sequential([inputs, Doubles(name='wrong'), layers.Dense(3, name='next')])"
    )
    (answer,) = answers(worker, [request(code)])
    assert isinstance(answer, Report), answer
    ((_, remark),) = remarks(answer)
    assert "; the model can't be called, since layer 'next' refuses that (ValueError: Input 0 " in remark


def test_layers_under_tf_function_have_their_calls(worker: Worker) -> None:
    model, _, _ = read(worker, CASES["tf-function"][0])
    assert [(row.name, row.calls[0].outputs[0].shape, row.calls[0].sources) for row in model.layers] == [
        ("first", (None, 6, 4), ("x",)),
        ("second", (None, 6, 3), ("first",)),
    ]


PAGES = {
    "page.rst": """\
Page
====

.. keras:model:: attention

   query, memory = keras.Input((10, 8)), keras.Input((20, 8))
   attention = layers.MultiHeadAttention(2, 4, name="attention")
   model = keras.Model([query, memory], attention(query, memory, return_attention_scores=True))

The scores are :keras:shape:`(None, 10, 8), (None, 2, 10, 20) <attention.output>`.
""",
    "page.md": """\
# Page

```{keras:model} attention
query, memory = keras.Input((10, 8)), keras.Input((20, 8))
attention = layers.MultiHeadAttention(2, 4, name="attention")
model = keras.Model([query, memory], attention(query, memory, return_attention_scores=True))
```

The scores are {keras:shape}`(None, 10, 8), (None, 2, 10, 20) <attention.output>`.
""",
}


@pytest.mark.parametrize(("name", "line"), [("page.rst", 4), ("page.md", 3)])
def test_a_layer_that_declares_something_else_is_named_in_each_build(
    name: str, line: int, make_project: Callable[..., Project]
) -> None:
    project = make_project({name: PAGES[name]})
    for _ in range(2):
        built = project.build("text")
        (warning,) = built.warnings
        assert warning.startswith(
            f"{name}:{line}: WARNING: model 'attention': layer 'attention' (MultiHeadAttention, Keras "
        )
        assert (
            "declares the output (None, 10, 8) float32, (None, 2, 10, 10) float32, but a call gives "
            "(None, 10, 8) float32, (None, 2, 10, 20) float32, which the page shows: " in warning
        )
        assert warning.endswith("[kerasshape.declared]")
    assert "(None, 2, 10, 20)" in built.page("page.txt")
    assert "(None, 2, 10, 10)" not in built.page("page.txt")


THAWED = """
base = keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(96, 96, 3), pooling="avg")
base.trainable = False
for layer in base.layers[-4:]:
    layer.trainable = True
model = keras.Sequential([base, layers.Dense(2)])
print(sum(int(np.prod(weight.shape)) for weight in model.trainable_weights))
"""


@pytest.mark.skipif(OLD, reason="this Keras does not build a Sequential model from a model in it")
def test_rows_train_what_the_model_trains(worker: Worker) -> None:
    (answer,) = answers(worker, [request("import numpy as np\n" + THAWED)])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    rows = answer.model.layers
    assert (
        sum(row.trainable for row in rows if row.depth == 0) == answer.model.trainable == int(answer.output)
    )
    inner = [row for row in rows if row.depth == 1]
    assert sum(row.trainable for row in inner) == rows[0].trainable > 0


HELD = """
class Holder:
    def __init__(self):
        self.layer = layers.Dense(5, name="held")

class Net(keras.Model):
    def __init__(self):
        super().__init__(name="net")
        self.holder = Holder()
        self.out = layers.Dense(2, name="out")

    def call(self, x):
        return self.out(self.holder.layer(x))

model = Net()
"""
REMARK = (
    "layer 'held' is called, but Keras does not track it, so its 55 parameters are neither counted "
    "nor trained: make it an attribute of the model, or of one of its layers"
)


def test_rows_of_layers_that_keras_does_not_track(make_project: Callable[..., Project]) -> None:
    body = "\n".join(f"   {line}".rstrip() for line in HELD.strip().splitlines())
    pages = {
        "page.rst": f"Page\n====\n\n.. keras:model:: net\n   :input: (None, 10)\n\n{body}\n",
        "page2.md": f"# Page\n\n```{{keras:model}} net2\n:input: (None, 10)\n{HELD.strip()}\n```\n",
    }
    built = make_project(pages).build("text")
    assert built.warnings == [
        f"page.rst:4: WARNING: model 'net': {REMARK} [kerasshape.untracked]",
        f"page2.md:3: WARNING: model 'net2': {REMARK} [kerasshape.untracked]",
    ]
    for page in ("page.txt", "page2.txt"):
        table = re.sub(r"[ |=+-]+", " ", built.page(page))
        assert "held (not tracked) (None, 5) 0" in table
        assert "out (None, 2) 12" in table
        assert "Total params 12" in table


@pytest.mark.parametrize(
    "made",
    [
        # Held by an object that a layer holds, and by the function of another layer.
        "Outer()",
        "layers.Lambda(lambda x: held.layer(x))",
    ],
)
def test_layers_that_keras_does_not_track_in_other_layers(worker: Worker, made: str) -> None:
    code = f"""
        class Outer(layers.Layer):
            def __init__(self):
                super().__init__()
                self.held = held
            def build(self, shape):
                self.scale = self.add_weight(shape=(5,))
            def call(self, x):
                return self.held.layer(x) * self.scale

        class Plain(layers.Layer):
            def build(self, shape):
                self.scale = self.add_weight(shape=(5,))
            def call(self, x):
                return x * self.scale

        held = Holder()
        model = keras.Sequential([keras.Input((10,)), {made}, Plain()])
    """
    holder = HELD[: HELD.index("class Net")]
    (answer,) = answers(worker, [request(holder + cleandoc(code))])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    rows = [(row.name, row.depth, row.params, row.note) for row in answer.model.layers]
    assert ("held", 1, 0, "untracked 55") in rows
    assert rows[-1][1:] == (0, 5, "")
    ((problem, text),) = remarks_of(answer)
    assert problem is Problem.UNTRACKED
    assert text.endswith(REMARK.partition("' ")[2])


TIED = """
class Language(keras.Model):
    def __init__(self):
        super().__init__(name="language")
        self.embed = layers.Embedding(50, 16, name="embed")
        self.lstm = layers.LSTM(16, return_sequences=True, name="lstm")

    def call(self, words):
        x = self.lstm(self.embed(words))
        return keras.ops.matmul(x, keras.ops.transpose(self.embed.embeddings))

model = Language()
"""


@pytest.mark.parametrize("name", ["page.rst", "page.md"])
def test_a_table_ends_with_what_the_model_gives(name: str, make_project: Callable[..., Project]) -> None:
    body = TIED.strip()
    indented = "\n".join(f"   {line}".rstrip() for line in body.splitlines())
    pages = {
        "page.rst": "Page\n====\n\n.. keras:model:: language\n   :input: (None, None) int32\n\n"
        f"{indented}\n\n"
        "It gives :keras:shape:`(None, None, 50) <language.output>`, from "
        ":keras:shape:`(None, None, 16) <language/[-1].output>`.\n",
        "page.md": f"# Page\n\n```{{keras:model}} language\n:input: (None, None) int32\n{body}\n```\n\n"
        "It gives {keras:shape}`(None, None, 50) <language.output>`, from "
        "{keras:shape}`(None, None, 16) <language/[-1].output>`.\n",
    }
    built = make_project({name: pages[name]}).build("text")
    assert built.warnings == []
    rows = re.findall(r"^\| (.*) \|$", built.page("page.txt"), re.MULTILINE)
    assert [re.split(r" *\| *", row.strip(" |"))[:2] for row in rows[1:]] == [
        ["embed", "(None, None, 16)"],
        ["lstm", "(None, None, 16)"],
        ["Output", "(None, None, 50)"],
        ["Total params", ""],
    ]


@pytest.mark.skipif(OLD, reason="this Keras does not build a Sequential model from a model in it")
def test_reading_makes_no_models_of_its_own(worker: Worker) -> None:
    """Keras numbers models as they are made, also between the author's."""
    code = """
        first = keras.Model(inputs := keras.Input((2,)), layers.Dense(2)(inputs))
        x = first(keras.Input((2,)))
        second = keras.Model(more := keras.Input((2,)), layers.Dense(2)(more))
        print(first.name, second.name)
        model = keras.Sequential([first, second])
    """
    (answer,) = answers(worker, [request(cleandoc(code))])
    assert isinstance(answer, Report), answer
    assert answer.output == "functional functional_1\n"
