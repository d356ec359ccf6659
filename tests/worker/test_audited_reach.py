"""Documents whose models come from loops and from data that is not here: what an audit says of them."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from pathlib import Path

import pytest

from sphinx_kerasshape.run.worker_process import Worker
from tests.support.corpus.audits import Audits

HEAD = "```python\nimport keras\nimport numpy as np\nfrom keras import layers\n```\n\n"
TABLE = """\
Model: "sequential"
_________________________________________________________________
Layer (type)                 Output Shape              Param #
=================================================================
dense (Dense)                (None, {units})                 {count}
=================================================================
Total params: {count}
_________________________________________________________________
"""
Audit = Callable[[str], list[str]]


@pytest.fixture
def audit(worker: Worker, tmp_path: Path) -> Audit:
    """Return a function that audits a Markdown document, and gives the verdicts that are not plain."""

    def run(text: str) -> list[str]:
        path = tmp_path / "chapter.md"
        path.write_text(HEAD + cleandoc(text) + "\n", encoding="utf-8")
        (result,) = Audits(worker).of([path])
        return [
            " ".join(filter(None, (one.verdict, one.stated, one.actual, one.reason)))
            for one in result.verdicts
            if one.verdict != "holds"
        ]

    return run


def test_summaries_of_a_loop(audit: Audit) -> None:
    """Each is held against the model of its round; with another number of rounds, none is known."""
    code = "for units in (4, 5):\n    model = keras.Sequential([keras.Input((3,)), layers.Dense(units)])\n"
    shown = TABLE.format(units=4, count=16), TABLE.format(units=5, count=20)
    table = f"```python\n{code}    model.summary()\n```\n\n```\n{shown[0]}\n{{}}```\n"
    assert audit(table.format(shown[1])) == []
    assert len(audit(table.format(TABLE.format(units=5, count=21)))) == 2
    found = audit(table.format(shown[1] * 2))
    assert found
    assert all("more or fewer rounds" in one for one in found)


def test_names_of_sizes_that_nothing_states(audit: Audit) -> None:
    """Names are those of one model; what is computed from them is solved for, or not checked."""
    found = audit("""
        ```python
        a = keras.Input((None, 8))
        a = layers.Conv1D(4, 3, strides=2)(a)
        a = layers.Conv1DTranspose(4, 3, strides=2)(a)  # (batch, 2*h + 1, 4)
        b = keras.Input((20001, 3))  # (batch, 2*n + 1, 3)
        c = keras.Input((21, 8))
        c = layers.Conv1D(32, 3)(c)  # (batch, time - 2, 32)
        d = keras.Input((None, 8))
        d = layers.Conv1D(32, 3)(d)  # (batch, time - 2, 32)
        d = layers.Conv1D(32, 3)(d)  # (batch, time - 3, 32)
        e = keras.Input((None, None, 3))
        e = layers.Reshape((-1, 3))(e)  # (batch, h*w, 3)
        ```
    """)
    assert [one.split(" it is")[0] for one in found] == [
        "drifted (batch, time - 3, 32) (batch, time - 4, 32)",
        "unchecked (batch, h*w, 3)",
    ]


def test_sizes_of_data_are_asked_for(audit: Audit) -> None:
    """The definition that the reason asks for is one that works."""
    text = """
        ```python
        X = np.loadtxt("table.csv")
        model = keras.Sequential()
        model.add(layers.Dense(4, input_shape=(X.shape[1],)))
        model.count_params()  # 16
        ```
    """
    (found,) = audit(text)
    assert found.endswith("(--define 'X.shape[1]'=VALUE)")
    assert audit(text + "\n\n        <!-- kerasshape: define X.shape[1] = 3 -->\n") == []


def test_a_long_way_of_residual_layers(audit: Audit) -> None:
    """Tensors that many ways lead to are visited once."""
    lines = "y = layers.Dense(8)(x)\nx = layers.add([x, y])  # (None, 8)\n" * 40
    assert audit(f"```python\nx = keras.Input((8,))\n{lines}```") == []


def test_a_training_loop_of_its_own(audit: Audit) -> None:
    """It runs a few batches of its data."""
    found = audit("""
        ```python
        import tensorflow as tf
        seen = []
        net = keras.Sequential([layers.Dense(3)])
        data = tf.data.Dataset.from_tensor_slices(np.zeros((900, 5), "float32")).batch(3)
        for x in data:
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(net(x))
            seen.append(len(x))
        net.count_params()  # 18
        len(seen)  # 2
        ```
    """)
    assert found == []


def test_models_that_another_document_saves(worker: Worker, tmp_path: Path) -> None:
    """They are known beside it, whether code saves them itself, while it trains, or in an old way."""
    build = "model = keras.Sequential([keras.Input((3,)), layers.Dense({})])\n"
    saving = {
        "first": build.format(4) + "model.save('four.h5')\nmodel.add(layers.Dense(9))\n",
        "second": build.format(5)
        + "best = keras.callbacks.ModelCheckpoint('five.keras')\nmodel.compile('adam', 'mse')\n"
        + "model.fit(np.ones((8, 3)), np.ones((8, 5)), callbacks=[best])\n",
        "third": "from keras.layers.core import Dense\n"
        + "model = keras.Sequential([keras.Input((3,)), Dense(6)])\nmodel.save('six')\n",
    }
    for name, code in saving.items():
        (tmp_path / f"{name}.md").write_text(f"{HEAD}```python\n{code}```\n")
    loads = "```python\nmodel = keras.models.load_model('{}')\nmodel.summary()\n```\n\n```\n{}```\n"
    loaded = [
        loads.format(file, TABLE.format(units=units, count=count))
        for file, units, count in (("four.h5", 4, 16), ("five.keras", 5, 20), ("six", 6, 24), ("x.h5", 4, 16))
    ]
    (tmp_path / "loads.md").write_text(HEAD + "\n\n".join(loaded))
    results = Audits(worker).of([*sorted(tmp_path.glob("*.md"))])
    verdicts = next(one.verdicts for one in results if one.path.endswith("loads.md"))
    of = {number: {one.verdict for one in verdicts if one.summary == number} for number in range(4)}
    assert of == {0: {"holds"}, 1: {"holds"}, 2: {"holds"}, 3: {"unchecked"}}
    notes = {name for one in verdicts for name in one.stand_ins if " saves it" in name}
    assert notes == {
        "four.h5 as first.md saves it",
        "five.keras as second.md saves it",
        "six as third.md saves it",
    }


def test_values_that_the_document_shows(audit: Audit) -> None:
    """They stand in for what is not here, until a name is bound again; they don't confirm themselves."""
    found = audit("""
        ```python
        import pandas
        words = open("words.txt").read().split()
        x = pandas.read_csv("table.csv").values
        print("Words:", len(words))
        print("Shape:", x.shape)
        print("Names:", names := ["a", "b"])
        ```

        ```
        Words: 78
        Shape: (500, 20, 3)
        Names: ['a', 'b']
        ```

        ```python
        x = x.astype("uint8") / 255
        part = x[:100]
        model = keras.Sequential([keras.Input(x.shape[1:]), layers.Flatten(), layers.Dense(len(words))])
        model.count_params()  # 4758
        part.shape  # (100, 20, 3)
        model.fit(x, epochs=1)
        model.output_shape  # (None, 79)
        words = open("more.txt").read().split()
        other = keras.Sequential([keras.Input((3,)), layers.Dense(len(words))])
        other.count_params()  # 312
        ```
    """)
    (itself, drift, bound_again) = found
    assert itself.startswith("unchecked (500, 20, 3)")
    assert drift == "drifted (None, 79) (None, 78)"
    assert bound_again.startswith("unchecked 312 `words = open(")


