"""What would have to be defined for layers to be made where a document's data is not here."""

from __future__ import annotations

import ast
import contextlib
import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

_MAKING = ("keras.src.layers", "keras.src.models", "keras.src.applications")
"""Packages of what makes layers and models."""
_MAX_LENGTH = 60
_MAX_DEPTH = 5


class Asked:
    """The expressions in code that makes layers which use names that are gone.

    ``definitions`` has the code of the document's own functions and classes.
    """

    def __init__(
        self, names: Mapping[str, Any], lost: Collection[str], definition: Callable[[str], ast.AST | None]
    ) -> None:
        self._names = names
        self._lost = frozenset(lost)
        self._definition = definition

    def of(self, codes: Iterable[str]) -> list[str]:
        """Return such expressions of some code, each once; what layers and models are made of is none."""
        found: dict[str, None] = {}
        for code in codes:
            with contextlib.suppress(SyntaxError):
                trees = self._with_called(ast.parse(code))
                if any(map(self._makes, trees)):
                    self._lost -= _bound(trees[0])
                    found |= dict.fromkeys(text for one in trees for text in self._sizes(one))
        return [*found]

    def _with_called(self, tree: ast.AST) -> list[ast.AST]:
        return [tree, *self._called(tree, _MAX_DEPTH)]

    def _called(self, tree: ast.AST, depth: int) -> Iterator[ast.AST]:
        """Yield the document's functions and classes that code uses."""
        for node in ast.walk(tree) if depth else ():
            if isinstance(node, ast.Name) and _is_read(node):
                definition = self._definition(node.id)
                if definition is not None and definition is not tree:
                    yield definition
                    yield from self._called(definition, depth - 1)

    def _makes(self, tree: ast.AST) -> bool:
        return any(isinstance(node, ast.Call) and self._is_making(node.func) for node in ast.walk(tree))

    def _is_making(self, function: ast.expr) -> bool:
        """Whether a function, class or method of an object makes layers."""
        path: list[str] = []
        while isinstance(function, ast.Attribute):
            path.append(function.attr)
            function = function.value
        if not isinstance(function, ast.Name) or function.id in self._lost:
            return False
        value = self._names.get(function.id)
        for name in reversed(path):
            if not inspect.ismodule(value):
                return False
            value = getattr(value, name, None)
        module = getattr(value, "__module__", "") if callable(value) else ""
        return isinstance(module, str) and module.startswith(_MAKING)

    def _sizes(self, tree: ast.AST) -> Iterator[str]:
        parents = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        own = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in self._lost - own and _is_read(node):
                text = ast.unparse(_whole(node, parents))
                yield text if len(text) <= _MAX_LENGTH and "\n" not in text else node.id


def _bound(tree: ast.AST) -> set[str]:
    """Return the names that code binds, or adds something to: ``model.add(…)``."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not _is_read(node)}
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
                found.add(name)
    return found


def _is_read(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


def _whole(node: ast.expr, parents: Mapping[int, ast.AST]) -> ast.expr:
    """Return the expression that tells something of a name: ``X.shape[1]``, ``len(classes)``."""
    while True:
        parent = parents.get(id(node))
        match parent:
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) if inner is node:
                node = parent
            case ast.Call(func=inner) if inner is node:
                node = parent
            case ast.Call(func=ast.Name(id="len"), args=[inner]) if inner is node:
                return parent
            case _:
                return node
