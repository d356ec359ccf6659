"""Python expressions for what models are made of: layers, operations, objects and plain values."""

from __future__ import annotations

import inspect
import keyword
import math
import re
import sys
from collections.abc import Callable
from typing import Any

from sphinx_kerasshape.worker.code import saved_config
from sphinx_kerasshape.worker.code.execute import MODULE
from sphinx_kerasshape.worker.read.arguments import NoView, different_arguments, is_own_function
from sphinx_kerasshape.worker.read.trace import is_symbolic

_MAX_ARRAY = 64
"""Numbers of an array that is written; a longer one tells a reader nothing."""
_MAX_LIST = 1000
"""Entries of a list that is written, such as the words of a vocabulary."""
_EMPTY = inspect.Parameter.empty
_NO_VALUE = object()


class Expressions:
    """Writes expressions, and collects what they need to import besides Keras."""

    def __init__(self) -> None:
        self.imports: set[tuple[str, str]] = set()
        """Module and name of each thing to import."""

    def layer(self, layer: Any) -> str:
        """Return an expression for a layer, such as one that another holds."""
        return self.constructed(layer)

    def constructed(self, layer: Any) -> str:
        """Return the call of a layer's constructor, with the arguments that are not defaults."""
        kind = self.reference(type(layer))
        arguments = [
            self._argument(layer, name, value)
            if is_positional
            else keyword_argument(name, self._argument(layer, name, value))
            for name, value, is_positional in different_arguments(layer)
        ]
        return f"{kind}({', '.join([*arguments, *name_argument(layer)])})"

    def operation(self, operation: Any, arguments: dict[str, Any]) -> str:
        """Return the call of the function that makes an operation, for the arguments of its ``call()``."""
        if type(operation).__name__ == "GetItem":
            return f"{self.value(arguments['x'])}[{self._index(arguments['key'])}]"
        function, name = _function_of(operation)
        given = dict(arguments)
        settings = _settings(operation)
        positional: list[str] = []
        keywords: list[str] = []
        for parameter in inspect.signature(function).parameters.values():
            if parameter.kind is parameter.VAR_POSITIONAL:
                positional += map(self.value, given.pop(parameter.name, ()))
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            value = given.pop(parameter.name, settings.get(parameter.name, _NO_VALUE))
            if parameter.default is not _EMPTY:
                if value is not _NO_VALUE and not _is_same(value, parameter.default):
                    keywords.append(f"{parameter.name}={self.value(value)}")
            elif value is _NO_VALUE:
                raise NoView(f"the argument {parameter.name!r} of {name}() is not known")
            else:
                positional.append(self.value(value))
        if given:
            raise NoView(f"{name}() has no argument {next(iter(given))!r}")
        return f"{name}({', '.join([*positional, *keywords])})"

    def value(self, value: Any) -> str:
        """Write a value of a call or a config; an object is written as the call that makes it."""
        if isinstance(value, dict):
            if "class_name" in value:
                return self._serialized(value)
            return (
                "{" + ", ".join(f"{self.value(key)}: {self.value(item)}" for key, item in value.items()) + "}"
            )
        if isinstance(value, list | tuple):
            if len(value) > _MAX_LIST:
                raise NoView(f"a list of {len(value):,} values is too long to write")
            text = ", ".join(map(self.value, value))
            return f"[{text}]" if isinstance(value, list) else f"({text}{',' if len(value) == 1 else ''})"
        return literal(value)

    def reference(self, thing: Any) -> str:
        """Return an expression for a class or function that other code can name."""
        import keras

        module, name = str(thing.__module__), str(thing.__qualname__)
        if getattr(keras.layers, name, None) is thing:
            return f"layers.{name}"
        paths = vars(thing).get("_api_export_path", ())  # that of the class itself, not of a base
        exported = paths if isinstance(paths, str) else min(paths, key=len, default="")
        if exported and module.startswith("keras."):
            return str(exported)
        if not all(part.isidentifier() for part in f"{module}.{name}".split(".")):
            what = "class" if isinstance(thing, type) else "function"
            raise NoView(f"the {what} {name!r} has no name that other code could use")
        if _found(module, name) is not thing:
            raise NoView(f"{name} can't be found in its module {module}")
        if module not in (MODULE, "builtins"):
            self.imports.add((module, name.partition(".")[0]))
        return name

    def _argument(self, layer: Any, name: str, value: Any) -> str:
        """Write an argument; what the layer has made of it says more than the config."""
        import keras

        live = getattr(layer, name, None)
        if isinstance(live, keras.Layer):
            return self.layer(live)
        if isinstance(live, list | tuple) and live and all(isinstance(item, keras.Layer) for item in live):
            return f"[{', '.join(map(self.layer, live))}]"
        if is_own_function(live):
            return self.reference(live)
        is_object = isinstance(value, dict) and "class_name" in value and hasattr(live, "get_config")
        if live is not None and is_object and not type(live).__module__.startswith("keras."):
            return self._object(self.reference(type(live)), live.get_config())
        return self.value(value)

    def _serialized(self, value: dict[str, Any]) -> str:
        import keras

        # The code is run: what the config of a file has no right to name, it must not name either.
        refused = saved_config.refusal(value, {})
        if refused:
            raise NoView(refused)
        kind, config = value["class_name"], value.get("config")
        module = value.get("module") or ""
        if kind.endswith("DTypePolicy"):
            return quoted(keras.saving.deserialize_keras_object(value).name)
        if kind in ("__numpy__", "__tensor__"):
            return literal(keras.saving.deserialize_keras_object(value))
        if module == "keras.layers":
            return self.layer(keras.saving.deserialize_keras_object(value))
        if not isinstance(config, dict) or not isinstance(_public(f"{module}.{kind}"), type):
            raise NoView(f"{config if kind == 'function' else kind} is not part of Keras")
        return self._object(f"{module}.{kind}", config)

    def _object(self, kind: str, config: dict[str, Any]) -> str:
        arguments = (
            keyword_argument(name, self.value(item)) for name, item in config.items() if item is not None
        )
        return f"{kind}({', '.join(arguments)})"

    def _index(self, key: Any) -> str:
        if isinstance(key, tuple) and key:
            return ", ".join(map(self._index, key)) + ("," if len(key) == 1 else "")
        if isinstance(key, slice):
            ends = ("" if end is None else self.value(end) for end in (key.start, key.stop))
            return ":".join(ends) + ("" if key.step is None else f":{self.value(key.step)}")
        return "..." if key is Ellipsis else self.value(key)


