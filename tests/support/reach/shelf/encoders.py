"""Encoders of signals."""

import matplotlib.pyplot as plt
import no_such_package
from keras import backend
from keras.layers import Conv1D, Dense, Flatten, Input
from keras.models import Model
from no_such_package.filters import smooth

WIDTHS = [6, 9]


class Encoder:
    """Halves the length of a signal with each layer."""

    def __init__(self, widths, codes):
        x = signal = Input((40, 1), name="signal")
        for number, width in enumerate(widths):
            x = Conv1D(width, 3, strides=2, border_mode="same", name=f"conv_{number}")(x)
        self.last = backend.int_shape(x)
        self.model = Model(signal, Dense(codes, name="codes")(Flatten()(x)), name="encoder")

    def show(self, signals):
        """Draw signals."""
        plt.plot(smooth(signals, no_such_package.WIDTH))
