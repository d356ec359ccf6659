"""The top-level statements of blocks of code, and blocks that are no Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.slicing.attributes import as_names, owned

DEEPEST = 180
"""How deep a syntax tree may be; deeper ones would exhaust the stack of those who read it."""

_BOUND = re.compile(
    r"^[ \t]*(?:(?:async[ \t]+)?def[ \t]+(?P<function>\w+)|class[ \t]+(?P<type>\w+)"
    r"|for[ \t]+(?P<item>\w+)[ \t]+in\b|(?P<names>\w+(?:[ \t]*,[ \t]*\w+)*)[ \t]*(?:[-+*/]?=)(?!=)"
    r"|(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+(?P<imports>[\w., \t]+))",
    re.MULTILINE,
)


class Broken(NamedTuple):
    """A block that can't be parsed: where, why, and the names that it seems to bind."""

    block: int
    line: int
    message: str
    names: frozenset[str]


class Top(NamedTuple):
    """A statement at the top of a block, or of its ``if __name__ == "__main__":``."""

    block: int
    node: ast.stmt
    first: int
    last: int


def tops(codes: Sequence[str]) -> tuple[Top | Broken, ...]:
    """Return the statements of all blocks, in the document's order."""
    trees = [_tree(code) for code in codes]
    names = owned(tree for tree in trees if isinstance(tree, ast.Module))
    return tuple(
        top
        for block, (code, tree) in enumerate(zip(codes, trees, strict=True))
        for top in _of_block(block, code, tree, names)
    )


def expression_names(expression: str, of_modules: Collection[str] = ()) -> frozenset[str]:
    """Return the names that an expression uses; none if it is no Python.

    ``of_modules`` are attributes of modules that count as names.
    """
    tree = _tree(expression)
    nodes = () if isinstance(tree, SyntaxError) else ast.walk(as_names(tree, of_modules))
    names = frozenset(node.id for node in nodes if isinstance(node, ast.Name))
    return names | {name.partition(".")[0] for name in names}


def first_line(node: ast.stmt) -> int:
    """Return the line that a statement starts at: that of its first decorator, if it has any."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _of_block(
    block: int, code: str, tree: ast.Module | SyntaxError, names: Collection[str]
) -> Iterator[Top | Broken]:
    if isinstance(tree, SyntaxError):
        yield Broken(block, tree.lineno or 1, tree.msg, frozenset(_seemingly_bound(code)))
        return
    as_names(tree, names)
    for node in tree.body:
        for part in node.body if isinstance(node, ast.If) and _is_main_guard(node) else [node]:
            yield Top(block, part, first_line(part), part.end_lineno or part.lineno)


def _tree(code: str) -> ast.Module | SyntaxError:
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(str(error) or "too deeply nested", ("", 1, 0, ""))
    line = _too_deep(tree)
    return SyntaxError("too deeply nested", ("", line, 0, "")) if line else tree


def _too_deep(tree: ast.AST) -> int:
    """Return the line of a statement that is nested too deeply; 0 if there is none."""
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        if not level:
            return 0
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return max((getattr(node, "lineno", 1) for node in level), default=0)


def _is_main_guard(node: ast.If) -> bool:
    test = node.test
    is_name = isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"
    return is_name and not node.orelse and isinstance(test.ops[0], ast.Eq)  # type: ignore[attr-defined]


def _seemingly_bound(code: str) -> Iterator[str]:
    for found in _BOUND.finditer(code):
        texts = [found["function"], found["type"], found["item"], *(found["names"] or "").split(",")]
        yield from (text.strip() for text in texts if text and text.strip())
        for imported in (found["imports"] or "").split(","):
            yield from imported.split()[-1:]
