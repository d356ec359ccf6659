"""Saved models without files: what loads a path gets the model that was saved there in this run."""

from __future__ import annotations

import contextlib
import copy
import json
import os
from collections.abc import Iterable
from typing import Any

import keras
from keras.src.legacy.saving import legacy_h5_format
from keras.src.saving import saving_api, saving_lib
from keras.src.saving.object_registration import CustomObjectScope
from keras.src.saving.serialization_lib import ObjectSharingScope

from sphinx_kerasshape.messages import request
from sphinx_kerasshape.worker.stand_ins.used import Used, replace


class Saved:
    """The models that were saved, as Keras describes them, by their paths."""

    def __init__(self, used: Used, others: Iterable[request.Saved] = ()) -> None:
        self._used = used
        self._models: dict[str, dict[str, Any]] = {}
        self._others = {_path(_file(one.file)): one for one in others}
        self._weights: set[str] = set()

    def install(self) -> None:
        """Have Keras save models here, and load them from here."""
        saving_lib.save_model = self.save
        legacy_h5_format.save_model_to_hdf5 = self.save
        saving_lib.save_weights_only = self.save_weights
        keras.Model.export = lambda _model, *_args, **_kwargs: None
        load, load_weights = saving_api.load_model, saving_api.load_weights

        def load_model(filepath: Any, **options: Any) -> Any:
            if _path(filepath) in self._models:
                return self._loaded(self._models[_path(filepath)], **options)
            if other := self._others.get(_path(filepath)):
                self._used.note(f"{other.file} as {other.document} saves it")
                return self._loaded(json.loads(other.config), **options)
            return load(filepath, **options)

        def load_saved_weights(model: Any, filepath: Any, **options: Any) -> Any:
            if _path(filepath) in self._weights | self._models.keys():
                return None
            more = options.pop("kwargs", {})
            return load_weights(model, filepath, **options, **more)

        replace(load, load_model)
        replace(load_weights, load_saved_weights)

    def save(self, model: Any, filepath: Any, *_: Any, **__: Any) -> None:
        """Keep what describes a model. Raises as Keras does if there is no such description."""
        with ObjectSharingScope():
            self._models[_path(filepath)] = keras.saving.serialize_keras_object(model)

    def config(self, file: str) -> str:
        """Return what describes the model that was saved to a file, as JSON; empty if there is none."""
        with contextlib.suppress(TypeError, ValueError):
            model = self._models.get(_path(_file(file)))
            return json.dumps(model) if model is not None else ""
        return ""

    def save_weights(self, _model: Any, filepath: Any, *_: Any, **__: Any) -> None:
        """Keep that there are weights at a path."""
        self._weights.add(_path(filepath))

    def _loaded(self, config: dict[str, Any], custom_objects: Any, compile: bool, safe_mode: bool) -> Any:
        config = copy.deepcopy(config)
        if not compile:
            config["compile_config"] = None
        with ObjectSharingScope(), CustomObjectScope(custom_objects or {}):
            return keras.saving.deserialize_keras_object(config, safe_mode=safe_mode)


def _file(path: str) -> str:
    """Return the file of Keras at a path: older code that saves to a folder saves there in a second run."""
    return path if path.endswith((".keras", ".h5", ".hdf5")) else f"{path.rstrip('/')}.keras"


def _path(filepath: Any) -> str:
    try:
        return os.path.abspath(str(os.fspath(filepath)))
    except TypeError:  # an open file
        return repr(filepath)
