"""The constructor's view of a model: code that builds it, with every argument that is not a default.

``Input(shape=(50,))`` is what an author writes for an input of shape (None, 50).
"""

from __future__ import annotations

import inspect
import keyword
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from sphinx_kerasshape.worker.code.execute import MODULE
from sphinx_kerasshape.worker.read.recorder import graph_of
from sphinx_kerasshape.worker.read.trace import is_symbolic

_MAX_LAYERS = 1000
_imports: set[tuple[str, str]] = set()
"""Module and name of the classes that the code which is being written needs, besides those of Keras."""


class NoView(Exception):
    """A model whose code can't be written; the message says why."""


def code(model: Any) -> str:
    """Return the code of a Sequential or functional model. Raises :class:`NoView`."""
    _imports.clear()
    written = _code(model)
    lines = [f"from {module} import {name}\n" for module, name in sorted(_imports)]
    return "".join([*lines, "\n" if lines else "", written])


def _code(model: Any) -> str:
    import keras

    graph = graph_of(model)
    if graph is None or type(model).__module__.partition(".")[0] != "keras":
        raise NoView(f"{type(model).__name__} is a subclassed model, with a constructor of its own")
    if len(graph.operations) > _MAX_LAYERS:
        raise NoView(f"it has {len(graph.operations):,} layers, more than {_MAX_LAYERS:,}")
    return _sequential(model) if isinstance(model, keras.Sequential) else _Writer(graph).code(model)


def _sequential(model: Any) -> str:
    layers = [model._layers[0], *model.layers] if model._layers[0] is not model.layers[0] else model.layers
    lines = textwrap.indent("".join(f"{_layer(layer)},\n" for layer in layers), "    ")
    return f"model = keras.Sequential([\n{lines}]{_name_argument(model)})"


class _Writer:
    """Writes a functional model, one line a call; each output has the name of its layer."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._names: dict[int, str] = {}
        """The variable of each tensor, by the tensor's id."""
        self._taken = {"model", "keras", "layers", "tf"}
        self._shared_layers: dict[int, str] = {}
        """The variable of each layer with several calls, by the layer's id."""

    def code(self, model: Any) -> str:
        lines = list(self._lines())
        inputs, outputs = (self._value(ends) for ends in (model._inputs_struct, model._outputs_struct))
        return "\n".join([*lines, f"model = keras.Model({inputs}, {outputs}{_name_argument(model)})"])

    def _lines(self) -> Iterator[str]:
        nodes = self._ordered()
        calls = Counter(id(node.operation) for node in nodes)
        for node in nodes:
            operation = node.operation
            if calls[id(operation)] > 1 and id(operation) not in self._shared_layers:
                self._shared_layers[id(operation)] = self._new_name(f"{operation.name}_layer")
                yield f"{self._shared_layers[id(operation)]} = {_layer(operation)}"
            name = "inputs" if node.is_input and _is_plain_input(operation) else operation.name
            names = [self._new_name(name) for _ in node.outputs]
            for tensor, tensor_name in zip(node.outputs, names, strict=True):
                self._names[id(tensor)] = tensor_name
            yield f"{', '.join(names)} = {self._call(node)}"

    def _ordered(self) -> list[Any]:
        """Return the calls in an order in which they can be made: inputs first, each layer's in turn."""
        members = {id(node) for nodes in self._graph._nodes_by_depth.values() for node in nodes}
        inputs = [tensor._keras_history[0] for tensor in self._graph.inputs]
        wanted = [
            node
            for operation in (*inputs, *self._graph.operations)
            for node in operation._inbound_nodes
            if id(node) in members
        ]
        ordered: dict[int, Any] = {}
        stack = wanted[::-1]
        while stack:
            node = stack[-1]
            makers = [tensor._keras_history for tensor in node.input_tensors]
            before = [maker._inbound_nodes[index] for maker, index, _ in makers]
            missing = [other for other in before if id(other) not in ordered]
            if missing:
                stack += missing[::-1]
            else:
                ordered.setdefault(id(stack.pop()), node)
        return list(ordered.values())

    def _call(self, node: Any) -> str:
        import keras

        operation = node.operation
        if node.is_input:
            return _layer(operation)
        arguments = [self._value(value) for value in node.arguments.args]
        arguments += [
            f"{name}={self._value(value)}"
            for name, value in node.arguments.kwargs.items()
            if value is not None and (name, value) != ("training", False)  # Keras adds these itself.
        ]
        if not isinstance(operation, keras.Layer):
            return _operation(operation, arguments)
        layer = self._shared_layers.get(id(operation)) or _layer(operation)
        return f"{layer}({', '.join(arguments)})"

    def _value(self, value: Any) -> str:
        if is_symbolic(value):
            return self._names[id(value)]
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key!r}: {self._value(item)}" for key, item in value.items()) + "}"
        if isinstance(value, list | tuple):
            return _sequence(value, map(self._value, value))
        return _literal(value)

    def _new_name(self, name: str) -> str:
        """Return a name for a variable that no other has."""
        plain = re.sub(r"\W", "_", name) or "layer"
        plain = f"_{plain}" if plain[:1].isdigit() else f"{plain}_" if keyword.iskeyword(plain) else plain
        number, new = 1, plain
        while new in self._taken:
            number += 1
            new = f"{plain}_{number}"
        self._taken.add(new)
        return new


