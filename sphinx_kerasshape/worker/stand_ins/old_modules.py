"""Modules and names of older Keras and TensorFlow, each giving what has its place today."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from sphinx_kerasshape.worker.stand_ins.modules import Finder
from sphinx_kerasshape.worker.stand_ins.used import Used

_TF_KERAS = "keras._tf_keras.keras"
_LAYERS = "keras.layers"
_MODULES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            *(
                "keras.layers.core",
                "keras.layers.convolutional",
                "keras.layers.pooling",
                "keras.layers.merge",
            ),
            *("keras.layers.normalization", "keras.layers.recurrent", "keras.layers.embeddings"),
            *("keras.layers.advanced_activations", "keras.layers.noise", "keras.layers.wrappers"),
            *("keras.layers.local", "keras.layers.convolutional_recurrent", "keras.layers.experimental"),
            *("keras.layers.normalization.batch_normalization", "keras.layers.experimental.preprocessing"),
        ),
        (_LAYERS,),
    ),
    **dict.fromkeys(("keras.engine.topology", "keras.engine.base_layer"), (_LAYERS, "keras")),
    **dict.fromkeys(("keras.engine", "keras.engine.training"), (_LAYERS, "keras")),
    **dict.fromkeys(("keras.engine.input_layer", "keras.engine.network"), (_LAYERS, "keras")),
    **dict.fromkeys(
        (
            *("keras.utils.np_utils", "keras.utils.vis_utils", "keras.utils.generic_utils"),
            *("keras.utils.data_utils", "keras.utils.io_utils", "keras.utils.layer_utils"),
        ),
        ("keras.utils", "keras.saving"),
    ),
    "keras.preprocessing.text": (f"{_TF_KERAS}.preprocessing.text",),
    "keras.optimizers.legacy": ("keras.optimizers",),
    "keras.utils.training_utils": ("keras.utils",),
}
"""Where to look for what was in each module."""
_FALLBACKS = {
    "keras.backend": (f"{_TF_KERAS}.backend",),
    "keras.preprocessing.image": (f"{_TF_KERAS}.preprocessing.image", "keras.utils"),
    "keras.preprocessing.sequence": ("keras.utils", f"{_TF_KERAS}.preprocessing.sequence"),
    "keras.preprocessing": (f"{_TF_KERAS}.preprocessing",),
    "keras.layers": ("keras",),
    "keras.models": ("keras", "keras.saving"),
    "keras.utils": ("keras.utils", "keras.saving"),
    "keras.optimizers": ("keras.optimizers",),
    "keras.initializers": ("keras.initializers",),
    "keras.metrics": ("keras.losses", "keras.metrics"),
    "keras.losses": ("keras.losses", "keras.metrics"),
    "keras.activations": ("keras.activations",),
    "keras.callbacks": ("keras.callbacks",),
    "keras.applications": ("keras.applications",),
    "keras.datasets": ("keras.datasets",),
    "keras.regularizers": ("keras.regularizers",),
    "keras": ("keras",),
    "tensorflow": ("tensorflow.compat.v1",),
}
"""Where to look for what modules that are still there had."""
_NAMES = {
    ("keras.optimizers", "adam"): "Adam",
    ("keras.optimizers", "sgd"): "SGD",
    ("keras.optimizers", "rmsprop"): "RMSprop",
    ("keras.optimizers", "adagrad"): "Adagrad",
    ("keras.optimizers", "adadelta"): "Adadelta",
    ("keras.initializers", "normal"): "RandomNormal",
    ("keras.initializers", "uniform"): "RandomUniform",
    ("keras.regularizers", "l1l2"): "l1_l2",
    ("keras.regularizers", "activity_l1"): "l1",
    ("keras.regularizers", "activity_l2"): "l2",
    ("keras.layers", "Convolution2DTranspose"): "Conv2DTranspose",
    ("keras.layers", "Deconvolution2D"): "Conv2DTranspose",
    ("keras.layers", "SeparableConvolution2D"): "SeparableConv2D",
}
"""Names that are now other ones."""
_INNER = ("keras", "keras.layers", "keras.models", "keras.optimizers", "keras.utils", "keras.applications")
"""What code imported from the inside of TensorFlow, where an old copy of Keras still is."""
_OF_GRAPHS = frozenset(
    ("Session", "placeholder", "get_variable", "ConfigProto", "GPUOptions", "contrib", "app")
)
"""What is of graphs and sessions, which no other spelling brings back."""


class _Old(types.ModuleType):
    """A module that is no longer there."""

    def __init__(self, name: str, used: Used) -> None:
        super().__init__(name)
        self.__path__ = []
        self._used = used

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do what the function did that had the name of a module."""
        if not self.__name__.endswith(".layers.merge"):
            raise TypeError("'module' object is not callable")
        self._used.note("layers in place of keras.layers.merge")
        return merge(*args, **kwargs)


