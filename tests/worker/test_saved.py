"""Saved models, and the code that would build a model."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from inspect import cleandoc
from pathlib import Path

import pytest

from sphinx_kerasshape.messages.report import Answer, Failure, Report
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.run.worker_process import Worker
from sphinx_kerasshape.settings.settings import Settings
from tests.support import models
from tests.support.projects import Project
from tests.support.tiers import tiered
from tests.support.workers import Borrowed, answers, make_worker, request, run_in

SAVE = """
import tensorflow as tf, keras
from keras import layers
from gates import Gate, double

model = keras.Sequential([layers.Input((50,)), layers.Dense(4, activation="relu"), layers.Dense(1)])
model.save("plain.keras")
model.save("plain.h5")
model.save_weights("plain.weights.h5")
model.export("exported")
open("lite.tflite", "wb").write(tf.lite.TFLiteConverter.from_saved_model("exported").convert())
keras.Sequential([layers.Input((3,)), Gate(2)]).save("own.keras")
keras.Sequential([layers.Input((3,)), layers.Lambda(lambda x: x * 2)]).save("unsafe.keras")
keras.Sequential([layers.Input((3,)), layers.Lambda(lambda x: x * 2)]).save("unsafe.h5")
"""
GATES = """
import keras

class Gate(keras.layers.Layer):
    def __init__(self, units, **more):
        super().__init__(**more)
        self.units = units
    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")
    def call(self, x):
        return x @ self.kernel
    def get_config(self):
        return {**super().get_config(), "units": self.units}

def double(x):
    return x * 2
