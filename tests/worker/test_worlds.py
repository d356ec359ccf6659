"""Worlds other than the default: precisions, quantization, odd inputs, backends, interpreters, Keras 2."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from importlib.metadata import version
from inspect import cleandoc
from pathlib import Path

import pytest
from packaging.version import Version

from sphinx_kerasshape.claims.formula import formula
from sphinx_kerasshape.messages.report import Answer, Failure, Report
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.projects import Project
from tests.support.workers import answers, make_worker, request, require_keras_2
from tests.worker.test_subclassed import TAGGER, TAGGER_ROWS, written

KERAS = Version(version("keras"))

WORLDS = {
    # code; the rows, as test_subclassed writes them; the first Keras that has it
    "mixed_precision": (
        """
        keras.mixed_precision.set_global_policy("mixed_float16")
        model = keras.Sequential([
            keras.Input((8,)),
            layers.Dense(4, name="half"),
            layers.Dense(2, dtype="float32", name="full"),
        ])""",
        """
        (None, 8) -> (None, 2) 46
        half Dense 36: input_layer -> (None, 4)
        full Dense 10: half -> (None, 2)""",
        "3.0",
    ),
    "lora": (
        """
        dense = layers.Dense(16, name="dense")
        model = keras.Sequential([keras.Input((8,)), dense, layers.Dense(2, name="out")])
        dense.enable_lora(rank=4)""",
        """
        (None, 8) -> (None, 2) 274
        dense Dense 240: input_layer -> (None, 16)
        out Dense 34: dense -> (None, 2)""",
        "3.1",
    ),
    "int8": (
        """
        model = keras.Sequential([
            keras.Input((8,)), layers.Dense(16, name="dense"), layers.Dense(2, name="out")])
        model.quantize("int8")""",
        """
        (None, 8) -> (None, 2) 196
        dense Dense 160: input_layer -> (None, 16)
        out Dense 36: dense -> (None, 2)""",
        "3.4",
    ),
    "adapted": (
        """
        import numpy as np
        norm = layers.Normalization(name="norm")
        norm.adapt(np.arange(12.0).reshape(4, 3))
        model = keras.Sequential([keras.Input((3,)), norm, layers.Dense(2, name="out")])""",
        """
        (None, 3) -> (None, 2) 15
        norm Normalization 7: input_layer -> (None, 3)
        out Dense 8: norm -> (None, 2)""",
        "3.0",
    ),
    "strings": (
        """
        words = layers.StringLookup(vocabulary=["a", "b"], name="lookup")
        model = keras.Sequential([
            keras.Input((None,), dtype="string"), words, layers.Embedding(4, 3, name="embed")])""",
        """
        (None, None) -> (None, None, 3) 12
        lookup StringLookup 0: input_layer -> (None, None)
        embed Embedding 12: lookup -> (None, None, 3)""",
        "3.0",
    ),
    "text": (
        """
        vectorize = layers.TextVectorization(output_sequence_length=5, name="text")
        vectorize.adapt(["a b c", "b c d"])
        model = keras.Sequential([
            keras.Input((1,), dtype="string"), vectorize, layers.Embedding(6, 3, name="embed")])""",
        """
        (None, 1) -> (None, 5, 3) 18
        text TextVectorization 0: input_layer -> (None, 5)
        embed Embedding 18: text -> (None, 5, 3)""",
        "3.0",
    ),
    "sparse": (
        """
        inputs = keras.Input((100,), sparse=True, name="in")
        model = keras.Model(inputs, layers.Dense(3, name="out")(inputs))""",
        """
        (None, 100) -> (None, 3) 303
        in InputLayer 0:  -> (None, 100)
        out Dense 303: in -> (None, 3)""",
        "3.0",
    ),
    "ragged": (
        """
        inputs = keras.Input((None,), ragged=True, dtype="int32", name="in")
        x = layers.Embedding(9, 4, name="embed")(inputs)
        model = keras.Model(inputs, layers.GlobalAveragePooling1D(name="mean")(x))""",
        """
        (None, None) -> (None, 4) 36
        in InputLayer 0:  -> (None, None)
        embed Embedding 36: in -> (None, None, 4)
        mean GlobalAveragePooling1D 0: embed -> (None, 4)""",
        "3.9",
    ),
    "stateful": (
        """
        model = keras.Sequential([
            keras.Input(batch_shape=(8, None, 5)), layers.LSTM(4, stateful=True, name="lstm")])""",
        """
        (8, None, 5) -> (8, 4) 160
        lstm LSTM 160: input_layer -> (8, 4)""",
        "3.0",
    ),
    "ops": (
        """
        inputs = keras.Input((None, 8), name="in")
        x = keras.ops.max(keras.ops.concatenate([inputs, inputs * 2], axis=-1), axis=1)
        model = keras.Model(inputs, layers.Dense(3, name="out")(x))""",
        """
        (None, None, 8) -> (None, 3) 51
        in InputLayer 0:  -> (None, None, 8)
        multiply Multiply 0: in -> (None, None, 8)
        concatenate Concatenate 0: in, multiply -> (None, None, 16)
        max Max 0: concatenate -> (None, 16)
        out Dense 51: max -> (None, 3)""",
        "3.0",
    ),
    "raw_tf_in_a_layer": (
        """
        class Energy(layers.Layer):
            def call(self, x):
                return tf.signal.frame(tf.square(x), 4, 2)
        inputs = keras.Input((16,), name="in")
        model = keras.Model(inputs, layers.Dense(3, name="out")(Energy(name="energy")(inputs)))""",
        """
        (None, 16) -> (None, 7, 3) 15
        in InputLayer 0:  -> (None, 16)
        energy Energy 0: in -> (None, 7, 4)
        out Dense 15: energy -> (None, 7, 3)""",
        "3.0",
    ),
    "custom_weights": (
        """
        class Scale(layers.Layer):
            def __init__(self, **more):
                super().__init__(**more)
                self.table = keras.Variable(tf.ones((3, 2)), name="table", trainable=False)
            def build(self, shape):
                self.scale = self.add_weight(shape=shape[1:], name="scale")
            def call(self, x):
                return x * self.scale
        model = keras.Sequential([keras.Input((4,)), Scale(name="scale")])""",
        """
        (None, 4) -> (None, 4) 10
        scale Scale 10: input_layer -> (None, 4)""",
        "3.0",
    ),
}


def known(name: str) -> bool:
    return Version(WORLDS[name][2]) <= KERAS


@pytest.fixture(scope="module")
def found(worker: Worker) -> dict[str, Answer]:
    codes = {name: cleandoc(code) for name, (code, *_) in WORLDS.items() if known(name)}
    return dict(zip(codes, answers(worker, map(request, codes.values())), strict=True))


@pytest.mark.parametrize("name", WORLDS)
def test_world(name: str, found: dict[str, Answer]) -> None:
    if not known(name):
        pytest.skip(f"Keras {KERAS} has no such thing")
    answer = found[name]
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    assert written(answer.model) == cleandoc(WORLDS[name][1])


def test_dtypes_and_what_trains(found: dict[str, Answer]) -> None:
    def model(name: str) -> list[tuple[int, int, list[str], list[str]]]:
        answer = found[name]
        assert isinstance(answer, Report)
        assert answer.model is not None
        return [
            (
                row.trainable,
                row.bytes,
                [tensor.dtype for tensor in row.calls[0].outputs],
                [weight.dtype for weight in row.weights],
            )
            for row in answer.model.layers
        ]

    if not known("int8"):
        pytest.skip("Keras 3.3 announces another dtype than its layers give")
    assert model("mixed_precision") == [
        (36, 144, ["float16"], ["float32", "float32"]),
        (10, 40, ["float32"], ["float32", "float32"]),
    ]
    if known("lora"):
        assert [row[0] for row in model("lora")] == [112, 34]
    if known("int8"):
        assert [row[:2] for row in model("int8")] == [(16, 256), (2, 48)]
    assert [row[0] for row in model("adapted")] == [0, 8]


@pytest.fixture(scope="module")
def jax() -> Iterator[Worker]:
    if importlib.util.find_spec("jax") is None:
        pytest.skip("jax is not installed")
    worker = make_worker(environment=("KERAS_BACKEND=jax",))
    yield worker
    worker.close()


@pytest.mark.slow
def test_the_backend_that_the_project_asks_for(jax: Worker) -> None:
    bidirectional = """
        model = keras.Sequential([
            keras.Input((None, 4)),
            layers.Bidirectional(layers.LSTM(3), name="both"),
            layers.Dense(2, name="out"),
        ])"""
    codes = [request(cleandoc(TAGGER + "\n    model = Tagger()"), input="(None, None, 50)")]
    first, second = answers(jax, [*codes, request(cleandoc(bidirectional))])
    for answer, rows in (
        (first, TAGGER_ROWS),
        (
            second,
            """
            (None, None, 4) -> (None, 2) 206
            both Bidirectional 192: input_layer -> (None, 6)
              forward_lstm LSTM 96: sequences -> (None, 3)
              backward_lstm LSTM 96: sequences -> (None, 3)
            out Dense 14: both -> (None, 2)""",
        ),
    ):
        assert isinstance(answer, Report), answer
        assert answer.model is not None
        assert answer.versions.backend == "jax"
        assert written(answer.model) == cleandoc(rows)


@pytest.fixture(scope="module")
def legacy() -> Iterator[Worker]:
    require_keras_2()
    worker = make_worker(environment=("TF_USE_LEGACY_KERAS=1",))
    yield worker
    worker.close()


LEGACY = {
    "functional": (
        """
        K = tf.keras
        x = inputs = K.Input((None, 4), name="in")
        dense = K.layers.Dense(4, name="dense")
        x = dense(dense(x)) + 1
        model = K.Model(inputs, K.layers.LSTM(3, name="lstm")(x))""",
        "",
        """
        (None, None, 4) -> (None, 3) 116
        in InputLayer 0:  -> (None, None, 4)
        dense Dense 20: in -> (None, None, 4)
        dense Dense 20: dense -> (None, None, 4)
        tf.__operators__.add TFOpLambda 0: dense -> (None, None, 4)
        lstm LSTM 96: tf.__operators__.add -> (None, 3)""",
    ),
    "nested": (
        """
        K = tf.keras
        inner = K.Sequential([K.Input((4,), name="x"), K.layers.Dense(3, name="dense")], name="inner")
        model = K.Sequential([K.Input((4,), name="y"), inner, K.layers.BatchNormalization(name="norm")])""",
        "",
        """
        (None, 4) -> (None, 3) 27
        inner Sequential 15: y -> (None, 3)
          dense Dense 15: x -> (None, 3)
        norm BatchNormalization 12: inner -> (None, 3)""",
    ),
    "with_an_input": (
        "model = tf.keras.Sequential([tf.keras.layers.Dense(3, name='dense')])",
        "(None, 4)",
        """
        (None, 4) -> (None, 3) 15
        dense Dense 15: dense_input -> (None, 3)""",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LEGACY)
def test_keras_2(name: str, legacy: Worker) -> None:
    code, given, rows = LEGACY[name]
    (answer,) = answers(legacy, [request(cleandoc(code), input=given)])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    assert written(answer.model) == cleandoc(rows)
    assert ("package", "tf-keras") in [(source.kind, source.key) for source in answer.sources]


@pytest.mark.slow
def test_keras_2_that_the_code_imports(worker: Worker) -> None:
    """As TensorFlow's own tutorials do; a variable that code sets comes too late for ``tf.keras``."""
    require_keras_2()
    code = """
        import os
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        import tensorflow as tf
        import tf_keras
        same = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(3, name="dense")])
        model = tf_keras.Sequential([tf_keras.Input((4,)), tf_keras.layers.Dense(3, name="dense")])"""
    codes = (cleandoc(code), f"{cleandoc(code)}\nsame.summary()")
    for answer in answers(worker, [request(code) for code in codes]):
        assert isinstance(answer, Report), answer
        assert answer.model is not None
        assert (answer.model.params, answer.model.outputs[0].shape) == (15, (None, 3))
        assert "tf_keras" in [source.key for source in answer.sources]


