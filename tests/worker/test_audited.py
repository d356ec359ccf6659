"""Documents in the manner of books and courses: their text in, what an audit says of their summaries out."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from pathlib import Path

import pytest

from sphinx_kerasshape.run.worker_process import Worker
from tests.support.corpus.audits import Audits

Audit = Callable[[str], str]


@pytest.fixture
def audit(worker: Worker, tmp_path: Path) -> Audit:
    """Return a function that audits a Markdown document, and writes a line for each verdict."""

    def run(text: str) -> str:
        path = tmp_path / "chapter.md"
        path.write_text(cleandoc(text) + "\n", encoding="utf-8")
        (result,) = Audits(worker).of([path])
        lines = []
        for one in result.verdicts:
            line = f"{one.verdict}: {one.stated}" + (f" -> {one.actual}" if one.actual else "")
            line += f" ({one.reason})" if one.reason else ""
            lines.append(line + (f" with {', '.join(one.stand_ins)}" if one.stand_ins else ""))
        return "\n".join(lines)

    return run


def test_tables_of_scikit_learn(audit: Audit) -> None:
    """Its data sets and what prepares them have stand-ins where it is not installed."""
    pytest.importorskip("scipy")
    found = audit("""
        ```python
        import numpy as np
        from keras import Sequential, layers
        from sklearn.datasets import fetch_california_housing, load_iris
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        housing = fetch_california_housing()
        X_train, X_test, y_train, y_test = train_test_split(housing.data, housing.target, random_state=42)
        scaler = StandardScaler()
        X_train = scaler.fit_transform(X_train)
        ```

        ```python
        X_train.shape  # (15480, 8)
        X_test.shape  # (5160, 8)
        scaler.mean_.shape  # (9,)
        iris = load_iris()
        labels = OneHotEncoder().fit_transform(iris.target[:, np.newaxis]).toarray()
        labels.shape  # (150, 3)
        ```

        ```python
        from sklearn.linear_model import LinearRegression

        weights = LinearRegression().fit(X_train, y_train).coef_
        weights.shape  # (8,)
        ```
    """)
    assert found == cleandoc("""
        holds: (15480, 8) with data for california_housing, train_test_split, StandardScaler
        holds: (5160, 8) with data for california_housing, train_test_split, StandardScaler
        drifted: (9,) -> (8,) with data for california_housing, train_test_split, StandardScaler
        holds: (150, 3) with data for iris, OneHotEncoder
        unchecked: (8,) (`from sklearn.linear_model import LinearRegression`: the package sklearn is not \
here, so `LinearRegression` and `weights` are missing)
    """)


def test_what_a_failure_leaves(audit: Audit) -> None:
    """An import loses only names that are gone, and a failed ``compile`` leaves a built model as it is."""
    found = audit("""
        ```python
        from keras.layers import CuDNNLSTM, Dense, Input
        from keras.models import Sequential
        from keras.optimizers import Adam

        model = Sequential([Input((8,)), Dense(4)])
        model.compile(loss="mse", optimizer=Adam(lr=0.001))
        model.output_shape  # (None, 4)
        cells = CuDNNLSTM(4)
        cells.units  # 4
        ```
    """)
    assert found.startswith("holds: (None, 4)"), found


def test_constants_that_data_shares(audit: Audit) -> None:
    """Data that is not here takes nothing with it that has only been made with the same constants."""
    found = audit("""
        ```python
        import os
        import keras

        PATH = os.path.join("data", "flowers")
        SIZE = (96, 96)
        images = keras.utils.image_dataset_from_directory(PATH, image_size=SIZE)
        base = keras.applications.MobileNetV2(input_shape=SIZE + (3,), include_top=False, weights=None)
        batch, labels = next(iter(images))
        features = base(batch)
        base.trainable = False
        base.output_shape  # (None, 3, 3, 1280)
        ```
    """)
    assert found == "holds: (None, 3, 3, 1280)"


def test_summaries_that_a_loop_prints(audit: Audit) -> None:
    """Each is of the model of its round."""
    found = audit("""
        ```python
        import keras

        def made(units):
            return keras.Sequential([keras.Input((3,)), keras.layers.Dense(units)])

        for units in (2, 4):
            model = made(units)
            model.summary()
        ```

        ```
        Model: "sequential"
        _________________________________________________________________
         Layer (type)                Output Shape              Param #
        =================================================================
         dense (Dense)               (None, 2)                 8
        =================================================================
        Total params: 8
        _________________________________________________________________
        Model: "sequential_1"
        _________________________________________________________________
         Layer (type)                Output Shape              Param #
        =================================================================
         dense_1 (Dense)             (None, 4)                 16
        =================================================================
        Total params: 16
        _________________________________________________________________
        ```
    """)
    assert found == cleandoc("""
        holds: dense (Dense)  (None, 2)  8
        holds: Total params: 8
        holds: dense_1 (Dense)  (None, 4)  16
        holds: Total params: 16
    """)


def test_layers_that_a_class_does_not_keep(audit: Audit) -> None:
    """What ``call`` makes for itself is no row of a summary."""
    found = audit("""
        ```python
        import keras
        from keras import layers

        class Wide(keras.Model):
            def __init__(self):
                super().__init__()
                self.hidden = layers.Dense(8)
                self.last = layers.Dense(2)

            def call(self, inputs):
                return self.last(layers.concatenate([inputs, self.hidden(inputs)]))

        model = Wide()
        model.build((None, 3))
        model.summary()
        ```

        ```
        Model: "wide"
        _________________________________________________________________
         Layer (type)                Output Shape              Param #
        =================================================================
         dense (Dense)               multiple                  32
         dense_1 (Dense)             multiple                  24
        =================================================================
        Total params: 56
        _________________________________________________________________
        ```
    """)
    assert found == cleandoc("""
        holds: dense (Dense)  multiple  32
        holds: dense_1 (Dense)  multiple  24
        holds: Total params: 56
    """)


def test_batches_of_folders(audit: Audit) -> None:
    """Images that are not here build what they would; what only the files tell is missing."""
    found = audit("""
        ```python
        import keras
        from keras import layers
        from tensorflow.keras.preprocessing.image import ImageDataGenerator

        data = keras.utils.image_dataset_from_directory("pets", image_size=(64, 48), batch_size=16)
        images, labels = next(iter(data))
        images.shape  # (16, 64, 48, 3)
        names = data.class_names
        len(names)  # 37
        ```

        ```python
        flow = ImageDataGenerator().flow_from_directory("pets", target_size=(20, 20), class_mode="binary")
        model = keras.Sequential([layers.Flatten(), layers.Dense(1)])
        model.compile(loss="binary_crossentropy", optimizer="adam")
        model.fit(flow, epochs=2)
        model.output_shape  # (None, 1)
        model.count_params()  # 1201
        steps = flow.samples // 32
        model.output_shape[:steps]  # (None, 1)
        ```
    """)
    lines = found.splitlines()
    assert lines[0] == "holds: (16, 64, 48, 3) with batches of images"
    assert "holds: (None, 1) with batches of images, training" in lines
    assert lines[-1].startswith("unchecked")
    assert "files are not here" in lines[-1]


def test_the_batch_of_a_call(audit: Audit) -> None:
    """A model that is a class has in its summary the batch that it was called with."""
    found = audit("""
        ```python
        import keras
        from keras import layers

        class Small(keras.Model):
            def __init__(self):
                super().__init__()
                self.last = layers.Dense(2)

            def call(self, inputs):
                return self.last(inputs)

        model = Small()
        model(keras.ops.zeros((2, 3)))
        model.summary()
        ```

        ```
        Model: "small"
        _________________________________________________________________
         Layer (type)                Output Shape              Param #
        =================================================================
         dense (Dense)               (2, 2)                    8
        =================================================================
        Total params: 8
        _________________________________________________________________
        ```
    """)
    assert found == "holds: dense (Dense)  (2, 2)  8\nholds: Total params: 8"


def test_a_name_from_outside(audit: Audit) -> None:
    """It has the given value where the document's own code for it fails."""
    found = audit("""
        ```python
        import keras

        # kerasshape: define size = 39
        size = len(set(open("shakespeare.txt").read()))
        model = keras.Sequential([keras.Input((size,)), keras.layers.Dense(2)])
        model.input_shape  # (None, 39)
        ```
    """)
    assert found == "holds: (None, 39)"


