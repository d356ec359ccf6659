"""What the syntax of code says of its values: which expressions are shapes or counts, what a line assigns."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TypeGuard

from sphinx_kerasshape.audit.document import CodeLine

_SHAPES = frozenset(
    ("shape", "output_shape", "input_shape", "batch_shape", "batch_input_shape", "static_shape", "shapes")
)
_CALLS_FOR_SHAPES = frozenset(
    (
        "compute_output_shape",
        "get_shape",
        "int_shape",
        "shape",
        "TensorShape",
        "as_list",
        "get_output_shape_at",
    )
)
Simple = ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr | ast.Return


def segment(lines: Sequence[CodeLine], node: ast.expr) -> str:
    """Return the code of an expression."""
    line = lines[node.lineno - 1].code
    if node.lineno == node.end_lineno and line.isascii():
        return line[node.col_offset : node.end_col_offset]
    return ast.unparse(node)


def last_line(node: ast.stmt | ast.expr) -> int:
    """Return the line at which a node ends."""
    return node.end_lineno or node.lineno


def simple_statements(tree: ast.AST) -> Iterator[Simple]:
    """Yield the statements that have a value, at any depth."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Simple) and node.value is not None:
            yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            parts = getattr(node, name, ())
            waiting.extend(parts if isinstance(parts, list) else ())


def in_order(tree: ast.AST) -> list[Simple]:
    """Return the statements that have a value in the order in which they end."""
    return sorted(simple_statements(tree), key=lambda one: (last_line(one), one.end_col_offset or 0))


def name_of(function: ast.expr) -> str:
    """Return the last part of the name of what is called."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def is_print(statement: ast.stmt) -> bool:
    """Whether a statement is a call of ``print``."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "print"


def printed_argument(node: ast.expr) -> ast.expr:
    """Return what ``print`` prints if it is one value; other expressions as they are."""
    is_print = isinstance(node, ast.Call) and name_of(node.func) == "print"
    if is_print and isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        return node.args[0]
    return node


def is_shape(node: ast.expr) -> bool:
    """Whether the value of an expression is a shape, or several."""
    match node:
        case ast.Attribute(attr=name):
            return name in _SHAPES
        case ast.Subscript(value=part) | ast.ListComp(elt=part):
            return is_shape(part)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return bool(parts) and all(map(is_shape, parts))
        case ast.Call(func=ast.Name(id="tuple" | "list" | "str" | "repr"), args=[part]):
            return is_shape(part)
        case ast.Call(func=function):
            return name_of(function) in _CALLS_FOR_SHAPES
    return False


def is_count(node: ast.expr) -> bool:
    """Whether the value of an expression is a number of parameters."""
    return isinstance(node, ast.Call) and name_of(node.func) == "count_params" and not node.args


def added(node: ast.expr) -> tuple[ast.expr, ast.Call] | None:
    """Return the model and the layer of ``model.add(Dense(10))``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add":
        layer = node.args[0] if len(node.args) == 1 else None
        if isinstance(layer, ast.Call) and name_of(layer.func)[:1].isupper():
            return node.func.value, layer
    return None


def is_input(node: ast.expr) -> bool:
    """Whether an expression makes an input, which is no layer of a Sequential."""
    return isinstance(node, ast.Call) and name_of(node.func) in ("Input", "InputLayer")


def is_sequential(value: ast.expr | None) -> TypeGuard[ast.Call]:
    """Whether an expression makes a Sequential."""
    return isinstance(value, ast.Call) and name_of(value.func) == "Sequential"


def elements(value: ast.expr, owner: str) -> Iterator[tuple[ast.expr, str]]:
    """Yield the layers in the list of a Sequential, with the expressions for them."""
    if not is_sequential(value):
        return
    lists = [*value.args[:1], *(keyword.value for keyword in value.keywords if keyword.arg == "layers")]
    if not lists or not isinstance(lists[0], (ast.List, ast.Tuple)):
        return
    layers = lists[0].elts
    for index, layer in enumerate(layers):
        if isinstance(layer, ast.Starred):
            continue
        if is_input(layer):
            yield layer, f"{owner}.input"
        elif (place := _index(layers, index)) is not None:
            yield layer, f"{owner}.layers[{place}]"
            yield from elements(layer, f"{owner}.layers[{place}]")


def _index(layers: Sequence[ast.expr], index: int) -> int | None:
    """Return the index of a layer: from the end, if other layers come from an unpacked list before it."""
    if not any(isinstance(layer, ast.Starred) for layer in layers[:index]):
        return sum(not is_input(layer) for layer in layers[:index])
    is_sure = not any(isinstance(layer, ast.Starred) for layer in layers[index:])
    return index - len(layers) if is_sure else None
