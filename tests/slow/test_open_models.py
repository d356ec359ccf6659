"""Whole models of KerasHub and of keras.applications with open axes, called at several sizes of each."""

from __future__ import annotations

import importlib.util
from collections import Counter

import pytest

from sphinx_kerasshape.messages.report import Report
from sphinx_kerasshape.run.worker_process import Worker
from tests.support import comparison
from tests.support.comparison import Plain
from tests.support.random_models import Program
from tests.support.testbed.backbones import BACKBONES
from tests.support.workers import answers, request

pytestmark = pytest.mark.slow

APPLICATIONS = {
    name: f"model = keras.applications.{name}(weights=None, include_top=False, "
    f"input_tensor=keras.Input((None, None, 3)){more})"
    for name, more in {
        "MobileNetV2": ", alpha=0.35",
        "VGG16": "",
    }.items()
}
"""Some families, as small as they can be made: following axes through hundreds of layers is slow."""

SMALL = {
    name: BACKBONES[name].replace("num_layers=2", "num_layers=1")
    for name in ("BertBackbone", "MistralBackbone", "ResNetBackbone")
}
"""Backbones of some kinds: an encoder, a decoder with rotary positions, pictures."""


@pytest.mark.parametrize("part", ["backbones", "applications"])
def test_whole_models_at_several_sizes(
    part: str, worker: Worker, tensorflow: Plain, record_property: pytest.RecordProperty
) -> None:
    if part == "backbones" and importlib.util.find_spec("keras_hub") is None:
        pytest.skip("keras-hub is not installed")
    codes = APPLICATIONS if part == "applications" else SMALL
    plain = answers(worker, [request(code) for code in codes.values()], 120)
    programs = {}
    for (name, code), answer in zip(codes.items(), plain, strict=True):
        assert isinstance(answer, Report), answer
        assert answer.model is not None
        programs[name] = Program(code, tuple(map(comparison.named_input, answer.model.inputs)))
    asked = [request(program.code, axes=program.axes) for program in programs.values()]
    found = dict(zip(programs, answers(worker, asked, 300), strict=True))
    figures: Counter[str] = Counter()
    problems = {}
    for name, program in programs.items():
        try:
            figures.update(models=1, **compared(program, found[name], tensorflow))
        except AssertionError as error:
            problems[name] = str(error)
    record_property("compared", (f"of {part}", dict(figures)))
    assert problems == {}
    assert figures["axes with fewer sizes"] == 0
    assert figures["models at several sizes"] == len(programs)


def compared(program: Program, answer: object, tensorflow: Plain) -> Counter[str]:
    """Compare calls at several sizes of each axis."""
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    tensorflow.send(code=program.code, is_described=False)
    assert "error" not in tensorflow.said()
    return comparison.at_sizes(program, answer.model, tensorflow, is_near=False)