@pytest.mark.parametrize(
    "size",
    [
        *("len(set(y))", "int(max(y)) + 1", "len(np.unique(x))", "int(x.max()) + 1", "(y == 2).sum()"),
        *("keras.utils.to_categorical(x).shape[-1]", "x[x > 1].shape[0]", "sum(n for n in y)", "y.shape[1]"),
    ],
)
def test_what_the_document_does_not_show(audit: Audit, size: str) -> None:
    """Items are not made up, nor is what is computed from them; no code is said to fail for lack of them."""
    (found,) = audit(f"""
        ```python
        x, y = np.load("x.npy"), np.load("y.npy")
        print("Data:", len(x), len(y))
        x.shape
        ```

        ```
        Data: 500 500
        (500, 3)
        ```

        ```python
        size = {size}
        model = keras.Sequential([keras.Input((3,)), layers.Dense(size)])
        model.count_params()  # 8
        ```
    """)[1:]
    assert found.startswith("unchecked 8 ")


def test_classes_that_the_document_shows(audit: Audit) -> None:
    """Folders have as many classes as were found in them; a search that finds nothing makes nothing."""
    found = audit("""
        ```python
        train = keras.utils.image_dataset_from_directory("photos", image_size=(8, 8))
        ```

        ```
        Found 120 files belonging to 7 classes.
        ```

        ```python
        import glob
        model = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten()])
        model.add(layers.Dense(len(train.class_names)))
        model.count_params()  # 1351
        files = sorted(glob.glob("photos/*.png"))
        other = keras.Sequential([keras.Input((2,)), layers.Dense(len(files) + 1)])
        other.count_params()  # 30
        ```
    """)
    assert [one.partition(" `")[0] for one in found] == ["unchecked 30"]


