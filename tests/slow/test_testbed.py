"""The test bed: what the reader says of every kind of model, held against a plain run of TensorFlow."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.metadata import version
from inspect import cleandoc
from typing import Any

import pytest
from packaging.version import Version

from sphinx_kerasshape.claims import formula
from sphinx_kerasshape.messages import input_spec
from sphinx_kerasshape.messages.layers import weights_of
from sphinx_kerasshape.messages.report import Answer, Model, Report
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.messages.result import fingerprint_of
from sphinx_kerasshape.run.worker_process import Worker
from tests.support import comparison, models
from tests.support.census import APPLICATIONS
from tests.support.comparison import Plain
from tests.support.projects import DEADLINE, REPOSITORY
from tests.support.random_models import Program
from tests.support.testbed.architectures import ARCHITECTURES, VALUES
from tests.support.testbed.backbones import BACKBONES
from tests.support.testbed.keras_layers import LAYERS, NO_MODEL
from tests.support.workers import answers, request

pytestmark = pytest.mark.slow

TRUTH = REPOSITORY / "tests" / "support" / "testbed" / "truth.py"
NEWEST = Version(version("keras")) >= Version("3.15")
# fmt: off
LARGER = {
    "ConvNeXtBase": 88_591_464, "ConvNeXtLarge": 197_767_336, "ConvNeXtSmall": 50_223_688,
    "ConvNeXtXLarge": 350_196_968, "DenseNet169": 14_307_880, "DenseNet201": 20_242_984,
    "EfficientNetB1": 7_856_239, "EfficientNetB2": 9_177_569, "EfficientNetB3": 12_320_535,
    "EfficientNetB4": 19_466_823, "EfficientNetB5": 30_562_527, "EfficientNetB6": 43_265_143,
    "EfficientNetB7": 66_658_687, "EfficientNetV2B1": 8_212_124, "EfficientNetV2B2": 10_178_374,
    "EfficientNetV2B3": 14_467_622, "EfficientNetV2L": 119_027_848, "EfficientNetV2M": 54_431_388,
    "EfficientNetV2S": 21_612_360, "MobileNetV3Large": 5_507_432, "NASNetLarge": 88_949_818,
    "ResNet101": 44_707_176, "ResNet101V2": 44_675_560, "ResNet152": 60_419_944, "ResNet152V2": 60_380_648,
    "VGG19": 143_667_240,
}
# fmt: on
"""All others, which have more of the same layers, with the numbers of their parameters."""
NOT_WRITTEN = {
    *("layer Lambda", "layer RandomShear", "model lambda", "model model_in_a_layer", "model tied"),
    *("model frozen_variable", "model pretrained_embedding"),
}
"""What no code is written for: functions without a name, long arrays, classes without their config."""
SINGLE = {"layer RandomElasticTransform", "model tied", "model transformer"}
"""What is called at one size only: loops in Python that are long, and operations that are given weights."""
REAL = {"application DenseNet121", "application MobileNetV3Small", "application ResNet50V2"}
"""Of ``keras.applications``, those whose weights are drawn in a report as well."""
NO_GRAPH = ("SimpleRNN", "LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "RNN", "StackedRNNCells")
"""Layers that call cells: once a step in a plain run, not at all or once in a report."""


def codes() -> dict[str, tuple[str, str]]:
    """Return all codes by name, with the input of those that need one."""
    found = {f"layer {name}": (code, "") for name, code in LAYERS.items()}
    found |= {f"architecture {name}": pair for name, pair in {**ARCHITECTURES, **VALUES}.items()}
    found |= {
        f"application {name}": (f"model = keras.applications.{name}(weights=None)", "graph")
        for name in APPLICATIONS
    }
    found |= {f"model {name}": (cleandoc(code), "") for name, code in models.ALL.items()}
    if importlib.util.find_spec("keras_hub") is not None:
        found |= {f"backbone {name}": (code, "") for name, code in BACKBONES.items()}
    return found


def plain(structure: input_spec.Structure) -> Any:
    """Write an input as JSON for the plain run."""
    if isinstance(structure, input_spec.InputSpec):
        return {"shape": list(structure.shape), "dtype": structure.dtype or "float32"}
    if isinstance(structure, dict):
        return {name: plain(item) for name, item in structure.items()}
    return [plain(item) for item in structure]


@pytest.fixture(scope="module")
def truths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Run all models in plain TensorFlow, in one process."""
    file = tmp_path_factory.mktemp("truth") / "models.json"
    given_ = {
        name: {
            "code": code,
            "input": text if text in ("", "graph") else json.dumps(plain(input_spec.parse(text))),
        }
        for name, (code, text) in codes().items()
    }
    file.write_text(json.dumps(given_))
    done = subprocess.run(
        [sys.executable, TRUTH, file], capture_output=True, text=True, check=True, timeout=6 * DEADLINE
    )
    found: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def reports(worker: Worker) -> dict[str, tuple[Report, Report]]:
    """Return the reports of a usual run, which is weightless where that works, and of one with weights.

    The first has the constructor's view; where no weights are drawn, it is both.
    """
    asked = {name: asked_for(code, text) for name, (code, text) in codes().items()}
    real = {
        name: one._replace(constructor=False, weights="real")
        for name, one in asked.items()
        if not name.startswith("application ") or name in REAL
    }
    found = answers(worker, [*asked.values(), *real.values()], 120)
    usual = dict(zip(asked, found, strict=False))
    drawn = dict(zip(real, found[len(asked) :], strict=True))
    return {name: (answer, drawn.get(name, answer)) for name, answer in usual.items()}  # type: ignore[misc]


