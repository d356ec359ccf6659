"""``tensorflow_hub`` without downloads: layers of well-known models, with their true outputs and counts.

Older Keras took such layers in models of its own; these are layers of the Keras that is here.
"""

from __future__ import annotations

import re
import types
from typing import Any, NamedTuple, NoReturn

import keras

from sphinx_kerasshape.worker.stand_ins.used import NotHere, Used

_ADDRESS = re.compile(r"https?://(?:www\.)?tfhub\.dev/(?P<name>[\w./-]+?)(?:/\d+)?/?(?:\?.*)?")


class _Known(NamedTuple):
    """A model: the size of what it gives, and its parameters, of which some are never trained."""

    units: int
    params: int
    fixed: int = 0
    rank: int = 4
    """The axes of its input: those of images, or one of texts."""


_CLASSES = 1_001
_IMAGES = {
    "mobilenet_v1_100_224": _Known(1_024, 3_228_864, 21_888),
    "mobilenet_v2_100_224": _Known(1_280, 2_257_984, 34_112),
    "mobilenet_v3_small_100_224": _Known(1_024, 1_529_968, 12_112),
    "mobilenet_v3_large_100_224": _Known(1_280, 4_226_432, 24_400),
    "inception_v3": _Known(2_048, 21_802_784, 34_432),
    "resnet_v1_50": _Known(2_048, 23_561_152, 53_120),
    "resnet_v2_50": _Known(2_048, 23_564_800, 45_440),
}
_TEXTS = {
    "nnlm-en-dim50": _Known(50, 48_190_600, rank=1),
    "nnlm-en-dim128": _Known(128, 124_642_688, rank=1),
    "gnews-swivel-20dim": _Known(20, 400_020, rank=1),
    "universal-sentence-encoder": _Known(512, 256_797_824, rank=1),
    "universal-sentence-encoder-large": _Known(512, 147_354_880, rank=1),
}
_OTHER_NAMES = {
    "tf2-preview/mobilenet_v2": "imagenet/mobilenet_v2_100_224",
    "tf2-preview/inception_v3": "imagenet/inception_v3",
    "resnet_50": "imagenet/resnet_v1_50",
}


class Modules:
    """Makes the module."""

    def __init__(self, used: Used) -> None:
        self._used = used

    def __call__(self, name: str) -> types.ModuleType:
        """Return the module of a name."""
        used = self._used

        class KerasLayer(keras.Layer):  # type: ignore[misc]
            """A layer that is a model of TensorFlow Hub."""

            def __init__(
                self, handle: Any, trainable: bool = False, arguments: Any = None, **kwargs: Any
            ) -> None:
                self._known = _known(handle)
                used.note(f"the layer of {handle}")
                options = {key: kwargs[key] for key in ("name", "input_shape") if kwargs.get(key) is not None}
                super().__init__(trainable=trainable, **options)
                self._handle = str(handle)

            def build(self, input_shape: Any) -> None:
                """Make as many weights as the model has."""
                if len(input_shape) != self._known.rank:
                    raise NotHere(f"the model of {self._handle!r} is not here, and takes other inputs")
                self.add_weight(shape=(self._known.params - self._known.fixed,), name="weights")
                if self._known.fixed:
                    self.add_weight(shape=(self._known.fixed,), trainable=False, name="fixed")

            def call(self, inputs: Any) -> Any:
                """Return zeros in the shape of what the model gives."""
                return keras.ops.zeros((keras.ops.shape(inputs)[0], self._known.units))

        module = _Module(name)
        vars(module).update(KerasLayer=KerasLayer, __version__="0.16.0", __path__=[])
        return module


class _Module(types.ModuleType):
    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotHere(f"tensorflow_hub.{name} would download a model")


def _known(handle: Any) -> _Known:
    """Return what is known of the model at an address. Raises :class:`NotHere`."""
    address = _ADDRESS.fullmatch(str(handle))
    publisher, _, name = (address["name"] if address else "").partition("/")
    for old, new in _OTHER_NAMES.items():
        name = re.sub(rf"^{old}(?=/|$)", new, name)
    name = name.removeprefix("imagenet/").removeprefix("tf2-preview/").removesuffix("-with-normalization")
    model, _, use = name.partition("/")
    if publisher in ("google", "tensorflow"):
        if not use and model in _TEXTS:
            return _TEXTS[model]
        if use == "feature_vector" and model in _IMAGES:
            return _IMAGES[model]
        if use == "classification" and model in _IMAGES and not model.startswith("mobilenet_v3"):
            known = _IMAGES[model]
            return known._replace(units=_CLASSES, params=known.params + (known.units + 1) * _CLASSES)
    raise NotHere(f"the model of {str(handle)!r} is not here")
