"""The constructor's view of a model: code that builds it, with all that differs from the defaults.

``Input(shape=(50,))`` is what an author writes for an input of shape (None, 50).
"""

from __future__ import annotations

import inspect
import keyword
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sphinx_kerasshape.worker.read.recorder import graph_of
from sphinx_kerasshape.worker.read.trace import is_symbolic

_MOST_LAYERS = 1000


class NoView(Exception):
    """A model whose code can't be said; the message says why."""


def code(model: Any) -> str:
    """Return the code of a Sequential or functional model. Raises :class:`NoView`."""
    import keras

    graph = graph_of(model)
    if graph is None or type(model).__module__.partition(".")[0] != "keras":
        raise NoView(f"{type(model).__name__} is a class of its own, with its own constructor")
    if len(graph.operations) > _MOST_LAYERS:
        raise NoView(f"{len(graph.operations)} layers are too many")
    return _sequential(model) if isinstance(model, keras.Sequential) else _Writer(graph).text(model)


def _sequential(model: Any) -> str:
    layers = [model._layers[0], *model.layers] if model._layers[0] is not model.layers[0] else model.layers
    lines = "".join(f"    {_indented(_made(layer))},\n" for layer in layers)
    name = "" if _is_automatic(model) else f", name={_quoted(model.name)}"
    return f"model = keras.Sequential([\n{lines}]{name})"


class _Writer:
    """Writes a functional model: a line a call, each output under the name of its layer."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._names: dict[int, str] = {}
        self._taken = {"model", "keras", "layers", "tf"}
        self._shared: dict[int, str] = {}

    def text(self, model: Any) -> str:
        lines = list(self._lines())
        name = "" if _is_automatic(model) else f", name={_quoted(model.name)}"
        inputs, outputs = (self._value(ends) for ends in (model._inputs_struct, model._outputs_struct))
        return "\n".join([*lines, f"model = keras.Model({inputs}, {outputs}{name})"])

    def _lines(self) -> Iterator[str]:
        nodes = self._ordered()
        calls = Counter(id(node.operation) for node in nodes)
        for node in nodes:
            operation = node.operation
            if calls[id(operation)] > 1 and id(operation) not in self._shared:
                self._shared[id(operation)] = self._new(f"{operation.name}_layer")
                yield f"{self._shared[id(operation)]} = {_made(operation)}"
            name = "inputs" if node.is_input and _is_plain_input(operation) else operation.name
            results = [self._new(name) for _ in node.outputs]
            for tensor, result in zip(node.outputs, results, strict=True):
                self._names[id(tensor)] = result
            yield f"{', '.join(results)} = {self._call(node)}"

    def _ordered(self) -> list[Any]:
        """Return the calls in an order in which they can be made, inputs first, a layer's as they were."""
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
            missing = [one for one in before if id(one) not in ordered]
            if missing:
                stack += missing[::-1]
            else:
                ordered.setdefault(id(stack.pop()), node)
        return list(ordered.values())

    def _call(self, node: Any) -> str:
        import keras

        operation = node.operation
        if node.is_input:
            return _made(operation)
        values = [self._value(value) for value in node.arguments.args]
        values += [
            f"{name}={self._value(value)}"
            for name, value in node.arguments.kwargs.items()
            if _is_given(name, value)
        ]
        if not isinstance(operation, keras.Layer):
            return _operation(operation, values)
        made = self._shared.get(id(operation)) or _made(operation)
        return f"{made}({', '.join(values)})"

    def _value(self, value: Any) -> str:
        if is_symbolic(value):
            return self._names[id(value)]
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key!r}: {self._value(item)}" for key, item in value.items()) + "}"
        if isinstance(value, list):
            return f"[{', '.join(map(self._value, value))}]"
        if isinstance(value, tuple):
            return f"({', '.join(map(self._value, value))}{',' if len(value) == 1 else ''})"
        return _literal(value)

    def _new(self, name: str) -> str:
        plain = re.sub(r"\W", "_", name) or "layer"
        plain = f"_{plain}" if plain[:1].isdigit() else f"{plain}_" if keyword.iskeyword(plain) else plain
        number, found = 1, plain
        while found in self._taken:
            number += 1
            found = f"{plain}_{number}"
        self._taken.add(found)
        return found


def _is_given(name: str, value: Any) -> bool:
    """Whether an argument of a call is one that the author has given, as far as that can be seen."""
    return value is not None and (name, value) != ("training", False)


def _made(operation: Any) -> str:
    """Return the call of a layer's constructor."""
    import keras

    kind = type(operation)
    if isinstance(operation, keras.layers.InputLayer):
        return _input(operation)
    if isinstance(operation, keras.Model):
        return (
            code(operation).partition("= ")[2]
            if isinstance(operation, keras.Sequential)
            else _refuse(operation)
        )
    if not kind.__name__.isidentifier():
        raise NoView(f"a class is called {kind.__name__!r}")
    arguments = [value if name is None else f"{name}={value}" for name, value in _arguments(operation)]
    if not _is_automatic(operation):
        arguments.append(f"name={_quoted(operation.name)}")
    place = "layers." if getattr(keras.layers, kind.__name__, None) is kind else ""
    return f"{place}{kind.__name__}({', '.join(arguments)})"


