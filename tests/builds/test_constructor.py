"""The constructor's view: it is shown only if its code, run in turn, builds the same model."""

from __future__ import annotations

from inspect import cleandoc

import pytest

from sphinx_kerasshape.messages.report import Report
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
    "inf": ("layers.ReLU(max_value=float('inf'))", ""),
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
    if not expected:
        assert code.startswith(
            "# There is no constructor's view of this model: the code that would build it fails ("
        )


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
        "# There is no constructor's view of this model: the code that would build it builds another one."
    )


def test_code_with_classes_of_the_page(worker: Worker) -> None:
    whole = OWN.replace('{"name": self.name}', '{"name": self.name, "by": self.by}')
    assert "Scale(by=3)" in constructor(worker, whole)
