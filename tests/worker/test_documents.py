"""Documents that were not written for us: pieces of code in, observations out."""

from __future__ import annotations

import re
from collections.abc import Callable
from inspect import cleandoc
from typing import Any

import pytest

from sphinx_kerasshape.messages.report import Failure, Observation, Report, Source, shape_text
from sphinx_kerasshape.messages.request import Piece, Request
from sphinx_kerasshape.run.worker_process import Worker
from sphinx_kerasshape.text import truncated
from tests.support.tiers import tiered
from tests.support.workers import answers

Observe = Callable[..., str]


def pieces(text: str) -> tuple[Piece, ...]:
    """Return the pieces of a text, which blank lines before a line without indentation separate.

    Behind ``#=`` at the end of a piece stand the names that it defines, and behind ``#?`` the expressions to
    observe, separated by semicolons; ``_`` is the piece's own value.
    """
    found, line = [], 1
    for part in re.split(r"\n\n(?! )", cleandoc(text)):
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

    def run(text: str, **options: Any) -> str:
        report = answered(worker, text, **options)
        return "\n".join([*map(written, report.observations), *failures(report)])

    return run


def answered(worker: Worker, text: str, **options: Any) -> Report:
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
    return [truncated(f"failed {one.piece}: {one.kind} {one.failure.message}", 180) for one in report.failed]


UNBUILT = "Keras does not know the shapes of {} here: nothing before it builds or calls it"


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

        print(f"Shape: {x.shape}")
        #? _

        print("Shape (batch, time, units): {}".format(x.shape))
        #? _

        print("Shape: " + str(x.shape))
        #? _

        print("Params: %d" % model.count_params())
        #? _

        print(x.shape, model.output_shape)
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
        6 _: (None, None, 3)
        7 _: (None, None, 3)
        8 _: (None, None, 3)
        9 _: 7850
        10 _: it is a value of type NoneType
    """)


def test_root_causes(observe: Observe) -> None:
    found = observe("""
        import keras
        from keras import layers

        train = keras.utils.audio_dataset_from_directory(
            "data/train", batch_size=16)
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
    cause = "`train = keras.utils.audio_dataset_from_directory(…)`: files are not here, so"
    assert found == expected(f"""
        4 _: {cause} `train` and `number` are missing (--define number=VALUE) [1]
        5 _: {cause} `train`, `number` and `model` are missing (--define number=VALUE) [1]
        5 model.count_params(): {cause} `train`, `number` and `model` are missing (--define number=VALUE) [1]
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
        5 model: {UNBUILT.format("Sequential 'sequential'")}
        7 len(history.history["val_accuracy"]): 5 {data}, training
        8 _: Sequential Dense Dense -> (128, 10) 407050 + 407052 {data}, training
        10 _: (10000, 10) float32 {data}, training, metrics, predictions
        10 predictions[0].argmax(): 0 {data}, training, metrics, predictions
    """)


