"""Downloads without the network: files of data sets are made, and models keep the weights that they have."""

from __future__ import annotations

import inspect
import os
import re
from typing import Any

import h5py
import keras
from keras.src.legacy.saving import legacy_h5_format
from keras.src.saving import saving_lib

from sphinx_kerasshape.worker.stand_ins import data_sets, known_files
from sphinx_kerasshape.worker.stand_ins.used import Used, replace

_WEIGHTS = re.compile(r"keras-applications|/keras/applications/|deep-learning-models")
"""Addresses of weights of Keras' own models."""
_LOADING = ("load_weights_from_hdf5_group", "load_weights_from_hdf5_group_by_name")


class Downloads:
    """The files that were asked for."""

    def __init__(self, used: Used) -> None:
        self._used = used
        self.folders = known_files.Folders()
        self._folder = os.path.join(os.getcwd(), ".keras")
        self._weights: set[str] = set()

    def install(self) -> None:
        """Have ``get_file`` download nothing, and models keep the weights that they have."""
        replace(keras.utils.get_file, self._file)
        for name in _LOADING:
            setattr(legacy_h5_format, name, self._unless_ours(getattr(legacy_h5_format, name)))
        load = saving_lib.load_weights_only

        def load_weights_only(model: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
            if str(filepath) not in self._weights:
                return load(model, filepath, *args, **kwargs)
            self._used.note(f"weights of {_name(model)}")
            return None

        saving_lib.load_weights_only = load_weights_only

    def _file(self, fname: Any, origin: Any, cache_subdir: str, **_: Any) -> str:
        """Return the path of a file; unless it is of a data set or has weights, it is not there."""
        address = str(origin or "")
        file = os.path.basename(str(fname or address.rpartition("/")[2]))
        if "tf-keras-datasets" in address and data_sets.name_of(file):
            self._used.note(f"data for {data_sets.name_of(file)}")
            os.makedirs(self._folder, exist_ok=True)
            return data_sets.made(file, self._folder)
        path = os.path.join(self._folder, str(cache_subdir), file)
        self.folders.note(address)
        if name := known_files.write(address, path):
            self._used.note(f"data for {name}")
        if _WEIGHTS.search(address) and file.endswith((".h5", ".keras")):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            h5py.File(path, "w").close()
            self._weights.add(path)
        return path

    def _unless_ours(self, load: Any) -> Any:
        def load_group(group: Any, model: Any, *args: Any, **kwargs: Any) -> None:
            if group.file.filename not in self._weights:
                load(group, model, *args, **kwargs)
            else:
                self._used.note(f"weights of {_name(model)}")

        return load_group


def _name(model: Any) -> str:
    """Return the name of the function of Keras that makes a model; its own name if it has got another."""
    plain = _letters(model.name)
    known = [name for name, item in vars(keras.applications).items() if inspect.isfunction(item)]
    names = [name for name in known if plain.startswith(_letters(name))]
    return max(names, key=len, default=str(model.name))


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