def test_layers_that_a_call_of_build_leaves_unbuilt(audit: Audit) -> None:
    """What Keras prints of them holds, and so does what the model would have."""
    table = TABLE.replace("sequential", "tagger").replace("(None, {units}) ", "{shape}")
    code = """```python
class Tagger(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)
    def call(self, x):
        return self.dense(x)
model = Tagger()
model.build((None, 3))
model.summary()
```
"""
    for shape, count in (("?         ", "0"), ("(None, 4) ", "16")):
        text = code + f"\n```\n{table.format(shape=shape, count=count)}```\n"
        assert audit(text) == []
    assert audit(code + f"\n```\n{table.format(shape='(None, 4) ', count='20')}```\n")


def test_inputs_of_one_graph_have_as_many_samples(audit: Audit) -> None:
    """Sizes of a model with several open inputs are found without a long search."""
    found = audit("""
        ```python
        a, b = keras.Input((None, 8)), keras.Input((None, 6))
        _, *state = layers.LSTM(16, return_state=True)(a)
        c = layers.LSTM(16, return_sequences=True)(b, initial_state=state)  # (batch, time, 16)
        d = layers.Conv1D(4, 3)(c)  # (batch, time - 1, 4)
        ```
    """)
    assert [one.split(" it is")[0] for one in found] == ["drifted (batch, time - 1, 4) (batch, time - 2, 4)"]


def test_old_code_of_a_model_that_is_left_unbuilt(audit: Audit) -> None:
    """It fails by its spelling; with the present one, Keras 3 prints no shapes of it."""
    table = TABLE.format(units=4, count=16)
    code = "model = keras.Sequential([layers.Dense(4, {})])\nmodel.summary()\n"
    built, left = (
        audit(f"```python\n{code.format(old)}```\n\n```\n{table}```\n")
        for old in ("init='uniform', input_dim=3", "init='uniform'")
    )
    assert built == []
    assert [one.split(" Keras")[0] for one in left] == [
        "drifted dense (Dense)  (None, 4)  16",
        "drifted Total params: 16",
    ]


def test_data_of_a_module_that_is_gone(audit: Audit) -> None:
    """Its shape is known if the document shows it; what other code that fails has made is not believed."""
    found = audit("""
        ```python
        from tensorflow.examples.tutorials.mnist import input_data
        x = input_data.read_data_sets("data").train.images
        y = layers.Dense(3, unit=1)(keras.Input((2,)))
        print("Shapes:", x.shape, y.shape)
        ```

        ```
        Shapes: (55000, 7) (None, 3)
        ```

        ```python
        keras.Sequential([keras.Input(x.shape[1:]), layers.Dense(2)]).count_params()  # 16
        layers.Dense(y.shape[1])(keras.Input((2,)))  # (None, 3)
        ```
    """)
    assert [one.split(" `")[0] for one in found] == [
        "unchecked (55000, 7)",
        "unchecked (None, 3)",
        "unchecked (None, 3)",
    ]
