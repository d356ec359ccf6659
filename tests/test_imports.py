"""What the author's code imports: a source of its answer, at no cost of its own."""

from __future__ import annotations

import importlib.metadata

import pytest

from sphinx_kerasshape.messages.report import Report, Source
from sphinx_kerasshape.run.worker_process import Worker
from sphinx_kerasshape.worker.code import sources

from .conftest import answers, request

MODEL = "model = keras.Sequential([layers.Input(shape=(4,)), layers.Dense(2)])\n"
NOTHING_IS_LOOKED_UP = "import importlib.metadata\nimportlib.metadata.distributions = None\n"


@pytest.mark.parametrize(
    ("line", "distributions"),
    [
        ("from tensorflow.keras import layers", []),
        ("from tensorflow import keras", []),
        ("import tensorflow as tf", []),
        ("import numpy as np", []),
        ("import yaml", ["PyYAML"]),
    ],
)
def test_packages_are_sources_that_no_child_looks_up(
    worker: Worker, line: str, distributions: list[str]
) -> None:
    (answer,) = answers(worker, [request(f"{NOTHING_IS_LOOKED_UP}{line}\n{MODEL}")])
    expected = [Source("package", name, importlib.metadata.version(name)) for name in distributions]
    assert isinstance(answer, Report), answer
    assert list(answer.sources) == expected


def test_distributions_are_those_that_python_finds() -> None:
    names = {
        package: {distribution.metadata["Name"] for distribution in found}
        for package, found in sources.distributions().items()
    }
    expected = importlib.metadata.packages_distributions()
    assert {name: names[name] for name in expected} == {name: set(found) for name, found in expected.items()}
