"""What plain TensorFlow says of models: run as ``python truth.py FILE``, prints JSON.

FILE has ``{NAME: {"code": …, "input": …}}``. Each model is made with real weights and called on
zeros, batches of five; the calls of all layers are noted. Nothing of sphinx-kerasshape is used.
Models whose input is ``graph`` are not called; their weights, which are many, are zeros, not drawn.
"""

from __future__ import annotations

import inspect
import json
import math
import sys
from pathlib import Path
from typing import Any

BATCH, SIZES = 5, (16, 32, 224)


def zeros(shape: list[int | None], dtype: str, size: int) -> Any:
    import tensorflow as tf

    filled = [BATCH, *[size] * len(shape)]
    sizes = [filled[axis] if dim is None else dim for axis, dim in enumerate(shape)]
    return tf.fill(sizes, "a") if dtype == "string" else tf.zeros(sizes, dtype)


def given(model: Any, text: str, size: int) -> tuple[list[Any], dict[str, Any]]:
    """Return arguments for a call: what the text says, or what the model's own inputs are."""
    import keras

    def tensors(value: Any) -> Any:
        if isinstance(value, list):
            return [tensors(item) for item in value]
        if value.keys() == {"shape", "dtype"}:
            return zeros(value["shape"], value["dtype"], size)
        return {name: tensors(item) for name, item in value.items()}

    if not text:
        ends = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
        return [keras.tree.map_structure(lambda one: zeros(list(one.shape), one.dtype, size), ends)], {}
    value = tensors(json.loads(text))
    parameters = [name for name in inspect.signature(model.call).parameters if name != "training"]
    return (value, {}) if isinstance(value, list) and len(parameters) > 1 else ([value], {})


def truth(code: str, text: str) -> dict[str, Any]:
    import keras
    import tensorflow as tf

    if text == "graph":
        keras.initializers.VarianceScaling.__call__ = lambda _self, shape, dtype=None: tf.zeros(shape, dtype)
    names_: dict[str, Any] = {"tf": tf, "keras": keras, "layers": keras.layers, "__name__": "truth"}
    exec(code, names_)
    model = names_["model"]
    if text == "graph":
        shapes = [
            {"path": [one.name], "type": type(one).__name__, "outputs": ends(one)} for one in model.layers
        ]
        return {**counted(model), "calls": shapes}
    error: Exception | None = None
    for size in SIZES:
        try:
            args, kwargs = given(model, text, size)
            model(*args, **kwargs)
            break
        except Exception as reason:
            error = error or reason
    else:
        assert error is not None
        raise error
    return {**counted(model), "calls": calls(model, args, kwargs)}


def ends(layer: Any) -> list[list[int | None]]:
    """Return the shapes that the first call of a layer gives, as the graph has them."""
    output = layer._inbound_nodes[0].outputs
    return [list(tensor.shape) for tensor in output]


def counted(model: Any) -> dict[str, int]:
    """Count the numbers in the model's weights, each weight once."""
    kinds = {
        "params": model.weights,
        "trainable": model.trainable_weights,
        "non_trainable": model.non_trainable_weights,
    }
    unique = {kind: {id(one): one for one in weights}.values() for kind, weights in kinds.items()}
    return {kind: sum(math.prod(one.shape) for one in weights) for kind, weights in unique.items()}


def calls(model: Any, args: list[Any], kwargs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each call of a layer inside a call of the model, with the shapes that it gave."""
    import keras

    noted: list[dict[str, Any]] = []
    stack: list[str] = []
    original = keras.Layer.__call__

    def call(layer: Any, *given: Any, **more: Any) -> Any:
        stack.append(layer.name)
        number = len(noted)
        noted.append({"path": stack[1:], "type": type(layer).__name__})
        made = original(layer, *given, **more)
        stack.pop()
        flat = [one for one in keras.tree.flatten(made) if hasattr(one, "shape")]
        noted[number]["outputs"] = [
            [int(size) if size is not None else None for size in one.shape] for one in flat
        ]
        return made

    keras.Layer.__call__ = call
    try:
        model(*args, **kwargs)
    finally:
        keras.Layer.__call__ = original
    return [one for one in noted if one["path"]]


def main() -> None:
    found = {}
    for name, one in json.loads(Path(sys.argv[1]).read_text()).items():
        import keras

        keras.backend.clear_session()
        keras.config.set_dtype_policy("float32")
        try:
            found[name] = truth(one["code"], one["input"])
        except Exception as error:
            found[name] = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.write("\n" + json.dumps(found))


if __name__ == "__main__":
    main()