@pytest.mark.slow
def test_formulas_of_keras_2(legacy: Worker) -> None:
    code = """
        K = tf.keras.layers
        class GRU(K.Dense):
            pass
        model = tf.keras.Sequential([
            tf.keras.Input((None, 5)),
            K.Bidirectional(K.LSTM(4, return_sequences=True)), K.GRU(6), GRU(3)])"""
    (answer,) = answers(legacy, [request(cleandoc(code))])
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    assert [formula(row.weights) for row in answer.model.layers] == [
        "2×4×(5×4 + 4×4 + 4)",
        "3×(8×6 + 6×6 + 2×6)",
        "6×3 + 3",
    ]


@pytest.mark.slow
def test_keras_2_without_shapes(legacy: Worker) -> None:
    codes = [
        "tf.keras.Sequential([tf.keras.layers.Dense(3)], name='net')",
        "class A(tf.keras.Model): ...\nA()",
    ]
    for answer, text in zip(
        answers(legacy, map(request, codes)), ("no input shape", "Keras 3 only"), strict=True
    ):
        assert isinstance(answer, Failure)
        assert answer.problem == "unbuilt"
        assert text in answer.message


@pytest.fixture(scope="module")
def other_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an interpreter that has TensorFlow, but neither Sphinx nor this package."""
    folder = tmp_path_factory.mktemp("other")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"]
    packages = Path(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip())
    for place in {sysconfig.get_paths()[name] for name in ("purelib", "platlib")}:
        for path in Path(place).iterdir():
            name = path.name.lower()
            if not name.endswith(".pth") and not name.startswith(("sphinx", "docutils", "myst")):
                (packages / path.name).symlink_to(path)
    return python


@pytest.mark.slow
def test_another_interpreter(other_python: Path, make_project: Callable[..., Project]) -> None:
    page = """
        # Other

        ```{keras:model} other
        :expect-params: 29,505
        model = keras.Sequential([keras.Input((None, 50)), layers.LSTM(64), layers.Dense(1)])
        ```
        """
    # A mock in Sphinx's process, as for API pages, has nothing to say to the worker.
    conf = f"kerasshape_python = {str(other_python)!r}\nimport sys\nsys.modules['tensorflow'] = None\n"
    project = make_project({"index.md": cleandoc(page)}, conf)
    for name in ("sphinx", "sphinx_kerasshape", "docutils"):
        asked = [str(other_python), "-c", f"import {name}"]
        done = subprocess.run(asked, capture_output=True, check=False, cwd=project.folder, env={})
        assert done.returncode == 1
    built = project.run("text")
    assert built.warnings == []
    assert "| Total params |" in built.page("index.txt")
    assert list(project.cache.rglob("*.json"))
