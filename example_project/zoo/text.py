"""Models that read text: sequences of word numbers, of any length."""

import keras
from keras import layers


def classifier(vocabulary: int, width: int, classes: int = 2) -> keras.Model:
    """Return a model that sorts texts into classes.

    ``vocabulary`` is the number of words, ``width`` that of the features of a word.
    """
    return keras.Sequential(
        [
            layers.Input(shape=(None,), dtype="int32", name="words"),
            layers.Embedding(vocabulary, width),
            layers.GlobalAveragePooling1D(),
            layers.Dense(classes, activation="softmax"),
        ],
        name="classifier",
    )


def tagger(vocabulary: int, width: int, tags: int) -> keras.Model:
    """Return a model that gives a tag to every word; its encoder is a model of its own."""
    words = keras.Input(shape=(None,), dtype="int32", name="words")
    outputs = layers.Dense(tags, activation="softmax", name="tags")(encoder(vocabulary, width)(words))
    return keras.Model(words, outputs, name="tagger")


def encoder(vocabulary: int, width: int) -> keras.Model:
    """Return a model that turns every word into ``width`` features of its context."""
    return keras.Sequential(
        [
            layers.Input(shape=(None,), dtype="int32"),
            layers.Embedding(vocabulary, width, name="embedding"),
            layers.Bidirectional(layers.LSTM(width // 2, return_sequences=True), name="context"),
        ],
        name="encoder",
    )
