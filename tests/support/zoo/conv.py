"""A model for the tests of :file:."""

import keras
from keras import layers

image = keras.Input((32, 32, 3), name="image")
features = layers.Conv2D(8, 3, strides=2, name="conv")(image)
features = layers.Flatten()(features)
model = keras.Model(image, layers.Dense(10)(features))

if __name__ == "__main__":
    raise SystemExit("only as a script")
