"""What a model is made from, as text: two models are compared by it, besides their tables."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from sphinx_kerasshape.worker.read.arguments import (
    NoView,
    has_drawn_seed,
    is_layer,
    is_own_function,
    parameters_of,
)
from sphinx_kerasshape.worker.read.expressions import literal
from sphinx_kerasshape.worker.read.recorder import graph_of
from sphinx_kerasshape.worker.read.trace import is_symbolic

PLAIN_INPUT = re.compile(r"input_layer(_\d+)?|keras_tensor\w*")
"""The names that Keras gives to inputs."""


def ingredients(model: Any) -> Iterator[str]:
    """Yield each layer's or operation's name, with a digest of its settings and its calls' arguments.

    The arguments of a call are those that Keras keeps, with what it has added: what the writer of
    the code takes for an addition is no part of the comparison.
    """
    import keras

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
            content = [_settings(node.operation), () if node.is_input else _arguments(node)]
            yield f"{node.operation.name[:100]} {_digest(content, numbers)}"
        if not isinstance(here, keras.Sequential):
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


def _arguments(node: Any) -> list[Any]:
    # Without None: Keras adds it for some arguments, and it is what nearly all are if they are not given.
    given = {name: value for name, value in node.arguments.kwargs.items() if value is not None}
    return [list(node.arguments.args), {name: given[name] for name in sorted(given)}]


def _settings(operation: Any) -> list[Any]:
    """Return what an operation is made from, as far as it says so."""
    try:
        config = operation.get_config() if graph_of(operation) is None else {}
    except Exception:
        config = {}
    drawn = {"seed"} if has_drawn_seed(operation) else set()
    config = {name: value for name, value in config.items() if name not in drawn}
    # Keras' own layers also keep what happened to them since, such as that their weights were loaded.
    is_from_keras = is_layer(operation) and type(operation).__module__.startswith("keras.")
    names = parameters_of(operation) if is_from_keras else vars(operation)
    own = {
        name: value
        for name, value in vars(operation).items()
        if name in names
        and name not in drawn
        and not name.startswith("_")
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
    return "" if PLAIN_INPUT.fullmatch(str(name)) else re.sub(r"(_\d+)?$", "", str(name))
