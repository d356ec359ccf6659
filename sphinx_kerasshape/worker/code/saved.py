"""Saved models: ``.keras`` and ``.h5``, loaded by Keras, and those that :mod:`.exported` reads.

A file is data, not code: what would run something on loading is refused, whatever the version
of Keras and its settings say.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import zipfile
from typing import Any

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.worker.code import exceptions, exported, saved_config

_PICKLED = "model.weights.npz"


class Unloadable(Exception):
    """A file that can't be loaded; the message says why, and how to mend it."""

    problem = Problem.FILE


def load(path: str, custom_objects: str) -> Any:
    """Return the Keras model of a file, or the report of one that is none. Raises :class:`Unloadable`."""
    name = os.path.basename(path)
    try:
        if os.path.isdir(path):
            return exported.saved_model(path)
        if path.endswith(".tflite"):
            return exported.lite(path)
        return _keras(path, custom_objects)
    except (Unloadable, exported.Unreadable) as unloadable:
        raise Unloadable(f":file: {name} can't be loaded: {unloadable}") from None
    except Exception as error:
        raise Unloadable(f":file: {name} can't be loaded: {_reason(path, error)}") from None


def custom(text: str) -> dict[str, Any]:
    """Import what ``:custom-objects:`` names: ``package.module.Class, Name=package.module.function``."""
    found = {}
    for one in text.split(","):
        name, _, path = one.rpartition("=")
        module, _, attribute = path.strip().rpartition(".")
        try:
            found[name.strip() or attribute] = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError, ValueError) as error:
            raise Unloadable(f":custom-objects: {path.strip()}: {exceptions.message(error)}") from None
    return found


def _keras(path: str, custom_objects: str) -> Any:
    import keras

    objects = custom(custom_objects) if custom_objects else {}
    refusal = saved_config.refusal(_config(path), objects)
    if refusal:
        raise Unloadable(refusal)
    return keras.saving.load_model(path, custom_objects=objects, compile=False, safe_mode=True)


def _config(path: str) -> Any:
    """Return what a file says its model is made of, read as data."""
    if path.endswith(".keras"):
        with zipfile.ZipFile(path) as archive:
            if _PICKLED in archive.namelist():
                raise Unloadable(f"its weights are in {_PICKLED}, which Keras may unpickle: save it anew")
            return json.loads(archive.read("config.json"))
    import h5py

    with h5py.File(path) as file:
        text = file.attrs.get("model_config")
        if text is None:
            raise Unloadable("it holds weights only: there is no model to show")
        return json.loads(text)


def _reason(path: str, error: Exception) -> str:
    if isinstance(error, zipfile.BadZipFile | EOFError) or (
        isinstance(error, OSError) and path.endswith(".h5")
    ):
        return f"it is cut short, or no {os.path.splitext(path)[1]} file ({exceptions.message(error)})"
    found: BaseException = error
    while "Could not locate" not in str(found) and (found.__cause__ or found.__context__):
        found = found.__cause__ or found.__context__ or found
    if "Could not locate" not in str(found):
        found = error
    text = re.split(r"\n\nconfig=| Full object config:", exceptions.message(found))[0]
    reason = f"{exceptions.name(found)}: {text}"
    later = _saved_with(path)
    if not later and ("Could not locate" in text or "could not be deserialized" in text):
        later = "Name its own classes in ':custom-objects: package.module.Class'"
    return f"{reason}\n{later}" if later else reason


def _saved_with(path: str) -> str:
    """Say which Keras a file is from, where it is a later one."""
    import keras

    try:
        with zipfile.ZipFile(path) as archive:
            version = str(json.loads(archive.read("metadata.json"))["keras_version"])
        later = _numbers(version) > _numbers(keras.__version__)
    except Exception:
        return ""
    return f"It was saved with Keras {version}; this is {keras.__version__}" if later else ""


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")[:2]]
