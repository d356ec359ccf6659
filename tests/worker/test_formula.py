"""The column ``formula``: what a layer's count is made of."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sphinx_kerasshape.claims.formula import GATES, MAX_TERMS, Unreadable, formula
from sphinx_kerasshape.claims.formula import value as value_of
from sphinx_kerasshape.messages.layers import weights_of
from sphinx_kerasshape.messages.report import Report, Weight
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.projects import Project
from tests.support.workers import answers, request

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
}


def value(text: str) -> int:
    return int(eval(text.replace("×", "*"))) if text else 0


def test_layers(worker: Worker) -> None:
    codes = [f"keras.Sequential([keras.Input({shape}), {code}])" for code, (shape, _) in LAYERS.items()]
    for (code, (_, text)), answer in zip(LAYERS.items(), answers(worker, map(request, codes)), strict=True):
        assert isinstance(answer, Report), answer
        assert answer.model is not None
        row, weights = answer.model.layers[0], weights_of(answer.model.layers, 0)
        assert formula(row.type, weights) == text, code
        assert value(text) == row.params


@given(
    st.lists(st.lists(st.integers(0, 5), max_size=4).map(tuple), max_size=2 * MAX_TERMS),
    st.sampled_from(["Dense", *GATES]),
)
def test_it_sums_to_the_count(shapes: list[tuple[int, ...]], kind: str) -> None:
    weights = tuple(Weight("w", f"w{n}", shape, "float32", True) for n, shape in enumerate(shapes))
    count = sum(weight.params for weight in weights)
    text = formula(kind, weights)
    if text:
        assert value(text) == count
    else:
        assert not shapes or len(set(shapes)) > MAX_TERMS


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


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("50×128 + 128", 6528),
        ("4×(50×64 + 64×64 + 64)", 29_440),
        ("4 * (50*64 + 64·64 + 64) = 29,440", 29_440),
        ("40+30+10+3=83", 83),
        ("6,528 + 1,290 = 7,818", 7818),
        ("7", 7),
    ],
)
def test_sums_that_people_write(text: str, count: int) -> None:
    assert value_of(text) == count


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("40+30+10+3=84", "the sides of '40+30+10+3=84' are not equal: 83 and 84"),
        ("", "'' is not a sum: write one such as 50×128 + 128"),
        ("units * 4", "is not a sum"),
        ("2 ** 9 ** 9", "is not a sum"),
        ("(" * 400 + "1" + ")" * 400, "is not a sum"),
        ("1 +", "is not a sum"),
        ("1(2)", "is not a sum"),
    ],
)
def test_what_is_no_sum(text: str, message: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(message)):
        value_of(text)


@given(st.text("0123456789+*×() =,_", max_size=60))
def test_any_text_is_a_sum_or_unreadable(text: str) -> None:
    with contextlib.suppress(Unreadable):
        assert value_of(text) >= 0


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
        "index.md:11: WARNING: the page states params 4×(50×64 + 64×64) for net/lstm.formula, "
        "but TensorFlow says "
        "4×(50×64 + 64×64 + 64) [kerasshape.claim]"
    )
    text = " ".join(built.page("index.txt").split())
    assert "has 4×(50×64 + 64×64 + 64), stated 4·(50·64 + 64·64 + 64) = 29,440. All: 29,440 + 65." in text
