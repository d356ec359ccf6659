"""Saved models of Keras 2, which ``tf_keras`` loads where ``TF_USE_LEGACY_KERAS=1`` asks for it.

Keras 2 imports any module that a config names, and calls any function that it finds there. So the config may
only name what is found in Keras 2 and is a part of models, and operations of TensorFlow that only compute.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import re
import types
import zipfile
from collections.abc import Mapping
from typing import Any

from sphinx_kerasshape.worker.code.saved_config import (
    FOREIGN,
    NO_PART,
    Reference,
    dicts,
    file_refusal,
    functions_of,
    is_part_of_models,
)

_LAMBDA = (
    "it has a Lambda layer, which Keras 2 saves as Python code, and would run code from the file: safe mode "
    "refuses that. Use a layer class of its own, and name it in :custom-objects:"
)
_OPERATION = "it has the operation tf.{}, which may do more than compute: safe mode refuses that"
_DATA = ("TensorShape", "__bytes__", "__ellipsis__", "__numpy__", "__tensor__", "__tuple__")
"""Names that stand for values, not for classes."""
_CALLERS = ("ClassMethod", "InstanceProperty", "Lambda", "TensorFlowOpLayer", "TFSMLayer")
"""Layers that run whatever their config says."""
_FUNCTION_MODULES = ("activations", "constraints", "initializers", "losses", "metrics", "regularizers")
_MODULES = ("layers", "models", "mixed_precision", "optimizers", "optimizers.schedules", *_FUNCTION_MODULES)
_COMPUTING = re.compile(
    r"tensorflow\.python\.(?:framework\.tensor_conversion|ops\.(?:signal\.\w+|linalg\.\w+|tensor_getitem_override"
    r"|(?:gen_)?(?:array|bitwise|clip|image|linalg|manip|math|nn|random|sort|special_math|string)_ops(?:_impl"
    r"|_stack)?|nn_impl))|tf_keras\.src\.activations"
)
"""The modules of TensorFlow whose functions are nothing but operations on tensors."""


def is_author(path: str) -> bool:
    """Whether Keras 2 has written a file; old versions of it did not say so."""
    if path.endswith(".keras"):
        with zipfile.ZipFile(path) as archive:
            version = json.loads(archive.read("metadata.json")).get("keras_version", "")
    else:
        import h5py

        with h5py.File(path) as file:
            version = file.attrs.get("keras_version", "")
    version = version.decode() if isinstance(version, bytes) else str(version)
    return version.partition(".")[0] in ("", "1", "2")


def load(path: str, objects: Mapping[str, Any]) -> Any:
    """Return the model of a file whose config has been searched."""
    import tf_keras

    return tf_keras.models.load_model(path, custom_objects=dict(objects), compile=False, safe_mode=True)


def of_saved_model(folder: str, objects: Mapping[str, Any]) -> Any:
    """Return the model whose config a SavedModel has; ``None`` if it can't be made of that.

    The SavedModel is not loaded, and its weights are not needed.
    """
    config = _config(folder)
    if config is None or refusal(config, objects):
        return None
    import tf_keras
    from tf_keras.src.saving.legacy.saved_model import json_utils

    try:
        decoded = json_utils.decode(json.dumps(config))
        return tf_keras.models.model_from_config(decoded, custom_objects=dict(objects))
    except Exception:
        return None


def _config(folder: str) -> Any:
    """Return the config of a SavedModel's functional or Sequential model, read as data."""
    path = os.path.join(folder, "keras_metadata.pb")
    if not os.path.isfile(path):
        return None
    from google.protobuf.message import DecodeError
    from tf_keras.protobuf import saved_metadata_pb2

    with open(path, "rb") as file:
        try:
            nodes = saved_metadata_pb2.SavedMetadata.FromString(file.read()).nodes
            texts = [node.metadata for node in nodes if node.node_path == "root"]
            metadata = json.loads(texts[0]) if texts else {}
        except (DecodeError, ValueError):
            return None
    config = {"class_name": metadata.get("class_name"), "config": metadata.get("config")}
    return config if metadata.get("is_graph_network") and config["config"] else None


