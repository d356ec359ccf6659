"""Layers that scale what they read."""

from keras import layers


class Gate(layers.Layer):
    """Scale each feature by a learned gate between 0 and 1.

    The layer keeps the shape of its input,
    here :keras:shape:`(batch, time, 50) <gate-demo/gate.output>`.
    A gate for 50 features has :keras:params:`2,550 <gate-demo/gate>` params.

    .. keras:model:: gate-demo
       :axes: batch, time

       from zoo.gates import Gate

       model = keras.Sequential([
           layers.Input(shape=(None, 50)),
           Gate(name="gate"),
           layers.LSTM(64, name="memory"),
       ])

    Args:
        activation: What makes a gate of a number.
    """

    def __init__(self, activation="sigmoid", **options):
        super().__init__(**options)
        self.activation = activation

    def build(self, shape):
        """Make a gate for each feature."""
        self.gate = layers.Dense(shape[-1], activation=self.activation)
        self.gate.build(shape)

    def call(self, inputs):
        """Return the inputs, scaled."""
        return inputs * self.gate(inputs)
