"""What plain TensorFlow says of models; nothing of sphinx-kerasshape is used.

Run as a script, this is a server: a JSON value a line comes in, and one goes out.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import math
import os
import re
import sys
from collections.abc import Callable, Container, Iterator
from typing import Any

PRELUDE = "import tensorflow as tf\nimport keras\nfrom keras import layers\n"
CELLS = ("LSTM", "GRU", "SimpleRNN", "RNN", "StackedRNNCells", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
"""Layers that call a cell, once a step, of which nothing is to be said."""
State = dict[str, Any]


def serve() -> None:
    """Answer programs, and calls of the model of the last one, line by line."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    state: State = {}
    for line in sys.stdin:
        out.write(json.dumps(answer(state, json.loads(line))) + "\n")
        out.flush()


def answer(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    if "code" in asked:
        return make(state, **asked)
    if not asked:
        return description(state["model"])
    given = call_with if "arguments" in asked else call
    return given(state["model"], **asked)


def make(state: State, code: str, *, is_described: bool = True) -> dict[str, Any]:
    """Run a program, and say what its model is made of, if that is asked for."""
    import keras
    from keras.src.backend.common import global_state

    keras.backend.clear_session()
    keras.config.set_floatx("float32")
    global_state.set_global_attribute("dtype_policy", None)
    names: State = {"__name__": "__main__"}
    try:
        exec(PRELUDE, names)
        exec(code, names)
    except Exception as error:
        return {"error": type(error).__name__, "message": message(error)}
    state["model"] = names["model"]
    return description(state["model"]) if is_described else {}


def description(model: Any) -> dict[str, Any]:
    """Say what a model is made of, and what its ends are, if it has a graph."""
    trained = set(map(id, model.trainable_weights))
    found = {
        "rows": list(rows(model, (), trained)),
        "inside": [row(layer, path, trained) for layer, path in inner(model, ())],
        "params": model.count_params(),
        "weights": count(model.weights),
        "trainable": count(model.trainable_weights),
        "non_trainable": count(model.non_trainable_weights),
    }
    if not has_graph(model):
        return found
    ends = {"inputs": model.inputs, "outputs": model.outputs}
    return found | {end: list(map(described, tensors)) for end, tensors in ends.items()}


def has_graph(model: Any) -> bool:
    import keras

    return isinstance(model, keras.Sequential) or hasattr(model, "operations")


def inner(layer: Any, above: tuple[str, ...]) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Give all layers inside of another, at whatever depth, with their paths."""
    for one in layer._layers:
        yield one, (*above, one.name)
        yield from inner(one, (*above, one.name))


def message(error: Exception) -> str:
    """Return the message, without colours, addresses and the names that TensorFlow puts around it."""
    text = re.sub(r"\x1b\[\d*m", "", str(error))
    text = re.sub(r"\b0x[0-9a-fA-F]{6,}\b", "0x…", text)
    return re.sub(r"\{\{function_node [^{}]*\}\} ?| \[Op:\w+\](?=\s|$)", "", text).strip()


def count(weights: list[Any]) -> int:
    return sum(math.prod(one.shape) for one in {id(one): one for one in weights}.values())


def described(tensor: Any) -> tuple[list[int | None], str]:
    import keras

    shape = [None if size is None else int(size) for size in tensor.shape]
    return shape, keras.backend.standardize_dtype(tensor.dtype)


def rows(model: Any, above: tuple[str, ...], trained: set[int]) -> Iterator[dict[str, Any]]:
    """Give the layers of a model in its order, those of a nested model behind it.

    ``trained`` has the ids of the weights that the whole model trains.
    """
    import keras

    graph = configured(model)
    is_plain = isinstance(model, keras.Sequential) or not has_graph(model)
    for layer in model.layers if is_plain else model.operations:
        path = (*above, layer.name)
        yield {**row(layer, path, trained), "calls": graph.get(layer.name)}
        if isinstance(layer, keras.Model):
            yield from rows(layer, path, trained)


def row(layer: Any, path: tuple[str, ...], trained: set[int]) -> dict[str, Any]:
    weights = getattr(layer, "weights", [])
    return {
        "path": path,
        "type": type(layer).__name__,
        "params": count(weights),
        "trainable": count([one for one in weights if id(one) in trained]),
        "weights": [(id(one), one.path, list(one.shape), one.dtype) for one in weights],
    }


def configured(model: Any) -> dict[str, list[Any]]:
    """Return each call's inputs, as the model's configuration has them: source, shape, dtype.

    A model's own class may have another configuration; a plain model of the same graph has this one.
    """
    import keras

    if isinstance(model, keras.Sequential) or not has_graph(model):
        return {}
    try:
        config = model.get_config()
        if "layers" not in config:
            config = keras.Model(model.inputs, model.outputs).get_config()
    except Exception:  # A layer's own class has no configuration, or none that can be made.
        return {}
    return {one["name"]: [list(sources(node)) for node in one["inbound_nodes"]] for one in config["layers"]}


def sources(value: Any) -> Iterator[tuple[list[Any], list[int | None], str]]:
    """Give the tensors in a node's arguments."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        tensor = value["config"]
        yield list(tensor["keras_history"]), list(tensor["shape"]), tensor["dtype"]
    elif isinstance(value, dict):
        for one in value.values():
            yield from sources(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from sources(one)


def call(model: Any, inputs: list[tuple[str, list[int], str]], *, symbolic: bool) -> dict[str, Any]:
    """Call the model on zeros, and say what each of its layers was given and has made."""
    import keras
    import tensorflow as tf

    make = keras.KerasTensor if symbolic else tf.zeros
    given = {name: make(shape, dtype) for name, shape, dtype in inputs}
    structure = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
    arguments = keras.tree.map_structure(
        lambda one: given.get(one.name, next(iter(given.values()))), structure
    )
    with refusing_empty() if symbolic else contextlib.nullcontext():
        return noted_call(model, arguments)


def call_with(model: Any, arguments: Any) -> dict[str, Any]:
    """Call a model that has no graph on zeros: a structure of ``{"shape", "dtype"}``."""
    import tensorflow as tf

    def zeros(value: Any) -> Any:
        if isinstance(value, list):
            return [zeros(item) for item in value]
        if value.keys() == {"shape", "dtype"}:
            return tf.zeros(value["shape"], value["dtype"])
        return {name: zeros(item) for name, item in value.items()}

    given = zeros(arguments)
    parameters = [name for name in inspect.signature(model.call).parameters if name != "training"]
    return noted_call(model, *(given if isinstance(given, list) and len(parameters) > 1 else [given]))


def noted_call(model: Any, *given: Any) -> dict[str, Any]:
    import keras

    with noting(set(constants(model))) as noted:
        try:
            made = model(*given)
        except Exception as error:
            return {"error": type(error).__name__, "message": message(error)}
    return {"calls": noted[1:], "outputs": [described(one) for one in keras.tree.flatten(made)]}


@contextlib.contextmanager
def refusing_empty() -> Iterator[None]:
    """Let no symbolic tensor be empty, at whatever depth."""
    import keras

    original = keras.KerasTensor.__init__

    def made(tensor: Any, shape: Any, *given: Any, **more: Any) -> None:
        if 0 in tuple(shape):
            raise ValueError("empty")
        original(tensor, shape, *given, **more)

    keras.KerasTensor.__init__ = made
    try:
        yield
    finally:
        keras.KerasTensor.__init__ = original


def constants(model: Any) -> Iterator[int]:
    """Give the ids of what a graph's operations are given besides what other operations make."""
    import keras

    for operation in getattr(model, "operations", ()):
        for node in operation._inbound_nodes:
            yield from map(id, keras.tree.flatten((node.arguments.args, node.arguments.kwargs)))
        if isinstance(operation, keras.Model):
            yield from constants(operation)


@contextlib.contextmanager
def noting(constants: set[int]) -> Iterator[list[dict[str, Any]]]:
    """Note the calls of all layers and other operations; constants are none of their inputs."""
    import keras

    noted: list[dict[str, Any]] = []
    stack: list[Any] = []
    originals = {kind: kind.__call__ for kind in (keras.Layer, keras.Operation)}

    def noting(kind: type) -> Callable[..., Any]:
        def called(layer: Any, *given: Any, **more: Any) -> Any:
            above = stack[-1] if stack else None
            kind_above = type(getattr(above, "layer", above)).__name__
            of_layer = not isinstance(above, keras.Model) and not isinstance(layer, keras.Layer)
            if above is layer or of_layer or kind_above in CELLS:
                return originals[kind](layer, *given, **more)
            stack.append(layer)
            one = {"path": path(stack), "inputs": tensors(arguments(layer, given, more), constants)}
            noted.append(one)
            try:
                made = originals[kind](layer, *given, **more)
            finally:
                stack.pop()
            one["outputs"] = tensors(made)
            return made

        return called

    for kind in originals:
        kind.__call__ = noting(kind)
    try:
        yield noted
    finally:
        for kind, original in originals.items():
            kind.__call__ = original


def path(stack: list[Any]) -> list[str]:
    """Return where a call is. The layer of a TimeDistributed is not called, just its ``call``."""
    found = []
    for number, layer in enumerate(stack[1:], 1):
        found.append(layer.name)
        if type(layer).__name__ == "TimeDistributed" and number < len(stack) - 1:
            found.append(layer.layer.name)
    return found


def arguments(layer: Any, given: Any, more: Any) -> Any:
    """Return what a call is given, in the order of the parameters."""
    try:
        bound = inspect.signature(layer.call).bind_partial(*given, **more)
    except (TypeError, ValueError):
        return given, more
    return list(bound.arguments.values())


def tensors(value: Any, constants: Container[int] = ()) -> list[Any]:
    import keras

    found = (one for one in keras.tree.flatten(value) if id(one) not in constants)
    return [described(one) for one in found if hasattr(one, "shape") and hasattr(one, "dtype")]


if __name__ == "__main__":
    serve()
