"""Recurrent models."""

import keras
from keras import layers

from zoo.heads import head


def classifier(units: int, *, features: int = 50, classes: int = 2) -> keras.Model:
    """Return a classifier of sequences of any length."""
    return keras.Sequential(
        [
            layers.Input(shape=(None, features)),
            layers.LSTM(units),
            head(classes),
        ],
        name="classifier",
    )
