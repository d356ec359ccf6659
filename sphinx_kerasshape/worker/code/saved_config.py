"""The config of a saved model, searched for references whose loading would run code from the file.

Keras makes a model from the classes and functions that its config names. Its versions refuse different
names; the oldest call any function that they find. So the config is searched as data before Keras sees it,
and may only name what models are made of.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import types
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

_LAMBDA = (
    "it has a Lambda layer made of a Python lambda, which would run code from the file: safe mode refuses "
    "that. Save the model with a named function, or a layer class of its own, and name it in :custom-objects:"
)
FOREIGN = "it has {0}, which is not part of Keras: name it in ':custom-objects: {0}'"
NO_PART = "it names {}, which models are not made of: safe mode refuses that"
_LOADS_MORE = "it has a {}, which would load another file's code: safe mode refuses that"
_READS = "its {} would read the vocabulary from {!r}: safe mode refuses that. Save the words in the model"

_LOADERS = ("TFSMLayer", "TorchModuleWrapper")
_FUNCTION_MODULES = (
    *("activations", "constraints", "initializers", "losses", "metrics"),
    *("ops", "random", "regularizers"),
)
"""The modules of Keras whose functions models may have."""
_OPS_MODULES = ("image", "linalg", "nn", "numpy")
_TOOLS = ("get", "serialize", "deserialize")
"""Functions of these modules that turn configs into other objects."""


class Reference(NamedTuple):
    """What an entry of a config refers to."""

    module: str
    """Empty in files of Keras 2, and for registered names."""
    name: str
    registered_name: str
    key: str
    """The name that Keras looks up first among the registered objects."""

    @classmethod
    def of(cls, config: dict[str, Any]) -> Reference:
        """Return what an entry refers to."""
        kind, inner, module = str(config["class_name"]), config.get("config"), config.get("module")
        is_function = kind == "function" and isinstance(inner, str)
        name = str(inner) if is_function else kind
        registered_name = str(config.get("registered_name") or name)
        key = name if is_function else registered_name
        return cls(module if isinstance(module, str) else "", name, registered_name, key)

    def is_in(self, objects: Mapping[str, Any]) -> bool:
        """Whether Keras would take one of the page's own objects."""
        return self.key in objects or (
            self.name in objects and getattr(objects[self.name], "__module__", "") == self.module
        )

    def targets(self) -> list[Any]:
        """Return everything that some version of Keras would find under this name."""
        if self.module.partition(".")[0] == "keras":
            modules = [self.module]
        else:
            modules = [f"keras.{module}" for module in ("layers", "models", *_FUNCTION_MODULES)]
        names = (self.name, self.registered_name)
        found = [_lookup(module, name) for module in modules for name in names]
        targets = [target for target in found if target is not None]
        return targets or [vars(builtins)[name] for name in names if name in vars(builtins) and self.module]

    def __str__(self) -> str:
        return f"{self.module}.{self.name}" if self.module else self.name


def refusal(config: Any, objects: Mapping[str, Any]) -> str:
    """Return why a config is refused, or an empty text; ``objects`` are the page's own."""
    return next((why for entry in dicts(config) if (why := _entry_refusal(entry, objects))), "")


def dicts(config: Any) -> Iterator[dict[str, Any]]:
    """Yield each dict in a config."""
    stack = [config]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            yield value
            stack += value.values()
        elif isinstance(value, list):
            stack += value


def _entry_refusal(entry: dict[str, Any], objects: Mapping[str, Any]) -> str:
    if entry.get("class_name") == "__lambda__" or entry.get("function_type") == "lambda":
        return _LAMBDA
    if "class_name" not in entry:
        return ""
    reference = Reference.of(entry)
    if reference.is_in(objects):
        return ""
    if reference.module.partition(".")[0] not in ("", "keras", "builtins"):
        return "" if _is_registered(reference.key) else FOREIGN.format(reference)
    if not all(is_part_of_models(target, _classes(), _functions()) for target in reference.targets()):
        return NO_PART.format(reference)
    return file_refusal(reference.name, entry.get("config"))


def file_refusal(name: str, inner: Any) -> str:
    """Return why a layer that would read other files is refused."""
    name = name.rpartition(".")[2]
    if name in _LOADERS:
        return _LOADS_MORE.format(name)
    vocabulary = inner.get("vocabulary") if isinstance(inner, dict) else None
    return _READS.format(name, vocabulary[:100]) if isinstance(vocabulary, str) else ""


def _is_registered(name: str) -> bool:
    import keras

    return keras.saving.get_registered_object(name) is not None


def _lookup(module: str, name: str) -> Any:
    """Return what Keras has under a public name, or what a module has that must be imported first."""
    import keras

    public = _attribute(keras, f"{module}.{name}".partition(".")[2])
    if public is not None:
        return public
    try:
        return vars(importlib.import_module(module)).get(name)
    except (ImportError, ValueError):
        return None


def is_part_of_models(target: Any, classes: tuple[type, ...], functions: Container[Any]) -> bool:
    """Whether what a name stands for is of one of these classes, or one of these functions."""
    if isinstance(target, type):
        return issubclass(target, classes)
    return isinstance(target, types.FunctionType) and target in functions


def functions_of(modules: Iterable[Any]) -> set[Any]:
    """Return the functions in modules of Keras, without those that turn configs into other objects."""
    members = [(name, value) for module in modules for name, value in vars(module).items()]
    return {value for name, value in members if isinstance(value, types.FunctionType) and name not in _TOOLS}


@functools.cache
def _classes() -> tuple[type, ...]:
    import keras

    names = (
        *("Operation", "Initializer", "Regularizer", "Loss", "Metric", "Optimizer", "DTypePolicy"),
        *("constraints.Constraint", "optimizers.schedules.LearningRateSchedule", "random.SeedGenerator"),
        *("dtype_policies.DTypePolicyMap", "quantizers.Quantizer", "quantizers.QuantizationConfig"),
        *("utils.FeatureSpace", "KerasTensor"),
    )
    return tuple(kind for name in names if isinstance(kind := _attribute(keras, name), type))


@functools.cache
def _functions() -> set[Any]:
    import keras

    modules = [getattr(keras, name) for name in _FUNCTION_MODULES]
    modules += [getattr(keras.ops, name) for name in _OPS_MODULES if hasattr(keras.ops, name)]
    return functions_of(modules)


def _attribute(value: Any, names: str) -> Any:
    for name in names.split("."):
        value = getattr(value, name, None)
    return value
