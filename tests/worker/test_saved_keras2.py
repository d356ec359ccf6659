"""Files that Keras 2 has saved: it reads them where a project uses it, and nothing in them is run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import pytest

from sphinx_kerasshape.messages.report import Answer, Failure, Report
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.projects import Project
from tests.support.workers import answers, make_worker, require_keras_2

pytestmark = pytest.mark.slow

SAVE = """
import json, os, sys
os.environ["TF_USE_LEGACY_KERAS"] = "1"
import tensorflow as tf
import tf_keras as keras
from tf_keras import layers
sys.path.insert(0, ".")
from old_gates import Gate

def truth(model):
    return [[layer.name, type(layer).__name__, layer.count_params()] for layer in model.layers
            if type(layer).__name__ != "InputLayer"] + [model.count_params()]

def save(model, *names):
    for name in names:
        model.save(name)
        known[name] = truth(model)

known = {}
plain = keras.Sequential([layers.Input((50,)), layers.Dense(4, "relu"), layers.Dropout(0.5), layers.Dense(1)])
plain.compile("adam", "mse")
save(plain, "sequential.h5", "sequential.keras", "sequential")
a = keras.Input((None, 8), name="a")
x = layers.Bidirectional(layers.LSTM(5, return_sequences=True))(a)
save(keras.Model(a, layers.Dense(2)(layers.GRU(3)(x))), "recurrent.h5", "recurrent.keras")
image = keras.Input((8, 8, 3))
x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(4, 3)(image)))
x = layers.Add()([x, layers.Conv2D(4, 3, padding="same", kernel_regularizer="l2")(x)])
residual = keras.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))
save(residual, "residual.h5", "residual.keras", "residual")
inner = keras.Sequential([layers.Input((4,)), layers.Dense(3)], name="inner")
y = keras.Input((4,))
nested = keras.Model(y, layers.Dense(1)(tf.reshape(inner(y) + 1, (-1, 3))))
save(nested, "nested.h5", "nested.keras", "nested")
save(keras.Sequential([layers.Input((3,)), Gate(2)]), "own.h5", "own.keras")
for name in ("lambda.h5", "lambda.keras"):
    keras.Sequential([layers.Input((3,)), layers.Lambda(lambda x: x * 2)]).save(name)
json.dump(known, open("known.json", "w"))
"""
GATES = """
import tf_keras

class Gate(tf_keras.layers.Layer):
    def __init__(self, units, **more):
        super().__init__(**more)
        self.units = units
    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")
    def call(self, x):
        return x @ self.kernel
    def get_config(self):
        return {**super().get_config(), "units": self.units}
"""
FILES = [
    f"{name}{end}"
    for name in ("sequential", "recurrent", "residual", "nested", "own")
    for end in (".h5", ".keras")
]
FOLDERS = ["sequential", "residual", "nested"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of models that Keras 2 has saved."""
    require_keras_2()
    folder = tmp_path_factory.mktemp("keras2")
    (folder / "old_gates.py").write_text(GATES)
    subprocess.run([sys.executable, "-c", SAVE], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def legacy(folder: Path) -> Iterator[Worker]:
    """Return a worker of a project that uses Keras 2."""
    sys.path.insert(0, str(folder))
    worker = make_worker(environment=("TF_USE_LEGACY_KERAS=1",))
    sys.path.remove(str(folder))
    yield worker
    worker.close()


def loaded(path: Path, worker: Worker, **more: str) -> Answer:
    (answer,) = answers(worker, [Request("", file=str(path), **more)])
    return answer


def rows(answer: Answer) -> list[object]:
    """Return layers with their counts, and the total, as ``known.json`` has them."""
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    layers = [row for row in answer.model.layers if row.depth == 0 and row.type != "InputLayer"]
    return [*([row.name, row.type, row.params] for row in layers), answer.model.params]


@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
def test_files_of_keras_2(name: str, folder: Path, legacy: Worker) -> None:
    own = {"custom_objects": "old_gates.Gate"} if name.startswith("own") else {}
    known = json.loads((folder / "known.json").read_text())
    answer = loaded(folder / name, legacy, **own)
    assert rows(answer) == known[name]
    assert isinstance(answer, Report)
    assert ("package", "tf-keras") in [(source.kind, source.key) for source in answer.sources]


def test_the_constructor_of_a_model_of_keras_2(folder: Path, legacy: Worker) -> None:
    (report,) = answers(legacy, [Request("", file=str(folder / "nested.h5"), constructor=True)])
    assert isinstance(report, Report), report
    assert report.model is not None
    text = "# There is no constructor's view of this model: it is a model of Keras 2."
    assert report.model.constructor == text


def test_a_file_of_keras_3_is_read_by_keras_3(folder: Path, legacy: Worker) -> None:
    code = "import keras; keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save('new.keras')"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True)
    assert rows(loaded(folder / "new.keras", legacy)) == [["dense", "Dense", 8], 8]


