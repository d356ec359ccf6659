"""The constructor's view: it is shown only if its code, run in turn, builds the same model."""

from __future__ import annotations

from inspect import cleandoc

import pytest

from sphinx_kerasshape.messages.report import Model, Report
from sphinx_kerasshape.run.worker_process import Worker
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
        self.by, self.out = by, layers.Dense(by)

    def call(self, x):
        return self.out(x)

    def get_config(self):
        return {"name": self.name}

model = keras.Sequential([keras.Input((4,)), Scale(3)])
"""


def test_code_that_builds_another_model_is_not_shown(worker: Worker) -> None:
    assert constructor(worker, OWN) == (
        "# There is no constructor's view of this model: the code that would build it gives other settings, "
        "or another place, to 'scale'."
    )


def test_code_with_classes_of_the_page(worker: Worker) -> None:
    whole = OWN.replace('{"name": self.name}', '{"name": self.name, "by": self.by}')
    assert "Scale(by=3)" in constructor(worker, whole)


BUILT = {
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
    once, again = answers(worker, [request(cleandoc(code)), request(written)])
    assert isinstance(once, Report), once
    assert isinstance(again, Report), again
    assert once.model is not None
    assert again.model is not None
    assert _table(again.model) == _table(once.model)


def _table(model: Model) -> object:
    rows = [(row.type, row.depth, row.params, row.trainable, len(row.calls)) for row in model.layers]
    return rows, [tensor.shape for tensor in model.outputs], model.params, model.trainable
