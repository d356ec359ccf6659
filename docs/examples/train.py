"""Train a classifier of images of handwritten digits."""

import keras
from keras import layers

model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")

if __name__ == "__main__":
    (x, y), _ = keras.datasets.mnist.load_data()
    model.fit(x[..., None] / 255, y, epochs=5)
