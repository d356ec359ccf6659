"""The option ``:from:``, a call of something imported, turned into the code that makes the model. Pure."""

from __future__ import annotations

import ast
import re

from sphinx_kerasshape.collect.options import Unusable
from sphinx_kerasshape.text import excerpt, quoted


def imported_code(source: str) -> tuple[str, str]:
    """Return the code that makes the model of a ``:from:`` option, and the name of what this code calls.

    Calls can follow each other: ``Zoo(size=3).build()``. Raises :class:`Unusable` for anything but
    calls with literal arguments.
    """
    module, colon, expression = source.partition(":")
    example = "write package.module:callable(units=64)"
    expression = expression.strip()
    if not colon or not all(part.isidentifier() for part in module.strip().split(".")):
        raise Unusable(f"{quoted(source)} does not name a module and a callable{_meant(source, example)}")
    try:
        call = ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise Unusable(f"{quoted(expression)} is not Python: {example}") from None
    if not isinstance(call, ast.Call):
        is_name = isinstance(call, ast.Name | ast.Attribute)
        meant = f"; did you mean {quoted(f'{module.strip()}:{expression}()')}?" if is_name else f": {example}"
        raise Unusable(f"{quoted(expression)} is not a call{meant}")
    target: ast.expr = call
    callee: ast.expr = call.func
    while isinstance(target, ast.Attribute | ast.Call):
        if isinstance(target, ast.Call):
            for argument in [*target.args, *(keyword.value for keyword in target.keywords)]:
                _require_literal(argument)
            callee = target.func
        target = target.func if isinstance(target, ast.Call) else target.value
    if not isinstance(target, ast.Name):
        raise Unusable(f"{quoted(expression)} does not begin with the name of a callable: {example}")
    return f"from {module.strip()} import {target.id}\n\nmodel = {expression}", ast.unparse(callee)


def _meant(source: str, example: str) -> str:
    """Return the end of a message: the option as it was meant, with a file or without a colon."""
    path = re.fullmatch(r"([\w./\\]*\w)[:.](\w+\(.*)", source.strip())
    module = re.sub(r"[/\\]", ".", path[1].removesuffix(".py")) if path else ""
    is_module = path and all(part.isidentifier() for part in module.split("."))
    return f"; did you mean {quoted(f'{module}:{path[2]}')}?" if path and is_module else f": {example}"


def _require_literal(argument: ast.expr) -> None:
    try:
        ast.literal_eval(argument)
    except (ValueError, TypeError, MemoryError, RecursionError):
        text = excerpt(ast.unparse(argument))
        raise Unusable(f"the argument {text} is not a literal: write the code in the body instead") from None