def keyword_argument(name: str, text: str) -> str:
    """Return an argument by name; a file may have anything for a name."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise NoView(f"{name[:100]!r} is no name of an argument")
    return f"{name}={text}"


def name_argument(layer: Any) -> list[str]:
    """Return a layer's name as an argument, unless Keras gave the name."""
    is_automatic = re.fullmatch(rf"{re.escape(snake_case(type(layer)))}(_\d+)?", layer.name)
    return [] if is_automatic else [f"name={quoted(layer.name)}"]


def snake_case(kind: type) -> str:
    """Return a class's name as Keras turns it into names of layers: ``Conv1D`` gives ``conv1d``."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind.__name__))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def literal(value: Any) -> str:
    """Write a plain value, or a small array."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if value is None or isinstance(value, bool | int | float | slice | type(...)):
        return repr(value)
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return literal(value.item())
    if hasattr(value, "as_numpy_dtype"):
        return quoted(value.name)
    kind = type(value).__name__
    if kind in ("ndarray", "EagerTensor"):
        numbers = value if kind == "ndarray" else value.numpy()
        if numbers.size > _MAX_ARRAY:
            raise NoView(f"an array of {numbers.size:,} values is too long to write")
        values = Expressions().value(numbers.tolist())
        return f"keras.ops.array({values}, dtype={quoted(str(numbers.dtype))})"
    raise NoView(f"a value of type {kind} can't be written as a literal")


def quoted(text: str) -> str:
    """Return a text as a literal in double quotes."""
    # The quote in front makes ``repr`` use single quotes, and escape those inside.
    inside = repr('"' + text)[2:-1].replace("\\'", "'")
    return '"' + inside.replace('"', '\\"') + '"'


def _function_of(operation: Any) -> tuple[Callable[..., Any], str]:
    """Return the public function that makes an operation, and its name."""
    import keras

    kind = type(operation).__name__
    rooms = [(keras.ops, "keras.ops")]
    if hasattr(keras.ops, "image"):
        rooms.append((keras.ops.image, "keras.ops.image"))
    for room, path in rooms:
        named = getattr(room, snake_case(type(operation)), None)
        if callable(named):
            return named, f"{path}.{snake_case(type(operation))}"
        for name, function in vars(room).items():
            code = getattr(function, "__code__", None)
            if code is not None and kind in code.co_names:
                return function, f"{path}.{name}"
    raise NoView(f"keras.ops has no function for {kind}")


def _is_same(value: Any, default: Any) -> bool:
    """Whether a value is a default; tensors and arrays are compared with nothing."""
    if value is default:
        return True
    return not is_symbolic(value) and not hasattr(value, "shape") and bool(value == default)


def _settings(operation: Any) -> dict[str, Any]:
    """Return what an operation was made from: as its config has it, or as it keeps it."""
    try:
        return {**vars(operation), **operation.get_config()}
    except Exception:
        return dict(vars(operation))


def _public(path: str) -> Any:
    """Return what Keras has under a path, such as ``keras.initializers.Zeros``."""
    import keras

    room, _, names = path.partition(".")
    found: Any = keras if room == "keras" else None
    for name in names.split("."):
        found = getattr(found, name, None)
    return found


def _found(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found