@pytest.mark.parametrize("name", ["recurrent.keras", "recurrent.h5"])
def test_a_project_that_does_not_use_keras_2_is_told_of_it(name: str, folder: Path, worker: Worker) -> None:
    failure = loaded(folder / name, worker)
    assert isinstance(failure, Failure)
    assert failure.message.lower().endswith(
        "it was saved with keras 2: install tf-keras, and add tf_use_legacy_keras=1 to kerasshape_environment"
    )


def test_a_page(folder: Path, make_project: Callable[..., Project]) -> None:
    page = (
        "Old\n===\n\n.. keras:model:: old\n   :file: recurrent.h5\n   :expect-params: 703\n   :show: table\n"
    )
    project = make_project({"index.rst": page}, 'kerasshape_environment = ["TF_USE_LEGACY_KERAS=1"]\n')
    shutil.copy(folder / "recurrent.h5", project.folder / "source")
    built = project.build("text")
    assert built.warnings == []
    assert "| bidirectional | (None, None, 10) | 560" in built.page("index.txt")


# --- files that try to run code ----------------------------------------------


def entry(kind: str, module: str | None = None, /, **config: object) -> dict[str, Any]:
    """Return a layer's entry in a config, as `.h5` files have it, or with a module as in `.keras`."""
    more = {"module": module, "registered_name": None} if module else {}
    return {"class_name": kind, "config": {"name": "called", **config}, **more}


def function(module: str, name: str) -> dict[str, Any]:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


MARSHALLED = ["4wAAAAA=", None, None]
NO_PART = "which models are not made of: safe mode refuses that"
ATTACKS: dict[str, tuple[dict[str, Any], str]] = {
    "Python code": (
        entry("Lambda", function=MARSHALLED, function_type="lambda", module="os"),
        "it has a Lambda layer, which Keras 2 saves as Python code",
    ),
    "Python code for the shape": (
        entry(
            "Lambda",
            function="f",
            function_type="function",
            output_shape=MARSHALLED,
            output_shape_type="lambda",
        ),
        "it has a Lambda layer, which Keras 2 saves as Python code",
    ),
    "a Lambda layer with a function": (
        entry("Lambda", function="f", function_type="function", output_shape_type="raw"),
        "it has a Lambda layer, which Keras 2 saves as Python code",
    ),
    "Python code anywhere": (
        {"class_name": "__lambda__", "config": {"value": "4wAAAAA="}},
        "it has a Lambda layer, which Keras 2 saves as Python code",
    ),
    "an operation that loads a library": (
        entry("TFOpLambda", function="load_op_library"),
        "it has the operation tf.load_op_library, which may do more than compute",
    ),
    "an operation that writes": (
        entry("TFOpLambda", function="io.write_file"),
        "it has the operation tf.io.write_file, which may do more than compute",
    ),
    "an operation that is a tool of Keras": (
        entry("SlicingOpLambda", function="keras.utils.get_file"),
        "it has the operation tf.keras.utils.get_file, which may do more than compute",
    ),
    "an operation that is a class": (
        entry("TFOpLambda", function="io.gfile.GFile"),
        "it has the operation tf.io.gfile.GFile, which may do more than compute",
    ),
    "an operation of a graph": (
        entry("TensorFlowOpLayer", node_def="{}"),
        f"it names TensorFlowOpLayer, {NO_PART}",
    ),
    "a method of a class": (
        entry("ClassMethod", cls_symbol="io.gfile.GFile", method_name="__init__"),
        f"it names ClassMethod, {NO_PART}",
    ),
    "a method of a tensor": (
        entry("InstanceMethod", attr_name="eval"),
        f"it names InstanceMethod, {NO_PART}",
    ),
    "a class of another module": (
        entry("Popen", "subprocess", args="id"),
        "it has subprocess.Popen, which is not part of Keras",
    ),
    "a function of another module": (
        function("os", "mkdir"),
        "it has os.mkdir, which is not part of Keras",
    ),
    "a function of Python's own": (
        function("builtins", "open"),
        "it has builtins.open, which is not part of",
    ),
    "a tool of Keras": (
        function("keras.utils", "get_file"),
        f"it names keras.utils.get_file, {NO_PART}",
    ),
    "what a module of Keras has imported": (
        function("keras.src.utils.data_utils", "urlretrieve"),
        f"it names keras.src.utils.data_utils.urlretrieve, {NO_PART}",
    ),
    "another name of Keras 2": (
        {**function("tf_keras.src.utils.data_utils", "nothing"), "registered_name": "urlretrieve"},
        "it has tf_keras.src.utils.data_utils.nothing, which is not part of Keras",
    ),
    "a name with a dot": (
        function("keras", "utils.get_file"),
        "it has keras.utils.get_file, which is not part",
    ),
    "a class that is no layer": (
        entry("CSVLogger", "keras.callbacks", filename="log"),
        f"it names keras.callbacks.CSVLogger, {NO_PART}",
    ),
    "a type of tensors": (
        {"class_name": "__typespec__", "spec_name": "Popen", "module": "subprocess", "config": []},
        "it has subprocess.__typespec__, which is not part of Keras",
    ),
    "a layer that reads a file": (
        entry("StringLookup", vocabulary="/etc/passwd"),
        "its StringLookup would read the vocabulary from '/etc/passwd'",
    ),
    "a layer with the registered name of one's own": (
        {**entry("TFOpLambda", function="load_op_library"), "registered_name": "Gate"},
        "it has TFOpLambda, which is not part of Keras",
    ),
}


