"""``:input:`` builds a Sequential model that has no input shape."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sphinx_kerasshape.messages.report import Failure, Model, Report
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.projects import Project
from tests.support.workers import answers, request

REST = "layers.LSTM(64), layers.Dense(1)"
FIRST = {
    "(None, None)": "layers.Embedding(1000, 32)",
    "(None, 12)": "layers.Embedding(1000, 32)",
    "(None, 7, 5)": "layers.Conv1D(32, 3)",
    "(4, 7, 5)": "layers.Conv1D(32, 3)",
    "(None, None, 5)": "layers.Conv1D(32, 3), layers.BatchNormalization()",
}

PAGE = {
    "page.rst": """
Page
====

.. keras:model:: book
   :input: (None, None)
   :axes: batch, time
   :expect-input: (batch, time)
   :expect-output: (batch, 1)

   model = keras.Sequential([layers.Embedding(1000, 32), layers.LSTM(64), layers.Dense(1)])
   model.compile("adam", "mse")
""",
    "page.md": """
# Page

```{keras:model} book
:input: (None, None)
:axes: batch, time
:expect-input: (batch, time)
:expect-output: (batch, 1)

model = keras.Sequential([layers.Embedding(1000, 32), layers.LSTM(64), layers.Dense(1)])
model.compile("adam", "mse")
```
""",
}
TABLE = """\
+--------------+-------------------+--------+
| Layer        | Output shape      | Params |
|==============|===================|========|
| embedding    | (batch, time, 32) | 32,000 |
+--------------+-------------------+--------+
| lstm         | (batch, 64)       | 24,832 |
+--------------+-------------------+--------+
| dense        | (batch, 1)        | 65     |
+--------------+-------------------+--------+
| Total params |                   | 56,897 |
+--------------+-------------------+--------+
"""


def model(worker: Worker, one: Request) -> Model:
    (report,) = answers(worker, [one])
    assert isinstance(report, Report), report
    assert report.model is not None
    return report.model


@pytest.mark.parametrize("weights", ["auto", "real"])
@pytest.mark.parametrize("shape", FIRST)
def test_it_is_as_if_the_code_had_it(shape: str, weights: str, worker: Worker) -> None:
    code = "keras.Sequential([{}" + f"{FIRST[shape]}, {REST}], name='book')"
    without = request(code.format(""), input=shape, weights=weights)
    having = request(code.format(f"keras.Input(batch_shape={shape}, name='input_layer'),"), weights=weights)
    built, plain = model(worker, without), model(worker, having)
    assert built.params > 0
    assert built._replace(inputs=()) == plain._replace(inputs=())
    assert [tensor.shape for tensor in built.inputs] == [tensor.shape for tensor in plain.inputs]


def test_the_same_shape_again_is_no_mistake(worker: Worker) -> None:
    for code in (
        "keras.Sequential([keras.Input((8,)), layers.Dense(1)])",
        "x = keras.Input((8,)); model = keras.Model(x, layers.Dense(1)(x))",
    ):
        assert model(worker, request(code, input="(None, 8)")).params == 9


@pytest.mark.parametrize(
    ("code", "shape", "message"),
    [
        (
            "keras.Sequential([keras.Input((8,)), layers.Dense(1)])",
            "(None, 9)",
            ":input: (None, 9) is not the input shape of the model, (None, 8): remove :input:, or change the "
            "code",
        ),
        (
            "x = keras.Input((8,)); y = keras.Input((4,)); keras.Model([x, y], layers.Concatenate()([x, y]))",
            "(None, 8)",
            ":input: (None, 8) is not the input shape of the model, (None, 8), (None, 4): remove :input:, or "
            "change the code",
        ),
        ("keras.Sequential([], name='net')", "(None, 8)", "the Sequential model 'net' has no layers"),
    ],
)
def test_a_shape_that_is_not_wanted(code: str, shape: str, message: str, worker: Worker) -> None:
    (failure,) = answers(worker, [request(code, input=shape)])
    assert failure == Failure("unbuilt", message)


def test_a_shape_that_the_model_refuses(worker: Worker) -> None:
    code = f"keras.Sequential([{REST}])"
    (failure,) = answers(worker, [request(code, input="(None, 8)")])
    assert isinstance(failure, Failure)
    assert failure.problem == "unbuilt"
    first, _, rest = failure.message.partition("\n")
    assert first == "the model can't be built with :input: (None, 8)"
    assert rest.startswith("ValueError: Input 0 ")
    assert "expected ndim=3, found ndim=2" in rest


@pytest.mark.parametrize("page", PAGE)
def test_a_page(page: str, make_project: Callable[..., Project]) -> None:
    project = make_project({"index.rst": "Start\n=====\n\n.. toctree::\n\n   page\n", page: PAGE[page]})
    assert TABLE in project.build("text", "-W").page("page.txt")
