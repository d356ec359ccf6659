"""Layers whose calls grow with a size: the search for sizes ends, and what was tried is said."""

from __future__ import annotations

from inspect import cleandoc

import pytest

from sphinx_kerasshape.claims import needs
from sphinx_kerasshape.messages.report import Report
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.workers import answers, request

LAYERS = """
import numpy as np

class Masked(layers.Layer):
    "Makes a table of pairs of steps in NumPy."
    def call(self, x):
        n = x.shape[1] or 1
        return x * np.tril(np.ones((n, n), "float32"))[None, :, :1]

class Pairs(layers.Layer):
    "Makes it in Python."
    def call(self, x):
        n = x.shape[1] or 1
        table = [[i - j for j in range(n)] for i in range(n)]
        return x * (1.0 + table[0][0])

class Waits(layers.Layer):
    "Runs a loop in Python, which takes no memory."
    def call(self, x):
        total = 1.0
        for pair in range((x.shape[1] or 1) ** 2):
            total = 2.0 - total
        return x * total

class Steps(layers.Layer):
    "Adds operations for each step."
    def call(self, x):
        total = x[:, 0]
        for step in range(x.shape[1] or 1):
            total = total + x[:, step]
        return total

class Samples(layers.Layer):
    "Adds operations for each sample, and catches what it can."
    def call(self, x):
        found = []
        for sample in range(x.shape[0] or 1):
            try:
                found.append(keras.ops.max(x[sample], 0))
            except Exception:
                pass
        return keras.ops.stack(found)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layer", "output", "growing"),
    [
        ("Masked", ("batch", "time", "4"), "time"),
        ("Pairs", ("batch", "time", "4"), "time"),
        ("Waits", ("batch", "time", "4"), "time"),
        ("Steps", ("batch", "4"), "time"),
        ("Samples", ("batch", "4"), "batch"),
    ],
)
def test_the_search_ends(worker: Worker, layer: str, output: tuple[str, ...], growing: str) -> None:
    code = f"{LAYERS}\nmodel = keras.Sequential([keras.Input((None, 4)), {layer}()])"
    (answer,) = answers(worker, [request(code, axes="batch, time")], 300)
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    assert answer.model.outputs[0].symbolic == output
    assert needs.needs(answer.model.axes) == ""
    (tried,) = (axis for axis in answer.model.axes if axis.tried is not None)
    assert tried.name == growing
    assert tried.tried is not None
    assert 100 < tried.tried < 4000


@pytest.mark.slow
def test_what_was_tried_is_the_same_on_every_machine(worker: Worker) -> None:
    """A machine that takes long for a line of Python tries no less."""
    code = """
        import time

        class Waits(layers.Layer):
            def call(self, x):
                start = time.process_time()
                while {slow} and time.process_time() - start < 0.06:
                    time.process_time()
                return x[:, : sum(1 for _ in range(x.shape[1] or 1))]

        model = keras.Sequential([keras.Input((None, 4)), Waits()])"""
    requests = [request(cleandoc(code).format(slow=slow), axes="batch, time") for slow in (False, True)]
    axes = []
    for answer in answers(worker, requests, 120):
        assert isinstance(answer, Report), answer
        assert answer.model is not None
        axes.append(answer.model.axes)
    assert axes[0] == axes[1]


@pytest.mark.slow
def test_the_search_ends_for_a_layer_of_keras(worker: Worker) -> None:
    """It adds operations for each sample of a batch, and for each channel."""
    code = "model = keras.Sequential([keras.Input((8, 8, 3)), layers.RandomElasticTransform()])"
    (answer,) = answers(worker, [request(code, axes="batch")], 300)
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    assert answer.model.outputs[0].symbolic == ("batch", "8", "8", "3")
    assert needs.tried(answer.model.axes) == "batch = 4"


def test_equal_layers_are_called_once_for_all_but_not_those_that_only_look_equal(worker: Worker) -> None:
    """A configuration may lack what a layer was given."""
    code = """
        class Cut(layers.Layer):
            def __init__(self, most):
                super().__init__()
                self.most = most
                self.sizes = {"steps": most}

            def call(self, x):
                return x[:, : -self.sizes["steps"]]

            def get_config(self):
                return {}

        model = keras.Sequential([keras.Input((None, 4)), Cut(1), Cut(1), Cut(3)])"""
    (answer,) = answers(worker, [request(cleandoc(code), axes="batch, time")])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    shapes = [row.calls[0].outputs[0].symbolic[1] for row in answer.model.layers if row.type == "Cut"]
    assert shapes == ["time − 1", "time − 2", "time − 5"]
