"""Calls: what they give, change and build, as far as the name of what is called tells."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from sphinx_kerasshape.audit.slicing.arguments import Called, called_with, parameters
from sphinx_kerasshape.audit.slicing.effects import Summary
from sphinx_kerasshape.audit.slicing.heap import numbers
from sphinx_kerasshape.audit.slicing.known import (
    ALWAYS_BOUND,
    CHANGING,
    FOREIGN,
    HOLDING,
    INPUT_ARGUMENTS,
    PLAIN,
    PLOTTING,
    READING,
    SAVING,
    SETTINGS,
    SHOWING,
    TEXTS,
    TRAINING,
)
from sphinx_kerasshape.audit.slicing.saved import note_files, note_written, opened

if TYPE_CHECKING:
    from sphinx_kerasshape.audit.slicing.scope import Scope


def call(scope: Scope, node: ast.Call, is_statement: bool) -> int:
    """Return the objects that a call may give; note what it does."""
    func = node.func
    dotted = scope.dotted(func)
    if isinstance(func, ast.Attribute):
        receiver, name = scope.value(func.value), func.attr
        called = called_with(scope, node, name, is_statement)
        if not receiver & scope.heap.values and (dotted or receiver & scope.heap.modules):
            return _imported(scope, called, dotted or name)
        return _method(scope, called, receiver)
    callee = scope.value(func)
    called = called_with(scope, node, func.id if isinstance(func, ast.Name) else "", is_statement)
    if dotted or callee & scope.heap.modules:
        return _imported(scope, called, dotted or called.name)
    if called.name in ALWAYS_BOUND and called.name not in scope.program.bound:
        return _built_in(scope, called)
    return _function(scope, called, callee)


def is_shown(scope: Scope, node: ast.expr) -> bool:
    """Whether an expression only prints or plots something."""
    while isinstance(node, ast.Attribute | ast.Call):
        if isinstance(node, ast.Call) and scope.dotted(node.func).partition(".")[0] in PLOTTING:
            return True
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and node.id in {"print", "display"}


# What is imported


def _imported(scope: Scope, called: Called, dotted: str) -> int:
    heap = scope.heap
    root = dotted.partition(".")[0]
    if root in PLOTTING:
        return _plot(scope, called)
    if called.name in SETTINGS or dotted in {"sys.path.append", "sys.path.insert"}:
        scope.is_setting = True
    note_files(scope, called, called.node.args[1:] if called.name == "save_model" else called.node.args)
    is_type = called.name[:1].isupper()
    if called.is_statement and not is_type and called.name not in SHOWING:
        scope.change(heap.reachable(called.arguments) & ~heap.codes)
    if dotted in TEXTS or dotted.rpartition(".")[0] in TEXTS or called.name == "get_file":
        return 0
    return _object(scope, called, dotted) if is_type else heap.made(called.node) | _result(scope, called, 0)


def _plot(scope: Scope, called: Called) -> int:
    made = scope.heap.made(called.node)
    scope.heap.plots |= made
    return made


def _object(scope: Scope, called: Called, dotted: str) -> int:
    """Return the object that an imported class makes."""
    heap = scope.heap
    contents = called.arguments & ~heap.modules
    made = heap.made(called.node, contents)
    root = dotted.partition(".")[0]
    if called.name == "Input":
        heap.symbolic |= made
    if root in FOREIGN:
        heap.foreign |= made
    if (
        called.name in {"Input", "InputLayer"}
        or INPUT_ARGUMENTS & called.named.keys()
        or "applications" in dotted
    ):
        heap.inputs |= made
    if not _is_built(scope, called, dotted):
        heap.unbuilt |= made
    elif called.name == "Sequential":
        scope.change(heap.reachable(contents) & heap.unbuilt)
    return made


def _is_built(scope: Scope, called: Called, dotted: str) -> bool:
    """Whether what an imported class makes is a model that is obviously built."""
    if called.name == "Sequential":
        return bool(scope.heap.reachable(called.arguments) & scope.heap.inputs)
    return "applications" in dotted or (
        called.name in {"Model", "Functional"} and bool(called.positional or called.named)
    )


def _result(scope: Scope, called: Called, receiver: int) -> int:
    """Return the value of a call whose result may contain, or be, a part of its arguments."""
    heap = scope.heap
    contents = (called.arguments | receiver) & ~heap.modules
    made = heap.made(called.node, contents) if contents else 0
    if heap.reachable(contents) & heap.symbolic:
        heap.symbolic |= made
    return made | heap.reachable(receiver)


# Built-in functions


def _built_in(scope: Scope, called: Called) -> int:
    heap = scope.heap
    first = called.positional[0] if called.positional else 0
    if called.name in {"next", "setattr", "delattr"}:
        scope.change(heap.reachable(first))
        heap.store(first, called.arguments)
    if called.name == "open":
        return opened(scope, called)
    if called.name == "super":
        scope.is_outward = True
    if called.name in PLAIN:
        return 0
    passed = called.arguments & (heap.methods | heap.codes)
    if passed:
        _call_held(scope, called, passed)
    if called.name in {"getattr", "next"}:
        return heap.reachable(first)
    return heap.made(called.node, heap.reachable(called.arguments))


# Methods


def _method(scope: Scope, called: Called, receiver: int) -> int:
    heap = scope.heap
    note_written(scope, receiver | called.arguments)
    if receiver & heap.plots:
        scope.change(receiver & heap.plots)
        return _plot(scope, called)
    own = scope.program.methods_of(receiver, called.name, is_given=bool(receiver & heap.outer))
    if called.name in TRAINING and not receiver & heap.foreign:
        train(scope, receiver)
        return heap.made(called.node, receiver if called.name.startswith("fit") else 0)
    if own:
        return _own(scope, called, own, receiver)
    if called.name in SAVING:
        note_files(scope, called, called.node.args)
    if (called.is_statement and called.name not in READING) or called.name in CHANGING:
        _change_by_method(scope, called, receiver)
    elif called.name in TRAINING:
        scope.change(receiver)
    return 0 if called.is_statement else _result(scope, called, receiver)


def _own(scope: Scope, called: Called, methods: list[ast.FunctionDef], receiver: int) -> int:
    objects = 0
    for method in methods:
        objects |= _apply(scope, called, method, receiver)
    return objects


def _change_by_method(scope: Scope, called: Called, receiver: int) -> None:
    heap = scope.heap
    if called.name in HOLDING:
        scope.change(receiver)
    elif called.name == "add":
        scope.change(receiver | heap.reachable(called.arguments) & ~heap.codes)
    else:
        scope.change(heap.reachable(receiver | called.arguments) & ~heap.codes)
    heap.store(receiver, called.arguments & ~heap.modules)
    if called.name == "add" and heap.reachable(called.arguments) & heap.inputs:
        heap.inputs |= receiver
    if called.name == "build":
        scope.connected |= receiver
    if called.name == "build" or (called.name == "add" and receiver & heap.inputs):
        _note_built(scope, receiver)


def train(scope: Scope, model: int) -> None:
    """Note that a model is trained, which builds it if nothing else has."""
    if model & scope.heap.outer:
        scope.trained |= scope.program.given_names(scope.owner, model)
        if scope.owner in scope.program.training:
            scope.built |= model
    if model & scope.heap.unbuilt:
        scope.built |= scope.heap.reachable(model) & ~scope.heap.codes
        _note_built(scope, model)


def _note_built(scope: Scope, objects: int) -> None:
    if not scope.maybe:
        scope.heap.unbuilt &= ~objects


# Functions and objects of the document


def _function(scope: Scope, called: Called, callee: int) -> int:
    heap = scope.heap
    nodes = [scope.program.code_of[number] for number in numbers(callee & heap.codes)]
    if not nodes and callee & heap.outer:
        nodes = scope.program.functions.get(called.name, [])
    if not nodes and not callee:
        return _imported(scope, called, called.name)
    objects = 0
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            objects |= _instance(scope, called, node, callee)
        else:
            objects |= _apply(scope, called, node)
    things = callee & ~heap.codes
    return objects | (_object_called(scope, called, things) if things else 0)


def _call_held(scope: Scope, called: Called, callee: int) -> None:
    """Note what functions do that an object may call: methods of objects, and what partial objects hold."""
    heap = scope.heap
    if callee & heap.methods:
        changed = heap.reachable(callee) & ~heap.codes
        scope.change(changed)
        heap.store(changed, called.arguments & ~heap.modules)
    everything = called._replace(named={None: called.arguments | callee})
    for number in numbers(heap.reachable(callee) & heap.codes):
        if not isinstance(scope.program.code_of[number], ast.ClassDef):
            _apply(scope, everything, scope.program.code_of[number], held=callee)


def _instance(scope: Scope, called: Called, node: ast.ClassDef, callee: int) -> int:
    heap = scope.heap
    made = heap.made(called.node, called.arguments | callee)
    heap.unbuilt |= made
    for method in scope.program.methods(node).get("__init__", []):
        _apply(scope, called, method, made)
    return made


def _object_called(scope: Scope, called: Called, callee: int) -> int:
    """Return what calling a layer or a model gives."""
    heap = scope.heap
    for method in scope.program.methods_of(callee, "__call__", is_given=False):
        _apply(scope, called, method, callee)
    _call_held(scope, called, callee)
    build_by_call(scope, callee, called.arguments)
    return _result(scope, called, 0) | heap.made((called.node, "result"), callee | called.arguments)


def build_by_call(scope: Scope, callee: int, arguments: int) -> None:
    """Note that a layer or model is called, which builds it, or connects it to symbolic tensors."""
    heap = scope.heap
    parts = heap.reachable(callee) & ~heap.codes & ~heap.modules
    if callee & heap.outer:
        scope.called |= scope.program.given_names(scope.owner, callee)
        scope.is_outward = True
    if heap.reachable(arguments) & heap.symbolic:
        scope.change(parts)
        scope.connected |= callee
    elif callee & heap.unbuilt:
        scope.built |= parts
    if callee & heap.unbuilt:
        _note_built(scope, callee)


def _apply(
    scope: Scope, called: Called, function: ast.AST, receiver: int | None = None, held: int = 0
) -> int:
    """Note what calling a function does, which may know what is ``held``; return what it gives."""
    heap = scope.heap
    summary: Summary = scope.program.summary(function)
    given = parameters(function, called, receiver)
    closure = heap.reachable(scope.program.closures.get(function, 0) | held) & ~heap.codes

    def objects(names: frozenset[str]) -> int:
        found = 0
        for name in names:
            base = name.removesuffix(".*")
            held_here = given[base] if base in given else scope.surrounding(base) | closure
            found |= held_here if base == name else heap.reachable(held_here) & ~heap.codes
        return found

    scope.change(objects(summary.mutates))
    scope.is_setting |= summary.is_setting
    if summary.calls:
        build_by_call(scope, objects(summary.calls), called.arguments)
    if summary.trains:
        _train_in(scope, function, objects(summary.trains))
    for name in summary.binds:
        scope.bind_outside(name, heap.made((called.node, name)))
    for name, names, codes in summary.holds:
        heap.store(objects(frozenset([name])), (objects(names) & ~heap.modules) | codes)
    return _returned(scope, called, summary, objects(summary.returns))


def _train_in(scope: Scope, function: ast.AST, models: int) -> None:
    train(scope, models)
    if scope.built & models:
        scope.program.training.add(function)


def _returned(scope: Scope, called: Called, summary: Summary, parts: int) -> int:
    heap = scope.heap
    contents = parts | summary.codes
    made = heap.made(called.node, contents)
    if heap.reachable(parts) & heap.symbolic:
        heap.symbolic |= made
    if summary.has_inputs:
        heap.inputs |= made
    if summary.is_unbuilt:
        heap.unbuilt |= made
    return made | heap.reachable(parts)