def test_old_spellings(audit: Audit) -> None:
    """What they would make is known from a second run; the verdict names each."""
    found = audit("""
        ```python
        from keras.layers.core import Dense
        from keras.models import Sequential

        from keras import backend as K

        size = 3 if K.image_dim_ordering() == "tf" else 2
        model = Sequential()
        model.add(Dense(4, input_dim=size, init="uniform"))
        model.output_shape  # (None, 4)
        model.layers[0].output_shape  # (None, 5)
        ```

        ```python
        from keras.layers import CuDNNLSTM, Input

        CuDNNLSTM(4)(Input((5, 3))).shape  # (None, 4)
        ```
    """)
    core = (
        "keras.layers.Dense in place of keras.layers.core.Dense, "
        "present functions in place of keras.backend.image_dim_ordering, kernel_initializer in place of init"
    )
    assert found == cleandoc(f"""
        holds: (None, 4) with {core}
        drifted: (None, 5) -> (None, 4) with {core}, output.shape in place of output_shape
        unchecked: (None, 4) (`from keras.layers import CuDNNLSTM, Input`: ImportError: \
cannot import name 'CuDNNLSTM' from 'keras.layers' (__init__.py), so `CuDNNLSTM` is missing)
    """)


def test_an_old_spelling_that_the_code_avoids(audit: Audit) -> None:
    """Code that tries an old spelling first has what it has without it, and nothing runs twice."""
    found = audit("""
        ```python
        try:
            from keras.layers.merge import add as combined
            axis = 1
        except ImportError:
            from keras.layers import concatenate as combined
            axis = 2
        from keras import Input

        combined([Input((2, 3)), Input((2, 3))], axis=axis).shape  # (None, 2, 6)
        ```
    """)
    assert found == "holds: (None, 2, 6)"


