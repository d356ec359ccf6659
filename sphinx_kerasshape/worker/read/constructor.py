"""The constructor's view of a model: code that builds it, with every argument that is not a default.

``Input(shape=(50,))`` is what an author writes for an input of shape (None, 50). The code is shown only if
it was run and built the same model; :func:`ingredients` is what the two are compared by besides their tables.
"""

from __future__ import annotations

import hashlib
import inspect
import keyword
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sphinx_kerasshape.worker.read.expressions import (
    Expressions,
    NoView,
    is_own_function,
    literal,
    name_argument,
    quoted,
)
from sphinx_kerasshape.worker.read.recorder import graph_of
from sphinx_kerasshape.worker.read.trace import is_symbolic

_MAX_LAYERS = 5000


def code(model: Any) -> str:
    """Return the code of a Sequential or functional model. Raises :class:`NoView`."""
    graph = graph_of(model)
    if graph is None:
        raise NoView(f"{type(model).__name__} is a subclassed model, with a constructor of its own")
    if len(graph.operations) > _MAX_LAYERS:
        raise NoView(f"it has {len(graph.operations):,} layers, more than {_MAX_LAYERS:,}")
    first = _Script({})
    first.write(model)
    # Layers that are needed again are variables; which ones are known once everything has been written.
    return _Script(first.times).write(model)


class _Script(Expressions):
    """Writes a model: a line for each call, with its layer, and a variable for each layer that is shared."""

    def __init__(self, times: dict[int, int]) -> None:
        super().__init__()
        self.times = Counter[int]()
        """How often each layer is needed, by its id."""
        self._expected_times = times
        self._lines: list[tuple[str, str, bool]] = []
        """Variables, what they are set to, and whether the line is needed though nothing uses it."""
        self._taken = {"model", "keras", "layers", "tf", "float", "slice"}
        self._tensors: dict[int, str] = {}
        """The variable of each tensor, by the tensor's id."""
        self._layers: dict[int, str] = {}
        """The variable of each layer that has one, by the layer's id."""
        self._kept: list[Any] = []
        """Layers made here, so that no later one gets the id of an earlier one."""

    def write(self, model: Any) -> str:
        """Return the code."""
        text = self._model(model)
        lines = [f"from {module} import {name}\n" for module, name in sorted(self.imports)]
        lines += _global_settings()
        body = "".join(f"{line}\n" for line in self._needed(text))
        frozen = "" if getattr(model, "trainable", True) else "\nmodel.trainable = False"
        return "".join([*lines, "\n" if lines else "", body, f"model = {text}", frozen])

    def layer(self, layer: Any) -> str:
        """Return an expression for a layer; it is a variable if the layer is needed again."""
        self._kept.append(layer)
        self.times[id(layer)] += 1
        if id(layer) in self._layers:
            return self._layers[id(layer)]
        text = self._model(layer) if graph_of(layer) is not None else self.constructed(layer)
        if self._expected_times.get(id(layer), 0) < 2 and not _is_functional(layer):
            return text
        name = self._new_name(layer.name if _is_functional(layer) else f"{layer.name}_layer")
        self._layers[id(layer)] = name
        self._lines.append((name, text, True))
        return name

    def value(self, value: Any) -> str:
        """Write a value; a tensor is the variable of the call that gives it."""
        if is_symbolic(value):
            return self._tensors[id(value)]
        return super().value(value)

    def _model(self, model: Any) -> str:
        import keras

        if isinstance(model, keras.Sequential) and type(model).__module__.startswith("keras."):
            has_input = model._layers[0] is not model.layers[0]
            layers = [_input(model._layers[0])] if has_input else []
            layers += map(self.layer, model.layers)
            lines = textwrap.indent("".join(f"{layer},\n" for layer in layers), "    ")
            return f"keras.Sequential([\n{lines}]{''.join(f', {name}' for name in name_argument(model))})"
        if not _is_functional(model):
            return self.constructed(model)
        self._write_calls(graph_of(model))
        ends = [self.value(ends) for ends in (model._inputs_struct, model._outputs_struct)]
        return f"keras.Model({', '.join([*ends, *name_argument(model)])})"

    def _write_calls(self, graph: Any) -> None:
        """Write the calls of a graph that are not there yet: models can share a part of their graphs."""
        for node in calls(graph):
            if any(id(tensor) in self._tensors for tensor in node.outputs):
                continue
            text = _input(node.operation) if node.is_input else self._call(node)
            name = "inputs" if node.is_input and _is_plain_input(node.operation) else node.operation.name
            names = [self._new_name(name) for _ in node.outputs]
            for tensor, tensor_name in zip(node.outputs, names, strict=True):
                self._tensors[id(tensor)] = tensor_name
            self._lines.append((", ".join(names), text, _is_layer(node.operation)))

    def _call(self, node: Any) -> str:
        operation = node.operation
        arguments = given_arguments(node)
        try:
            if not _is_layer(operation):
                return self.operation(operation, arguments)
            layer = self.layer(operation)
            return f"{layer}({', '.join(self._call_arguments(node, arguments))})"
        except NoView as reason:
            raise NoView(f"{operation.name!r} can't be written: {reason}") from None

    def _call_arguments(self, node: Any, arguments: dict[str, Any]) -> Iterator[str]:
        parameters = inspect.signature(node.operation.call).parameters
        for number, (name, value) in enumerate(arguments.items()):
            kind = parameters[name].kind if name in parameters else inspect.Parameter.KEYWORD_ONLY
            if kind is inspect.Parameter.VAR_POSITIONAL:
                yield from map(self.value, value)
            elif kind is inspect.Parameter.VAR_KEYWORD:
                yield from (f"{key}={self.value(item)}" for key, item in value.items())
            else:
                yield ("" if number < len(node.arguments.args) else f"{name}=") + self.value(value)

    def _needed(self, last: str) -> list[str]:
        """Return the lines whose variables are used; Keras makes masks by itself."""
        used = set(re.findall(r"\w+", last))
        lines = []
        for names, text, is_needed in reversed(self._lines):
            if is_needed or not used.isdisjoint(names.split(", ")):
                used.update(re.findall(r"\w+", text))
                lines.append(f"{names} = {text}")
        return lines[::-1]

    def _new_name(self, name: str) -> str:
        """Return a name for a variable that no other has."""
        plain = re.sub(r"\W", "_", name) or "layer"
        plain = f"_{plain}" if plain[:1].isdigit() else f"{plain}_" if keyword.iskeyword(plain) else plain
        number, new = 1, plain
        while new in self._taken or new in {name for _, name in self.imports}:
            number += 1
            new = f"{plain}_{number}"
        self._taken.add(new)
        return new