def forged(folder: Path, end: str, layer: dict[str, Any]) -> Path:
    """Write a file whose config has another layer."""
    path = folder / f"forged{end}"
    if end == ".h5":
        shutil.copy(folder / "sequential.h5", path)
        with h5py.File(path, "a") as file:
            config = json.loads(file.attrs["model_config"])
            config["config"]["layers"].append(layer)
            file.attrs["model_config"] = json.dumps(config)
        return path
    with zipfile.ZipFile(folder / "sequential.keras") as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    config = json.loads(parts["config.json"])
    config["config"]["layers"].append(layer)
    with zipfile.ZipFile(path, "w") as archive:
        for part, content in {**parts, "config.json": json.dumps(config).encode()}.items():
            archive.writestr(part, content)
    return path


@pytest.mark.parametrize("end", [".h5", ".keras"])
@pytest.mark.parametrize("name", ATTACKS)
def test_what_a_config_names_is_not_called(name: str, end: str, folder: Path, legacy: Worker) -> None:
    """Functions, classes and operations that a file of Keras 2 names: refused, before Keras 2 sees them."""
    layer, message = ATTACKS[name]
    failure = loaded(forged(folder, end, layer), legacy, custom_objects="old_gates.Gate")
    assert isinstance(failure, Failure), failure
    assert failure.problem == "file"
    assert failure.message.startswith(f":file: forged{end} can't be loaded: {message}"), failure.message


@pytest.mark.parametrize("name", ["lambda.h5", "lambda.keras"])
def test_lambda_layers_are_refused(name: str, folder: Path, legacy: Worker) -> None:
    """A Lambda layer in a file of Keras 2: refused, since it is Python code."""
    failure = loaded(folder / name, legacy)
    assert isinstance(failure, Failure)
    assert "it has a Lambda layer, which Keras 2 saves as Python code" in failure.message


@pytest.mark.parametrize("metadata", [b"", b"\xff\xff no protobuf", b"of another model"])
def test_a_saved_model_without_usable_layers_is_read_as_data(
    metadata: bytes, folder: Path, legacy: Worker
) -> None:
    """A SavedModel of Keras 2 whose layers name something else, or can't be read: its weights are shown."""
    copy = folder / "without"
    shutil.copytree(folder / "sequential", copy, dirs_exist_ok=True)
    if metadata == b"of another model":
        text = (copy / "keras_metadata.pb").read_bytes().replace(b'"Dropout"', b'"Popen!!"')
        (copy / "keras_metadata.pb").write_bytes(text)
    else:
        (copy / "keras_metadata.pb").write_bytes(metadata)
    assert rows(loaded(copy, legacy)) == [["dense", "Variables", 204], ["dense_1", "Variables", 5], 209]
