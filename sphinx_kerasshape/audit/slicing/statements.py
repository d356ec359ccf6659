"""Statements read in the order in which they run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from sphinx_kerasshape.audit.slicing.calls import call, is_shown
from sphinx_kerasshape.audit.slicing.known import PACKAGES
from sphinx_kerasshape.audit.slicing.scope import Scope


def read(scope: Scope, statements: Sequence[ast.stmt]) -> None:
    """Read statements; note the effect of each with the program."""
    for statement in statements:
        _READERS.get(type(statement), _simple)(scope, statement)


def _note(scope: Scope, node: ast.stmt) -> None:
    effect = scope.effect()
    before = scope.program.effects.get(id(node))
    scope.program.effects[id(node)] = before.joined(effect) if before else effect
    scope.note(effect)


# Simple statements


def _simple(scope: Scope, node: ast.stmt) -> None:
    scope.start()
    one = _SIMPLE.get(type(node))
    if one:
        one(scope, node)
    else:
        scope.values(ast.iter_child_nodes(node))
    _note(scope, node)


def _expression(scope: Scope, node: ast.Expr) -> None:
    if scope.owner is not None and is_shown(scope, node.value):
        called = set(scope.called)
        scope.value(node.value)
        scope.called, scope.is_outward = called, False
    elif isinstance(node.value, ast.Call):
        call(scope, node.value, is_statement=True)
    else:
        scope.value(node.value)


def _assign(scope: Scope, node: ast.Assign) -> None:
    target, value = node.targets[0], node.value
    if len(node.targets) == 1 and _is_pairwise(target, value):
        objects = [scope.value(element) for element in value.elts]  # type: ignore[attr-defined]
        for element, held in zip(target.elts, objects, strict=True):  # type: ignore[attr-defined]
            scope.assign(element, held)
        return
    objects_ = scope.value(value)
    for target in node.targets:
        scope.assign(target, objects_)
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
            scope.texts[target.id] = value.value


def _is_pairwise(target: ast.expr, value: ast.expr) -> bool:
    return (
        isinstance(target, ast.Tuple | ast.List)
        and isinstance(value, ast.Tuple | ast.List)
        and len(target.elts) == len(value.elts)
        and not any(isinstance(element, ast.Starred) for element in (*target.elts, *value.elts))
    )


def _augmented(scope: Scope, node: ast.AugAssign) -> None:
    added = scope.value(node.value)
    if isinstance(node.target, ast.Attribute | ast.Subscript):
        _augmented_part(scope, node.target, added)
        return
    objects = scope.lookup(node.target.id)
    scope.change(objects)
    scope.heap.store(objects, added)
    scope.bind(node.target.id, objects | (scope.heap.made(node, objects | added) if objects | added else 0))


def _augmented_part(scope: Scope, target: ast.Attribute | ast.Subscript, added: int) -> None:
    """Note ``a.b += c``, which may change what ``a.b`` is and what ``a`` holds."""
    scope.assign(target, added)
    parts = scope.heap.reachable(scope.value(target.value)) & ~scope.heap.codes & ~scope.heap.modules
    scope.change(parts)
    scope.heap.store(parts, added)


def _annotated(scope: Scope, node: ast.AnnAssign) -> None:
    scope.value(node.annotation)
    if node.value:
        scope.assign(node.target, scope.value(node.value))


def _delete(scope: Scope, node: ast.Delete) -> None:
    for target in node.targets:
        scope.assign(target, 0)


def _return(scope: Scope, node: ast.Return) -> None:
    scope.returned |= scope.value(node.value)


def _global(scope: Scope, node: ast.Global | ast.Nonlocal) -> None:
    scope.outside.update(node.names)
    scope.is_outward = True


def _import(scope: Scope, node: ast.Import | ast.ImportFrom) -> None:
    for alias in node.names:
        if alias.name == "*":
            scope.is_star = True
            continue
        name = alias.asname or (
            alias.name if isinstance(node, ast.ImportFrom) else alias.name.partition(".")[0]
        )
        objects = scope.heap.made(("module", name if alias.asname is None else alias.name))
        scope.heap.modules |= objects
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] not in PACKAGES:
            scope.heap.values |= objects
        scope.bind(name, objects)


def _define(scope: Scope, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    scope.values([*node.decorator_list, *node.args.defaults, *node.args.kw_defaults, node.returns])
    arguments = node.args
    every = (
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    )
    scope.values(argument.annotation for argument in every if argument)
    scope.bind(node.name, scope.program.code(scope, node))


def _class(scope: Scope, node: ast.ClassDef) -> None:
    scope.values(node.decorator_list)
    bases = scope.values([*node.bases, *(keyword.value for keyword in node.keywords)])
    scope.inner.append({})
    for statement in node.body:
        _in_class(scope, statement)
    attributes = scope.inner.pop()
    made = scope.program.code(scope, node)
    scope.heap.store(made, bases & ~scope.heap.modules)
    for name, objects in attributes.items():
        if name not in scope.program.methods(node):
            scope.heap.store(made, objects & ~scope.heap.modules)
    scope.bind(node.name, made)


def _in_class(scope: Scope, node: ast.stmt) -> None:
    if isinstance(node, ast.stmt) and type(node) in _SIMPLE:
        _SIMPLE[type(node)](scope, node)
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            _in_class(scope, child)
        elif isinstance(child, ast.expr) and isinstance(getattr(child, "ctx", None), ast.Store):
            scope.assign(child, 0)
        elif isinstance(child, ast.expr):
            scope.value(child)


# Statements that hold others


def _if(scope: Scope, node: ast.If) -> None:
    scope.start()
    scope.value(node.test)
    _note(scope, node)
    _branches(scope, [node.body, node.orelse])


def _branches(scope: Scope, bodies: Sequence[Sequence[ast.stmt]]) -> None:
    """Read bodies of which one runs."""
    before, after = scope.names, dict[str, int]()
    scope.maybe += 1
    for body in bodies:
        scope.names = dict(before)
        read(scope, body)
        after = _joined(after, scope.names)
    scope.names = after
    scope.maybe -= 1


def _joined(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return one | {name: objects | one.get(name, 0) for name, objects in other.items()}


def _for(scope: Scope, node: ast.For | ast.AsyncFor) -> None:
    def head() -> None:
        scope.assign(node.target, scope.heap.reachable(scope.value(node.iter)))

    _loop(scope, node, head)


def _while(scope: Scope, node: ast.While) -> None:
    _loop(scope, node, lambda: scope.value(node.test))


def _loop(scope: Scope, node: ast.For | ast.AsyncFor | ast.While, head: Callable[[], object]) -> None:
    scope.maybe += 1
    for _ in range(2):
        before = dict(scope.names)
        scope.start()
        head()
        _note(scope, node)
        read(scope, node.body)
        scope.names = _joined(before, scope.names)
    read(scope, node.orelse)
    scope.maybe -= 1


def _with(scope: Scope, node: ast.With | ast.AsyncWith) -> None:
    scope.start()
    for item in node.items:
        objects = scope.value(item.context_expr)
        if item.optional_vars:
            scope.assign(item.optional_vars, objects)
    _note(scope, node)
    read(scope, node.body)


def _try(scope: Scope, node: ast.Try) -> None:
    scope.start()
    scope.values(handler.type for handler in node.handlers)
    for handler in node.handlers:
        if handler.name:
            scope.bind(handler.name, 0)
    _note(scope, node)
    before = dict(scope.names)
    scope.maybe += 1
    read(scope, node.body)
    read(scope, node.orelse)
    scope.names = _joined(before, scope.names)
    _branches(scope, [[], *(handler.body for handler in node.handlers)])
    scope.maybe -= 1
    read(scope, node.finalbody)


def _match(scope: Scope, node: ast.Match) -> None:
    scope.start()
    objects = scope.heap.reachable(scope.value(node.subject))
    for case in node.cases:
        for part in ast.walk(case.pattern):
            name = getattr(part, "name", None) or getattr(part, "rest", None)
            if name:
                scope.bind(name, objects)
            scope.values(child for child in ast.iter_child_nodes(part) if isinstance(child, ast.expr))
        scope.value(case.guard)
    _note(scope, node)
    _branches(scope, [[], *(case.body for case in node.cases)])


_SIMPLE: dict[type[ast.stmt], Callable[..., None]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.AnnAssign: _annotated,
    ast.Delete: _delete,
    ast.Return: _return,
    ast.Global: _global,
    ast.Nonlocal: _global,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.FunctionDef: _define,
    ast.AsyncFunctionDef: _define,
    ast.ClassDef: _class,
}

_READERS: dict[type[ast.stmt], Callable[..., None]] = {
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Match: _match,
}
