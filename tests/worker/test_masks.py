"""Masks that tensors carry: layers are shown as a call with them goes, wherever the layers are."""

from __future__ import annotations

import ast
from inspect import cleandoc

import pytest

from sphinx_kerasshape.messages.report import Report
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.workers import answers, request

LAYERS = """
class Taking(layers.Layer):
    def __init__(self, **more):
        super().__init__(**more)
        self.first, self.more = layers.Dense(4, name="first"), layers.Dense(5, name="more")

    def call(self, x, mask=None):
        return self.first(x) if mask is None else self.more(self.first(x))


class TakingTwo(Taking):
    def call(self, query, value, query_mask=None):
        return super().call(query + value, query_mask)


words = keras.Input((None,), dtype="int32")
x = layers.Embedding(9, 3, mask_zero=True)(words)
attended = layers.MultiHeadAttention(2, 3, dropout=0.1)(x, x)
plain = keras.Input((None, 3))
"""
CASES = {
    "of the first of two inputs": ("TakingTwo()(x, x)", 5),
    "of an input of another dtype": ("Taking(dtype='float16')(x)", 5),
    "taken by attention": ("[TakingTwo()(x, x), attended]", 4),
    "passed on by layers": ("TakingTwo()(layers.Dense(3)(layers.Dropout(0.1)(x)), x)", 5),
    "in a model in it": ("keras.Model(plain, TakingTwo()(plain, plain))(x)", 5),
    "passed on in a model in it": ("keras.Sequential([layers.Dense(3), Taking(dtype='float16')])(x)", 5),
}
CALL = "print([tuple(one.shape) for one in keras.tree.flatten(model(tf.ones((2, 7))))])"


@pytest.mark.parametrize("name", CASES)
def test_layers_get_the_masks_that_they_get_in_a_call(name: str, worker: Worker) -> None:
    made, size = CASES[name]
    code = f"{cleandoc(LAYERS)}\nmodel = keras.Model(words, {made})\n{CALL}"
    plain, named = answers(worker, [request(code, weights="real"), request(code, axes="batch, time")])
    for answer in (plain, named):
        assert isinstance(answer, Report), answer
        assert answer.model is not None
        rows = {row.name: row for row in answer.model.layers}
        assert rows["more"].note == ("" if size == 5 else "uncalled")
    sizes = ast.literal_eval(plain.output)
    assert [one.shape for one in plain.model.outputs] == [(None, None, shape[-1]) for shape in sizes]
    assert [one.symbolic for one in named.model.outputs] == [
        ("batch", "time", str(shape[-1])) for shape in sizes
    ]
    assert sizes[0][-1] == size


def test_a_layer_in_attention_is_given_the_mask(worker: Worker) -> None:
    code = f"{cleandoc(LAYERS)}\nmodel = keras.Model(words, attended)"
    (answer,) = answers(worker, [request(code)])
    assert isinstance(answer, Report), answer
    (softmax,) = (row for row in answer.model.layers if row.name == "softmax")
    assert [one.shape for one in softmax.calls[0].inputs] == [(None, 2, None, None), (None, 1, None, None)]
