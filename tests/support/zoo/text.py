"""Models for the tests of :from:."""

import keras
from keras import layers


def classifier(width: int = 32) -> keras.Model:
    return keras.Sequential([keras.Input((None, 50)), layers.LSTM(width), layers.Dense(1)])


def broken() -> keras.Model:
    raise RuntimeError("the weights are not here")


class Zoo:
    @staticmethod
    def dense(units: int) -> keras.Model:
        return keras.Sequential([keras.Input((4,)), layers.Dense(units)])
