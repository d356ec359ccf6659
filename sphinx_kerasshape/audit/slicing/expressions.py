"""What the kinds of expressions give, use and change."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from sphinx_kerasshape.audit.slicing.calls import call
from sphinx_kerasshape.audit.slicing.heap import Heap
from sphinx_kerasshape.audit.slicing.known import CHANGING, FLAT

if TYPE_CHECKING:
    from sphinx_kerasshape.audit.slicing.scope import Scope


def _name(scope: Scope, node: ast.Name) -> int:
    return scope.lookup(node.id)


def _part(scope: Scope, node: ast.Attribute | ast.Subscript) -> int:
    base = scope.value(node.value)
    heap = scope.heap
    if isinstance(node, ast.Subscript):
        scope.value(node.slice)
        return _held(heap, base)
    if node.attr in FLAT:
        return 0
    changing = base & (~heap.modules | heap.values) if node.attr in CHANGING else 0
    if changing:
        method = heap.made(node, changing)
        heap.methods |= method
        scope.change(changing)
        return method | heap.reachable(base)
    return _held(heap, base)


def _held(heap: Heap, base: int) -> int:
    """Return what attributes and elements of objects may be."""
    given = base & heap.outer & ~heap.parts
    return base & heap.modules | heap.reachable(base & ~heap.modules) & ~given & ~(heap.classes & ~base)


def _call(scope: Scope, node: ast.Call) -> int:
    return call(scope, node, is_statement=False)


def _plain(scope: Scope, node: ast.AST) -> int:
    scope.values(ast.iter_child_nodes(node))
    return 0


def _new(scope: Scope, node: ast.AST) -> int:
    contents = scope.values(ast.iter_child_nodes(node))
    return scope.heap.made(node, contents)


def _tuple(scope: Scope, node: ast.Tuple) -> int:
    """Return a tuple; one of numbers and texts is no object, since nothing can change it."""
    contents = scope.values(node.elts)
    return scope.heap.made(node, contents) if contents else 0


def _operation(scope: Scope, node: ast.BinOp) -> int:
    contents = scope.value(node.left) | scope.value(node.right)
    made = scope.heap.made(node, contents) if contents else 0
    if scope.heap.reachable(contents) & scope.heap.symbolic:
        scope.heap.symbolic |= made
    return made


def _comprehension(scope: Scope, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> int:
    scope.inner.append({})
    for part in node.generators:
        elements = scope.heap.reachable(scope.value(part.iter))
        scope.assign(part.target, elements)
        scope.values(part.ifs)
    values = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
    contents = scope.values(values)
    scope.inner.pop()
    return scope.heap.made(node, contents)


def _named(scope: Scope, node: ast.NamedExpr) -> int:
    objects = scope.value(node.value)
    inner, scope.inner = scope.inner, []
    scope.assign(node.target, objects)
    scope.inner = inner
    return objects


def _lambda(scope: Scope, node: ast.Lambda) -> int:
    scope.values([*node.args.defaults, *node.args.kw_defaults])
    return scope.program.code(scope, node)


def _given_back(scope: Scope, node: ast.Yield | ast.YieldFrom) -> int:
    scope.returned |= scope.value(node.value)
    scope.is_outward = True
    return 0


READERS: dict[type[ast.AST], Callable[..., int]] = {
    ast.Name: _name,
    ast.Attribute: _part,
    ast.Subscript: _part,
    ast.Call: _call,
    ast.Compare: _plain,
    ast.JoinedStr: _plain,
    ast.List: _new,
    ast.Tuple: _tuple,
    ast.Set: _new,
    ast.Dict: _new,
    ast.BinOp: _operation,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.NamedExpr: _named,
    ast.Lambda: _lambda,
    ast.Yield: _given_back,
    ast.YieldFrom: _given_back,
}
