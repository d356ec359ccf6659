"""Saved models that try to run code: what the file brings is never run, whatever Keras would do."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sphinx_kerasshape.messages.report import Answer, Failure, Report
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.run.worker_process import Worker
from sphinx_kerasshape.settings.settings import Settings
from tests.support.workers import Borrowed, answers, run_in

SAVE = """
import tensorflow as tf, keras
from keras import layers

class Table(tf.saved_model.experimental.TrackableResource):
    def _create_resource(self):
        return tf.raw_ops.MutableHashTableV2(key_dtype=tf.string, value_dtype=tf.int64)
    def _initialize(self):
        tf.io.write_file(canary, "x")

class Module(tf.Module):
    def __init__(self):
        self.table = Table()
        self.table.resource_handle
        self.kernel = tf.Variable([[1.0, 2.0]], name="dense/kernel")
    @tf.function(input_signature=[tf.TensorSpec([None, 1], name="x")])
    def serve(self, x):
        return {"y": x @ self.kernel}

module = Module()
tf.saved_model.save(module, "initializer", signatures={"serving_default": module.serve})
tf.saved_model.load("initializer")
keras.Sequential([layers.Input((3,)), layers.Dense(2)]).save("plain.keras")
keras.Sequential([layers.Input((3,)), layers.Dense(2)]).save("plain.h5")
"""


@dataclass(frozen=True)
class Attacks:
    """A folder of files, each of which leaves the same canary where it can."""

    folder: Path
    canary: Path

    def keras(self, name: str, config: dict[str, Any], **more: bytes) -> Path:
        """Write a ``.keras`` file with another config."""
        with zipfile.ZipFile(self.folder / "plain.keras") as archive:
            parts = {part: archive.read(part) for part in archive.namelist()}
        parts["config.json"] = json.dumps(config).encode()
        if more:
            del parts["model.weights.h5"]
        path = self.folder / f"{name}.keras"
        with zipfile.ZipFile(path, "w") as archive:
            for part, content in {**parts, **more}.items():
                archive.writestr(part, content)
        return path


@pytest.fixture(scope="module")
def worker() -> Worker:
    """A worker without a sandbox, where what must not be done could be done."""
    return Borrowed(Settings(sandbox="off"))


@pytest.fixture(scope="module")
def attacks(tmp_path_factory: pytest.TempPathFactory) -> Attacks:
    folder = tmp_path_factory.mktemp("attacks")
    canary = folder / "canary"
    run_in(folder, f"canary = {str(canary)!r}\n{SAVE}")
    assert canary.exists()  # This is what loading a SavedModel does.
    canary.unlink()
    return Attacks(folder, canary)


def functional(layer: dict[str, Any], *arguments: object) -> dict[str, Any]:
    """Return the config of a model that calls a layer with arguments of the file's own."""
    entry = {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": {"batch_shape": [None, 3], "dtype": "float32", "name": "input"},
        "registered_name": None,
        "name": "input",
        "inbound_nodes": [],
    }
    called = {**layer, "name": "called", "inbound_nodes": [{"args": list(arguments), "kwargs": {}}]}
    ends = {"input_layers": [["input", 0, 0]], "output_layers": [["input", 0, 0]]}
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {"name": "model", "trainable": True, "layers": [entry, called], **ends},
        "registered_name": "Functional",
    }


def function(module: str, name: str, registered: str | None = None) -> dict[str, Any]:
    return {
        "module": module,
        "class_name": "function",
        "config": name,
        "registered_name": registered or name,
    }


def layer(module: str, kind: str, /, **config: object) -> dict[str, Any]:
    return {"module": module, "class_name": kind, "config": config, "registered_name": None}


