"""Values for what a document computes from data that is not here, such as ``X.shape[1]``.

A name is given its value before the code runs. An expression has it wherever the code has that expression.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence


def expression(text: str) -> str:
    """Return an expression as it is compared; empty if it is none that may stand for a value."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return ast.unparse(tree) if isinstance(tree, ast.Attribute | ast.Subscript | ast.Call) else ""


def replaced(codes: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """Return codes with values in place of expressions; all lines keep their numbers."""
    sought = {expression(text): value for text, value in values.items() if not text.isidentifier()}
    return [_replaced(code, sought) if sought else code for code in codes]


def _replaced(code: str, sought: Mapping[str, str]) -> str:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return code
    lines = [line.encode() for line in code.split("\n")]
    for node in sorted(_found(tree, sought), key=lambda node: (-node.lineno, -node.col_offset)):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        after = lines[last][node.end_col_offset :]
        text = f"({sought[ast.unparse(node)]}".encode()
        lines[first] = lines[first][: node.col_offset] + text + (b")" + after if first == last else b"")
        if first != last:
            lines[first + 1 : last + 1] = [*[b""] * (last - first - 1), b")" + after]
    return b"\n".join(lines).decode()


def _found(tree: ast.AST, sought: Mapping[str, str]) -> list[ast.expr]:
    """Return the expressions that have values, none of them in another."""
    found: list[ast.expr] = []
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        is_read = isinstance(node, ast.Attribute | ast.Subscript | ast.Call) and not isinstance(
            getattr(node, "ctx", None), ast.Store | ast.Del
        )
        if is_read and ast.unparse(node) in sought:
            found.append(node)  # type: ignore[arg-type]
        else:
            todo += ast.iter_child_nodes(node)
    return found
