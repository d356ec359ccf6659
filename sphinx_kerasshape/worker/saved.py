"""Saved models: ``.keras`` and ``.h5`` by Keras, SavedModels and ``.tflite`` by TensorFlow.

A file is data, not code: what would run Python on loading (a Lambda layer) is refused, whatever
the version of Keras and its settings say.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

from sphinx_kerasshape.messages import Call, LayerRow, Model, Shape, Tensor, Weight
from sphinx_kerasshape.worker import trouble

_UNSAFE = (
    "it has a Lambda layer made of a Python lambda, which would run code from the file: safe mode refuses "
    "that. Save the model with a named function, or a layer class of its own, and name it in :custom-objects:"
)


class Unloadable(Exception):
    """A file that can't be loaded; the message says why, and how to mend it."""

    problem = "file"


def load(path: str, custom_objects: str) -> Any:
    """Return the Keras model of a file, or the report of one that is none. Raises :class:`Unloadable`."""
    name = os.path.basename(path)
    try:
        if os.path.isdir(path):
            return _saved_model(path)
        if path.endswith(".tflite"):
            return _lite(path)
        return _keras(path, custom_objects)
    except Unloadable as unloadable:
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
            raise Unloadable(f":custom-objects: {path.strip()}: {trouble.message(error)}") from None
    return found


def _keras(path: str, custom_objects: str) -> Any:
    import keras

    config = _config(path)
    if _has_lambda(config):
        raise Unloadable(_UNSAFE)
    objects = custom(custom_objects) if custom_objects else {}
    foreign = [one for one in _foreign(config) if one.rpartition(".")[2] not in objects]
    if foreign:
        # Older versions of Keras would import the module that the file names.
        raise Unloadable(
            f"it has {foreign[0]}, which is none of Keras' own: "
            "name it in ':custom-objects: package.module.Class'"
        )
    return keras.saving.load_model(path, custom_objects=objects, compile=False, safe_mode=True)


def _config(path: str) -> Any:
    """Return what a file says its model is made of, read as data."""
    if path.endswith(".keras"):
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json"))
    import h5py

    with h5py.File(path) as file:
        text = file.attrs.get("model_config")
        if text is None:
            raise Unloadable("it holds weights only: there is no model to show")
        return json.loads(text)


def _has_lambda(config: Any) -> bool:
    """Whether there is Python code in a config: Keras writes it as ``__lambda__``, or marks it so."""
    stack = [config]
    while stack:
        here = stack.pop()
        if isinstance(here, dict):
            if here.get("class_name") == "__lambda__" or here.get("function_type") == "lambda":
                return True
            stack += here.values()
        elif isinstance(here, list):
            stack += here
    return False


def _foreign(config: Any) -> Iterator[str]:
    """Give the classes and functions of a config that neither Keras nor the code knows."""
    import keras

    stack = [config]
    while stack:
        here = stack.pop()
        if isinstance(here, dict):
            module, registered = here.get("module"), str(here.get("registered_name") or "")
            own = isinstance(module, str) and module.partition(".")[0] not in ("keras", "builtins")
            if own and "class_name" in here and keras.saving.get_registered_object(registered) is None:
                is_function = here["class_name"] == "function" and isinstance(here.get("config"), str)
                yield f"{module}.{here['config'] if is_function else here['class_name']}"
            stack += here.values()
        elif isinstance(here, list):
            stack += here


def _reason(path: str, error: Exception) -> str:
    if isinstance(error, zipfile.BadZipFile | EOFError) or (
        isinstance(error, OSError) and path.endswith(".h5")
    ):
        return f"it is cut short, or no {os.path.splitext(path)[1]} file ({trouble.message(error)})"
    found: BaseException = error
    while "Could not locate" not in str(found) and (found.__cause__ or found.__context__):
        found = found.__cause__ or found.__context__ or found
    if "Could not locate" not in str(found):
        found = error
    text = re.split(r"\n\nconfig=| Full object config:", trouble.message(found))[0]
    reason = f"{trouble.name(found)}: {text}"
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


