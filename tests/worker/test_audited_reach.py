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
