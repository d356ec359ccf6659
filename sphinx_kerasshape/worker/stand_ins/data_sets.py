"""The data sets of Keras without their data: true shapes, dtypes, numbers of classes and largest indices."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

import keras
import numpy as np

from sphinx_kerasshape.worker.stand_ins.uniform import uniform
from sphinx_kerasshape.worker.stand_ins.used import Used, replace

Pairs = tuple[tuple[Any, Any], tuple[Any, Any]]
"""What ``load_data`` returns: the samples and labels for training, and those for tests."""


class Images(NamedTuple):
    """A data set of images; ``label`` is the dtype of its labels."""

    training: int
    shape: tuple[int, ...]
    classes: int
    label: str
    label_axes: int = 1


class Texts(NamedTuple):
    """A data set of sequences of word numbers."""

    samples: tuple[int, ...]
    """How many there are in each part of its file."""
    longest: tuple[int, ...]
    """The most words of a sequence of each part, without the mark of its start."""
    words: int
    classes: int


_IMAGES = {
    "mnist": Images(60_000, (28, 28), 10, "uint8"),
    "fashion_mnist": Images(60_000, (28, 28), 10, "uint8"),
    "cifar10": Images(50_000, (32, 32, 3), 10, "uint8", 2),
    "cifar100": Images(50_000, (32, 32, 3), 100, "int64", 2),
}
_TESTS = 10_000
"""How many images each of them has for tests."""
_COARSE = 20
"""The classes of CIFAR-100 if they are coarse."""
_TEXTS = {
    "imdb": Texts((25_000, 25_000), (2_493, 2_314), 88_584, 2),
    "reuters": Texts((11_228,), (2_375,), 30_979, 46),
}
_TABLES = {"boston_housing": (506, 13, "float64"), "california_housing": (20_640, 8, "float32")}
"""The samples, columns and dtype of data sets that are tables."""
_REPEATED = 6
"""How many sequences have each of the words if Keras splits the data, so that each part has some."""
_FEW_WORDS = 20
"""How many words a sequence has that need not be long: then nothing that is made of it is large."""


def install(used: Used) -> None:
    """Have data sets of images made from nothing; the others are files, see :func:`file`."""
    for name in _IMAGES:
        module = getattr(keras.datasets, name)
        replace(module.load_data, _loader(name, used))


def name_of(file: str) -> str:
    """Return the data set that a file, such as ``imdb.npz`` or ``imdb_word_index.json``, belongs to."""
    return next((name for name in (*_TEXTS, *_TABLES) if file.startswith(name)), "")


def write(file: str, path: str) -> None:
    """Write a file of a data set, in the format of the real one."""
    name = name_of(file)
    if file.endswith(".json"):
        words = {f"word{number}": number for number in range(1, _TEXTS[name].words + 1)}
        with open(path, "w", encoding="utf-8") as text:
            json.dump(words, text)
        return
    arrays = _table(name) if name in _TABLES else _sequences(_TEXTS[name])
    with open(path, "wb") as archive:
        np.savez(archive, **arrays)


def _loader(name: str, used: Used) -> Any:
    def load_data(path: str = "", label_mode: str = "fine") -> Pairs:
        if label_mode not in ("fine", "coarse"):
            raise ValueError(
                f'`label_mode` must be one of `"fine"`, `"coarse"`. Received: label_mode={label_mode}.'
            )
        used.note(f"data for {name}")
        images = _IMAGES[name]
        classes = images.classes if label_mode == "fine" else _COARSE
        return _part(images, images.training, classes), _part(images, _TESTS, classes)

    return load_data


def _part(images: Images, samples: int, classes: int) -> tuple[Any, Any]:
    shape = images.shape
    if len(shape) == 3 and keras.config.image_data_format() == "channels_first":
        shape = (shape[-1], *shape[:-1])
    labels = _labels(samples, classes).astype(images.label)
    return uniform((samples, *shape), "uint8"), labels.reshape((samples,) + (1,) * (images.label_axes - 1))


def _labels(samples: int, classes: int) -> Any:
    """Return labels that cover all classes."""
    return np.arange(samples) % classes


def _table(name: str) -> dict[str, Any]:
    samples, columns, dtype = _TABLES[name]
    # No two rows or columns are equal, since their deviation is what authors divide by.
    items: Any = np.arange(samples * columns) % 97
    return {"x": items.reshape(samples, columns).astype(dtype), "y": _labels(samples, 50).astype(dtype)}


def _sequences(texts: Texts) -> dict[str, Any]:
    """Return the sequences of each part, and their labels, by the names that its file has for them."""
    arrays: dict[str, Any] = {}
    keys = [("x_train", "y_train"), ("x_test", "y_test")] if len(texts.samples) == 2 else [("x", "y")]
    for (x, y), samples, longest in zip(keys, texts.samples, texts.longest, strict=True):
        arrays[x] = np.empty(samples, object)
        arrays[x][:] = _words(samples, longest, texts.words, _REPEATED if len(keys) == 1 else 1)
        arrays[y] = _labels(samples, texts.classes)
    return arrays


def _words(samples: int, longest: int, words: int, times: int) -> list[list[int]]:
    """Return sequences that have each word, so that the largest number is true for any ``num_words``.

    They are short, so that no word is lost where authors cut them, but for the longest one.
    """
    starts = range(1, words + 1, _FEW_WORDS)
    short = [[*range(start, min(start + _FEW_WORDS, words + 1))] for start in starts]
    sequences = [*short, [*range(1, longest + 1)]] * times
    return sequences + [short[0]] * (samples - len(sequences))


def made(file: str, folder: str) -> str:
    """Return the path of a file of a data set, which is written if it is not there yet."""
    path = os.path.join(folder, file)
    if not os.path.exists(path):
        write(file, path)
    return path