def ingredients(model: Any) -> Iterator[str]:
    """Yield the name of each layer or operation, and a digest of what it and its calls are given."""
    numbers: dict[int, int] = {}
    stack = [model]
    seen: set[int] = set()
    while stack:
        here = stack.pop()
        graph = graph_of(here)
        if graph is None or id(here) in seen:
            continue
        seen.add(id(here))
        for node in calls(graph):
            stack.append(node.operation)
            for tensor in node.outputs:
                numbers.setdefault(id(tensor), len(numbers))
            content = [_settings(node.operation), () if node.is_input else given_arguments(node)]
            yield f"{node.operation.name[:100]} {_digest(content, numbers)}"
        if _is_functional(here):
            yield f"{here.name[:100]} {_digest([here._inputs_struct, here._outputs_struct], numbers)}"


def calls(graph: Any) -> list[Any]:
    """Return the calls of a graph as they can be made: inputs first, each layer's in turn."""
    members = {id(node) for nodes in graph._nodes_by_depth.values() for node in nodes}
    inputs = [tensor._keras_history[0] for tensor in graph.inputs]
    wanted = [
        node
        for operation in (*inputs, *graph.operations)
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


def given_arguments(node: Any) -> dict[str, Any]:
    """Return the arguments of a call by name, without those that Keras adds itself."""
    import keras

    args, kwargs = node.arguments.args, {k: v for k, v in node.arguments.kwargs.items() if v is not None}
    parameters = inspect.signature(node.operation.call).parameters
    try:
        bound = inspect.signature(node.operation.call).bind(*args, **kwargs).arguments
    except TypeError:
        bound = {"inputs": args[0], **kwargs} if args else kwargs
    if not _is_layer(node.operation):
        return bound
    # Keras adds the masks of the inputs, and 'training' if the author gives nothing by name.
    is_added = "mask" not in parameters or "mask" in node.arguments.kwargs
    if is_added and bound.get("training") is False:
        del bound["training"]
    masks = {id(getattr(tensor, "_keras_mask", None)) for tensor in node.input_tensors} | {id(None)}
    return {
        name: value
        for name, value in bound.items()
        if not (name.endswith("mask") and all(id(item) in masks for item in keras.tree.flatten(value)))
    }


def _is_layer(operation: Any) -> bool:
    import keras

    return isinstance(operation, keras.Layer)


def _is_functional(layer: Any) -> bool:
    """Whether a layer is a model made of inputs and outputs, not of a class with arguments of its own."""
    import keras

    is_from_keras = type(layer).__module__.startswith(("keras.src.models.", "keras.models."))
    return isinstance(layer, keras.Model) and not isinstance(layer, keras.Sequential) and is_from_keras


def _input(operation: Any) -> str:
    config = operation.get_config()
    shape = tuple(operation.batch_shape)
    arguments = [f"shape={shape[1:]!r}" if shape[0] is None else f"batch_shape={shape!r}"]
    arguments += [f"dtype={quoted(operation.dtype)}"] if operation.dtype != "float32" else []
    arguments += [f"{name}=True" for name in ("sparse", "ragged", "optional") if config.get(name)]
    arguments += [] if _is_plain_input(operation) else [f"name={quoted(operation.name)}"]
    return f"layers.Input({', '.join(arguments)})"


def _is_plain_input(operation: Any) -> bool:
    """Whether an input has the name that Keras gives it."""
    return bool(re.fullmatch(r"input_layer(_\d+)?|keras_tensor\w*", operation.name))


def _global_settings() -> Iterator[str]:
    """Yield the lines that change what Keras' own defaults depend on."""
    import keras

    floatx, policy = keras.config.floatx(), keras.config.dtype_policy().name
    if floatx != "float32":
        yield f"keras.config.set_floatx({quoted(floatx)})\n"
    if policy != floatx:
        yield f"keras.config.set_dtype_policy({quoted(policy)})\n"
    if keras.config.image_data_format() != "channels_last":
        yield f"keras.config.set_image_data_format({quoted(keras.config.image_data_format())})\n"


def _settings(operation: Any) -> list[Any]:
    """Return what an operation is made from, as far as it says so."""
    try:
        config = operation.get_config() if graph_of(operation) is None else {}
    except Exception:
        config = {}
    own = {
        name: value
        for name, value in vars(operation).items()
        if not name.startswith("_")
        and (isinstance(value, bool | int | float | str | tuple) or is_own_function(value))
    }
    return [f"{type(operation).__module__}.{type(operation).__qualname__}", config, own]


def _digest(value: Any, numbers: dict[int, int]) -> str:
    return hashlib.sha256(_canonical(value, numbers).encode()).hexdigest()[:16]


def _canonical(value: Any, numbers: dict[int, int]) -> str:
    """Write a value without what differs between two builds of a model: numbers in names, and addresses."""
    if is_symbolic(value):
        return f"<tensor {numbers.get(id(value), '?')}>"
    if isinstance(value, dict):
        items = (
            f"{key!r}: {_unnumbered(item) if key == 'name' else _canonical(item, numbers)}"
            for key, item in value.items()
            if key not in ("build_config", "shared_object_id")
        )
        return "{" + ", ".join(items) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_canonical(item, numbers) for item in value) + "]"
    if is_own_function(value):
        return f"{value.__module__}.{value.__qualname__}"
    try:
        return literal(value)
    except NoView:
        return re.sub(r"0x[0-9a-f]+", "", repr(value))


def _unnumbered(name: object) -> str:
    return re.sub(r"(_\d+)?$", "", str(name))
