"""What a saved model's config names, and whether loading it would run code of the file's.

Keras makes a model of the classes and functions that its config names. Versions of it differ in
what they refuse; the oldest call any function that they find. So the config is looked
through before Keras sees it, as data, and only what models are made of may be named.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import types
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_LAMBDA = (
    "it has a Lambda layer made of a Python lambda, which would run code from the file: safe mode refuses "
    "that. Save the model with a named function, or a layer class of its own, and name it in :custom-objects:"
)
_FOREIGN = "it has {}, which is none of Keras' own: name it in ':custom-objects: package.module.Class'"
_NO_PART = "it names {}, which is no part of a model: safe mode refuses that"
_LOADS_MORE = "it has a {}, which would load another file's code: safe mode refuses that"
_READS = "its {} would read the vocabulary from {!r}: safe mode refuses that. Save the words in the model"

_LOADERS = ("TFSMLayer", "TorchModuleWrapper")
_FUNCTIONS = (
    "activations",
    "constraints",
    "initializers",
    "losses",
    "metrics",
    "ops",
    "random",
    "regularizers",
)
"""The modules of Keras whose functions models may have."""
_OPS = ("image", "linalg", "nn", "numpy")
_TOOLS = ("get", "serialize", "deserialize")
"""The functions of these modules that make other things of configs."""


class _Named(NamedTuple):
    """What an entry of a config names."""

    module: str
    """Empty in files of Keras 2, and where the name is one that was registered."""
    name: str
    registered: str
    key: str
    """What Keras asks its register for first."""

    @classmethod
    def by(cls, config: dict[str, Any]) -> _Named:
        kind, inner, module = str(config["class_name"]), config.get("config"), config.get("module")
        is_function = kind == "function" and isinstance(inner, str)
        name = str(inner) if is_function else kind
        registered = str(config.get("registered_name") or name)
        return cls(
            module if isinstance(module, str) else "", name, registered, name if is_function else registered
        )

    def is_in(self, known: Mapping[str, Any]) -> bool:
        """Whether it is one of the page's own objects, which Keras then takes."""
        return self.key in known or (
            self.name in known and getattr(known[self.name], "__module__", "") == self.module
        )

    def found(self) -> list[Any]:
        """Return all that some version of Keras would find under this name."""
        if self.module.partition(".")[0] == "keras":
            places = [self.module]
        else:
            places = [f"keras.{place}" for place in ("layers", "models", *_FUNCTIONS)]
        words = (self.name, self.registered)
        found = [one for place in places for word in words if (one := _found(place, word)) is not None]
        return found or [vars(builtins)[word] for word in words if word in vars(builtins) and self.module]

    def __str__(self) -> str:
        return f"{self.module}.{self.name}" if self.module else self.name


def refusal(config: Any, known: Mapping[str, Any]) -> str:
    """Return why a config is refused; nothing where it is not. ``known`` are the page's own objects."""
    return next((why for one in _dicts(config) if (why := _refused(one, known))), "")


def _dicts(config: Any) -> Iterator[dict[str, Any]]:
    stack = [config]
    while stack:
        here = stack.pop()
        if isinstance(here, dict):
            yield here
            stack += here.values()
        elif isinstance(here, list):
            stack += here


def _refused(config: dict[str, Any], known: Mapping[str, Any]) -> str:
    if config.get("class_name") == "__lambda__" or config.get("function_type") == "lambda":
        return _LAMBDA
    if "class_name" not in config:
        return ""
    named = _Named.by(config)
    if named.is_in(known):
        return ""
    if named.module.partition(".")[0] not in ("", "keras", "builtins"):
        return "" if _is_registered(named.key) else _FOREIGN.format(named)
    if not all(map(_is_part, named.found())):
        return _NO_PART.format(named)
    return _reads_on(named.name, config.get("config"))


def _reads_on(name: str, inner: Any) -> str:
    """Return why a layer is refused that would read other files."""
    name = name.rpartition(".")[2]
    if name in _LOADERS:
        return _LOADS_MORE.format(name)
    vocabulary = inner.get("vocabulary") if isinstance(inner, dict) else None
    return _READS.format(name, vocabulary[:100]) if isinstance(vocabulary, str) else ""


def _is_registered(name: str) -> bool:
    import keras

    return keras.saving.get_registered_object(name) is not None


def _found(module: str, name: str) -> Any:
    """Return what is public under a name, or what a module has under it that must be imported first."""
    import keras

    public = _attribute(keras, f"{module}.{name}".partition(".")[2])
    if public is not None:
        return public
    try:
        return vars(importlib.import_module(module)).get(name)
    except (ImportError, ValueError):
        return None


def _is_part(found: Any) -> bool:
    """Whether models are made of it."""
    if isinstance(found, type):
        return issubclass(found, _classes())
    return isinstance(found, types.FunctionType) and found in _functions()


@functools.cache
def _classes() -> tuple[type, ...]:
    import keras

    names = (
        *("Operation", "Initializer", "Regularizer", "Loss", "Metric", "Optimizer", "DTypePolicy"),
        *("constraints.Constraint", "optimizers.schedules.LearningRateSchedule", "random.SeedGenerator"),
        *("dtype_policies.DTypePolicyMap", "quantizers.Quantizer", "utils.FeatureSpace", "KerasTensor"),
    )
    found = (_attribute(keras, name) for name in names)
    return tuple(one for one in found if isinstance(one, type))


@functools.cache
def _functions() -> set[Any]:
    import keras

    modules = [getattr(keras, name) for name in _FUNCTIONS]
    modules += [one for name in _OPS if (one := getattr(keras.ops, name, None))]
    named = [(name, one) for module in modules for name, one in vars(module).items()]
    return {one for name, one in named if isinstance(one, types.FunctionType) and name not in _TOOLS}


def _attribute(here: Any, names: str) -> Any:
    for name in names.split("."):
        here = getattr(here, name, None)
    return here