def refusal(config: Any, objects: Mapping[str, Any]) -> str:
    """Return why a config is refused, or an empty text; ``objects`` are the page's own."""
    return next((why for entry in dicts(config) if (why := _entry_refusal(entry, objects))), "")


def _entry_refusal(entry: dict[str, Any], objects: Mapping[str, Any]) -> str:
    is_code = "lambda" in (value for key, value in entry.items() if key.endswith("_type"))
    if is_code or entry.get("class_name") == "__lambda__":
        return _LAMBDA
    if entry.get("class_name") in (None, *_DATA):
        return ""
    reference = Reference.of(entry)
    if _is_own(reference, objects):
        return ""
    targets = _targets(reference)
    return _part_refusal(reference, targets, entry.get("config")) if targets else FOREIGN.format(reference)


def _is_own(reference: Reference, objects: Mapping[str, Any]) -> bool:
    """Whether Keras 2 takes an object of the page or of its modules, by whichever name it looks."""
    if not (reference.is_in(objects) or _is_registered(reference.key)):
        return False
    return reference.name in objects or not _built_in(reference.name)


def _part_refusal(reference: Reference, targets: list[Any], inner: Any) -> str:
    """Return why what Keras 2 finds under a name is refused."""
    kinds = {base.__name__ for target in targets if isinstance(target, type) for base in target.__mro__}
    if "Lambda" in kinds:
        return _LAMBDA
    are_parts = all(is_part_of_models(target, _classes(), _functions()) for target in targets)
    if kinds.intersection(_CALLERS) or not are_parts:
        return NO_PART.format(reference)
    return _operation_refusal(inner) if "TFOpLambda" in kinds else file_refusal(reference.name, inner)


def _operation_refusal(config: Any) -> str:
    """Return why an operation is refused."""
    from tensorflow.python.util import tf_export

    name = str(config.get("function")) if isinstance(config, dict) else ""
    function = tf_export.get_symbol_from_name(name)
    is_computing = isinstance(function, types.FunctionType) and _COMPUTING.fullmatch(function.__module__)
    return "" if is_computing else _OPERATION.format(name[:100])


def _is_registered(name: str) -> bool:
    import tf_keras

    return tf_keras.saving.get_registered_object(name) is not None


def _targets(reference: Reference) -> list[Any]:
    """Return everything that Keras 2 would find under a name; nothing if it would look elsewhere."""
    is_inside = reference.module.partition(".")[0] in ("", "builtins", "keras", "tf_keras")
    if not (is_inside and reference.name.isidentifier() and reference.registered_name == reference.name):
        return []
    found = _built_in(reference.name)
    if reference.module not in ("", "builtins"):
        found += [_public(f"{reference.module}.{reference.name}"), _inside(reference)]
    return [target for target in found if target is not None]


def _built_in(name: str) -> list[Any]:
    """Return what Keras 2 finds under a name without a module."""
    from tf_keras.src.layers.serialization import get_builtin_layer

    found = [get_builtin_layer(name), *(_public(f"keras.{module}.{name}") for module in _MODULES)]
    return [target for target in found if target is not None]


def _public(name: str) -> Any:
    from tensorflow.python.util import tf_export

    return tf_export.get_symbol_from_name(name)


def _inside(reference: Reference) -> Any:
    """Return what a module of Keras 2 has under a name."""
    module = re.sub(r"^keras\b", "tf_keras", reference.module)
    try:
        return vars(importlib.import_module(module)).get(reference.name)
    except (ImportError, ValueError):
        return None


@functools.cache
def _classes() -> tuple[type, ...]:
    import tf_keras as keras

    return (
        *(keras.layers.Layer, keras.initializers.Initializer, keras.regularizers.Regularizer),
        *(keras.constraints.Constraint, keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer),
        *(keras.optimizers.legacy.Optimizer, keras.optimizers.schedules.LearningRateSchedule),
        keras.mixed_precision.Policy,
    )


@functools.cache
def _functions() -> set[Any]:
    import tf_keras

    return functions_of(getattr(tf_keras, name) for name in _FUNCTION_MODULES)