def _layer(operation: Any) -> str:
    """Return the call of a layer's constructor."""
    import keras

    kind = type(operation)
    if isinstance(operation, keras.layers.InputLayer):
        return _input(operation)
    if isinstance(operation, keras.Sequential):
        return _code(operation).partition("= ")[2]
    if isinstance(operation, keras.Model):
        raise NoView(f"its layer {operation.name} is a functional model")
    if not kind.__name__.isidentifier():
        raise NoView(f"{kind.__name__!r} is not a name that Python code can have")
    arguments = ", ".join(
        value if name is None else f"{name}={value}" for name, value in _arguments(operation)
    )
    arguments = f"{arguments}{_name_argument(operation)}".removeprefix(", ")
    module = "layers." if getattr(keras.layers, kind.__name__, None) is kind else ""
    is_importable = getattr(sys.modules.get(kind.__module__), kind.__name__, None) is kind
    if not module and is_importable and kind.__module__ != MODULE:
        _imports.add((kind.__module__, kind.__name__))
    return f"{module}{kind.__name__}({arguments})"


def _operation(operation: Any, arguments: list[str]) -> str:
    """Return the call of the function in ``keras.ops`` that makes an operation."""
    import keras

    name = _snake_case(type(operation))
    if not hasattr(keras.ops, name):
        raise NoView(f"keras.ops has no function for {type(operation).__name__}")
    for parameter in inspect.signature(type(operation).__init__).parameters.values():
        if parameter.name in ("self", "name") or parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            continue
        value = getattr(operation, parameter.name, parameter.default)
        if value is not parameter.default:
            arguments = [*arguments, f"{parameter.name}={_serialized(value)}"]
    return f"keras.ops.{name}({', '.join(arguments)})"


def _input(operation: Any) -> str:
    shape = tuple(operation.batch_shape)
    shape_argument = f"shape={shape[1:]!r}" if shape[0] is None else f"batch_shape={shape!r}"
    dtype = "" if operation.dtype == "float32" else f", dtype={_quoted(operation.dtype)}"
    name = "" if _is_plain_input(operation) else f", name={_quoted(operation.name)}"
    return f"layers.Input({shape_argument}{dtype}{name})"


def _is_plain_input(operation: Any) -> bool:
    """Whether an input has the name that Keras gives it."""
    return bool(re.fullmatch(r"input_layer(_\d+)?|keras_tensor\w*", operation.name))


