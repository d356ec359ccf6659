"""SavedModels and ``.tflite`` files: their inputs, outputs and weights, read as data.

TensorFlow could load a SavedModel, but would run some of its operations: those that initialize tables may
write files. So nothing is loaded here; only what the file says is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from sphinx_kerasshape.messages.report import LayerCall, LayerRow, Model, Shape, TensorSpec, Weight
from sphinx_kerasshape.worker.read.rows import is_chain
from sphinx_kerasshape.worker.read.weights import Count

_INTERNAL = ("__saved_model_init_op", "__saved_model_train_op")
"""Signatures that are not for users."""
_VARIABLE_OPS = ("VarHandleOp", "VariableV2", "Variable")
"""The operations that are variables in graphs of TensorFlow 1."""
_Tensors = tuple[TensorSpec, ...]


class Unreadable(Exception):
    """A file that does not describe its model; the message says what is missing."""


def saved_model(folder: str) -> Model:
    """Return the report of a SavedModel. Raises :class:`Unreadable`."""
    graph = _serving_graph(folder)
    signatures = {name: item for name, item in graph.signature_def.items() if name not in _INTERNAL}
    if not signatures:
        raise Unreadable("it has no signatures, so its inputs are unknown")
    name = "serving_default" if "serving_default" in signatures else min(signatures)
    inputs, outputs = map(_named_tensors, (signatures[name].inputs, signatures[name].outputs))
    objects = graph.object_graph_def
    weights = _variables(objects, name) if objects.nodes else _variables_of_tensorflow_1(graph)
    return _report(folder, "SavedModel", inputs, outputs, tuple(_rows(weights)))


def _serving_graph(folder: str) -> Any:
    """Return the graph of a SavedModel that is for users."""
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    path = os.path.join(folder, "saved_model.pb")
    if not os.path.isfile(path):
        raise Unreadable("it is a folder without a saved_model.pb")
    with open(path, "rb") as file:
        try:
            graphs = saved_model_pb2.SavedModel.FromString(file.read()).meta_graphs
        except DecodeError:
            raise Unreadable("its saved_model.pb is cut short, or not a SavedModel") from None
    for graph in graphs:
        if "serve" in graph.meta_info_def.tags:
            return graph
    raise Unreadable("it has no graph for serving")


def _named_tensors(tensors: Any) -> _Tensors:
    return tuple(
        TensorSpec(_shape(info.tensor_shape), _dtype_name(info.dtype), name)
        for name, info in sorted(tensors.items())
    )


def _shape(proto: Any) -> Shape:
    return tuple(None if dimension.size < 0 else int(dimension.size) for dimension in proto.dim)


def _dtype_name(number: int) -> str:
    import tensorflow as tf

    return str(tf.as_dtype(number).name)


def _variables(objects: Any, signature: str) -> Iterator[Weight]:
    """Yield the variables that a signature's function uses, in its order."""
    for number in objects.concrete_functions[_function(objects, signature)].bound_inputs:
        if objects.nodes[number].WhichOneof("kind") == "variable":
            variable = objects.nodes[number].variable
            yield _weight(variable.name, _shape(variable.shape), variable.dtype, bool(variable.trainable))


def _function(objects: Any, signature: str) -> str:
    """Return the name of the function that a signature calls."""
    node = objects.nodes[0]
    for name in ("signatures", signature):
        numbers = [child.node_id for child in node.children if child.local_name == name]
        if not numbers:
            raise Unreadable(f"it has no object for its signature {signature!r}")
        node = objects.nodes[numbers[0]]
    return str(node.bare_concrete_function.concrete_function_name or node.function.concrete_functions[0])


