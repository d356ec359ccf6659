"""The builder kerasshape-check: a line for each claim, report.json, and the exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.projects import Built, Project

MYST = """
# Page

```{keras:model} lstm-demo
:expect-output: (None, 1)

model = keras.Sequential([layers.Input((None, 50)), layers.LSTM(64), layers.Dense(1)])
```

It gives {keras:shape}`(None, 2) <lstm-demo.output>`,

has {keras:params}`29,505 <lstm-demo>`, inserts {keras:params}`lstm-demo/lstm`,

and claims {keras:shape}`(3,) <nowhere.output>`.
"""
REST = """
Other
=====

.. keras:model:: two-inputs

   a, b = layers.Input((3,), name="a"), layers.Input((4,), name="b")
   keras.Model([a, b], layers.Dense(2)(layers.Concatenate()([a, b])))

.. keras:model:: wrong

   raise ValueError("no")

.. keras:model:: error
   :raises: ValueError

   raise ValueError("no")

Sentences: :keras:params:`17 <two-inputs>`

and :keras:params:`12 <wrong>`.
"""
FINE = """
Page
====

.. keras:model:: dense

   keras.Sequential([layers.Input((4,)), layers.Dense(2)])

It has :keras:params:`10 <dense>`.
"""


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    return make_project({"index.md": MYST, "other.rst": ":orphan:\n" + REST})


@pytest.fixture(scope="module")
def checked(project: Project) -> Built:
    return project.build("kerasshape-check")


@pytest.fixture(scope="module")
def data(checked: Built) -> Any:
    return json.loads(checked.page("report.json"))


@pytest.fixture(scope="module")
def fine(make_project: Callable[..., Project]) -> Project:
    return make_project({"index.rst": FINE})


@pytest.fixture(scope="module")
def fine_check(fine: Project) -> Built:
    return fine.build("kerasshape-check", "-W")


def test_each_claim_and_failure_has_its_line(checked: Built, data: Any) -> None:
    version = data["versions"]["tensorflow"]
    lines = checked.page("output.txt").splitlines()
    assert lines[:6] == [
        "index.md:5: (None, 1) <lstm-demo.output> holds",
        f"index.md:10: (None, 2) <lstm-demo.output> drifted: TensorFlow {version} says (None, 1)",
        "index.md:12: 29,505 <lstm-demo> holds",
        "index.md:14: (3,) <nowhere.output> not checked",
        f"other.rst:20: 17 <two-inputs> drifted: TensorFlow {version} says 16",
        "other.rst:22: 12 <wrong> not checked",
    ]
    assert lines[6].startswith("other.rst:13: model 'wrong': ValueError: no")
    assert lines[-2:] == [
        "index.md:14: unknown model 'nowhere': choose from lstm-demo, two-inputs, wrong, error",
        "4 models ran, 1 failed, 6 claims: 2 hold, 2 drifted, 2 not checked",
    ]


def test_lines_are_printed_and_the_status_is_1_without_w(checked: Built) -> None:
    assert checked.status == 1
    assert checked.page("output.txt") in checked.said


def test_claims_are_warned_of_as_in_any_build(checked: Built) -> None:
    assert [warning.partition(": ")[0] for warning in checked.warnings] == [
        "other.rst:13",
        "index.md:10",
        "index.md:14",
        "other.rst:20",
    ]


def test_no_pages_are_written(checked: Built) -> None:
    assert sorted(path.name for path in checked.out.iterdir()) == ["output.txt", "report.json"]


def test_report_json_describes_a_model(data: Any) -> None:
    assert data["models"]["lstm-demo"] == {
        "input": [None, None, 50],
        "output": [None, 1],
        "params": {"total": 29505, "trainable": 29505, "non_trainable": 0},
        "layers": [
            {
                "name": "lstm",
                "type": "LSTM",
                "path": "lstm",
                "inputs": [[None, None, 50]],
                "outputs": [[None, 64]],
                "params": 29440,
                "weights": [
                    {"name": "kernel", "shape": [50, 256], "dtype": "float32"},
                    {"name": "recurrent_kernel", "shape": [64, 256], "dtype": "float32"},
                    {"name": "bias", "shape": [256], "dtype": "float32"},
                ],
            },
            {
                "name": "dense",
                "type": "Dense",
                "path": "dense",
                "inputs": [[None, 64]],
                "outputs": [[None, 1]],
                "params": 65,
                "weights": [
                    {"name": "kernel", "shape": [64, 1], "dtype": "float32"},
                    {"name": "bias", "shape": [1], "dtype": "float32"},
                ],
            },
        ],
        "error": None,
        "location": "index.md:4",
    }


def test_report_json_describes_several_inputs_and_expected_errors(data: Any) -> None:
    assert data["schema"] == 1
    assert list(data) == ["schema", "versions", "models", "claims", "statements", "failures"]
    assert set(data["versions"]) == {"python", "tensorflow", "keras", "backend"}
    assert list(data["models"]) == ["error", "lstm-demo", "two-inputs"]
    assert data["models"]["two-inputs"]["input"] == [[None, 3], [None, 4]]
    assert data["models"]["two-inputs"]["output"] == [None, 2]
    error = data["models"]["error"]
    assert (error["input"], error["params"], error["layers"]) == (None, None, [])
    assert error["error"].startswith("ValueError: no")


def test_report_json_has_claims_and_failures(data: Any) -> None:
    assert data["claims"][1] == {
        "kind": "shape",
        "target": "lstm-demo.output",
        "stated": "(None, 2)",
        "actual": "(None, 1)",
        "holds": False,
        "reason": "",
        "location": "index.md:10",
    }
    assert [claim["holds"] for claim in data["claims"]] == [True, False, True, None, False, None]
    assert data["claims"][0]["target"] == "lstm-demo.output"
    assert data["claims"][4]["actual"] == "16"
    assert [(one["model"], one["problem"], one["location"]) for one in data["failures"]] == [
        ("wrong", "code", "other.rst:13"),
        (None, "ref", "index.md:14"),
    ]


def test_a_project_without_drift_passes(fine_check: Built) -> None:
    assert (fine_check.warnings, fine_check.status) == ([], 0)
    assert fine_check.page("output.txt").splitlines()[-1] == "1 model ran, 1 claim: 1 holds"


def test_every_check_runs_afresh_and_keeps_its_answers(fine: Project, fine_check: Built) -> None:
    assert "running models" in fine.build("kerasshape-check", "-W").said
    assert "running models" not in fine.build("html", "-W").said
    cached = fine.build("kerasshape-check", "-W", "-D", "kerasshape_check_cached=1")
    assert "running models" not in cached.said
    assert cached.page("output.txt").splitlines()[-1] == "1 model answered, 1 claim: 1 holds"


def test_with_execution_off_nothing_is_checked(fine: Project) -> None:
    built = fine.build("kerasshape-check", "-D", "kerasshape_execution=off")
    assert built.status == 1
    assert built.warnings == [
        "WARNING: nothing is checked: kerasshape_execution is 'off' [kerasshape.tensorflow]"
    ]