"""


@pytest.fixture(scope="module")
def worker() -> Worker:
    """A worker without a sandbox, where what must not be done could be done."""
    return Borrowed(Settings(sandbox="off"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of models that TensorFlow has saved, good ones and bad ones."""
    folder = tmp_path_factory.mktemp("saved")
    (folder / "gates.py").write_text(GATES)
    run_in(folder, SAVE)
    for name in ("plain.keras", "plain.h5"):
        (folder / f"cut_{name}").write_bytes((folder / name).read_bytes()[:3000])
    (folder / "empty.keras").write_bytes(b"")
    (folder / "text.tflite").write_text("no model")
    (folder / "nothing").mkdir()
    with zipfile.ZipFile(folder / "own.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["metadata.json"] = json.dumps({"keras_version": "99.1.0", "date_saved": "2099-01-01"}).encode()
    config = json.loads(parts["config.json"])
    config["config"]["layers"][1].update(module="keras.layers", class_name="Telepathy", registered_name=None)
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(folder / "future.keras", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return folder


@pytest.fixture(scope="module")
def load(folder: Path) -> Iterator[Callable[..., Answer]]:
    """Return a function that loads one of these files."""
    sys.path.insert(0, str(folder))
    worker = make_worker()
    sys.path.remove(str(folder))

    def run(name: str, **more: object) -> Answer:
        (answer,) = answers(worker, [Request("", file=str(folder / name), **more)])  # type: ignore[arg-type]
        return answer

    yield run
    worker.close()


def rows(answer: Answer) -> list[tuple[object, ...]]:
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    return [
        (row.name, row.type, [tensor.shape for call in row.calls for tensor in call.outputs], row.params)
        for row in answer.model.layers
    ]


@pytest.mark.parametrize("name", ["plain.keras", "plain.h5"])
def test_keras_files(name: str, load: Callable[..., Answer]) -> None:
    assert rows(load(name)) == [
        ("dense", "Dense", [(None, 4)], 204),
        ("dense_1", "Dense", [(None, 1)], 5),
    ]


def test_a_saved_model(load: Callable[..., Answer]) -> None:
    answer = load("exported")
    assert rows(answer) == [
        ("sequential/dense", "Variables", [], 204),
        ("sequential/dense_1", "Variables", [], 5),
    ]
    assert isinstance(answer, Report)
    model = answer.model
    assert model is not None
    assert (model.name, model.type, model.params, model.trainable) == ("exported", "SavedModel", 209, 209)
    assert [tensor.shape for tensor in (*model.inputs, *model.outputs)] == [(None, 50), (None, 1)]


def test_tflite(load: Callable[..., Answer]) -> None:
    answer = load("lite.tflite")
    assert rows(answer) == [
        ("fully_connected_0", "FULLY_CONNECTED", [(None, 4)], 200),
        ("fully_connected_1", "FULLY_CONNECTED", [(None, 1)], 4),
    ]
    assert isinstance(answer, Report)
    assert answer.model is not None
    assert [tensor.shape for tensor in (*answer.model.inputs, *answer.model.outputs)] == [
        (None, 50),
        (None, 1),
    ]
    assert answer.model.layers[1].calls[0].sources == ("fully_connected_0",)


def test_the_answer_depends_on_the_file(load: Callable[..., Answer], folder: Path) -> None:
    for name, count in (("plain.keras", 1), ("exported", 3)):
        answer = load(name)
        assert isinstance(answer, Report)
        keys = [Path(source.key).relative_to(folder).parts[0] for source in answer.sources]
        assert keys.count(name) >= count


@pytest.mark.parametrize("custom", ["gates.Gate", "Gate = gates.Gate, twice = gates.double"])
def test_custom_objects(custom: str, load: Callable[..., Answer]) -> None:
    assert rows(load("own.keras", custom_objects=custom)) == [("gate", "Gate", [(None, 2)], 6)]


BAD = {
    "cut_plain.keras": ["it is cut short, or not a .keras file (File is not a zip file)"],
    "cut_plain.h5": ["it is cut short, or not a .h5 file (Unable to ", "truncated file"],
    "empty.keras": ["it is cut short, or not a .keras file"],
    "text.tflite": ["ValueError: "],
    "nothing": ["it is a folder without a saved_model.pb"],
    "plain.weights.h5": ["it holds weights without a model: save the whole model, with model.save()"],
    "unsafe.keras": [
        "it has a Lambda layer made of a Python lambda",
        "safe mode refuses that",
        ":custom-objects:",
    ],
    "unsafe.h5": ["it has a Lambda layer made of a Python lambda"],
    "own.keras": [
        "it has gates.Gate, which is not part of Keras",
        "name it in ':custom-objects: gates.Gate'",
    ],
    "future.keras": ["It was saved with Keras 99.1.0; this is "],
}


@pytest.mark.parametrize("name", BAD)
def test_files_that_cannot_be_loaded(name: str, load: Callable[..., Answer]) -> None:
    failure = load(name)
    assert isinstance(failure, Failure), failure
    assert failure.problem == "file"
    assert failure.message.startswith(f":file: {name} can't be loaded: ")
    for part in BAD[name]:
        assert part in failure.message


def test_safe_mode_cannot_be_turned_off(folder: Path, worker: Worker) -> None:
    unsafe = Request(
        "",
        prelude="import keras; keras.config.enable_unsafe_deserialization()",
        file=str(folder / "unsafe.h5"),
    )
    (answer,) = answers(worker, [unsafe])
    assert isinstance(answer, Failure)
    assert "safe mode refuses that" in answer.message


@pytest.mark.parametrize("custom", ["gates.Nothing", "nowhere.Gate"])
def test_wrong_custom_objects(custom: str, load: Callable[..., Answer]) -> None:
    failure = load("own.keras", custom_objects=custom)
    assert isinstance(failure, Failure)
    assert f":custom-objects: {custom}: " in failure.message


PAGES = {
    "index.md": """
        # Saved

        ```{keras:model} saved
        :file: plain.keras
        :show: constructor, table
        :expect-output: (None, 1)
        ```
        """,
    "index.rst": """
        Saved
        =====

        .. keras:model:: saved
           :file: plain.keras
           :show: constructor, table
           :expect-output: (None, 1)
        """,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page(name: str, folder: Path, make_project: Callable[..., Project]) -> None:
    project = make_project({name: cleandoc(PAGES[name])})
    shutil.copy(folder / "plain.keras", project.folder / "source")
    built = project.build("text")
    assert built.warnings == []
    assert (
        built.page("index.txt")
        == cleandoc("""
        Saved
        *****

           model = keras.Sequential([
               layers.Input(shape=(50,)),
               layers.Dense(4, activation="relu"),
               layers.Dense(1),
           ])

        +---------+--------------+--------+
        | Layer   | Output shape | Params |
        |=========|==============|========|
        | dense   | (None, 4)    | 204    |
        +---------+--------------+--------+
        | dense_1 | (None, 1)    | 5      |
        +---------+--------------+--------+
        """)
        + "\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (":file: nowhere.keras", "[kerasshape.file]"),
        (
            ":file: model.onnx",
            "is neither Python (.py) nor a saved model (.keras, .h5, .hdf5, .tflite, or a folder)",
        ),
        (":file: ../secret.keras", "is outside of the documentation's folder"),
        (
            ":file: plain.keras\n:custom-objects: Gate",
            "must be an import path, such as package.module.Class, not 'Gate'",
        ),
        (":custom-objects: a.B", "the model has no code"),
    ],
)
def test_bad_options(options: str, message: str, folder: Path, make_project: Callable[..., Project]) -> None:
    project = make_project({"index.md": f"# Saved\n\n```{{keras:model}} saved\n{options}\n```\n"})
    shutil.copy(folder / "plain.keras", project.folder / "source")
    shutil.copy(folder / "plain.keras", project.folder / "secret.keras")
    (warning,) = project.build("text").warnings
    assert warning.startswith("index.md:3: WARNING: ")
    assert message in warning


CONSTRUCTED = {
    **models.CHAINS,
    **models.GRAPHS,
    "many_arguments": """
        model = keras.Sequential([
            layers.Input((8, 8, 3), name="image"),
            layers.Conv2D(4, (3, 1), strides=2, padding="same", use_bias=False, name="first"),
            layers.BatchNormalization(momentum=0.5),
            layers.Dense(2, kernel_regularizer="l2", kernel_initializer=keras.initializers.HeNormal(seed=3)),
            layers.Flatten(),
            layers.Dense(1, dtype="float16"),
        ], name="net")""",
    "wrapped": """
        model = keras.Sequential([
            layers.Input((None, 3)),
            layers.Bidirectional(layers.GRU(4, name="inner", return_sequences=True), merge_mode="sum"),
            layers.TimeDistributed(layers.Dense(2, activation="softmax")),
            layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)]),
        ])""",
    "odd_names": """
        inputs = keras.Input((4,), name="class")
        x = layers.Dense(3, name="say \\"it's\\"")(inputs)
        model = keras.Model(inputs, layers.Dense(2, name="%")(x))""",
    "keyword_calls": """
        a, b = keras.Input((4, 8), name="a"), keras.Input((5, 8), name="b")
        model = keras.Model([a, b], layers.MultiHeadAttention(2, 4)(a, value=b))""",
}


@pytest.mark.parametrize("stride", tiered([3, 1], quick={3}))
def test_constructed_models_are_the_same(stride: int, worker: Worker) -> None:
    """The code that the view shows is run, and gives the same model."""
    codes_of = dict(list(CONSTRUCTED.items())[::stride])
    asked = [request(cleandoc(code), constructor=True) for code in codes_of.values()]  # type: ignore[arg-type]
    first = dict(zip(codes_of, answers(worker, asked), strict=True))
    views = {
        name: one.model.constructor for name, one in first.items() if isinstance(one, Report) and one.model
    }
    codes = {name: view for name, view in views.items() if not view.startswith("# There is no")}
    again = dict(zip(codes, answers(worker, map(request, codes.values())), strict=True))
    for name, answer in again.items():
        assert unnamed(answer) == unnamed(first[name]), codes[name]
    print(f"{len(codes)} of {len(codes_of)} models built from their constructor's view")
    assert codes.keys() == codes_of.keys(), views


def unnamed(answer: Answer) -> list[tuple[object, ...]]:
    """Return the rows without names, which Keras makes up by counting."""
    return [row[1:] for row in rows(answer)]
