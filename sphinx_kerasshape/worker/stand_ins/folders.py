"""Folders of images that are not here: what a batch is like is known, and how many there are is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.legacy.preprocessing.image import ImageDataGenerator

from sphinx_kerasshape.worker.stand_ins.adapting import MISSING
from sphinx_kerasshape.worker.stand_ins.known_files import Folders
from sphinx_kerasshape.worker.stand_ins.uniform import uniform
from sphinx_kerasshape.worker.stand_ins.used import NotHere, Used, replace

_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}
_UNKNOWN = frozenset(
    ("class_names", "file_paths", "samples", "n", "num_classes", "classes", "class_indices", "filenames")
)
"""What only the files tell."""


class Images(keras.utils.PyDataset):  # type: ignore[misc]
    """What ``flow_from_directory`` gives: one batch, and no knowledge of the others."""

    def __init__(self, directory: Any, shape: tuple[int, ...], labels: Any, batch_size: int) -> None:
        self.directory = directory
        self.image_shape = shape
        self.batch_size = batch_size
        self._labels = labels

    def know(self, names: tuple[str, ...]) -> None:
        """Take the names of the classes, if they are known."""
        if names:
            self.num_classes, self.class_indices = len(names), {name: n for n, name in enumerate(names)}
            self._labels = (len(names),) if self._labels == (None,) else self._labels

    def symbols(self) -> Any:
        """Return symbols for a batch."""
        images = keras.KerasTensor((None, *self.image_shape))
        if self._labels is None:
            return (images,)
        return images, keras.KerasTensor((None, *self._labels)), None

    def __getitem__(self, index: int) -> Any:
        if index or (self._labels and None in self._labels):
            raise NotHere("files are not here")
        batch = uniform((self.batch_size, *self.image_shape), "float32")
        if self._labels is None:
            return batch
        labels: Any = np.arange(self.batch_size) % 2
        return batch, labels.astype("float32").reshape(self.batch_size, *[1] * len(self._labels))

    def __iter__(self) -> Iterator[Any]:
        yield self[0]
        raise NotHere("files are not here")

    def __next__(self) -> Any:
        return self[0]

    next = __next__

    def __len__(self) -> int:
        raise NotHere("files are not here")

    def __getattr__(self, name: str) -> Any:
        if name in _UNKNOWN:
            raise NotHere("files are not here")
        raise AttributeError(f"'DirectoryIterator' object has no attribute '{name}'")


def install(used: Used, known: Folders) -> None:
    """Have batches made of folders that are not here."""
    load, flow = keras.utils.image_dataset_from_directory, ImageDataGenerator.flow_from_directory

    def image_dataset_from_directory(**given: Any) -> Any:
        if tf.io.gfile.isdir(str(given["directory"])) or given["format"] != "tf":
            return load(**given)
        if given["color_mode"] not in _CHANNELS or given["label_mode"] not in (
            "int",
            "binary",
            "categorical",
            None,
        ):
            return load(**given)
        used.note("batches of images")
        given = _with_classes(given, known, used)
        data = [_data_set(given) for _ in range(2 if given["subset"] == "both" else 1)]
        return data if len(data) == 2 else data[0]

    @wraps(flow)
    def flow_from_directory(self: Any, directory: Any, *args: Any, **options: Any) -> Any:
        if tf.io.gfile.isdir(str(directory)):
            return flow(self, directory, *args, **options)
        found = _images(directory, *args, **options)
        found.know(known.classes(directory) or used.classes())
        used.note("batches of images")
        return found

    load_texts = keras.utils.text_dataset_from_directory

    def text_dataset_from_directory(**given: Any) -> Any:
        if tf.io.gfile.isdir(str(given["directory"])) or given.get("format", "tf") != "tf":
            return load_texts(**given)
        if given["label_mode"] not in ("int", "binary", "categorical", None):
            return load_texts(**given)
        used.note("batches of texts")
        given = _with_classes(given, known, used)
        data = [_of_folder(given, (), "string") for _ in range(2 if given["subset"] == "both" else 1)]
        return data if len(data) == 2 else data[0]

    replace(load_texts, text_dataset_from_directory)
    replace(load, image_dataset_from_directory)
    ImageDataGenerator.flow_from_directory = flow_from_directory


def _images(
    directory: Any,
    target_size: Any = (256, 256),
    color_mode: str = "rgb",
    classes: Any = None,
    class_mode: Any = "categorical",
    batch_size: int = 32,
    **_: Any,
) -> Images:
    number = len(classes) if classes else None
    labels: dict[Any, Any] = {"categorical": (number,), "binary": (), "sparse": (), "input": None, None: None}
    if class_mode not in labels or class_mode == "input" or color_mode not in _CHANNELS:
        raise NotHere("files are not here")
    shape = (*target_size, _CHANNELS[color_mode])
    if keras.config.image_data_format() == "channels_first":
        shape = (shape[-1], *shape[:-1])
    return Images(directory, shape, labels[class_mode], batch_size)


def _with_classes(given: dict[str, Any], known: Folders, used: Used) -> dict[str, Any]:
    """Return arguments with the classes of a folder, if it is well-known or the document shows them."""
    names = known.classes(given["directory"]) or used.classes()
    return {**given, "class_names": given["class_names"] or [*names] or None}


def _data_set(given: dict[str, Any]) -> Any:
    """Return a data set of images."""
    size = given["image_size"]
    shape = (*((size, size) if isinstance(size, int) else size), _CHANNELS[given["color_mode"]])
    if (given["data_format"] or keras.config.image_data_format()) == "channels_first":
        shape = (shape[-1], *shape[:-1])
    return _of_folder(given, shape, "float32")


def _of_folder(given: dict[str, Any], shape: tuple[int, ...], kind: str) -> Any:
    """Return a data set of TensorFlow with one batch, or with none of texts, which fails behind it."""
    axes: tuple[int | None, ...] = () if given["batch_size"] is None else (None,)
    names = given["class_names"]
    labels = {"int": ((), "int32"), "binary": ((1,), "float32")}
    label_shape, dtype = labels.get(given["label_mode"], ((len(names) if names else None,), "float32"))
    spec = [tf.TensorSpec((*axes, *shape), kind), tf.TensorSpec((*axes, *label_shape), dtype)]
    parts = spec[:1] if given["labels"] is None or given["label_mode"] is None else spec
    signature = parts[0] if len(parts) == 1 else tuple(parts)
    data = tf.data.Dataset.from_generator(_batches(parts, given["batch_size"]), output_signature=signature)
    data.__class__ = type("Folder", (type(data),), _missing(names))
    return data


def _batches(parts: list[Any], batch_size: int | None) -> Callable[[], Iterator[Any]]:
    def batches() -> Iterator[Any]:
        is_known = all(part.dtype != tf.string for part in parts)
        if is_known and None not in [
            size for part in parts for size in part.shape[0 if batch_size is None else 1 :]
        ]:
            first = [batch_size] if batch_size is not None else []
            arrays = [np.zeros((*first, *part.shape[len(first) :]), part.dtype.name) for part in parts]
            yield tuple(arrays) if len(arrays) > 1 else arrays[0]
        raise ValueError(MISSING)

    return batches


def _missing(names: Any) -> dict[str, Any]:
    """Return the members of a data set that only the files tell."""

    def missing(_: Any) -> Any:
        raise NotHere("files are not here")

    members: dict[str, Any] = {name: property(missing) for name in ("class_names", "file_paths")}
    return members | {"__len__": missing, "cardinality": missing} | ({"class_names": names} if names else {})