NO_PART = "which models are not made of: safe mode refuses that"
CALLS: dict[str, tuple[dict[str, Any], str]] = {
    "a function of another module": (
        function("os", "mkdir"),
        "it has os.mkdir, which is not part of Keras",
    ),
    "a function of Python's own": (
        function("builtins", "open"),
        f"it names builtins.open, {NO_PART}",
    ),
    "a function of Keras that writes": (
        function("keras.src.utils.file_utils", "makedirs"),
        f"it names keras.src.utils.file_utils.makedirs, {NO_PART}",
    ),
    "a name with a dot": (
        function("keras", "utils.get_file"),
        f"it names keras.utils.get_file, {NO_PART}",
    ),
    "a module inside of Keras' modules": (
        function("keras.src.utils.file_utils", "os"),
        f"it names keras.src.utils.file_utils.os, {NO_PART}",
    ),
    "a registered name beside another one": (
        function("os", "mkdir", "builtins>Dense"),
        "it has os.mkdir, which is not part of Keras",
    ),
    "a name that is registered only": (
        {**function("keras.src.utils.file_utils", "nothing", "makedirs")},
        f"it names keras.src.utils.file_utils.nothing, {NO_PART}",
    ),
    "a tool of Keras' modules": (
        function("builtins", "deserialize"),
        f"it names builtins.deserialize, {NO_PART}",
    ),
    "a class that is no layer": (
        layer("keras.callbacks", "CSVLogger", filename="log"),
        f"it names keras.callbacks.CSVLogger, {NO_PART}",
    ),
    "Python code": (
        {"class_name": "__lambda__", "config": {"value": "4wAAAAA="}},
        "it has a Lambda layer made of a Python lambda",
    ),
    "a Lambda layer with a function of Keras that writes": (
        layer("keras.layers", "Lambda", function=function("keras.src.utils.file_utils", "makedirs")),
        f"it names keras.src.utils.file_utils.makedirs, {NO_PART}",
    ),
    "a layer that loads TorchScript": (
        layer("keras.layers", "TorchModuleWrapper", module="x"),
        "it has a TorchModuleWrapper, which would load another file's code",
    ),
    "a layer that reads a file": (
        layer("keras.layers", "StringLookup", vocabulary="/etc/passwd"),
        "its StringLookup would read the vocabulary from '/etc/passwd'",
    ),
}


def answer(path: Path, worker: Worker, **more: str) -> Answer:
    (found,) = answers(worker, [Request("", file=str(path), **more)])
    return found


def refused(path: Path, worker: Worker) -> str:
    """Return why a file is refused."""
    failure = answer(path, worker)
    assert isinstance(failure, Failure), failure
    assert failure.problem == "file"
    return failure.message.partition(f":file: {path.name} can't be loaded: ")[2]


@pytest.mark.parametrize("name", CALLS)
def test_what_a_config_names_is_not_called(name: str, attacks: Attacks, worker: Worker) -> None:
    """Functions and classes that a saved model's config names: refused, whatever the version of Keras would
    do.
    """
    called, message = CALLS[name]
    mode = ["w"] if called["config"] == "open" else []
    path = attacks.keras("called", functional(called, str(attacks.canary), *mode))
    assert refused(path, worker).startswith(message)
    assert not attacks.canary.exists()


@pytest.mark.parametrize("known", ["own", "other"])
def test_a_known_name_of_another_module_is_another_object(
    known: str, attacks: Attacks, worker: Worker
) -> None:
    """A name of `:custom-objects:` with another module: refused."""
    # ``register_keras_serializable`` puts the package before the name.
    config = functional({**layer("zipfile" if known == "own" else "os", "ZipFile")})
    config["config"]["layers"][1]["registered_name"] = "package>ZipFile"
    path = attacks.keras("known", config)
    failure = answer(path, worker, custom_objects="zipfile.ZipFile")
    assert isinstance(failure, Failure)
    assert ("not part of Keras" in failure.message) == (known == "other")


def test_a_layer_that_loads_a_saved_model_is_refused(attacks: Attacks, worker: Worker) -> None:
    """A layer that loads a SavedModel: refused."""
    loads = layer(
        "keras.layers",
        "TFSMLayer",
        filepath=str(attacks.folder / "initializer"),
        call_endpoint="serving_default",
    )
    path = attacks.keras("loads", functional(loads))
    assert refused(path, worker).startswith("it has a TFSMLayer, which would load another file's code")
    assert not attacks.canary.exists()


