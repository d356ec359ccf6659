"""Doubts about prose, of models that no page has to run."""

from __future__ import annotations

import pytest

from sphinx_kerasshape.claims.doubts import doubt, opinion
from sphinx_kerasshape.messages.report import LayerCall, LayerRow, Model, TensorSpec, Weight
from sphinx_kerasshape.pages.records import Mention

TOKENS = TensorSpec((None, None), "float32")
WORDS = TensorSpec((None, None, 64), "float32")
KERNEL = Weight("embeddings", "embeddings", (50, 64), "float32", trainable=True)
EMBEDDING = LayerRow(
    "words", "Embedding", 0, (LayerCall((TOKENS,), (WORDS,), ()),), 3200, 3200, 12800, (KERNEL,)
)
MODEL = Model("model", "Functional", False, (TOKENS,), (WORDS,), (EMBEDDING,), 3200, 3200, 0, 12800)


@pytest.mark.parametrize(
    ("before", "shape", "after", "is_doubted"),
    [
        ("A batch of tokens is ", "(32, 20)", ", say.", False),
        ("Two sentences are ", "(2, 60)", ".", False),
        ("Its weights are ", "(50, 64)", ".", False),
        ("Its weights are ", "(50, 128)", ".", True),
        ("The weights turn ", "(32, 20, 64)", " into scores.", False),
    ],
)
def test_examples_of_open_shapes(before: str, shape: str, after: str, is_doubted: bool) -> None:
    """Any two numbers may be a batch of tokens, but not the shape of weights."""
    mention = Mention("shape", shape, "", before, after, False)
    assert bool(doubt(mention, [MODEL])) == is_doubted


DENSE = Model(
    *("model", "Sequential", False, (TensorSpec((None, 4), "float32"),)),
    *((TensorSpec((None, 3), "float32"),), (), 15, 15, 0, 60),
)


@pytest.mark.parametrize(
    ("before", "shape", "nearest", "is_sure"),
    [
        ("The output of `model` is ", "(None, 6)", "(None, 3)", True),
        ("Its inputs are ", "(None, 6)", "(None, 4)", True),
        ("From the input to the output, ", "(None, 6)", "(None, 3)", True),
        ("It is ", "(None, 6)", "(None, 4)", False),
        ("The outputs of the convolutions are flattened into ", "(None, 6)", "(None, 4)", False),
    ],
)
def test_the_end_of_a_model_that_a_sentence_names(
    before: str, shape: str, nearest: str, is_sure: bool
) -> None:
    """A guess is said, but nothing is rewritten on account of it."""
    found = opinion(Mention("shape", shape, "", before, ".", False), [DENSE])
    assert (found.nearest, found.is_sure) == (nearest, is_sure)
