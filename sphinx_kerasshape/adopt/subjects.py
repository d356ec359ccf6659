"""What may be models where blocks end: a directive runs its whole block, and shows what it leaves behind."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from sphinx_kerasshape.audit.document import Document, Subject
from sphinx_kerasshape.audit.statements.python_code import parsed


def with_models(document: Document) -> Document:
    """Return a document whose models are looked at where their blocks end, the one that is meant last."""
    trees = [parsed(block.code) or ast.Module([], []) for block in document.blocks]
    makers = {
        node.name for tree in trees for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    made = [subject for number, tree in enumerate(trees) for subject in _made(tree, number, makers)]
    names = {subject.expression for subject in (*document.models, *made)}
    made += [subject for number, tree in enumerate(trees) for subject in _grown(tree, number, names)]
    found: dict[Subject, None] = {}
    for subject in sorted([*document.models, *made], key=lambda one: (one.block, one.line)):
        at_end = subject._replace(line=_end(trees[subject.block]))
        found.pop(at_end, None)
        found[at_end] = None
    return document._replace(models=tuple(found))


def _made(tree: ast.Module, block: int, makers: set[str]) -> Iterator[Subject]:
    """Yield the names that are bound to what the document's own functions and classes make, or Keras' own."""
    for statement in tree.body:
        value = getattr(statement, "value", None)
        if isinstance(statement, ast.Assign) and isinstance(value, ast.Call):
            path = _path(value.func)
            if path and (path[0] in makers or "applications" in path):
                for target in statement.targets:
                    if isinstance(target, ast.Name):
                        yield Subject(block, statement.end_lineno or statement.lineno, target.id)


def _grown(tree: ast.Module, block: int, names: set[str]) -> Iterator[Subject]:
    """Yield the models that a block adds layers to, or takes some from."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("add", "pop")
        ):
            expression = ast.unparse(node.func.value)
            if expression in names:
                yield Subject(block, node.end_lineno or node.lineno, expression)


def _path(node: ast.expr) -> Sequence[str]:
    """Return the names in ``a.b.c``; nothing of other expressions."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) else []


def _end(tree: ast.Module) -> int:
    last = tree.body[-1] if tree.body else None
    return (last.end_lineno or last.lineno) if last is not None else 0
