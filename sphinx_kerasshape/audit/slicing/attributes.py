"""Attributes that a document gives to modules, ``tf.model = …``: they are names like any others."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable


def owned(trees: Iterable[ast.Module]) -> frozenset[str]:
    """Return what the code assigns to modules that it imports, such as ``tf.model``."""
    modules, targets = set[str](), set[tuple[str, str]]()
    for node in (node for tree in trees for node in ast.walk(tree)):
        match node:
            case ast.Import(names=names):
                modules |= {alias.asname or alias.name.partition(".")[0] for alias in names}
            case ast.Attribute(value=ast.Name(id=name), attr=attribute, ctx=ast.Store()):
                targets.add((name, attribute))
    return frozenset(f"{name}.{attribute}" for name, attribute in targets if name in modules - {"sys"})


def as_names(tree: ast.AST, names: Collection[str]) -> ast.AST:
    """Return code with such attributes as names with a dot; everything keeps its place in the source."""
    return _Names(names).visit(tree) if names else tree


class _Names(ast.NodeTransformer):
    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Return the name in place of an attribute."""
        self.generic_visit(node)
        match node:
            case ast.Attribute(value=ast.Name(id=base), attr=attribute):
                if f"{base}.{attribute}" in self._names:
                    return ast.copy_location(ast.Name(f"{base}.{attribute}", node.ctx), node)
        return node
