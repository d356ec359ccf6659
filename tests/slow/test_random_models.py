"""Random models: what a report says of them, held against plain TensorFlow."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, seed, settings

from sphinx_kerasshape.run.worker_process import Worker
from tests.support.comparison import Plain, compare
from tests.support.random_models import Program, programs

pytestmark = pytest.mark.slow

RUNS, EXAMPLES = 7, 12
"""How often to start afresh, and with how many models: Hypothesis varies models from the tenth on."""
FOUND = {
    "orthogonal numbers of a dtype that TensorFlow has none for": Program(
        "x = keras.Input((3, 8), name='a')\nmodel = keras.Model(x, layers.SimpleRNN(4, dtype='bfloat16')(x))",
        (("a", ("batch", 3, 8), "float32"),),
    ),
    "a size of one that is repeated": Program(
        "x = keras.Input((None, 8), name='a')\n"
        "y = layers.UpSampling1D(2)(layers.MaxPooling1D(2, padding='same')(x))\n"
        "model = keras.Model(x, layers.Add()([x, y]))",
        (("a", ("batch", "time", 8), "float32"),),
    ),
    "several sizes within a step": Program(
        "x = keras.Input((None, 8), name='a')\n"
        "y = layers.MaxPooling1D(2)(x)\n"
        "z = layers.UpSampling1D(2)(layers.MaxPooling1D(2, padding='same')(y))\n"
        "model = keras.Model(x, layers.Concatenate()([y, z]))",
        (("a", ("batch", "time", 8), "float32"),),
    ),
    "an input without open sizes beside one with": Program(
        "a = keras.Input(batch_shape=(2, None, 3), name='a')\n"
        "b = keras.Input(batch_shape=(2, 7), name='b')\n"
        "model = keras.Model([a, b], [layers.Conv1D(4, 2)(a), layers.Dense(3)(b)])",
        (("a", (2, "time", 3), "float32"), ("b", (2, 7), "float32")),
    ),
}
"""Programs that were answered wrongly once."""


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found(worker: Worker, tensorflow: Plain, name: str) -> None:
    compare(FOUND[name], worker, tensorflow)


def test_random_models(worker: Worker, tensorflow: Plain, record_property: pytest.RecordProperty) -> None:
    figures: Counter[str] = Counter()
    for number in range(RUNS):
        run(number, EXAMPLES, worker, tensorflow, figures)
    record_property("compared", ("random", dict(figures)))
    assert figures["models"] > RUNS * EXAMPLES * 3 // 4
    assert figures["unknown sizes"] * 20 < figures["named sizes"]


def run(number: int, examples: int, worker: Worker, tensorflow: Plain, figures: Counter[str]) -> None:
    """Compare some models; a difference is shown with the smallest program that has it."""

    @seed(number)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(programs())
    def same(program: Program) -> None:
        figures.update(compare(program, worker, tensorflow))

    same()