def asked_for(code: str, text: str) -> Request:
    given_ = "" if text in ("", "graph") else input_spec.write(input_spec.parse(text))
    return request(code, input=given_)._replace(constructor=True)


def test_every_application_is_there() -> None:
    if not NEWEST:
        pytest.skip("the table is for the newest Keras")
    code = (
        "import keras, inspect; found = vars(keras.applications).items(); "
        "print(*[name for name, value in found if inspect.isfunction(value)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == sorted((*APPLICATIONS, *LARGER))


def test_larger_applications_have_the_known_counts(worker: Worker) -> None:
    codes_ = [f"model = keras.applications.{name}(weights=None)" for name in LARGER]
    found = [report.model for report in answers(worker, map(request, codes_), 120)]
    assert [model.params for model in found] == [*LARGER.values()]


def test_every_public_layer_is_there() -> None:
    """A new layer of Keras is noticed."""
    if not NEWEST:
        pytest.skip("the table is for the newest Keras")
    code = (
        "import keras, json; L = keras.layers; "
        "print(json.dumps(sorted({v.__name__ for v in vars(L).values() "
        "if isinstance(v, type) and issubclass(v, L.Layer)})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    public = set(json.loads(done.stdout.splitlines()[-1]))
    assert public - set(LAYERS) - set(NO_MODEL) == set()
    assert not set(LAYERS) & set(NO_MODEL)


def test_the_test_bed(
    reports: dict[str, tuple[Report, Report]],
    named: dict[str, tuple[Program, Answer]],
    truths: dict[str, dict[str, Any]],
    tensorflow: Plain,
    record_property: pytest.RecordProperty,
) -> None:
    """One test for all, since they run together; it records how much was compared."""
    problems = {}
    figures: Counter[str] = Counter()
    for name in codes():
        if not NEWEST and ("error" in truths[name] or not isinstance(reports[name][0], Report)):
            continue  # This Keras has no such thing.
        try:
            figures.update(models=1, calls=compare(*reports[name], truths[name]))
            if name in named:
                figures.update(named_sizes(*named[name], tensorflow))
        except AssertionError as error:
            problems[name] = str(error)
    record_property("compared", ("of the test bed", dict(figures)))
    assert problems == {}
    assert figures["models"] >= 150


@pytest.fixture(scope="module")
def named(worker: Worker, reports: dict[str, tuple[Report, Report]]) -> dict[str, tuple[Program, Answer]]:
    """Return the programs that have open axes, with the answers that name these."""
    given = {name: code for name, (code, text) in codes().items() if not text and is_followed(name)}
    read = {name: answer.model for name, (answer, _real) in reports.items() if isinstance(answer, Report)}
    programs = {
        name: Program(code, tuple(map(comparison.named_input, model.inputs)))
        for name, code in given.items()
        if (model := read.get(name))
    }
    programs = {name: program for name, program in programs.items() if program.names}
    requests = [request(program.code, axes=program.axes) for program in programs.values()]
    found = answers(worker, requests, 120)
    return {name: (program, answer) for (name, program), answer in zip(programs.items(), found, strict=True)}


def named_sizes(program: Program, answer: Answer, tensorflow: Plain) -> Counter[str]:
    """Compare calls at several sizes of each axis."""
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    tensorflow.send(code=program.code, is_described=False)
    assert "error" not in tensorflow.said()
    return comparison.at_sizes(program, answer.model, tensorflow)


def is_followed(name: str) -> bool:
    """Whether a model is called at several sizes; following axes through hundreds of layers is slow."""
    return name.startswith(("layer ", "model ")) and name not in SINGLE


def compare(usual: Report, real: Report, truth: dict[str, Any]) -> int:
    """Hold both reports of a model against the plain run; return how many calls were compared."""
    assert isinstance(usual, Report), usual
    assert "error" not in truth, truth
    model = usual.model
    assert model is not None
    # The totals are those of a plain run.
    counts = [model.params, model.trainable, model.non_trainable]
    assert counts == [truth["params"], truth["trainable"], truth["non_trainable"]]
    # Weightless or not, the report is the same.
    assert fingerprint_of(without_view(usual)) == fingerprint_of(without_view(real))
    # Each shape is that of the tensor in a plain run.
    compared = 0
    for path, kind, shapes in calls(model):
        found = [one["outputs"] for one in truth["calls"] if tuple(one["path"]) == path]
        if found and kind not in UNLIKE:
            assert any(agree(shapes, true) for true in found), (path, shapes, found)
            compared += 1
    missing = {tuple(one["path"]) for one in truth["calls"]} - {path for path, *_ in calls(model)}
    assert not {path for path in missing if not inside_of_cells(path, truth["calls"])}
    # Every formula sums to its count.
    for number, row in enumerate(model.layers):
        text = formula.formula(weights_of(model.layers, number))
        if text:
            assert formula.value(text) == row.params
    return compared


def without_view(report: Report) -> Report:
    assert report.model is not None
    return report._replace(model=report.model._replace(constructor=""))


UNLIKE = {"StringLookup", "IntegerLookup", "Hashing", "Discretization", "CategoryEncoding"}
"""Layers whose own announcement of a shape Keras does not keep."""


def calls(model: Model) -> Iterator[tuple[tuple[str, ...], str, list[tuple[int | None, ...]]]]:
    """Give each call of a layer: its path, its type, the shapes that it gives."""
    above: list[str] = []
    for row in model.layers:
        del above[row.depth :]
        above.append(row.name)
        for call in row.calls:
            yield tuple(above), row.type, [tensor.shape for tensor in call.outputs]


def agree(shapes: list[tuple[int | None, ...]], true: list[list[int]]) -> bool:
    if len(shapes) != len(true):
        return False
    return all(
        len(one) == len(other) and all(size in (None, real) for size, real in zip(one, other, strict=True))
        for one, other in zip(shapes, true, strict=True)
    )


def inside_of_cells(path: tuple[str, ...], noted: list[dict[str, Any]]) -> bool:
    """Whether a call is one of a recurrent layer's cells, or of what these are made of."""
    kinds = {tuple(one["path"]): one["type"] for one in noted}
    return any(kinds.get(path[:length]) in NO_GRAPH for length in range(1, len(path)))


def test_the_code_that_is_shown_builds_the_same_model(
    worker: Worker, reports: dict[str, tuple[Report, Report]], record_property: Callable[[str, object], None]
) -> None:
    """The constructor's view of each function of keras.applications, and of each model of the test bed."""
    asked = {name: code for name, (code, _) in codes().items()}
    found = {name: answer for name, (answer, _) in reports.items()}
    read = {
        name: answer.model for name, answer in found.items() if isinstance(answer, Report) and answer.model
    }
    written = {name: model.constructor for name, model in read.items() if model.constructor[0] != "#"}
    # Code with classes of the page needs these; all other code is run by itself.
    again = {
        name: request(f"{asked[name]}\n{code}" if "class " in asked[name] else code)
        for name, code in written.items()
    }
    rebuilt = dict(zip(again, answers(worker, again.values(), 120), strict=True))
    equal = {name for name, answer in rebuilt.items() if unnamed(answer) == unnamed(found[name])}
    applications = {f"application {name}" for name in APPLICATIONS}
    record_property(
        "figure",
        f"constructor's view: code for {len(written)} of {len(asked)} models of the test bed, of these "
        f"{len(applications & written.keys())} of {len(applications)} functions of keras.applications; "
        f"{len(equal)} of {len(again)} that were built again are equal",
    )
    assert equal == again.keys()
    if NEWEST:
        assert applications <= written.keys()
        assert read.keys() == asked.keys()
    # A class with a call() of its own has a constructor of its own; else the comment says what is missing.
    missing = {name: model.constructor for name, model in read.items() if name not in written}
    others = {name for name, view in missing.items() if "subclassed model" not in view}
    assert others <= NOT_WRITTEN, {name: missing[name] for name in others - NOT_WRITTEN}
    assert len(written) >= 0.85 * len(read)


def unnamed(answer: object) -> object:
    """Return what is left of a report without names, which Keras makes up by counting."""
    assert isinstance(answer, Report), answer
    model = answer.model
    assert model is not None
    rows = [
        (
            *(row.type, row.depth, row.params, row.trainable, row.bytes),
            [(weight.shape, weight.dtype) for weight in row.weights],
            [
                [(tensor.shape, tensor.dtype) for tensor in (*call.inputs, *call.outputs)]
                for call in row.calls
            ],
        )
        for row in model.layers
    ]
    ends = [(tensor.shape, tensor.dtype) for tensor in (*model.inputs, *model.outputs)]
    return rows, ends, model.params, model.trainable, model.bytes
