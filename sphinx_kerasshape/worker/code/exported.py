"""SavedModels and ``.tflite`` files: what they take, give and hold, read as data.

TensorFlow can load a SavedModel, and would run operations of it on the way: those that
initialize its tables may write files. So nothing is loaded here, only what the file says is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from sphinx_kerasshape.messages.report import LayerCall, LayerRow, Model, Shape, TensorSpec, Weight

_INTERNAL = ("__saved_model_init_op", "__saved_model_train_op")
"""Signatures that are none for users."""
_VARIABLES_OF_GRAPHS = ("VarHandleOp", "VariableV2", "Variable")


class Unreadable(Exception):
    """A file that does not say what it is; the message says what is missing."""


def saved_model(folder: str) -> Model:
    """Return the report of a SavedModel. Raises :class:`Unreadable`."""
    graph = _served(folder)
    signatures = {name: one for name, one in graph.signature_def.items() if name not in _INTERNAL}
    if not signatures:
        raise Unreadable("it has no signatures, so it does not say what it takes")
    name = "serving_default" if "serving_default" in signatures else min(signatures)
    ends = [tuple(_tensors(end)) for end in (signatures[name].inputs, signatures[name].outputs)]
    found = _variables(graph.object_graph_def, name) if graph.object_graph_def.nodes else _of_graph(graph)
    return _report(folder, "SavedModel", ends[0], ends[1], tuple(_rows_of(found)))


def _served(folder: str) -> Any:
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
            raise Unreadable("its saved_model.pb is cut short, or none") from None
    served = [graph for graph in graphs if "serve" in graph.meta_info_def.tags]
    if not served:
        raise Unreadable("it has no graph for serving")
    return served[0]


def _tensors(end: Any) -> Iterator[TensorSpec]:
    """Give the tensors of one end of a signature, by name."""
    for name, info in sorted(end.items()):
        yield TensorSpec(_shape(info.tensor_shape), _dtype_name(info.dtype), name)


def _shape(proto: Any) -> Shape:
    return tuple(None if dimension.size < 0 else int(dimension.size) for dimension in proto.dim)


def _dtype_name(number: int) -> str:
    import tensorflow as tf

    return str(tf.as_dtype(number).name)


def _variables(objects: Any, signature: str) -> Iterator[Weight]:
    """Give the variables that a signature's function uses, in its own order."""
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


def _of_graph(graph: Any) -> Iterator[Weight]:
    """Give the variables of a graph of TensorFlow 1, which says of none which signature uses it."""
    from tensorflow.core.framework import variable_pb2

    nodes = {node.name: node for node in graph.graph_def.node if node.op in _VARIABLES_OF_GRAPHS}
    for collection in ("variables", "trainable_variables"):
        for data in graph.collection_def[collection].bytes_list.value:
            variable = variable_pb2.VariableDef.FromString(data)
            node = nodes.pop(variable.variable_name.partition(":")[0], None)
            if node is not None:
                attributes = node.attr
                shape, dtype = _shape(attributes["shape"].shape), attributes["dtype"].type
                yield _weight(variable.variable_name, shape, dtype, bool(variable.trainable))


def _weight(name: str, shape: Shape, dtype: int, trainable: bool) -> Weight:
    path = name.partition(":")[0]
    sizes = tuple(size or 0 for size in shape)
    return Weight(path.rpartition("/")[2], path, sizes, _dtype_name(dtype), trainable)


def _rows_of(weights: Iterable[Weight]) -> Iterator[LayerRow]:
    """Give a row for each scope of variables: the layers themselves aren't in the file."""
    scopes: dict[str, list[Weight]] = {}
    for weight in weights:
        scopes.setdefault(weight.path.rpartition("/")[0], []).append(weight)
    for scope, own in scopes.items():
        yield _row(scope or "variables", "Variables", (), tuple(own))


def lite(path: str) -> Model:
    """Return the report of a ``.tflite`` file; nothing in it is run."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_path=path)
    details = {one["index"]: one for one in interpreter.get_tensor_details()}
    operations = interpreter._get_ops_details()
    made = {int(index) for one in operations for index in one["outputs"]}
    given = [one["index"] for one in interpreter.get_input_details()]
    known = {*made, *given}
    makers = {
        int(index): f"{one['op_name'].lower()}_{one['index']}"
        for one in operations
        for index in one["outputs"]
    }
    rows = []
    for one in operations:
        indexes = [int(index) for index in one["inputs"] if index >= 0]
        inputs = [index for index in indexes if index in known]
        call = LayerCall(
            tuple(_lite_tensor(details[index]) for index in inputs),
            tuple(_lite_tensor(details[int(index)]) for index in one["outputs"]),
            tuple(makers.get(index, str(details[index]["name"])) for index in inputs),
        )
        weights = tuple(_lite_weight(details[index]) for index in indexes if index not in known)
        rows.append(_row(f"{one['op_name'].lower()}_{one['index']}", one["op_name"], (call,), weights))
    ends = [
        tuple(_lite_tensor(one)._replace(name=str(one["name"])) for one in end)
        for end in (interpreter.get_input_details(), interpreter.get_output_details())
    ]
    return _report(path, "TFLite", ends[0], ends[1], tuple(rows))


def _lite_tensor(detail: dict[str, Any]) -> TensorSpec:
    signature = detail["shape_signature"] if len(detail["shape_signature"]) else detail["shape"]
    shape: Shape = tuple(None if size < 0 else int(size) for size in signature)
    return TensorSpec(shape, _dtype(detail))


def _lite_weight(detail: dict[str, Any]) -> Weight:
    name = str(detail["name"])
    return Weight(name.rpartition("/")[2], name, tuple(map(int, detail["shape"])), _dtype(detail), False)


def _dtype(detail: dict[str, Any]) -> str:
    import numpy

    return str(numpy.dtype(detail["dtype"]).name)


def _row(name: str, kind: str, calls: tuple[LayerCall, ...], weights: tuple[Weight, ...]) -> LayerRow:
    params = sum(weight.params for weight in weights)
    trainable = sum(weight.params for weight in weights if weight.trainable)
    size = sum(weight.bytes for weight in weights)
    return LayerRow(name, kind, 0, calls, params, trainable, size, weights)


def _report(
    path: str,
    kind: str,
    inputs: tuple[TensorSpec, ...],
    outputs: tuple[TensorSpec, ...],
    rows: tuple[LayerRow, ...],
) -> Model:
    name = os.path.splitext(os.path.basename(path))[0]
    weights = {weight.path: weight for row in rows for weight in row.weights}.values()
    params = sum(weight.params for weight in weights)
    trainable = sum(weight.params for weight in weights if weight.trainable)
    size = sum(weight.bytes for weight in weights)
    chain = all(len(row.calls) == 1 and len(row.calls[0].sources) <= 1 for row in rows)
    return Model(name, kind, chain, inputs, outputs, rows, params, trainable, params - trainable, size)