def _arguments(layer: Any) -> Iterator[tuple[str | None, str]]:
    """Yield the arguments that are not defaults; required ones have no name, but their place."""
    config = _config(layer)
    parameters = inspect.signature(type(layer).__init__).parameters
    required = [
        name
        for name, item in parameters.items()
        if item.default is inspect.Parameter.empty and name in config and item.kind is not item.VAR_KEYWORD
    ]
    given = dict.fromkeys(required)
    try:
        different = _differing(layer, config, given)
    except Exception:
        raise NoView(f"{type(layer).__name__} can't be made from its config") from None
    # Some defaults depend on other arguments: the strides of a pooling layer are its window's size.
    while different:
        given[different[0]] = None
        try:
            different = _differing(layer, config, given)
        except Exception:
            given |= dict.fromkeys(different)  # A value can't be read back; writing it says why.
            break
    for name in required:
        yield None, _argument(layer, name, config[name])
    for name, value in config.items():
        if name in given and name not in required:
            yield name, _argument(layer, name, value)


def _differing(layer: Any, config: dict[str, Any], given: Iterable[str]) -> list[str]:
    """Return the other arguments in which a layer made with those given differs."""
    arguments = {name: config[name] for name in given}
    try:
        made = _config(type(layer).from_config(dict(arguments)))
    except KeyError:
        made = _config(type(layer)(**arguments))  # Rescaling reads all of its config.
    known = {"name", *given}
    return [name for name in config if name not in known and made.get(name, layer) != config[name]]


def _config(layer: Any) -> dict[str, Any]:
    """Return a layer's config, without what a Bidirectional derives from its layer."""
    import keras

    config = dict(layer.get_config())
    if isinstance(layer, keras.layers.Bidirectional):
        forward, backward = layer.forward_layer.get_config(), layer.backward_layer.get_config()
        mirrored = {**forward, "go_backwards": not forward["go_backwards"], "name": backward["name"]}
        if backward == mirrored:
            config["backward_layer"] = None
        config["layer"] = {**config["layer"], "config": {**config["layer"]["config"]}}
        config["layer"]["config"]["name"] = forward["name"].removeprefix("forward_")
    return config


def _argument(layer: Any, name: str, value: Any) -> str:
    import keras

    inner = getattr(layer, name, None)
    return _layer(inner) if isinstance(inner, keras.Layer) else _serialized(value)


def _serialized(value: Any) -> str:
    """Write a value of a config; an object is written as the call that makes it."""
    if isinstance(value, dict) and "class_name" in value:
        return _serialized_object(value)
    if isinstance(value, list | tuple):
        return _sequence(value, map(_serialized, value))
    return _literal(value)


def _serialized_object(value: dict[str, Any]) -> str:
    import keras

    if value["class_name"] == "DTypePolicy":
        return _quoted(value["config"]["name"])
    module, config = value.get("module") or "", value.get("config")
    if module == "keras.layers":
        return _layer(keras.saving.deserialize_keras_object(value))
    if not isinstance(config, dict) or not module.startswith("keras"):
        name = config if value["class_name"] == "function" else value["class_name"]
        raise NoView(f"{name} is not part of Keras")
    arguments = (f"{name}={_serialized(item)}" for name, item in config.items() if item is not None)
    return f"{module}.{value['class_name']}({', '.join(arguments)})"


def _sequence(value: list[Any] | tuple[Any, ...], items: Iterable[str]) -> str:
    """Write a list or tuple from its written items."""
    text = ", ".join(items)
    return f"[{text}]" if isinstance(value, list) else f"({text}{',' if len(value) == 1 else ''})"


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool | int | float | slice | type(...)):
        return repr(value)
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return repr(value.item())
    raise NoView(f"a value of type {type(value).__name__} can't be written as a literal")


def _name_argument(layer: Any) -> str:
    """Return a layer's name as an argument; empty if Keras gave the name."""
    is_automatic = re.fullmatch(rf"{re.escape(_snake_case(type(layer)))}(_\d+)?", layer.name)
    return "" if is_automatic else f", name={_quoted(layer.name)}"


def _snake_case(kind: type) -> str:
    """Return a class's name as Keras turns it into names of layers: ``Conv1D`` gives ``conv1d``."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind.__name__))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _quoted(text: str) -> str:
    """Return a text as a literal in double quotes."""
    # The quote in front makes ``repr`` use single quotes, and escape those inside.
    inside = repr('"' + text)[2:-1].replace("\\'", "'")
    return '"' + inside.replace('"', '\\"') + '"'