def test_transfer_learning(observe: Observe) -> None:
    """The argument stays, since EfficientNet has another layer with it; only the download is left out."""
    found = observe("""
        import os, pathlib
        import tensorflow as tf
        from tensorflow.keras import layers, models
        #= os pathlib tf layers models

        path = tf.keras.utils.get_file("flowers", origin="https://example.org/flowers.tgz", untar=True)
        data_dir = pathlib.Path(path)
        #= path data_dir

        train = tf.keras.utils.audio_dataset_from_directory(data_dir, batch_size=16)
        #= train

        classes = len(train.class_names)
        #= classes

        base = tf.keras.applications.EfficientNetB0(weights="imagenet", include_top=False)
        #= base
        #? len(base.layers)

        base = tf.keras.applications.ResNet50(
            weights="imagenet", include_top=False, input_shape=(224, 224, 3))
        #= base
        #? base.output

        for layer in base.layers[:-4]:
            layer.trainable = False
        #= base

        model = models.Sequential([base, layers.GlobalAveragePooling2D(), layers.Dense(5, "softmax")])
        #= model
        #? model

        model.compile("adam", "sparse_categorical_crossentropy")
        #= model

        model.fit(train, epochs=3)
        #= model
        #? model; train

        head = models.Sequential([base, layers.Flatten(), layers.Dense(classes)])
        #= head
        #? head

        lazy = models.Sequential([layers.Dense(4)])
        lazy.compile("adam", "mse")
        #= lazy

        lazy.fit(train)
        #= lazy
        #? lazy
    """)
    statement = "train = tf.keras.utils.audio_dataset_from_directory(data_dir, batch_size=16)"
    cause = f"`{statement}`: files are not here, so"
    first = "with weights of EfficientNetB0"
    both = f"{first}, weights of ResNet50"
    assert found == expected(f"""
        4 len(base.layers): 238 {first}
        5 base.output: (None, 7, 7, 2048) float32 {both}
        7 model: Sequential Functional GlobalAveragePooling2D Dense -> (None, 5) 23597957 {both}
        9 model: Sequential Functional GlobalAveragePooling2D Dense -> (None, 5) 23597957 + 2129932 {both}
        9 train: {cause} `train` is missing [2]
        10 head: {cause} `train`, `classes` and `head` are missing (--define classes=VALUE) [2]
        12 lazy: `lazy` is built by `lazy.fit(train)`, on data that is not here ({cause[:-4]}) [2]
        failed 2: files files are not here
        failed 3: follows {cause} `train` is missing
        failed 9: follows {cause} `train` is missing
        failed 10: follows {cause} `train` and `classes` are missing
        failed 12: follows {cause} `train` is missing
    """)


def test_words(observe: Observe) -> None:
    """The numbers of words reach the largest one, whatever part of the data is used."""
    found = observe("""
        from keras.datasets import imdb, reuters
        from keras import layers, models, preprocessing, utils
        import numpy as np
        #= imdb reuters layers models preprocessing utils np

        (train, labels), (test, _) = imdb.load_data(num_words=10000)
        #= train labels test
        #? _; max(max(words) for words in train); max(map(len, train)); len(imdb.get_word_index())

        vectors = np.zeros((len(train), 10000))
        for number, words in enumerate(train):
            vectors[number, words] = 1.0
        #= vectors
        #? vectors

        x = utils.pad_sequences(train, maxlen=500)
        #= x
        #? _

        model = models.Sequential([layers.Embedding(int(x.max()) + 1, 32), layers.LSTM(32), layers.Dense(1)])
        model.compile("rmsprop", "binary_crossentropy", metrics=["acc"])
        #= model

        model.fit(x, labels, epochs=2, batch_size=128)
        #= model
        #? model

        (train, labels), _ = reuters.load_data(num_words=1000)
        #= train labels
        #? _; max(labels) + 1; max(max(words) for words in train)
    """)
    assert found.replace(" with data for imdb", "") == expected("""
        1 _: (25000,) object, (25000,) int64, (25000,) object, (25000,) int64
        1 max(max(words) for words in train): 9999
        1 max(map(len, train)): 2494
        1 len(imdb.get_word_index()): 88584
        2 vectors: (25000, 10000) float64
        3 _: (25000, 500) int32
        5 model: Sequential Embedding LSTM Dense -> (None, 1) 328353 + 328355, training
        6 _: (8982,) object, (8982,) int64, (2246,) object, (2246,) int64, training, data for reuters
        6 max(labels) + 1: 46, training, data for reuters
        6 max(max(words) for words in train): 999, training, data for reuters
    """)


def test_a_class_that_fit_builds(observe: Observe) -> None:
    found = observe("""
        import keras, numpy as np
        from keras import layers
        #= keras layers np

        class Classifier(keras.Model):
            def __init__(self):
                super().__init__()
                self.hidden = layers.Dense(16)
                self.out = layers.Dense(3)

            def call(self, x, training=False):
                return self.out(self.hidden(x))
        #= Classifier

        model = Classifier()
        #= model
        #? model

        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        #= model

        model.fit(np.random.rand(100, 4), np.zeros(100), verbose=0)
        #= model
        #? model

        hidden = model.hidden
        #= hidden
        #? hidden.kernel
    """)
    assert found == expected(f"""
        2 model: {UNBUILT.format("Classifier 'classifier'")}
        4 model: Classifier Dense Dense -> (None, 3) 131 + 2 with training
        5 hidden.kernel: (4, 16) float32 with training
    """)


