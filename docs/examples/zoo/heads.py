"""Last layers that several models share."""

from keras import layers


def head(classes: int) -> layers.Layer:
    """Return a layer that gives a probability for each class."""
    return layers.Dense(classes, activation="softmax", name="head")