class Evil:
    """Makes a folder where it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (self.path,)


WRITTEN: dict[str, Callable[[str], dict[str, Any]]] = {
    "an argument": lambda code: layer("keras.initializers", "Zeros", **{f"a={code}, b": 1}),
    "an inner argument": lambda code: layer(
        "keras.initializers", "Zeros", a=layer("keras.initializers", "Zeros", **{f"a={code}, b": 1})
    ),
    "a module": lambda code: layer(f"keras.Input((1,)) if {code} else keras", "Zeros"),
    "a class": lambda code: layer("keras", f"Input((1,)) if {code} else keras.Input"),
    "a function": lambda _: layer("keras.activations", "relu"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_a_config_names_is_not_written_into_code(name: str, attacks: Attacks, worker: Worker) -> None:
    """Settings whose names are code, in a model with a constructor's view: it is neither shown nor run."""
    with zipfile.ZipFile(attacks.folder / "plain.keras") as archive:
        config = json.loads(archive.read("config.json"))
    # Keras keeps this setting of a Dense layer whatever it is.
    setting = WRITTEN[name](f"__import__('os').mkdir({str(attacks.canary)!r})")
    config["config"]["layers"][1]["config"]["use_bias"] = setting
    path = attacks.keras("written", config)
    (report,) = answers(worker, [Request("", file=str(path), constructor=True)])
    assert isinstance(report, Report), report
    assert report.model is not None
    assert report.model.constructor.startswith("# There is no constructor's view of this model: ")
    assert "the code that would build it" not in report.model.constructor  # It was not even run.
    assert not attacks.canary.exists()


def test_weights_are_not_unpickled(attacks: Attacks, worker: Worker) -> None:
    """Pickled weights: refused."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
    header += b" " * (117 - len(header)) + b"\n"
    member = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    member += pickle.dumps(Evil(str(attacks.canary)))
    weights = io.BytesIO()
    with zipfile.ZipFile(weights, "w") as archive:
        archive.writestr("__root__.npy", member)
    with zipfile.ZipFile(attacks.folder / "plain.keras") as archive:
        config = json.loads(archive.read("config.json"))
    path = attacks.keras("pickled", config, **{"model.weights.npz": weights.getvalue()})
    assert refused(path, worker).startswith("its weights are in model.weights.npz, which Keras may unpickle")
    assert not attacks.canary.exists()


def test_nothing_of_a_saved_model_is_run(attacks: Attacks, worker: Worker) -> None:
    """A SavedModel whose initializer writes a file: it is read, and nothing of it is run."""
    report = answer(attacks.folder / "initializer", worker)
    assert isinstance(report, Report), report
    assert report.model is not None
    assert [(row.name, row.params) for row in report.model.layers] == [("dense", 2)]
    assert [tensor.shape for tensor in report.model.outputs] == [(None, 2)]
    assert not attacks.canary.exists()


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda _: b"",
    "cut short": lambda data: data[: len(data) // 2],
    "text": lambda _: b"no model at all",
    "no object": lambda data: b"serving_defaulx".join(data.rsplit(b"serving_default", 1)),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_saved_model_is_said_to_be(kind: str, attacks: Attacks, worker: Worker) -> None:
    """A SavedModel that is cut short or inconsistent: one warning says what is missing."""
    folder = attacks.folder / f"broken {kind}"
    folder.mkdir()
    data = (attacks.folder / "initializer" / "saved_model.pb").read_bytes()
    (folder / "saved_model.pb").write_bytes(BROKEN[kind](data))
    message = refused(folder, worker)
    assert message.startswith(("its saved_model.pb is cut short, or not a SavedModel", "it has no "))


def test_the_plain_files_are_taken(attacks: Attacks, worker: Worker) -> None:
    for name in ("plain.keras", "plain.h5"):
        report = answer(attacks.folder / name, worker)
        assert isinstance(report, Report), report
        assert report.model is not None
        assert report.model.params == 8
