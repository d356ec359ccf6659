"""Integers that code gives names to, ``latent_dim = 64``, so that claims may use the names.

Nothing runs for it: a name counts if the code sets it once, at its top level, to a sum that needs no call.
Since the code has run, the name then has that value.
"""

from __future__ import annotations

import ast
import operator
from collections import Counter
from collections.abc import Iterator, Mapping

from sphinx_kerasshape.messages.request import Request

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}
_LIMIT = 10**12
"""All integers are smaller, so that products stay small."""
_INDIRECT = {"exec", "eval", "globals", "locals", "vars", "setattr", "__dict__", "__import__", "importlib"}
"""Names with which code can set a name in other ways."""


def code_integers(request: Request) -> Mapping[str, int]:
    """Return the integers that the code of a request, and of its session, gives names to."""
    # A block that raises an error ends there.
    steps = (step.code for step in request.earlier if not step.raises)
    codes = (request.prelude, *steps, request.code)
    try:
        body = [statement for code in codes for statement in ast.parse(code).body]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    nodes = [node for statement in body for node in ast.walk(statement)]
    words = Counter(name for node in nodes for name in _bound(node))
    if "*" in words or any(_word(node) in _INDIRECT for node in nodes):
        return {}
    integers: dict[str, int] = {}
    for statement in body:
        for name, value in _assigned(statement):
            number = _value(value, integers)
            if number is not None and words[name] == 1:
                integers[name] = number
    return integers


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node sets or deletes, wherever it stands."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.alias(name=name, asname=alias):
            yield (alias or name).partition(".")[0]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name


def _word(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.alias(name=name):
            return name.partition(".")[0]
    return ""


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a statement sets, each with its value."""
    match statement:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _pairs(target, value)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match target, value:
        case ast.Name(id=name), _:
            yield name, value
        case ast.Tuple(elts=names) | ast.List(elts=names), ast.Tuple(elts=values) | ast.List(elts=values):
            if len(names) == len(values):
                for inner, one in zip(names, values, strict=True):
                    yield from _pairs(inner, one)


def _value(tree: ast.expr, integers: Mapping[str, int]) -> int | None:
    """Return the value of an integer, a name or a sum; ``None`` for anything else."""
    match tree:
        case ast.Constant(value=int(number)) if not isinstance(number, bool) and abs(number) < _LIMIT:
            return number
        case ast.Name(id=name):
            return integers.get(name)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            first, second = _value(left, integers), _value(right, integers)
            if first is None or second is None or (isinstance(sign, ast.FloorDiv) and not second):
                return None
            result = int(_OPERATORS[type(sign)](first, second))
            return result if abs(result) < _LIMIT else None
    return None