def test_what_lies_beside_a_document(audit: Audit, tmp_path: Path) -> None:
    """Its modules are imported, whatever they import that nothing needs; its files are read, as copies."""
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "small.py").write_text(
        "import keras\nimport no_such_package\nfrom no_such_package.drawing import draw\n"
        "def net(width):\n    return keras.Sequential([keras.Input((width,)), keras.layers.Dense(2)])\n"
        "def drawn(width):\n    return draw(net(width))\n"
    )
    (tmp_path / "points.csv").write_text("1,2,3\n4,5,6\n")
    found = audit("""
        ```python
        import numpy as np
        from nets.small import drawn, net

        points = np.loadtxt("points.csv", delimiter=",")
        net(points.shape[1]).input_shape  # (None, 3)
        drawn(3).input_shape  # (None, 3)
        open("points.csv", "w").close()
        ```
    """)
    assert found == cleandoc("""
        holds: (None, 3)
        unchecked: (None, 3) (the package no_such_package is not here)
    """)
    assert (tmp_path / "points.csv").read_text() == "1,2,3\n4,5,6\n"


def test_a_folder_of_documents_is_no_package(audit: Audit, tmp_path: Path) -> None:
    """An audit of folders that are called like packages, such as READMEs of many projects."""
    readme = tmp_path / "projects" / "no_such_package" / "README.md"
    readme.parent.mkdir(parents=True)
    readme.write_text("# Read me\n")
    found = audit(f"""
        ```python
        import sys
        sys.path.append({str(tmp_path / "projects")!r})
        import keras
        from no_such_package.layers import Funnel

        keras.Sequential([keras.Input((3,)), Funnel(2)]).output_shape  # (None, 2)
        ```
    """)
    why = "`from no_such_package.layers import Funnel`: the package no_such_package is not here"
    hint = "--define 'Funnel(2)'=VALUE"
    assert found == f"unchecked: (None, 2) ({why}, so `Funnel` is missing ({hint}))"


def test_imports_that_everybody_knows(audit: Audit) -> None:
    """Snippets of READMEs leave them out; a class that is defined elsewhere is not taken for one of these."""
    found = audit("""
        ```python
        model = Sequential([Input((8,)), Dense(4), Dropout(0.5)])
        model.output_shape  # (None, 4)
        ```
        ```python
        from mine import Dense
        Sequential([Input((8,)), Dense(4)]).output_shape  # (None, 4)
        ```
    """)
    whence = ", ".join(f"the import of {name}" for name in ("Sequential", "Input", "Dense", "Dropout"))
    assert found.splitlines()[0] == f"holds: (None, 4) with {whence}"
    assert found.splitlines()[1].startswith(
        "unchecked: (None, 4) (`from mine import Dense`: the package mine"
    )