def _operation(operation: Any, values: list[str]) -> str:
    """Return the call of the function of ``keras.ops`` that made an operation."""
    import keras

    name = _snake(type(operation))
    if not hasattr(keras.ops, name):
        raise NoView(f"{type(operation).__name__} is no function of keras.ops")
    parameters = inspect.signature(type(operation).__init__).parameters.values()
    for one in parameters:
        given = getattr(operation, one.name, one.default)
        if (
            one.name not in ("self", "name")
            and one.kind is one.POSITIONAL_OR_KEYWORD
            and given is not one.default
        ):
            values = [*values, f"{one.name}={_serialized(given)}"]
    return f"keras.ops.{name}({', '.join(values)})"


def _refuse(operation: Any) -> str:
    raise NoView(f"{operation.name} is a functional model inside")


def _input(operation: Any) -> str:
    shape = tuple(operation.batch_shape)
    what = f"shape={shape[1:]!r}" if shape[0] is None else f"batch_shape={shape!r}"
    dtype = "" if operation.dtype == "float32" else f", dtype={_quoted(operation.dtype)}"
    name = "" if _is_plain_input(operation) else f", name={_quoted(operation.name)}"
    return f"layers.Input({what}{dtype}{name})"


def _is_plain_input(operation: Any) -> bool:
    return bool(re.fullmatch(r"input_layer(_\d+)?|keras_tensor\w*", operation.name))


def _arguments(layer: Any) -> Iterator[tuple[str | None, str]]:
    """Give the arguments that differ from the defaults; required ones by their place."""
    config = _config(layer)
    parameters = inspect.signature(type(layer).__init__).parameters
    required = [
        name
        for name, one in parameters.items()
        if one.default is inspect.Parameter.empty and name in config and one.kind is not one.VAR_KEYWORD
    ]
    try:
        plain = _config(type(layer).from_config({name: config[name] for name in required}))
    except Exception:
        raise NoView(f"{type(layer).__name__} can't be made from its config") from None
    for name in required:
        yield None, _argument(layer, name, config[name])
    for name, value in config.items():
        if name not in (*required, "name") and (name not in plain or plain[name] != value):
            yield name, _argument(layer, name, value)


def _config(layer: Any) -> dict[str, Any]:
    """Return a layer's config, without what a Bidirectional makes up itself."""
    import keras

    config = dict(layer.get_config())
    if isinstance(layer, keras.layers.Bidirectional):
        there, back = layer.forward_layer.get_config(), layer.backward_layer.get_config()
        mirrored = {**there, "go_backwards": not there["go_backwards"], "name": back["name"]}
        if back == mirrored:
            config["backward_layer"] = None
        config["layer"] = {**config["layer"], "config": {**config["layer"]["config"]}}
        config["layer"]["config"]["name"] = there["name"].removeprefix("forward_")
    return config


def _argument(layer: Any, name: str, value: Any) -> str:
    import keras

    held = getattr(layer, name, None)
    if isinstance(held, keras.Layer):
        return _made(held)
    return _serialized(value)


def _serialized(value: Any) -> str:
    """Write a value of a config; an object is written as the call that makes it."""
    import keras

    if isinstance(value, dict) and "class_name" in value:
        if value["class_name"] == "DTypePolicy":
            return _quoted(value["config"]["name"])
        module, config = value.get("module") or "", value.get("config")
        if module == "keras.layers":
            return _made(keras.saving.deserialize_keras_object(value))
        if not isinstance(config, dict) or not module.startswith("keras"):
            name = config if value["class_name"] == "function" else value["class_name"]
            raise NoView(f"{name} is not Keras' own")
        given = {name: item for name, item in config.items() if item is not None}
        return (
            f"{module}.{value['class_name']}({', '.join(f'{k}={_serialized(v)}' for k, v in given.items())})"
        )
    if isinstance(value, list | tuple):
        items = [_serialized(item) for item in value]
        return (
            f"({', '.join(items)}{',' if len(items) == 1 else ''})"
            if isinstance(value, tuple)
            else f"[{', '.join(items)}]"
        )
    return _literal(value)


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool | int | float | slice | type(...)):
        return repr(value)
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return repr(value.item())
    raise NoView(f"a value of type {type(value).__name__} has no short way to be written")


def _is_automatic(layer: Any) -> bool:
    """Whether a layer has the name that Keras gives it."""
    return bool(re.fullmatch(rf"{re.escape(_snake(type(layer)))}(_\d+)?", layer.name))


def _snake(kind: type) -> str:
    """Return a class's name as Keras makes names of layers from it: ``Conv1D`` gives ``conv1d``."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind.__name__))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _quoted(text: str) -> str:
    """Return a text as a literal in double quotes."""
    # The quote in front has ``repr`` take single ones, and escape each of them.
    inside = repr('"' + text)[2:-1].replace("\\'", "'")
    return '"' + inside.replace('"', '\\"') + '"'


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")
