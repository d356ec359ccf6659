"""What Keras does not know of ``gated.keras``.

The file was saved by Keras 3.3.3, which later versions can read: in ``tests/support``, run
``python -c "from zoo import gates; gates.save()"``.
"""

from __future__ import annotations

from typing import Any

import keras


class Gate(keras.layers.Layer):
    def __init__(self, units: int, **more: Any) -> None:
        super().__init__(**more)
        self.units = units

    def build(self, shape: tuple[int, ...]) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

    def call(self, x: Any) -> Any:
        return x @ self.kernel

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def double(x: Any) -> Any:
    return x * 2


def save() -> None:
    layers = [Gate(2, name="gate"), keras.layers.Dense(1, activation=double, name="out")]
    keras.Sequential([keras.Input((3,)), *layers]).save("zoo/gated.keras")
