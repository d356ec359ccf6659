"""Integers that code gives names to, found without running it."""

from __future__ import annotations

import pytest

from sphinx_kerasshape.claims.code_integers import code_integers
from sphinx_kerasshape.claims.verdicts import judge
from sphinx_kerasshape.messages.report import Model, Report, TensorSpec
from sphinx_kerasshape.messages.request import Request, Step
from sphinx_kerasshape.pages.records import Claim

CODES = {
    "latent_dim = 64": {"latent_dim": 64},
    "a = b = 3\nc: int = 4": {"a": 3, "b": 3, "c": 4},
    "h, w = 28, 28\n(c, d), e = (1, 2), 3": {"h": 28, "w": 28, "c": 1, "d": 2, "e": 3},
    "side = 28\narea = side * side\nhalf = area // 2 + 1 - 1": {"side": 28, "area": 784, "half": 392},
    "flag = True\nname = 'x'\nrate = 0.5": {},
    "size = len(words)": {},
    "units = 3\nunits = 4": {},
    "units = 3\nunits += 1": {},
    "units = 3\ndel units": {},
    "units = 3\nfor units in range(4): pass": {},
    "units = 3\ndef build():\n    global units\n    units = 4": {},
    "units = 3\nimport x as units": {},
    "units = 3\nfrom zoo import *": {},
    "units = 3\nglobals()['units'] = 4": {},
    "units = 3\nif (units := 4): pass": {},
    "if True:\n    units = 3": {},
    "try:\n    units = 3\nexcept ValueError:\n    pass": {},
    "def build():\n    units = 3": {},
    "large = 100000000000 * 100000000000\nzero = 1 // 0": {},
    "units = (": {},
}


@pytest.mark.parametrize("code", CODES)
def test_integers(code: str) -> None:
    assert code_integers(Request(code)) == CODES[code]


def test_integers_of_a_session() -> None:
    earlier = (Step("units = 3"), Step("1 / 0\nrows = 5", raises="ZeroDivisionError"))
    request = Request("both = units + classes", prelude="classes = 10", earlier=earlier)
    assert code_integers(request) == {"classes": 10, "units": 3, "both": 13}


@pytest.mark.parametrize(
    ("stated", "restated"),
    [
        ("(None, latent_dim)", ""),
        ("(latent_dim,)", ""),
        ("(None, 2*half)", ""),
        ("(None, half·2)", ""),
        ("(None, half)", "(None, 64)"),
        ("(latent_dim, None)", "(None, 64)"),
    ],
)
def test_shapes_with_integers_of_the_code(stated: str, restated: str) -> None:
    model = Model("m", "Sequential", True, (), (TensorSpec((None, 64), "float32"),), (), 0, 0, 0, 0)
    request = Request("latent_dim = 64\nhalf = latent_dim // 2")
    claim = Claim("shape", "m.output", stated, "page:1")
    found = judge(claim, lambda _: Report(model), request_of=lambda _: request)
    assert (found.holds, found.problem) == (not restated, "")
    assert found.restated == (restated or stated)


def test_a_name_that_code_does_not_set() -> None:
    model = Model("m", "Sequential", True, (), (TensorSpec((None, 64), "float32"),), (), 0, 0, 0, 0)
    claim = Claim("shape", "m.output", "(None, size)", "page:1")
    found = judge(claim, lambda _: Report(model), request_of=lambda _: Request("size = len(words)"))
    assert not found.holds
    assert "'size'" in found.problem