def test_saved_models(observe: Observe) -> None:
    """What loads a path gets the model as it was when it was saved; no file is written."""
    found = observe("""
        import os
        import keras
        from keras import layers
        import numpy as np
        #= os keras layers np

        model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])
        model.compile("adam", "mse")
        model.save("model.keras")
        #= model

        best = keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)
        model.fit(np.zeros((8, 4)), np.zeros((8, 2)), callbacks=[best])
        #= model

        model.pop()
        #= model
        #? model

        loaded = keras.models.load_model("model.keras")
        #= loaded
        #? _

        best = keras.saving.load_model(os.path.abspath("best.keras"), compile=False)
        #= best
        #? _

        model.save_weights("own.weights.h5")

        model.load_weights("own.weights.h5")
        #= model

        other = keras.models.load_model("other.h5")
        #= other
        #? other

        model.load_weights("other.weights.h5")
        #= model
        #? model

        model = loaded
        model.save("model")
        #= model

        names = os.listdir(".")
        #= names
        #? len(names)
    """)
    both = "Sequential Dense Dense -> (None, 2) 23"
    cause = '`other = keras.models.load_model("other.h5")`: files are not here'
    assert found == expected(f"""
        3 model: Sequential Dense -> (None, 3) 15 + 48 with training
        4 _: {both} + 48 with training
        5 _: {both} with training
        8 other: {cause}, so `other` is missing [8]
        9 model: Sequential Dense -> (None, 3) 15 + 48 with training
        11 len(names): 0 with training
        failed 8: files files are not here
        failed 9: files files are not here
        failed 10: code ValueError: Invalid filepath extension for saving. Please add either a `.keras` \
extension for the native Keras format (recommended) or a `.h5` extension. Use `model…
    """)


def test_a_model_that_grows(observe: Observe) -> None:
    """Keras' own layers are called once each, others whenever Keras would; all else is as in Keras."""
    found = observe("""
        import keras
        from keras import layers
        calls, call = [], layers.Dense.__call__

        class Own(layers.Layer):
            def call(self, x):
                calls.append(1)
                return x
        #= Own

        def counted(layer, inputs):
            calls.append(1)
            return call(layer, inputs)
        layers.Dense.__call__ = counted
        model = keras.Sequential([keras.Input((3,))])
        for units in range(1, 21):
            model.add(layers.Dense(units))
        #= model
        #? len(calls); model; len(model._functional.operations)

        model.pop()
        model.add(layers.Dense(2))
        #= model
        #? model.output_shape; model.layers[-2].output; keras.Model(model.inputs, model.layers[3].output)

        model.add(layers.Conv1D(3, 2))
        #= model

        own = keras.Sequential([keras.Input((3,)), Own()])
        calls.clear()
        own.add(layers.Flatten())
        own.add(layers.Flatten())
        #= own
        #? len(calls); own

        free = keras.Sequential([layers.Dense(3)])
        free.add(layers.Dense(2))
        #= free
        #? free

        free.build((None, 4))
        free.add(layers.Dense(1))
        #= free
        #? free

        second = keras.Model(free.inputs, free.outputs)
        #= second
        #? int(second.name.rpartition("_")[2]) > 20 and 1
    """)
    dense, four = " ".join(["Dense"] * 20), " ".join(["Dense"] * 4)
    assert found == expected(f"""
        2 len(calls): 20
        2 model: Sequential {dense} -> (None, 20) 2873
        2 len(model._functional.operations): 21
        3 model.output_shape: (None, 2)
        3 model.layers[-2].output: (None, 19) float32
        3 keras.Model(model.inputs, model.layers[3].output): Functional InputLayer {four} -> (None, 4) 33
        5 len(calls): 2
        5 own: Sequential Own Flatten Flatten -> (None, 3) 0
        6 free: {UNBUILT.format("Sequential 'sequential_2'")}
        7 free: Sequential Dense Dense Dense -> (None, 1) 26
        8 int(second.name.rpartition("_")[2]) > 20 and 1: 1
        failed 4: code ValueError: Input 0 with name 'None' of layer 'conv1d' is incompatible with the \
layer: expected min_ndim=3, found ndim=2. Full shape received: (None, 2)
    """)


