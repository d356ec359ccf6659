"""``tensorflow_datasets`` without downloads: true element specs, sizes and classes of well-known data sets.

Examples whose shape is known are zeros. Of images of many sizes, and of texts, only the description is
known; whoever reads one is told that it is not here.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from sphinx_kerasshape.worker.stand_ins.adapting import MANY_WORDS, MISSING
from sphinx_kerasshape.worker.stand_ins.known_sets import SETS, Feature, KnownSet
from sphinx_kerasshape.worker.stand_ins.used import NotHere, Used

_PART = re.compile(r"(\w+)(?:\[(-?\d+%?)?:(-?\d+%?)?\])?")
"""A part of a data set: ``train``, ``train[:80%]``."""


class _Feature:
    """A feature as an info describes it."""

    def __init__(self, feature: Feature) -> None:
        self._feature = feature
        self.shape = feature.shape
        self.dtype = np.dtype(feature.dtype) if feature.dtype != "string" else np.dtype(object)

    def __getattr__(self, name: str) -> Any:
        if name == "num_classes" and self._feature.classes:
            return self._feature.classes
        if name in ("names", "int2str", "str2int") and self._feature.classes:
            if not self._feature.names:
                raise NotHere("the names of the classes are not here")
            names = [*self._feature.names]
            return {"names": names, "int2str": names.__getitem__, "str2int": names.index}[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


class _Features(dict[str, _Feature]):
    @property
    def shape(self) -> dict[str, Any]:
        return {name: feature.shape for name, feature in self.items()}

    @property
    def dtype(self) -> dict[str, Any]:
        return {name: feature.dtype for name, feature in self.items()}


class _Splits(dict[str, Any]):
    """The parts of a data set, by name or by what ``split=`` takes."""

    def __missing__(self, name: str) -> Any:
        first, last = _range({key: part.num_examples for key, part in self.items()}, name)[0][1:]
        return types.SimpleNamespace(name=name, num_examples=last - first)

    @property
    def total_num_examples(self) -> int:
        return sum(part.num_examples for part in self.values())


class Modules:
    """Makes the module."""

    def __init__(self, used: Used) -> None:
        self._used = used

    def __call__(self, name: str) -> types.ModuleType:
        """Return the module of a name."""
        module = types.ModuleType(name)
        module.__path__ = []
        splits = types.SimpleNamespace(TRAIN="train", TEST="test", VALIDATION="validation", ALL="all")
        vars(module).update(
            load=self.load,
            builder=lambda name, **_: _Builder(self, name),
            as_numpy=_as_numpy,
            disable_progress_bar=_nothing,
            enable_progress_bar=_nothing,
            show_examples=_nothing,
            Split=splits,
            __getattr__=_missing,
            __version__="0",
        )
        return module

    def load(
        self,
        name: str,
        *,
        split: Any = None,
        batch_size: int | None = None,
        as_supervised: bool = False,
        with_info: bool = False,
        **_: Any,
    ) -> Any:
        """Return a data set, or the parts of one, as the real function does."""
        known = self.known(name)
        parts = {key: key for key in known.splits} if split is None else split
        data = tf.nest.map_structure(
            lambda part: _data_set(known, part, batch_size, supervised=as_supervised), parts
        )
        return (data, _info(name, known)) if with_info else data

    def known(self, name: str) -> KnownSet:
        """Return what is known of a data set."""
        plain = re.sub(r":[\d.*]+$", "", str(name))
        if plain not in SETS:
            raise NotHere(f"the data set {name} is not here")
        self._used.note(f"data for {plain}")
        return SETS[plain]


class _Builder:
    def __init__(self, module: Modules, name: str) -> None:
        self._module, self.name = module, name
        self.info = _info(name, module.known(name))

    def download_and_prepare(self, **_: Any) -> None:
        """Do nothing."""

    def as_dataset(self, split: Any = None, **options: Any) -> Any:
        """Return the data set, or its parts."""
        return self._module.load(self.name, split=split, **options)


def _info(name: str, known: KnownSet) -> Any:
    splits = {key: types.SimpleNamespace(name=key, num_examples=size) for key, size in known.splits.items()}
    return types.SimpleNamespace(
        name=name.partition("/")[0],
        features=_Features({key: _Feature(feature) for key, feature in known.features.items()}),
        splits=_Splits(splits),
        supervised_keys=known.supervised,
    )


def _data_set(known: KnownSet, part: Any, batch_size: int | None, *, supervised: bool) -> Any:
    """Return a part of a data set."""
    names = known.supervised if supervised else tuple(known.features)
    ranges = _range(known.splits, str(part))
    size = sum(last - first for _, first, last in ranges)
    columns = [_column(known.features[name], size) for name in names]
    packed: Any = tuple(columns) if supervised else dict(zip(names, columns, strict=True))
    data = tf.data.Dataset.zip(packed)
    if batch_size is None or batch_size == -1:
        return data if batch_size is None else next(iter(data.batch(size)))
    return data.batch(batch_size)


def _column(feature: Feature, size: int) -> Any:
    """Return the values of a feature."""
    if feature.classes:
        return tf.data.Dataset.range(size).map(lambda number: number % feature.classes)
    if None in feature.shape or feature.dtype == "string":
        spec = tf.TensorSpec(feature.shape, feature.dtype)
        unreadable = partial(_unreadable, MANY_WORDS if feature.dtype == "string" else MISSING)
        data = tf.data.Dataset.from_generator(unreadable, output_signature=spec)
        return data.apply(tf.data.experimental.assert_cardinality(size))
    return tf.data.Dataset.from_tensors(tf.zeros(feature.shape, feature.dtype)).repeat(size)


def _unreadable(why: str) -> Iterator[Any]:
    if why:
        raise ValueError(why)
    yield


def _range(splits: dict[str, int], text: str) -> list[tuple[str, int, int]]:
    """Return the parts that a text names, each with its first example and the one behind its last."""
    if text == "all":
        return [(name, 0, size) for name, size in splits.items()]
    found = []
    for part in text.split("+"):
        match = _PART.fullmatch(part.strip())
        if match is None or match[1] not in splits:
            raise ValueError(f"Unknown split {part!r}. Should be one of {[*splits]}.")
        size = splits[match[1]]
        first, last = (_place(match[number], size) for number in (2, 3))
        found.append((match[1], first or 0, size if last is None else last))
    return found


def _place(text: str | None, size: int) -> int | None:
    """Return the example that a border of a part stands for."""
    if text is None:
        return None
    number = round(int(text[:-1]) * size / 100) if text.endswith("%") else int(text)
    return min(number + size if number < 0 else number, size)


def _as_numpy(data: Any) -> Any:
    if isinstance(data, tf.data.Dataset):
        return data.as_numpy_iterator()
    return tf.nest.map_structure(lambda item: _as_numpy(item) if hasattr(item, "map") else item.numpy(), data)


def _nothing(*_: Any, **__: Any) -> None: ...


def _missing(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise NotHere(f"tensorflow_datasets.{name} is not here")
