"""Documents that were not written for us: pieces of code in, observations out."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc

import pytest

from sphinx_kerasshape.messages.report import Observation, Report, shape_text
from sphinx_kerasshape.messages.request import Piece, Request
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.workers import answers

Observe = Callable[..., str]


def pieces(text: str) -> tuple[Piece, ...]:
    """Return the pieces of a text, which blank lines separate.

    Behind ``#=`` at the end of a piece stand the names that it defines, and behind ``#?`` the expressions to
    observe, separated by semicolons; ``_`` is the piece's own value.
    """
    found, line = [], 1
    for part in cleandoc(text).split("\n\n"):
        code, names, expressions = [], [], []
        for one in part.split("\n"):
            if one.startswith("#="):
                names += one[2:].split()
            elif one.startswith("#?"):
                expressions += [item.strip() for item in one[2:].split(";")]
            else:
                code.append(one)
        observed = tuple("" if item == "_" else item for item in expressions)
        found.append(Piece("\n".join(code), line, 0, tuple(names), observed))
        line += part.count("\n") + 2
    return tuple(found)


@pytest.fixture
def observe(worker: Worker) -> Observe:
    """Return a function that runs a document, and writes what it observes as text."""

    def run(text: str, **options: str) -> str:
        report = answered(worker, text, **options)
        return "\n".join([*map(written, report.observations), *failures(report)])

    return run


def answered(worker: Worker, text: str, **options: str) -> Report:
    (answer,) = answers(worker, [Request(code="", kind="document", pieces=pieces(text), **options)])
    assert isinstance(answer, Report), answer
    return answer


def written(seen: Observation) -> str:
    line = f"{seen.piece} {seen.expression or '_'}: "
    if seen.failure is not None:
        root = "" if seen.cause is None else f" [{seen.cause}]"
        return f"{line}{seen.failure.message}{root}"
    if seen.model is not None:
        outputs = ", ".join(str(tensor.shape) for tensor in seen.model.outputs)
        layers = " ".join(row.type for row in seen.model.layers if not row.depth)
        line += f"{seen.model.type} {layers} -> {outputs} {seen.model.params}"
        line += f" + {seen.optimizer}" if seen.optimizer is not None else ""
    else:
        tensors = (f"{shape_text(one.shape)} {one.dtype}".strip() for one in seen.tensors)
        line += str(seen.number) if seen.number is not None else ", ".join(tensors)
    return line + (f" with {', '.join(seen.stand_ins)}" if seen.stand_ins else "")


def failures(report: Report) -> list[str]:
    return [f"failed {one.piece}: {one.kind} {one.failure.message}" for one in report.failed]


def expected(text: str) -> str:
    return cleandoc(text)


def test_values_after_each_piece(observe: Observe) -> None:
    found = observe("""
        import keras
        from keras import layers

        model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten()])
        #= model
        #? _

        model.add(layers.Dense(10))
        #= model

        model.summary()
        #? _; model.count_params(); model.output_shape; model.layers[1].kernel

        x = layers.Dense(3)(keras.Input((None, 5)))
        #= x
        #? _; x.shape; x + 1; tuple(x.shape)[1:]; 7 / 2; "text"

        print("Shape:", x.shape)
        #? _
    """)
    assert found == expected("""
        1 _: Sequential Flatten -> (None, 784) 0
        3 _: Sequential Flatten Dense -> (None, 10) 7850
        3 model.count_params(): 7850
        3 model.output_shape: (None, 10)
        3 model.layers[1].kernel: (784, 10) float32
        4 _: (None, None, 3) float32
        4 x.shape: (None, None, 3)
        4 x + 1: (None, None, 3) float32
        4 tuple(x.shape)[1:]: (None, 3)
        4 7 / 2: it is a value of type float
        4 "text": it is a value of type str
        5 _: (None, None, 3)
    """)


def test_root_causes(observe: Observe) -> None:
    found = observe("""
        import keras
        from keras import layers

        train = keras.utils.image_dataset_from_directory(
            "data/train", image_size=(180, 180))
        #= train

        number = len(train.class_names)
        #= number

        other = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        #= other

        model = keras.Sequential([keras.Input((3,)), layers.Dense(number)])
        #= model
        #? _

        model.summary()
        #? _; model.count_params(); other

        model = keras.Sequential([keras.Input((3,)), layers.Dense(vocab_size)])
        #= model
        #? model

        model = keras.Sequential([keras.Input((3,)), layers.Dense(4)])
        #= model
        #? model
    """)
    cause = "`train = keras.utils.image_dataset_from_directory(…)`: files are not here, so"
    assert found == expected(f"""
        4 _: {cause} `train` and `number` are missing [1]
        5 _: {cause} `train`, `number` and `model` are missing [1]
        5 model.count_params(): {cause} `train`, `number` and `model` are missing [1]
        5 other: Sequential Dense -> (None, 2) 8
        6 model: `model = keras.Sequential([keras.Input((3,)), layers.Dense(vocab_size)])`: \
vocab_size is not defined in this document, so `model` is missing [6]
        7 model: Sequential Dense -> (None, 4) 16
        failed 1: files files are not here
        failed 2: follows {cause} `train` is missing
        failed 4: follows {cause} `train` and `number` are missing
        failed 5: follows {cause} `train`, `number` and `model` are missing
        failed 6: name vocab_size is not defined in this document
    """)


def test_mnist(observe: Observe) -> None:
    found = observe("""
        import matplotlib.pyplot as plt
        from tensorflow import keras
        from tensorflow.keras import layers
        #= plt keras layers

        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
        #= x_train y_train x_test y_test
        #? _

        plt.figure(figsize=(10, 10))
        fig, axes = plt.subplots(2, 2)
        for ax in axes.flat:
            ax.imshow(x_train[0])

        x_train = x_train.reshape(60000, 28 * 28).astype("float32") / 255
        #= x_train
        #? _

        y_train = keras.utils.to_categorical(y_train)
        #= y_train
        #? _

        model = keras.Sequential([layers.Dense(512, activation="relu"), layers.Dense(10, "softmax")])
        #= model
        #? model

        model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
        #= model

        history = model.fit(x_train, y_train, epochs=5, batch_size=128, validation_split=0.2)
        #= history model
        #? len(history.history["val_accuracy"])

        model.summary()
        #? _

        loss, accuracy = model.evaluate(x_test.reshape(10000, 784), keras.utils.to_categorical(y_test))

        predictions = model.predict(x_test.reshape(-1, 784))
        #= predictions
        #? _; predictions[0].argmax()
    """)
    data = "with data for mnist"
    assert found == expected(f"""
        1 _: (60000, 28, 28) uint8, (60000,) uint8, (10000, 28, 28) uint8, (10000,) uint8 {data}
        3 _: (60000, 784) float32 {data}
        4 _: (60000, 10) float64 {data}
        5 model: Keras does not know the shapes of Sequential 'sequential' here: nothing before it builds it
        7 len(history.history["val_accuracy"]): 5 {data}, training
        8 _: Sequential Dense Dense -> (None, 10) 407050 + 407052 {data}, training
        10 _: (10000, 10) float32 {data}, training
        10 predictions[0].argmax(): 0 {data}, training
    """)