def test_symbols_and_folders_of_older_versions(observe: Observe) -> None:
    """In the second run, functions of TensorFlow take symbols, and folders are files."""
    found = observe(
        """
        import keras
        import tensorflow as tf
        from keras import backend as K, layers

        a = keras.Input((None,), dtype="int64")
        b = tf.one_hot(a, depth=7)
        model = keras.Model(a, layers.LSTM(3)(tf.reverse(b, axis=[1])))
        #= model
        #? b; model

        class Positions(layers.Layer):
            def __init__(self):
                super().__init__()
                self.tokens = layers.Embedding(9, 4)
                self.places = layers.Embedding(5, 4)

            def call(self, x):
                return self.tokens(x) + self.places(tf.range(tf.shape(x)[-1]))

            def compute_mask(self, x, mask=None):
                return tf.math.not_equal(x, 0)
        #= Positions

        model = keras.Model(a, layers.LSTM(3)(Positions()(a)))
        #= model
        #? model

        x = keras.Input((6,))
        mean, spread = layers.Dense(2)(x), layers.Dense(2)(x)
        #= x mean spread

        class Loss(layers.Layer):
            def call(self, inputs):
                self.add_loss(K.mean(1 + spread - K.square(mean)), inputs=inputs)
                return inputs[0]
        #= Loss

        model = keras.Model(x, Loss()([x, mean]))
        #= model
        #? model

        model.add_loss(K.mean(mean))
        #= model

        if K.image_dim_ordering() == "tf":
            model.save("folder")
        again = keras.models.load_model("folder", custom_objects={"Loss": Loss})
        #= again

        tf.one_hot(keras.ops.zeros((2,)), "text")
        """,
        is_old=True,
    )
    functions = "layers in place of functions of TensorFlow"
    backend = ", ".join(
        f"tensorflow.keras.backend.{one} in place of keras.backend.{one}" for one in ("mean", "square")
    )
    assert found == expected(f"""
        1 b: (None, None, 7) float32 with {functions}
        1 model: Functional InputLayer TFOpLambda TFOpLambda LSTM -> (None, 3) 132 with {functions}
        3 model: Functional InputLayer Positions LSTM -> (None, 3) 152 with {functions}
        6 model: Functional InputLayer Dense Loss -> (None, 6) 14 with {functions}, {backend}, no losses \
of symbols
        failed 9: code TypeError: Cannot convert 'text' to EagerTensor of dtype int32
    """)


