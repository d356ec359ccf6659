"""Models that read time series: sequences of measurements."""

import keras
from keras import layers


def forecaster(features: int, horizon: int, units: int = 32) -> keras.Model:
    """Return a model that reads a series of any length and forecasts its next ``horizon`` steps."""
    past = keras.Input(shape=(None, features), name="past")
    state = layers.GRU(units, name="state")(past)
    flat = layers.Dense(horizon * features, name="flat")(state)
    future = layers.Reshape((horizon, features), name="future")(flat)
    return keras.Model(past, future, name="forecaster")