def test_keras_2_has_keras_3_as_its_stand_in(audit: Audit) -> None:
    """TensorFlow's own tutorials choose Keras 2, whose data and training stand-ins don't have."""
    found = audit("""
        ```python
        import tensorflow as tf

        version = getattr(tf.keras, "version", None)
        if version and version().startswith("3."):
            import tf_keras as keras
        else:
            keras = tf.keras
        (x_train, y_train), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)])
        model.compile("adam", "mse")
        model.fit(x_train, y_train)
        model.count_params()  # 2,355
        from tf_keras.layers import Dense
        Dense(4)(tf.zeros((2, 3))).shape  # (2, 4)
        ```
    """)
    assert found == cleandoc("""
        holds: 2,355 with Keras 3 for tf_keras, data for mnist, training
        holds: (2, 4) with Keras 3 for tf_keras
    """)


def test_a_download_that_keras_can_not_make(audit: Audit) -> None:
    """It raises an exception of no class of its own."""
    found = audit("""
        ```python
        import keras

        def fetched():
            raise Exception("URL fetch failure on http://example.org/heart.csv: None -- no network")

        columns = fetched()
        keras.Sequential([keras.Input((columns,)), keras.layers.Dense(2)]).output_shape  # (None, 2)
        ```
    """)
    why = "`columns = fetched()`: files are not here, so `columns` is missing (--define columns=VALUE)"
    assert found == f"unchecked: (None, 2) ({why})"


def test_sets_of_tensorflow_datasets(audit: Audit) -> None:
    """What describes them is known; examples are, if all have one shape."""
    found = audit("""
        ```python
        import numpy as np
        import tensorflow_datasets as tfds

        (some, rest), info = tfds.load(
            "cifar10", split=["train[:80%]", "train[80%:]"], as_supervised=True, with_info=True)
        np.zeros(len(some)).shape  # (40000,)
        np.zeros(info.features["label"].num_classes).shape  # (12,)
        image, label = next(iter(rest.batch(8)))
        image.shape  # (8, 32, 32, 3)
        pets = tfds.load("oxford_iiit_pet:3.*.*", split="test", as_supervised=True)
        np.zeros(len(pets)).shape  # (3669,)
        first, species = next(iter(pets))
        first.shape  # (500, 394, 3)
        ```
    """)
    cifar10 = "data for cifar10"
    assert found == cleandoc(f"""
        holds: (40000,) with {cifar10}
        drifted: (12,) -> (10,) with {cifar10}
        holds: (8, 32, 32, 3) with {cifar10}
        holds: (3669,) with data for oxford_iiit_pet
        unchecked: (500, 394, 3) (`first, species = next(iter(pets))`: files are not here, \
so `first` is missing)
    """)


def test_models_that_keras_leaves_unbuilt(audit: Audit) -> None:
    """What Keras prints of them holds, row by row; a shape that it can't print doesn't."""
    found = audit("""
        ```python
        import keras
        from keras import layers

        whole = keras.Sequential([layers.Dense(4), layers.Dense(2)])
        whole.summary()
        ```

        ```
        ┏━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
        ┃ Layer (type)      ┃ Output Shape ┃       Param # ┃
        ┡━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
        │ dense_7 (Dense)   │ ?            │   0 (unbuilt) │
        ├───────────────────┼──────────────┼───────────────┤
        │ dense_8 (Dense)   │ ?            │   0 (unbuilt) │
        └───────────────────┴──────────────┴───────────────┘
         Total params: 0 (0.00 B)
        ```

        ```python
        part = keras.Sequential([layers.Dense(4), layers.Dense(2)])
        part.layers[0].build((None, 3))
        part.summary()
        ```

        ```
        Layer (type)                 Output Shape              Param #
        =================================================================
        dense_2 (Dense)              (None, 4)                 16
        _________________________________________________________________
        dense_3 (Dense)              (None, 2)                 10
        =================================================================
        Total params: 26
        ```
    """)
    why = "(Keras leaves the model unbuilt here, so it prints no shapes)"
    assert found.splitlines() == [
        "holds: dense_7 (Dense)  ?  0 (unbuilt)",
        "holds: dense_8 (Dense)  ?  0 (unbuilt)",
        "holds: Total params: 0 (0.00 B)",
        "holds: dense_2 (Dense)  (None, 4)  16",
        f"drifted: dense_3 (Dense)  (None, 2)  10 {why}",
        f"drifted: Total params: 26 {why}",
    ]