def test_layers_of_tensorflow_hub(observe: Observe) -> None:
    """Those of well-known models have their outputs and counts; what takes anything else is not here."""
    found = observe("""
        import tensorflow as tf
        import tensorflow_hub as hub
        import tensorflow_datasets as tfds
        from tensorflow import keras

        words = hub.KerasLayer(
            "https://tfhub.dev/google/nnlm-en-dim50/2", input_shape=[], dtype=tf.string, trainable=True
        )
        model = keras.Sequential([words, keras.layers.Dense(1)])
        #= model
        #? model; model.count_params() - sum(w.shape.num_elements() for w in model.trainable_weights)

        data = tfds.load("cats_vs_dogs", split="train", as_supervised=True)
        data = data.map(lambda image, label: (tf.image.resize(image, (224, 224)), label)).batch(16)
        images, labels = next(iter(data.prefetch(1)))
        #= data images labels
        #? images; labels

        address = "https://tfhub.dev/google/tf2-preview/mobilenet_v2/{}/4"
        pictures = hub.KerasLayer(address.format("feature_vector"), input_shape=(224, 224, 3))
        #= address pictures
        #? pictures(images)

        model = keras.Sequential([pictures, keras.layers.Dense(2)])
        model.build((None, 224, 224, 3))
        #= model
        #? model

        pictures.trainable = True
        #= pictures
        #? model.count_params() - sum(w.shape.num_elements() for w in model.trainable_weights)

        keras.Sequential([hub.KerasLayer(address.format("classification"), input_shape=(224, 224, 3))])
        #? _

        hub.KerasLayer("https://tfhub.dev/someone/something/1")

        hub.load("https://tfhub.dev/google/nnlm-en-dim50/2")

        hub.KerasLayer("https://tfhub.dev/google/nnlm-en-dim50/2")(images)

        [len(text) for text, _ in tfds.load("imdb_reviews", split="train", as_supervised=True).batch(2)]
    """)
    words, data = (
        "the layer of https://tfhub.dev/google/nnlm-en-dim50/2",
        "data for cats_vs_dogs, a batch of zeros",
    )
    pictures = "the layer of https://tfhub.dev/google/tf2-preview/mobilenet_v2"
    seen = f"{words}, {data}, {pictures}/feature_vector/4"
    count = "model.count_params() - sum(w.shape.num_elements() for w in model.trainable_weights)"
    assert found == expected(f"""
        1 model: Sequential KerasLayer Dense -> (None, 1) 48190651 with {words}
        1 {count}: 0 with {words}
        2 images: (16, 224, 224, 3) float32 with {words}, {data}
        2 labels: (16,) int64 with {words}, {data}
        3 pictures(images): (16, 1280) float32 with {seen}
        4 model: Sequential KerasLayer Dense -> (None, 2) 2260546 with {seen}
        5 {count}: 34112 with {seen}
        6 _: Sequential KerasLayer -> (None, 1001) 3540265 with {seen}, {pictures}/classification/4
        failed 7: files the model of 'https://tfhub.dev/someone/something/1' is not here
        failed 8: files tensorflow_hub.load would download a model
        failed 9: files the model of 'https://tfhub.dev/google/nnlm-en-dim50/2' is not here, and takes \
other inputs
        failed 10: files files are not here
    """)


def test_gan(observe: Observe) -> None:
    found = observe("""
        import numpy as np
        import tensorflow as tf
        from tensorflow.keras import layers, Sequential, Model, Input
        #= np tf layers Sequential Model Input

        def make_generator():
            model = Sequential(name="generator")
            model.add(layers.Dense(7 * 7 * 8, input_shape=(100,)))
            model.add(layers.Reshape((7, 7, 8)))
            model.add(layers.Conv2DTranspose(1, 5, strides=4, padding="same", activation="tanh"))
            return model
        #= make_generator

        generator = make_generator()
        #= generator
        #? _

        discriminator = Sequential([layers.Flatten(), layers.Dense(1, "sigmoid")], name="discriminator")
        discriminator.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        #= discriminator

        (images, _), _ = tf.keras.datasets.mnist.load_data()
        images = np.expand_dims((images.astype("float32") - 127.5) / 127.5, axis=3)
        #= images
        #? images

        z = Input(shape=(100,))
        gan = Model(z, discriminator(generator(z)))
        gan.compile("adam", "binary_crossentropy")
        #= z gan discriminator
        #? gan

        for epoch in range(300):
            real = images[np.random.randint(0, images.shape[0], 32)]
            fake = generator.predict(np.random.normal(0, 1, (32, 100)))
            d_real = discriminator.train_on_batch(real, np.ones((32, 1)))
            d_fake = discriminator.train_on_batch(fake, np.zeros((32, 1)))
            d_loss = 0.5 * np.add(d_real, d_fake)
            g_loss = gan.train_on_batch(np.random.normal(0, 1, (32, 100)), np.ones((32, 1)))
        #= discriminator generator gan
        #? fake; d_loss; discriminator

        class Gan(Model):
            def __init__(self, discriminator, generator):
                super().__init__()
                self.discriminator, self.generator = discriminator, generator

            def train_step(self, data):
                raise RuntimeError("this is training")
        #= Gan

        own = Gan(discriminator, generator)
        own.compile("adam")
        history = own.fit(tf.data.Dataset.from_tensor_slices(images).shuffle(1000).batch(64), epochs=20)
        #= own history
        #? own.discriminator; len(history.epoch)
    """)
    assert found.replace(" with data for mnist, predictions, training", "") == expected("""
        2 _: Sequential Dense Reshape Conv2DTranspose -> (None, 28, 28, 1) 39793
        4 images: (60000, 28, 28, 1) float32 with data for mnist
        5 gan: Functional InputLayer Sequential Sequential -> (None, 1) 40578 + 81158 with data for mnist
        6 fake: (32, 28, 28, 1) float32
        6 d_loss: (2,) float64
        6 discriminator: Sequential Flatten Dense -> (None, 1) 785 + 1572
        8 own.discriminator: Sequential Flatten Dense -> (None, 1) 785 + 1572
        8 len(history.epoch): 20
    """)


