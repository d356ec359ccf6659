"""Saved models: ``.keras`` and ``.h5`` files, which Keras loads, and those that :mod:`.exported` reads.

Keras 2 loads its own files, if the project uses it.

A file is data, not code. A file that would run something when it is loaded is refused, whatever the
version of Keras and its settings allow.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import zipfile
from typing import Any

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.worker.code import exceptions, exported, saved_config, saved_keras2
from sphinx_kerasshape.worker.read import keras2

_PICKLED = "model.weights.npz"
_KERAS_2 = (
    "it was saved with Keras 2: install tf-keras, and add TF_USE_LEGACY_KERAS=1 to kerasshape_environment"
)


class Unloadable(Exception):
    """A file that can't be loaded; the message says why, and how to mend it."""

    problem = Problem.FILE


def load(path: str, custom_objects: str) -> Any:
    """Return the Keras model of a file, or a report of what Keras can't load. Raises :class:`Unloadable`."""
    name = os.path.basename(path)
    try:
        if os.path.isdir(path):
            return _saved_model(path, custom_objects)
        if path.endswith(".tflite"):
            return exported.lite(path)
        return _keras_model(path, custom_objects)
    except (Unloadable, exported.Unreadable) as unloadable:
        raise Unloadable(f":file: {name} can't be loaded: {unloadable}") from None
    except Exception as error:
        raise Unloadable(f":file: {name} can't be loaded: {_reason(path, error)}") from None


def _keras_model(path: str, custom_objects: str) -> Any:
    objects = _custom_objects(custom_objects)
    of_keras_2 = keras2.is_asked_for() and saved_keras2.is_author(path)
    refusal = (saved_keras2 if of_keras_2 else saved_config).refusal(_config(path), objects)
    if refusal:
        hint = _keras_2_hint(path) if "has tf_keras." in refusal else ""
        raise Unloadable(hint or refusal)
    if of_keras_2:
        return saved_keras2.load(path, objects)
    import keras

    return keras.saving.load_model(path, custom_objects=objects, compile=False, safe_mode=True)


def _saved_model(folder: str, custom_objects: str) -> Any:
    """Return the layers of a SavedModel that Keras 2 has written, if it is used; else what the file says."""
    model = None
    if keras2.is_asked_for():
        model = saved_keras2.of_saved_model(folder, _custom_objects(custom_objects))
    return exported.saved_model(folder) if model is None else model


def _custom_objects(text: str) -> dict[str, Any]:
    """Import what ``:custom-objects:`` names: ``package.module.Class, Name=package.module.function``."""
    objects = {}
    for item in text.split(",") if text else ():
        name, _, path = item.rpartition("=")
        module, _, attribute = path.strip().rpartition(".")
        try:
            objects[name.strip() or attribute] = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError, ValueError) as error:
            raise Unloadable(f":custom-objects: {path.strip()}: {exceptions.message(error)}") from None
    return objects


def _config(path: str) -> Any:
    """Return the config of a file's model, read as data."""
    if path.endswith(".keras"):
        with zipfile.ZipFile(path) as archive:
            if _PICKLED in archive.namelist():
                raise Unloadable(f"its weights are in {_PICKLED}, which Keras may unpickle: save it again")
            return json.loads(archive.read("config.json"))
    import h5py

    with h5py.File(path) as file:
        text = file.attrs.get("model_config")
        if text is None:
            raise Unloadable("it holds weights without a model: save the whole model, with model.save()")
        return json.loads(text)


def _reason(path: str, error: Exception) -> str:
    """Return why Keras can't load a file, from the exception that it raised."""
    if isinstance(error, zipfile.BadZipFile | EOFError) or (
        isinstance(error, OSError) and path.endswith(".h5")
    ):
        return f"it is cut short, or not a {os.path.splitext(path)[1]} file ({exceptions.message(error)})"
    cause: BaseException = error
    while "Could not locate" not in str(cause) and (cause.__cause__ or cause.__context__):
        cause = cause.__cause__ or cause.__context__ or cause
    if "Could not locate" not in str(cause):
        cause = error
    text = re.split(r"\n\nconfig=| Full object config:", exceptions.message(cause))[0]
    reason = f"{exceptions.name(cause)}: {text}"
    hint = _later_version(path) or _keras_2_hint(path)
    if not hint and ("Could not locate" in text or "could not be deserialized" in text):
        hint = "name its own classes in ':custom-objects: package.module.Class'"
    return f"{reason}\n{hint[0].upper()}{hint[1:]}" if hint else reason


def _later_version(path: str) -> str:
    """Return a hint if a file was saved with a later Keras than this."""
    import keras

    try:
        with zipfile.ZipFile(path) as archive:
            version = str(json.loads(archive.read("metadata.json"))["keras_version"])
        is_later = _numbers(version) > _numbers(keras.__version__)
    except Exception:
        return ""
    return f"it was saved with Keras {version}; this is {keras.__version__}" if is_later else ""


def _keras_2_hint(path: str) -> str:
    """Return a hint if Keras 2 has written a file that Keras 3 refuses."""
    try:
        is_hidden = not keras2.is_asked_for() and saved_keras2.is_author(path)
    except Exception:
        return ""
    return _KERAS_2 if is_hidden else ""


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")[:2]]
