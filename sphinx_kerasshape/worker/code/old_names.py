"""The present spelling of what older Keras and TensorFlow called otherwise, for the ends of messages."""

from __future__ import annotations

import re
import sys
import types
from typing import Any

from sphinx_kerasshape.worker.code import exceptions

_MODULES = {
    "keras.layers.experimental.preprocessing": "keras.layers",
    "keras.layers.experimental": "keras.layers",
    "keras.layers": "keras.layers",  # and so on: .core, .convolutional, .merge, .normalization, .recurrent
    "keras.engine": "keras",
    "keras.models": "keras.models",
    "keras.utils": "keras.utils",
    "keras.preprocessing.text": "tensorflow.keras.preprocessing.text",
    "keras.optimizers": "keras.optimizers",
    "keras.wrappers.scikit_learn": "keras.wrappers",
    "tensorflow.examples.tutorials.mnist": "keras.datasets.mnist",
    "tensorflow.contrib.keras": "keras",
}
"""Where modules, with those inside them, went."""
_NAMES = {
    "CuDNNLSTM": "keras.layers.LSTM",
    "CuDNNGRU": "keras.layers.GRU",
    "Merge": "keras.layers.concatenate, and the like",
    "merge": "keras.layers.concatenate, and the like",
    "np_utils": "keras.utils",
    "ImageDataGenerator": "tensorflow.keras.preprocessing.image.ImageDataGenerator",
    "adam": "keras.optimizers.Adam",
    "normal": "keras.initializers.RandomNormal",
    "uniform": "keras.initializers.RandomUniform",
    "int_shape": "x.shape",
    "fit_generator": "fit",
    "evaluate_generator": "evaluate",
    "predict_generator": "predict",
    "predict_classes": "predict, with argmax(axis=-1)",
    "predict_proba": "predict",
    "output_shape": "output.shape",
    "input_shape": "input.shape",
    "image_dim_ordering": "keras.config.image_data_format",
    "set_image_dim_ordering": "keras.config.set_image_data_format",
    "multi_gpu_model": "tensorflow.distribute.MirroredStrategy",
}
"""What names became that are nowhere any more."""
ARGUMENTS = {
    "lr": "learning_rate",
    "nb_epoch": "epochs",
    "nb_filter": "filters",
    "nb_val_samples": "validation_steps",
    "samples_per_epoch": "steps_per_epoch",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "filter_length": "kernel_size",
    "pool_length": "pool_size",
    "dim_ordering": "data_format",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "bias": "use_bias",
    "output_dim": "units",
    "batch_input_shape": "batch_shape of keras.Input",
    "input": "inputs",
    "output": "outputs",
    "period": "save_freq",
    "decay": "a schedule of keras.optimizers.schedules",
}
"""What arguments became."""
GONE = frozenset(("workers", "use_multiprocessing", "max_queue_size", "write_grads", "consume_less", "mode"))
"""Arguments that became nothing."""
_PLACES = (
    "keras.layers",
    "keras.ops",
    "keras.utils",
    "keras.models",
    "keras.optimizers",
    "keras",
    "keras.random",
)
"""Where to look for a name that has moved."""
_UNKNOWN = re.compile(
    r"unexpected keyword argument '(\w+)'|(?:passed to \w+|not recognized): \{(.*)", re.DOTALL
)
_KEY = re.compile(r"'(\w+)':")
_IMPORTED = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")


def of_error(error: BaseException) -> str:
    """Return the present spelling of what an exception misses; empty if none is known."""
    try:
        present = _present(error)
    except Exception:  # Objects of the author's code can do anything when asked for their names.
        return ""
    return f": now {present}" if present else ""


def _present(error: Any) -> str:
    text = exceptions.message(error)
    if isinstance(error, ModuleNotFoundError):
        return _module(str(error.name))
    if imported := _IMPORTED.search(text):
        return _name(imported[1]) if imported[2].startswith(("keras", "tensorflow")) else ""
    if isinstance(error, AttributeError):
        return _attribute(error)
    unknown = _UNKNOWN.search(text)
    if unknown is None:
        return ""
    keys = [unknown[1]] if unknown[1] else _KEY.findall(unknown[2])
    return ", ".join(filter(None, map(_argument, keys)))


def _module(name: str) -> str:
    plain = name.replace("tensorflow.keras", "keras").replace("tensorflow.python.keras", "keras")
    for old in sorted(_MODULES, key=len, reverse=True):
        if plain == old or plain.startswith(f"{old}."):
            return _MODULES[old]
    return ""


def _attribute(error: Any) -> str:
    if not isinstance(error.name, str):
        return ""
    if not isinstance(error.obj, types.ModuleType):
        is_of_keras = any(kind.__module__.startswith("keras.") for kind in type(error.obj).__mro__)
        return _NAMES.get(error.name, "") if is_of_keras else ""
    if error.obj.__name__ == "tensorflow" and hasattr(error.obj.compat.v1, error.name):
        return f"tensorflow.compat.v1.{error.name}"
    return _name(error.name) if error.obj.__name__.startswith(("keras", "tensorflow")) else ""


def _name(name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    return next((f"{place}.{name}" for place in _PLACES if hasattr(sys.modules.get(place), name)), "")


def _argument(name: str) -> str:
    if name in GONE:
        return f"without {name}"
    return f"{ARGUMENTS[name]} in place of {name}" if name in ARGUMENTS else ""