def test_what_is_not_here(observe: Observe) -> None:
    """Packages that only show things have stand-ins, others are missing; so is data."""
    found = observe("""
        import keras
        from keras import layers
        #= keras layers

        import seaborn as sns
        from google.colab import drive
        sns.set_theme(style="dark")
        drive.mount("/content/drive")
        #= sns drive

        from no_such_package.layers import Special
        #= Special

        model = keras.Sequential([keras.Input((4,)), Special()])
        #= model
        #? model

        import tensorflow_datasets as tfds
        #= tfds

        (train, test), info = tfds.load("our_own_cats", split=["train", "test"], with_info=True)
        #= train test info
        #? info

        import pandas
        frame = pandas.read_csv("data.csv")
        #= pandas frame
        #? frame

        lines = open("data.txt").read().split()
        #= lines
        #? lines

        import urllib.request
        text = urllib.request.urlopen("http://localhost:1/data.txt")
        #= text
        #? text

        from keras.layers.merge import concatenate
        #= concatenate
        #? concatenate

        import glob, os, pathlib
        images = glob.glob("images/*.jpg") + [*pathlib.Path("images").rglob("*.png")]
        number = len([name for _, _, names in os.walk("images") for name in names])
        #= images number

        first = images[0]
        #= first

        layer = layers.Dense(4, activatoin="relu")
        #= layer
        #? layer
    """)
    assert "\n".join(line for line in found.split("\n") if line.startswith("failed")) == expected("""
        failed 2: package the package no_such_package is not here
        failed 3: follows `from no_such_package.layers import Special`: \
the package no_such_package is not here, so `Special` is missing
        failed 5: files the data set our_own_cats is not here
        failed 6: package the package pandas is not here
        failed 7: files files are not here
        failed 8: files files are not here
        failed 9: code ModuleNotFoundError: No module named 'keras.layers.merge'
        failed 10: files files are not here
        failed 11: follows `import glob, os, pathlib`: files are not here, so `images` is missing
        failed 12: code ValueError: Unrecognized keyword arguments passed to Dense: {'activatoin': 'relu'}
    """)


def test_what_an_answer_depends_on(worker: Worker) -> None:
    report = answered(worker, "import sklearn.svm\n\nimport nets\n\nimport keras.nets")
    assert [one for one in report.sources if one.kind == "package"] == [
        Source("package", "scikit-learn", ""),
        Source("package", "nets", ""),
    ]


def test_code_that_is_not_python(observe: Observe, worker: Worker) -> None:
    text = """
        number = 1
        #= number

        def broken(:
            pass
        #= number broken
        #? broken

        print(number)
        #? _
    """
    why = "SyntaxError: invalid syntax"
    assert observe(text) == expected(f"""
        1 broken: {why}, so `broken` is missing [1]
        2 _: {why}, so `number` is missing [1]
        failed 1: syntax {why}
        failed 2: follows {why}, so `number` is missing
    """)
    (frame, *_) = answered(worker, text).failed[0].failure.frames
    assert (frame.line, frame.text) == (4, "def broken(:")