def _saved_model(path: str) -> Model:
    import tensorflow as tf

    if not os.path.exists(os.path.join(path, "saved_model.pb")):
        raise Unloadable("it is a folder without a saved_model.pb")
    loaded = tf.saved_model.load(path)
    signatures = dict(loaded.signatures)
    if not signatures:
        raise Unloadable("it has no signatures, so it does not say what it takes")
    function = signatures.get("serving_default") or next(iter(signatures.values()))
    _, inputs = function.structured_input_signature
    rows = tuple(_rows_of(function.variables))
    ends = [tuple(_specs(end)) for end in (inputs, function.structured_outputs)]
    return _report(path, "SavedModel", ends[0], ends[1], rows)


def _specs(specs: dict[str, Any]) -> Iterator[Tensor]:
    for name, spec in sorted(specs.items()):
        rank = spec.shape.rank
        yield Tensor(tuple(spec.shape.as_list()) if rank is not None else (), spec.dtype.name, name)


def _rows_of(variables: Iterable[Any]) -> Iterator[LayerRow]:
    """Give a row for each scope of variables: the layers themselves aren't in the file."""
    scopes: dict[str, list[Weight]] = {}
    for variable in variables:
        path = variable.name.partition(":")[0]
        scope, _, name = path.rpartition("/")
        shape = tuple(map(int, variable.shape))
        weight = Weight(name, path, shape, variable.dtype.name, bool(variable.trainable))
        scopes.setdefault(scope, []).append(weight)
    for scope, weights in scopes.items():
        yield _row(scope or "variables", "Variables", (), tuple(weights))


def _lite(path: str) -> Model:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_path=path)
    details = {one["index"]: one for one in interpreter.get_tensor_details()}
    operations = interpreter._get_ops_details()
    made = {int(index) for one in operations for index in one["outputs"]}
    given = [one["index"] for one in interpreter.get_input_details()]
    known = {*made, *given}
    makers = {
        int(index): f"{one['op_name'].lower()}_{one['index']}"
        for one in operations
        for index in one["outputs"]
    }
    rows = []
    for one in operations:
        indexes = [int(index) for index in one["inputs"] if index >= 0]
        inputs = [index for index in indexes if index in known]
        call = Call(
            tuple(_lite_tensor(details[index]) for index in inputs),
            tuple(_lite_tensor(details[int(index)]) for index in one["outputs"]),
            tuple(makers.get(index, str(details[index]["name"])) for index in inputs),
        )
        weights = tuple(_lite_weight(details[index]) for index in indexes if index not in known)
        rows.append(_row(f"{one['op_name'].lower()}_{one['index']}", one["op_name"], (call,), weights))
    ends = [
        tuple(_lite_tensor(one)._replace(name=str(one["name"])) for one in end)
        for end in (interpreter.get_input_details(), interpreter.get_output_details())
    ]
    return _report(path, "TFLite", ends[0], ends[1], tuple(rows))


def _lite_tensor(detail: dict[str, Any]) -> Tensor:
    signature = detail["shape_signature"] if len(detail["shape_signature"]) else detail["shape"]
    shape: Shape = tuple(None if size < 0 else int(size) for size in signature)
    return Tensor(shape, _dtype(detail))


def _lite_weight(detail: dict[str, Any]) -> Weight:
    name = str(detail["name"])
    return Weight(name.rpartition("/")[2], name, tuple(map(int, detail["shape"])), _dtype(detail), False)


def _dtype(detail: dict[str, Any]) -> str:
    import numpy

    return str(numpy.dtype(detail["dtype"]).name)


def _row(name: str, kind: str, calls: tuple[Call, ...], weights: tuple[Weight, ...]) -> LayerRow:
    params = sum(weight.params for weight in weights)
    trainable = sum(weight.params for weight in weights if weight.trainable)
    size = sum(weight.bytes for weight in weights)
    return LayerRow(name, kind, 0, calls, params, trainable, size, weights)


def _report(
    path: str, kind: str, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...], rows: tuple[LayerRow, ...]
) -> Model:
    name = os.path.splitext(os.path.basename(path))[0]
    weights = {weight.path: weight for row in rows for weight in row.weights}.values()
    params = sum(weight.params for weight in weights)
    trainable = sum(weight.params for weight in weights if weight.trainable)
    size = sum(weight.bytes for weight in weights)
    chain = all(len(row.calls) == 1 and len(row.calls[0].sources) <= 1 for row in rows)
    return Model(name, kind, chain, inputs, outputs, rows, params, trainable, params - trainable, size)