def _variables_of_tensorflow_1(graph: Any) -> Iterator[Weight]:
    """Yield the variables of a graph of TensorFlow 1, which does not say which signature uses which."""
    from tensorflow.core.framework import variable_pb2

    nodes = {node.name: node for node in graph.graph_def.node if node.op in _VARIABLE_OPS}
    for collection in ("variables", "trainable_variables"):
        for data in graph.collection_def[collection].bytes_list.value:
            variable = variable_pb2.VariableDef.FromString(data)
            node = nodes.pop(variable.variable_name.partition(":")[0], None)
            if node is not None:
                shape, dtype = _shape(node.attr["shape"].shape), node.attr["dtype"].type
                yield _weight(variable.variable_name, shape, dtype, bool(variable.trainable))


def _weight(name: str, shape: Shape, dtype: int, trainable: bool) -> Weight:
    path = name.partition(":")[0]
    sizes = tuple(size or 0 for size in shape)
    return Weight(path.rpartition("/")[2], path, sizes, _dtype_name(dtype), trainable)


def _rows(weights: Iterable[Weight]) -> Iterator[LayerRow]:
    """Yield a row for each scope of variables: the layers themselves aren't in the file."""
    scopes: dict[str, list[Weight]] = {}
    for weight in weights:
        scopes.setdefault(weight.path.rpartition("/")[0], []).append(weight)
    for scope, own in scopes.items():
        yield _row(scope or "variables", "Variables", (), tuple(own))


def lite(path: str) -> Model:
    """Return the report of a ``.tflite`` file; nothing in it is run."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_path=path)
    details = {detail["index"]: detail for detail in interpreter.get_tensor_details()}
    operations = interpreter._get_ops_details()
    inputs = interpreter.get_input_details()
    makers = {int(index): _operation_name(item) for item in operations for index in item["outputs"]}
    computed = {*makers, *(detail["index"] for detail in inputs)}
    rows = []
    for operation in operations:
        indexes = [int(index) for index in operation["inputs"] if index >= 0]
        call = LayerCall(
            tuple(_lite_tensor(details[index]) for index in indexes if index in computed),
            tuple(_lite_tensor(details[int(index)]) for index in operation["outputs"]),
            tuple(makers.get(index, str(details[index]["name"])) for index in indexes if index in computed),
        )
        weights = tuple(_lite_weight(details[index]) for index in indexes if index not in computed)
        rows.append(_row(_operation_name(operation), operation["op_name"], (call,), weights))
    outputs = _lite_ends(interpreter.get_output_details())
    return _report(path, "TFLite", _lite_ends(inputs), outputs, tuple(rows))


def _operation_name(operation: dict[str, Any]) -> str:
    return f"{operation['op_name'].lower()}_{operation['index']}"


def _lite_ends(details: Iterable[dict[str, Any]]) -> _Tensors:
    return tuple(_lite_tensor(detail)._replace(name=str(detail["name"])) for detail in details)


def _lite_tensor(detail: dict[str, Any]) -> TensorSpec:
    signature = detail["shape_signature"] if len(detail["shape_signature"]) else detail["shape"]
    shape: Shape = tuple(None if size < 0 else int(size) for size in signature)
    return TensorSpec(shape, _lite_dtype(detail))


def _lite_weight(detail: dict[str, Any]) -> Weight:
    name = str(detail["name"])
    shape = tuple(map(int, detail["shape"]))
    return Weight(name.rpartition("/")[2], name, shape, _lite_dtype(detail), False)


def _lite_dtype(detail: dict[str, Any]) -> str:
    import numpy

    return str(numpy.dtype(detail["dtype"]).name)


def _row(name: str, kind: str, calls: tuple[LayerCall, ...], weights: tuple[Weight, ...]) -> LayerRow:
    return LayerRow(name, kind, 0, calls, *Count.of(weights), weights)


def _report(path: str, kind: str, inputs: _Tensors, outputs: _Tensors, rows: tuple[LayerRow, ...]) -> Model:
    name = os.path.splitext(os.path.basename(path))[0]
    weights = {weight.path: weight for row in rows for weight in row.weights}.values()
    params, trainable, size = Count.of(weights)
    return Model(
        name, kind, is_chain(rows), inputs, outputs, rows, params, trainable, params - trainable, size
    )
