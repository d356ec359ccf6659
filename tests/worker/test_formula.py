"""The column ``formula``: what a layer's count is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from inspect import cleandoc

import pytest

from sphinx_kerasshape.claims.formula import formula
from sphinx_kerasshape.messages.layers import weights_of
from sphinx_kerasshape.messages.report import Report
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.projects import Project
from tests.support.workers import answers, request
from tests.unit.test_formula import value

LAYERS = {
    "layers.Dense(128)": ((50,), "50×128 + 128"),
    "layers.Dense(1)": ((50,), "50 + 1"),
    "layers.Dense(8, use_bias=False)": ((50,), "50×8"),
    "layers.Embedding(1000, 32)": ((None,), "1000×32"),
    "layers.Conv2D(32, 3)": ((32, 32, 3), "3×3×3×32 + 32"),
    "layers.DepthwiseConv2D(3)": ((32, 32, 3), "3×3×3 + 3"),
    "layers.BatchNormalization()": ((8,), "4×8"),
    "layers.LSTM(64)": ((None, 50), "4×(50×64 + 64×64 + 64)"),
    "layers.GRU(64)": ((None, 50), "3×(50×64 + 64×64 + 2×64)"),
    "layers.GRU(64, reset_after=False)": ((None, 50), "3×(50×64 + 64×64 + 64)"),
    "layers.SimpleRNN(64)": ((None, 50), "50×64 + 64×64 + 64"),
    "layers.Bidirectional(layers.SimpleRNN(4))": ((None, 5), "2×5×4 + 2×4×4 + 2×4"),
    "layers.Dropout(0.5)": ((50,), ""),
    # Wherever a layer has the cells inside it, and those of equal sizes once.
    "layers.Bidirectional(layers.LSTM(64))": ((None, 50), "2×4×(50×64 + 64×64 + 64)"),
    "layers.Bidirectional(layers.LSTM(64), backward_layer=layers.GRU(64, go_backwards=True))": (
        (None, 50),
        "4×(50×64 + 64×64 + 64) + 3×(50×64 + 64×64 + 2×64)",
    ),
    "layers.Bidirectional(layers.LSTM(64, use_bias=False))": ((None, 50), "2×4×(50×64 + 64×64)"),
    "layers.TimeDistributed(layers.LSTM(64))": ((None, 9, 50), "4×(50×64 + 64×64 + 64)"),
    "layers.RNN(layers.LSTMCell(64))": ((None, 50), "4×(50×64 + 64×64 + 64)"),
    "layers.RNN(layers.GRUCell(64))": ((None, 50), "3×(50×64 + 64×64 + 2×64)"),
    "layers.RNN([layers.LSTMCell(8), layers.GRUCell(6), layers.SimpleRNNCell(4)])": (
        (None, 5),
        "4×(5×8 + 8×8 + 8) + 3×(8×6 + 6×6 + 2×6) + 6×4 + 4×4 + 4",
    ),
    "layers.RNN(layers.StackedRNNCells([layers.LSTMCell(8), layers.LSTMCell(8)]))": (
        (None, 5),
        "4×(5×8 + 8×8 + 8) + 4×(2×8×8 + 8)",
    ),
    "layers.ConvLSTM1D(16, 3)": ((None, 32, 8), "4×(3×8×16 + 3×16×16 + 16)"),
    "layers.ConvLSTM2D(16, 3)": ((None, 32, 32, 8), "4×(3×3×8×16 + 3×3×16×16 + 16)"),
    "layers.ConvLSTM3D(4, 3)": ((None, 8, 8, 8, 2), "4×(3×3×3×2×4 + 3×3×3×4×4 + 4)"),
    "layers.Bidirectional(layers.ConvLSTM1D(16, 3))": ((None, 32, 8), "2×4×(3×8×16 + 3×16×16 + 16)"),
}
OWN = {
    # A class of the author's own is not Keras' for its name.
    "LSTM()": (
        """
        class LSTM(layers.Layer):
            def build(self, shape):
                self.kernel = self.add_weight(shape=(shape[-1], 64), name="kernel")
            def call(self, x):
                return x @ self.kernel""",
        "50×64",
    ),
    "layers.RNN(GRUCell(60))": (
        """
        class GRUCell(layers.SimpleRNNCell):
            pass""",
        "50×60 + 60×60 + 60",
    ),
    # One that derives from Keras' has its gates, but not in what it adds.
    "layers.RNN(Peephole(64))": (
        """
        class Peephole(layers.LSTMCell):
            def build(self, shape):
                super().build(shape)
                self.peephole = self.add_weight(shape=(64,), name="peephole")""",
        "4×(50×64 + 64×64 + 64) + 64",
    ),
    "layers.RNN(Coupled(64))": (
        """
        class Coupled(layers.LSTMCell):
            def build(self, shape):
                self.kernel = self.add_weight(shape=(shape[-1], 3 * 64), name="kernel")
            def call(self, x, states, training=False):
                return x @ self.kernel[:, :64], states""",
        "50×192",
    ),
    "Tagger()": (
        """
        class Tagger(layers.Layer):
            def __init__(self):
                super().__init__()
                self.read, self.tag = layers.LSTM(64), layers.Dense(9)
            def call(self, x):
                return self.tag(self.read(x))""",
        "4×(50×64 + 64×64 + 64) + 64×9 + 9",
    ),
}


def test_layers(worker: Worker) -> None:
    codes = [f"keras.Sequential([keras.Input({shape}), {code}])" for code, (shape, _) in LAYERS.items()]
    texts = [text for _, text in LAYERS.values()]
    assert formulas(worker, codes) == dict(zip(codes, texts, strict=True))


def test_own_classes(worker: Worker) -> None:
    models = {
        f"{cleandoc(own)}\nkeras.Sequential([keras.Input((None, 50)), {code}])": text
        for code, (own, text) in OWN.items()
    }
    assert formulas(worker, models) == models


def formulas(worker: Worker, codes: Iterable[str]) -> dict[str, str]:
    """Return the formula of each model's first layer, after a look at its value."""
    found = {}
    for code, answer in zip(codes, answers(worker, map(request, codes)), strict=True):
        assert isinstance(answer, Report), (code, answer)
        assert answer.model is not None
        found[code] = formula(weights_of(answer.model.layers, 0))
        assert value(found[code]) == answer.model.layers[0].params
    return found