class _Finder(Finder):
    """Finds old modules, also below ``tensorflow.keras``."""

    def __init__(self, used: Used) -> None:
        super().__init__(frozenset(), lambda name: _module(name, used))

    def _has(self, name: str) -> bool:
        return _plain(name) in _MODULES


def install(used: Used) -> None:
    """Have the old modules found, and old names in the modules that are there."""
    sys.meta_path.append(_Finder(used))
    for layers in _twins(_LAYERS):
        layers.Convolution2D = layers.AtrousConvolution2D = _convolution(used)
    for name in _INNER:
        sys.modules[f"tensorflow.python.{name}"] = _module(f"tensorflow.python.{name}", used)
    for name in _FALLBACKS:
        for module in _twins(name):
            module.__getattr__ = _lookup(module, _plain(module.__name__), used)


def _twins(name: str) -> Iterator[Any]:
    """Yield a module, and the one that ``tensorflow.keras`` has of the name."""
    for full in (name, name.replace("keras", _TF_KERAS, 1)):
        try:
            yield importlib.import_module(full)
        except ImportError:
            continue
        if name == "tensorflow":
            return


def _plain(name: str) -> str:
    """Return the name of a module of Keras without the package that it was reached through."""
    for prefix in ("tensorflow.python.", "tensorflow.", "keras._tf_keras."):
        if name.startswith(f"{prefix}keras"):
            return name.removeprefix(prefix)
    return name


def _module(name: str, used: Used) -> types.ModuleType:
    module = _Old(name, used)
    module.__getattr__ = _lookup(module, _plain(name), used)  # type: ignore[method-assign]
    return module


def _lookup(module: types.ModuleType, plain: str, used: Used) -> Any:
    places = _MODULES.get(plain) or (*_FALLBACKS.get(plain, ()), plain)

    def __getattr__(name: str) -> Any:  # noqa: N807
        if name.startswith("__"):
            raise AttributeError(name)
        if f"{plain}.{name}" in _MODULES:
            return importlib.import_module(f"{module.__name__}.{name}")
        for place in places if name not in _OF_GRAPHS else ():
            here, present = vars(sys.modules[place]), _NAMES.get((place, name), name)
            if present in here:
                now = f"{place.replace(_TF_KERAS, 'tensorflow.keras')}.{present}"
                used.note(f"{now} in place of {module.__name__}.{name}")
                return here[present]
        if function := _FUNCTIONS.get((plain, name)):
            used.note(f"present functions in place of {plain}.{name}")
            return function
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}", name=name, obj=module)

    return __getattr__


def merge(inputs: Any, mode: str = "sum", concat_axis: int = -1, name: str | None = None, **_: Any) -> Any:
    """Return what the function of Keras 1 makes of tensors."""
    layers = keras.layers
    modes = {"sum": layers.Add, "mul": layers.Multiply, "ave": layers.Average, "max": layers.Maximum}
    if mode == "concat":
        return layers.Concatenate(concat_axis, name=name)(inputs)
    if mode not in modes:
        raise ValueError(f"Invalid merge mode: {mode}")
    return modes[mode](name=name)(inputs)


def _convolution(used: Used) -> Any:
    def convolution(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 3 and all(isinstance(size, int) for size in args):
            used.note("kernel_size=(…, …) in place of two numbers")
            args = (args[0], args[1:])
        return keras.layers.Conv2D(*args, **kwargs)

    return convolution


def _ordering() -> str:
    return "tf" if keras.config.image_data_format() == "channels_last" else "th"


def _set_ordering(ordering: str) -> None:
    keras.config.set_image_data_format(FORMATS.get(ordering, ordering))


_FUNCTIONS = {
    ("keras.layers.merge", "merge"): merge,
    ("keras.layers.merge", "_Merge"): keras.src.layers.merging.base_merge.Merge,
    ("keras.backend", "image_dim_ordering"): _ordering,
    ("keras.backend", "set_image_dim_ordering"): _set_ordering,
}
"""Functions that have no single counterpart."""
FORMATS = {"th": "channels_first", "tf": "channels_last"}
"""The names that orders of axes had."""


def shape_of(tensor: Any) -> Any:
    """Return the shape of a symbol as TensorFlow's own tensors give it."""
    return tf.TensorShape(tensor.shape)


def is_of_numpy(value: Any) -> bool:
    """Whether a value is, or a list has, a whole number of NumPy."""
    if type(value) in (tuple, list):
        return any(map(is_of_numpy, value))
    return isinstance(value, np.integer)


def whole(value: Any) -> Any:
    """Return a value with the whole numbers of NumPy in it as those of Python."""
    if isinstance(value, np.integer):
        return int(value)
    if type(value) in (tuple, list):
        return type(value)(map(whole, value))
    return value