HOSTILE = """
    import sys, os
    import keras
    from keras import layers
    #= sys os keras layers

    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    #= model

    {code}
    #= nothing

    model.summary()
    #? _
"""
SURVIVED = {
    "exit": ("sys.exit(3)", ["failed 2: code SystemExit: 3"]),
    "interrupt": ("raise KeyboardInterrupt", ["failed 2: code KeyboardInterrupt"]),
    "recursion": (
        "def f(): f()\n    f()",
        ["failed 2: code RecursionError: maximum recursion depth exceeded"],
    ),
    "memory": ("x = bytearray(1 << 62)", ["failed 2: code MemoryError"]),
    "bad message": (
        "class Odd(Exception):\n        def __str__(self): raise ValueError\n    raise Odd",
        ["failed 2: code Odd: (its message could not be made: ValueError)"],
    ),
    "a long message": ("raise ValueError('x' * 10_000)", [f"failed 2: code ValueError: {'x' * 153}…"]),
    "signs of terminals": (r"raise ValueError('\x1b[31mred\u202e')", ["failed 2: code ValueError: red"]),
    "other streams": ("sys.stdout = sys.stderr = None", []),
    "closed streams": ("os.close(1)", []),
    "no builtins": ("__builtins__ = {}", []),
    "working directory": ("os.rmdir(os.getcwd())", []),
}


@pytest.mark.parametrize("name", SURVIVED)
def test_hostile_pieces_that_a_document_survives(name: str, observe: Observe) -> None:
    code, failed = SURVIVED[name]
    found = observe(HOSTILE.format(code=code))
    assert found.split("\n") == ["3 _: Sequential Dense -> (None, 2) 10", *failed]


LOST = {
    "exit": ("os._exit(0)", "the process that ran the code ended with exit status 0", 0),
    "loop": ("while True: pass", "the code ran for more than 3 s", 9),
    "memory": ("x = [bytearray(b'x' * (1 << 20)) for _ in range(1 << 20)]", "the code used more than", 0),
}


@pytest.mark.parametrize("name", tiered(LOST, quick={"exit", "loop"}))
def test_hostile_pieces_that_end_a_document(name: str, worker: Worker) -> None:
    code, message, line = LOST[name]
    document = Request(code="", kind="document", pieces=pieces(HOSTILE.format(code=code)))
    (answer,) = answers(worker, [document], timeout=60 if name == "memory" else 3)
    assert isinstance(answer, Failure), answer
    assert answer.message.startswith(message)
    assert [frame.line for frame in answer.frames] == ([line] if line else [])


LYING = """
    import keras
    #= keras

    class Lying:
        @property
        def __class__(self):
            return keras.Model

        def __getattr__(self, name):
            raise SystemExit(name)

    class Wrong:
        shape = (10 ** 40, "x")

    class Deep(list):
        def __iter__(self):
            while True:
                yield self
    #= Lying Wrong Deep

    value = Lying()
    #? value; Wrong(); Deep([1]); 10 ** 40; [[[[[[[1]]]]]]]; del value; )

    x = keras.Input((4,))
    #? x
"""


def test_values_that_lie(observe: Observe) -> None:
    assert observe(LYING) == expected("""
        4 value: SystemExit: shape
        4 Wrong(): it is a tensor whose shape is not known
        4 Deep([1]): it is a value of type Deep
        4 10 ** 40: it is a value of type int
        4 [[[[[[[1]]]]]]]: it is a value of type list
        4 del value: SyntaxError: invalid syntax (<string>, line 1)
        4 ): SyntaxError: unmatched ')' (<string>, line 1)
        5 x: (None, 4) float32
    """)


def test_names_that_are_deleted(observe: Observe) -> None:
    assert observe("""
        number = 1
        #= number

        del number
        #= number

        globals().clear()

        other = number
        #= other
        #? number; other
    """) == expected("""
        3 number: number is not defined in this document
        3 other: `other = number`: number is not defined in this document, so `other` is missing [3]
        failed 3: name number is not defined in this document
    """)


