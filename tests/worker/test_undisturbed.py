"""Reading a model changes nothing that the author's code sees afterwards."""

from __future__ import annotations

from importlib.metadata import version
from inspect import cleandoc

import pytest
from packaging.version import Version

from sphinx_kerasshape.messages.report import Report
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.workers import answers, request

SHOWN = {
    "weights of an activation": (
        "model = keras.Sequential([keras.Input((4, 3)), layers.{layer}(5, activation=layers.PReLU())])",
        "model.count_params()",
    ),
    "state of a class": (
        """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.dense = layers.Dense(3)
                self.seen = []
                self.calls = 0

            def call(self, x):
                self.calls += 1
                self.seen.append(x.shape)
                self.last = x
                return self.dense(x)

        model = Net()
        model.build((None, 4))
        """,
        "model.calls, len(model.seen), getattr(model, 'last', None) is None",
    ),
    "names": (
        """
        class Block(layers.Layer):
            def call(self, x):
                layers.Dropout(0.5)(x)
                return x

        x = keras.Input((4,))
        model = keras.Model(x, Block()(x))
        """,
        "layers.Dropout(0.5).name",
    ),
    "random numbers": (
        """
        import numpy as np, random
        class Noise(layers.Layer):
            def call(self, x):
                return x + np.random.normal() + random.random()

        np.random.seed(1); random.seed(1)
        x = keras.Input((4,))
        model = keras.Model(x, Noise()(x))
        """,
        "np.random.normal(), random.random()",
    ),
    "unbuilt": (
        """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.dense = layers.Dense(3)

            def call(self, x):
                return self.dense(x)

        model = Net()
        """,
        "model.built, model.dense.built, len(model.weights)",
    ),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_later_block_prints_what_it_would_print_without_the_model(worker: Worker, name: str) -> None:
    code, shown = SHOWN[name]
    code = cleandoc(code.format(layer="Dense") if "{layer}" in code else code)
    options = {"input": "(None, 4)"} if name == "unbuilt" else {"axes": "batch"} if "Input" in code else {}
    read = request(code, weights="real", **options)
    plain = read._replace(kind="code", axes="", input="", code=f"{code}\nprint({shown})")
    printed = request(f"print({shown})", kind="code", earlier=(read.step(),), weights="real")
    expected, actual = answers(worker, [plain, printed])
    assert isinstance(expected, Report), expected
    assert isinstance(actual, Report), actual
    assert actual.output == expected.output != ""


@pytest.mark.parametrize(
    ("call", "params"),
    [
        ("Dense(5, activation=layers.PReLU())", 40),
        ("LSTM(5, activation=layers.PReLU())", 185),
        ("Conv1D(5, 3, activation=layers.PReLU(shared_axes=[1]))", 55),
        pytest.param(
            "Bidirectional(layers.GRU(5, activation=layers.PReLU()))",
            310,
            marks=pytest.mark.skipif(
                Version(version("keras")) < Version("3.7"), reason="this Keras can't make such a layer"
            ),
        ),
        ("TimeDistributed(layers.Dense(5, activation=layers.PReLU(shared_axes=[1])))", 21),
        ("Activation(layers.PReLU(shared_axes=[1]))", 3),
    ],
)
@pytest.mark.parametrize("weights", ["auto", "real"])
def test_a_layer_as_an_activation_counts_as_after_a_call(
    worker: Worker, call: str, params: int, weights: str
) -> None:
    code = f"model = keras.Sequential([keras.Input((4, 3)), layers.{call}])"
    called = f"{code}\nmodel(keras.ops.zeros((2, 4, 3)))"
    before, after = answers(worker, [request(code, weights=weights), request(called, weights=weights)])
    for answer in (before, after):
        assert isinstance(answer, Report), answer
        assert answer.model is not None
        assert (answer.model.params, answer.model.layers[0].params) == (params, params)
