"""The constructor's view of a model: code that builds it, with every argument that is not a default.

``Input(shape=(50,))`` is what an author writes for an input of shape (None, 50). The code is shown only if
it was run and built the same model.
"""

from __future__ import annotations

import inspect
import keyword
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sphinx_kerasshape.worker.read import identity
from sphinx_kerasshape.worker.read.arguments import (
    NoView,
    given_arguments,
    has_known_arguments,
    is_layer,
    kept_arguments,
)
from sphinx_kerasshape.worker.read.expressions import Expressions, keyword_argument, name_argument, quoted
from sphinx_kerasshape.worker.read.ingredients import PLAIN_INPUT, calls
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
        """Return the code; of a class whose arguments are not known, what its constructor makes."""
        is_known = _is_made_of_parts(model) or has_known_arguments(model)
        text = self._model(model) if is_known else self._parts(model, _plain_class(model))
        lines = [f"from {module} import {name}\n" for module, name in sorted(self.imports)]
        lines += _global_settings()
        body = "".join(f"{line}\n" for line in self._needed(text))
        note = "" if is_known else f"  # what {type(model).__name__}() makes; its arguments are not known"
        frozen = "" if getattr(model, "trainable", True) else "\nmodel.trainable = False"
        return "".join([*lines, "\n" if lines else "", body, f"model = {text}{note}", frozen])

    def layer(self, layer: Any) -> str:
        """Return an expression for a layer; it is a variable if the layer is needed again."""
        self._kept.append(layer)
        self.times[id(layer)] += 1
        if id(layer) in self._layers:
            return self._layers[id(layer)]
        text = self._model(layer) if graph_of(layer) is not None else self.constructed(layer)
        is_functional = graph_of(layer) is not None and _is_functional(layer)
        if self._expected_times.get(id(layer), 0) > 1 or is_functional:
            name = self._new_name(layer.name if is_functional else f"{layer.name}_layer")
            self._lines.append((name, text, True))
            text = name
        self._layers[id(layer)] = text
        return text

    def value(self, value: Any) -> str:
        """Write a value; a tensor is the variable of the call that gives it."""
        if is_symbolic(value):
            return self._tensors[id(value)]
        return super().value(value)

    def _model(self, model: Any) -> str:
        if not _is_made_of_parts(model):
            return self.constructed(model)
        is_own = not type(model).__module__.startswith("keras.")
        return self._parts(model, self.reference(type(model)) if is_own else _plain_class(model))

    def _parts(self, model: Any, kind: str) -> str:
        """Return the call of a class that takes the layers of a model, or its inputs and outputs."""
        if _is_sequential(model):
            has_input = model._layers[0] is not model.layers[0]
            layers = [_input(model._layers[0])] if has_input else []
            layers += map(self.layer, model.layers)
            lines = textwrap.indent("".join(f"{layer},\n" for layer in layers), "    ")
            parts = [f"[\n{lines}]"]
        else:
            self._write_calls(graph_of(model))
            parts = [self.value(ends) for ends in (model._inputs_struct, model._outputs_struct)]
        own = () if kind.startswith("keras.") else self._own_arguments(model)
        return f"{kind}({', '.join([*parts, *own, *name_argument(model)])})"

    def _own_arguments(self, model: Any) -> Iterator[str]:
        """Yield the arguments that a class takes besides the parts of its models, if it keeps them."""
        defaults = inspect.signature(type(model).__init__).parameters
        for name, value in kept_arguments(model).items():
            if name not in ("name", "trainable") and value != defaults[name].default:
                yield keyword_argument(name, self.value(value))

    def _write_calls(self, graph: Any) -> None:
        """Write the calls of a graph that are not there yet: models can share a part of their graphs."""
        for node in calls(graph):
            if any(id(tensor) in self._tensors for tensor in node.outputs):
                continue
            text = _input(node.operation) if node.is_input else self._call(node)
            name = "inputs" if node.is_input and _is_plain_input(node.operation) else node.operation.name
            if not node.is_input and not _gives_tensors(node):
                text = f"keras.tree.flatten({text})" + ("[0]" if len(node.outputs) == 1 else "")
            names = [self._new_name(name) for _ in node.outputs]
            for tensor, tensor_name in zip(node.outputs, names, strict=True):
                self._tensors[id(tensor)] = tensor_name
            self._lines.append((", ".join(names), text, is_layer(node.operation)))

    def _call(self, node: Any) -> str:
        operation = node.operation
        arguments = given_arguments(node)
        try:
            if not is_layer(operation):
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
                yield from (keyword_argument(key, self.value(item)) for key, item in value.items())
            elif number < len(node.arguments.args):
                yield self.value(value)
            else:
                yield keyword_argument(name, self.value(value))

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
        plain = re.sub(r"\W", "_", name, flags=re.ASCII) or "layer"
        plain = f"_{plain}" if plain[:1].isdigit() else f"{plain}_" if keyword.iskeyword(plain) else plain
        number, new = 1, plain
        while new in self._taken or new in {name for _, name in self.imports}:
            number += 1
            new = f"{plain}_{number}"
        self._taken.add(new)
        return new


def _gives_tensors(node: Any) -> bool:
    """Whether a call gives one tensor, or several in a plain list, not in a dict or in lists of lists."""
    is_single = len(node.outputs) == 1
    if is_single and identity.is_of_keras(node.operation) and graph_of(node.operation) is None:
        return True
    with suppress(Exception):
        given = node.operation.compute_output_spec(*node.arguments.args, **node.arguments.kwargs)
        is_list = isinstance(given, list | tuple) and all(map(is_symbolic, given))
        return is_symbolic(given) if is_single else is_list
    return True


def _is_made_of_parts(model: Any) -> bool:
    """Whether the class of a model takes its layers, or its inputs and outputs, not arguments of its own."""
    parts = ("layers",) if _is_sequential(model) else ("inputs", "outputs")
    _, *parameters = inspect.signature(type(model).__init__).parameters.values()
    names = tuple(item.name for item in parameters[: len(parts)])
    return names == parts or any(item.kind is item.VAR_POSITIONAL for item in parameters[:1])


def _is_functional(model: Any) -> bool:
    return _is_made_of_parts(model) and not _is_sequential(model)


def _is_sequential(model: Any) -> bool:
    import keras

    return isinstance(model, keras.Sequential)


def _plain_class(model: Any) -> str:
    return "keras.Sequential" if _is_sequential(model) else "keras.Model"


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
    return PLAIN_INPUT.fullmatch(operation.name) is not None


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