@pytest.mark.parametrize("builder", ["text", "latex", "html"])
def test_a_table(builder: str, make_project: Callable[..., Project]) -> None:
    page = """
Page
====

.. keras:model:: net
   :columns: layer, formula, params, bytes

   keras.Sequential([keras.Input((None, 50)), layers.LSTM(64), layers.Dropout(0.5), layers.Dense(2)])
"""
    built = make_project({"index.rst": page}).build(builder, "-W")
    ending = {"text": "index.txt", "html": "index.html", "latex": "*.tex"}[builder]
    (name,) = (path.name for path in built.out.glob(ending))
    text = re.sub("<[^>]*>", "", built.page(name)).replace("~", " ").replace("\N{NO-BREAK SPACE}", " ")
    assert "4×(50×64 + 64×64 + 64)" in text
    assert "115.0 KiB" in text
    if builder == "text":
        assert TABLE in text


TABLE = """\
| Layer        | Made of                | Params | Memory    |
|==============|========================|========|===========|
| lstm         | 4×(50×64 + 64×64 + 64) | 29,440 | 115.0 KiB |
+--------------+------------------------+--------+-----------+
| dropout      | –                      | 0      | 0 B       |
+--------------+------------------------+--------+-----------+
| dense        | 64×2 + 2               | 130    | 520 B     |
+--------------+------------------------+--------+-----------+
| Total params |                        | 29,570 | 115.5 KiB |
+--------------+------------------------+--------+-----------+
"""


PAGE = """
# Formulas

```{keras:model} net
:show: totals
keras.Sequential([keras.Input((None, 50)), layers.LSTM(64, name="lstm"), layers.Dense(1, name="out")])
```

The LSTM has {keras:params}`net/lstm.formula`,
stated {keras:params}`4·(50·64 + 64·64 + 64) = 29,440 <net/lstm.formula>`.
All: {keras:params}`net.formula`. Wrong: {keras:params}`4×(50×64 + 64×64) <net/lstm.formula>`.
"""


def test_a_page_states_formulas(make_project: Callable[..., Project]) -> None:
    built = make_project({"index.md": PAGE}).build("text")
    (warning,) = built.warnings
    assert re.sub(r"TensorFlow \S+", "TensorFlow", warning) == (
        "index.md:11: WARNING: the page states 4×(50×64 + 64×64) for net/lstm.formula, "
        "but TensorFlow says "
        "4×(50×64 + 64×64 + 64) [kerasshape.claim]"
    )
    text = " ".join(built.page("index.txt").split())
    assert "has 4×(50×64 + 64×64 + 64), stated 4·(50·64 + 64·64 + 64) = 29,440. All: 29,440 + 65." in text
