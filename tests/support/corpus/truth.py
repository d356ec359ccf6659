"""What is true of stories: plain TensorFlow runs them. Stories in JSON on stdin, values on stdout."""

from __future__ import annotations

import ast
import json
import os
import sys
from contextlib import redirect_stdout
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def main() -> None:
    stories = json.load(sys.stdin)
    with redirect_stdout(sys.stderr):  # stories print
        answers = {story["name"]: _values(story) for story in stories}
    json.dump(answers, sys.stdout)


def _values(story: dict[str, Any]) -> list[Any]:
    import keras

    keras.backend.clear_session()
    values: dict[int, Any] = {}
    markers = list(enumerate(story["markers"]))

    def note(number: int, value: Any) -> None:
        values[number] = _written(story["markers"][number], value)

    names: dict[str, Any] = {"__name__": "__main__", "__note__": note}
    for place, code in enumerate(story["codes"]):
        here = [(number, marker) for number, marker in markers if marker["piece"] == place]
        inside = [(number, marker) for number, marker in here if marker["line"]]
        exec(compile(_noting(code, inside), f"<{story['name']}>", "exec"), names)
        for number, marker in here:
            if not marker["line"]:
                note(number, eval(marker["expression"], names))
    return [values[number] for number in range(len(markers))]


def _noting(code: str, inside: list[tuple[int, dict[str, Any]]]) -> str:
    """Return code that notes the values of markers, each behind the statement that its line is in."""
    lines = code.split("\n")
    simple = [
        node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.stmt) and not hasattr(node, "body")
    ]
    calls = []
    for number, marker in inside:
        before = [node for node in simple if node.lineno <= marker["line"]]
        statement = max(before, key=lambda node: node.lineno)
        call = f"{' ' * statement.col_offset}__note__({number}, {marker['expression']})"
        calls.append((statement.end_lineno, call))
    for line, call in sorted(calls, reverse=True):
        lines.insert(line or 0, call)
    return "\n".join(lines)


def _written(marker: dict[str, Any], value: Any) -> Any:
    if marker["kind"] == "summary":
        return _table(value, is_nested="nested" in marker["form"])
    if marker["kind"] == "count":
        return value.count_params() if hasattr(value, "count_params") else int(value)
    if marker["kind"] == "size":
        return int(value)
    shape = value.output_shape if hasattr(value, "output_shape") else getattr(value, "shape", value)
    return list(shape)


def _table(model: Any, *, is_nested: bool) -> dict[str, Any]:
    """Return the rows and totals of a model, and its summary as Keras 3 prints it."""
    import keras
    from keras.src import tree
    from keras.src.utils.summary_utils import weight_memory_size

    nodes = [node for nodes in getattr(model, "_nodes_by_depth", {}).values() for node in nodes]
    is_graph = not isinstance(model, keras.Sequential) and bool(nodes)
    layers = model._operations if is_graph else model.layers

    def rows(layer: Any, depth: int) -> list[dict[str, Any]]:
        found = [_row(layer, depth, nodes if is_graph else [], tree)]
        for inner in layer.layers if is_nested and hasattr(layer, "layers") else ():
            found += rows(inner, depth + 1)
        return found

    trainable, frozen = model.trainable_weights, model.non_trainable_weights
    optimizer = model.optimizer.variables if model.compiled and model.optimizer.built else []
    counts = [sum(_size(one) for one in some) for some in (trainable, frozen, optimizer)]
    sizes = [weight_memory_size(some) for some in (trainable, frozen, optimizer)]
    printed: dict[str, str] = {}
    for length in (76, None):
        os.environ["COLUMNS"] = "80" if length else "200"
        lines: list[str] = []
        model.summary(print_fn=lines.append, expand_nested=is_nested)
        printed["keras3" if length else "keras3wide"] = "\n".join(lines)
    return {
        "title": model.name,
        "rows": [row for layer in layers for row in rows(layer, 0)],
        "is_graph": is_graph and _branches(model, nodes),
        "counts": [sum(counts), *counts],
        "sizes": [sum(sizes), *sizes],
        "printed": printed,
    }


def _branches(model: Any, nodes: list[Any]) -> bool:
    """Whether Keras prints what layers are connected to."""
    by_depth = list(model._nodes_by_depth.values())
    if any(len(some) > 1 or len(some[0].input_tensors) > 1 for some in by_depth):
        return True
    return any(sum(node in nodes for node in layer._inbound_nodes) > 1 for layer in model.layers)


def _size(weight: Any) -> int:
    size = 1
    for length in weight.shape:
        size *= length
    return size


def _row(layer: Any, depth: int, nodes: list[Any], tree: Any) -> dict[str, Any]:
    inbound = layer._inbound_nodes
    if inbound:
        outputs = tree.map_structure(lambda one: _text(one.shape), inbound[-1].output_tensors)
    else:
        outputs = tree.map_shape_structure(_text, layer.compute_output_shape(**layer._build_shapes_dict))
    flat = tree.flatten(outputs)
    sources = [
        [history.operation.name, history.node_index, history.tensor_index]
        for node in inbound
        if node in nodes
        for history in (one._keras_history for one in node.input_tensors)
    ]
    return {
        "name": layer.name,
        "type": type(layer).__name__,
        "output": flat[0] if len(flat) == 1 else str(outputs).replace("'", ""),
        "params": layer.count_params() if getattr(layer, "built", False) else 0,
        "sources": sources,
        "trainable": layer.trainable if getattr(layer, "weights", None) else None,
        "depth": depth,
    }


def _text(shape: Any) -> str:
    return f"({', '.join(map(str, shape))})"


if __name__ == "__main__":
    main()