OLD = {
    "from keras.layers.merge import concatenate": "keras.layers",
    "from keras.engine.topology import Layer": "keras",
    "from tensorflow.keras.layers.experimental import preprocessing": "keras.layers",
    "from keras.layers import CuDNNLSTM": "keras.layers.LSTM",
    "from keras.optimizers import to_categorical": "keras.utils.to_categorical",
    "keras.backend.tile": "keras.ops.tile",
    "tf.placeholder": "tensorflow.compat.v1.placeholder",
    "keras.optimizers.Adam(lr=0.1)": "learning_rate in place of lr",
    "keras.layers.Conv2D(3, 3, border_mode='same', init='normal')": (
        "padding in place of border_mode, kernel_initializer in place of init"
    ),
    "keras.Sequential([keras.Input((3,))]).fit(nb_epoch=3)": "epochs in place of nb_epoch",
    "keras.Sequential([keras.Input((3,))]).fit(workers=3)": "without workers",
    "keras.Sequential().fit_generator(1)": "fit",
    "keras.layers.Dense(2).output_shape": "output.shape",
}


def test_old_spellings(worker: Worker) -> None:
    """They fail as TensorFlow fails them, with the present spelling behind the message."""
    report = answered(worker, "import keras, tensorflow as tf\n\n" + "\n\n".join(OLD))
    assert {one.piece: one.failure.mend for one in report.failed} == {
        number: f": now {present}" for number, present in enumerate(OLD.values(), 1)
    }
    messages = [one.failure.message for one in report.failed]
    assert messages[0] == "ModuleNotFoundError: No module named 'keras.layers.merge'"
    assert messages[9] == "TypeError: TensorFlowTrainer.fit() got an unexpected keyword argument 'nb_epoch'"


def test_frames(worker: Worker) -> None:
    """Lines are those of the document's blocks, also where a later block calls code of an earlier one."""
    first = "import keras\n\ndef head(x):\n    return keras.layers.Dense(-1)(x)"
    document = (
        Piece(first.partition("\n")[0], 1, 4, ("keras",)),
        Piece(first.partition("\n\n")[2], 3, 4, ("head",)),
        Piece("y = head(\n    keras.Input((2,)))", 7, 5, ("y",), ("",)),
    )
    (answer,) = answers(worker, [Request(code="", kind="document", pieces=document)])
    assert isinstance(answer, Report)
    (failed,) = answer.failed
    assert [(frame.block, frame.line, frame.text) for frame in failed.failure.frames] == [
        (5, 7, "y = head("),
        (4, 4, "return keras.layers.Dense(-1)(x)"),
    ]
    assert written(answer.observations[0]).startswith("2 _: `y = head(…)`: ValueError: Received an invalid")


def test_data_takes_little_memory(observe: Observe) -> None:
    """What authors make of data sets would be 12 GB; the limit is 3 GB."""
    observed = observe("""
        import resource
        import numpy as np
        from keras.datasets import cifar10, imdb

        (x, y), (x_test, y_test) = cifar10.load_data()
        scaled = (x.astype("float32") / 255.0 - 0.5) * 2
        normal = (x / 255.0 - np.mean(x / 255.0, axis=0)) / 2.0
        normal -= normal.mean(axis=0)
        joined = np.concatenate([scaled, scaled, x_test])[np.random.permutation(110_000)]
        #? scaled; normal; joined; joined[y_test[:, 0].sum()]

        (words, _), (words_test, _) = imdb.load_data(num_words=10_000)
        def vectors(words):
            results = np.zeros((len(words), 10_000))
            for number, sequence in enumerate(words):
                results[number, sequence] = 1.0
            return results

        both = vectors(words), vectors(words_test)
        #? both; resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20
    """)
    assert observed.replace(" with data for cifar10", "").replace(", data for imdb", "") == expected("""
        1 scaled: (50000, 32, 32, 3) float32
        1 normal: (50000, 32, 32, 3) float64
        1 joined: (110000, 32, 32, 3) float32
        1 joined[y_test[:, 0].sum()]: (32, 32, 3) float32
        3 both: (25000, 10000) float64, (25000, 10000) float64
        3 resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20: 0
    """)
