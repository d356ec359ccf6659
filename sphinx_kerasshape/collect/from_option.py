"""What ``:from:`` names, a call of something imported: from text to the code that makes the model. Pure."""

from __future__ import annotations

import ast

from sphinx_kerasshape.collect.options import Unusable
from sphinx_kerasshape.text import excerpt, quoted


def imported_code(source: str) -> tuple[str, str]:
    """Turn a ``:from:`` option into the code that makes the model, and the name of what it calls.

    The call may be of a method, also of an object that is made for it: ``Zoo(size=3).build()``.
    Raises :class:`Unusable` for all that isn't calls with literal arguments.
    """
    module, colon, expression = source.partition(":")
    example = "write it as package.module:callable(units=64)"
    if not colon or not all(part.isidentifier() for part in module.strip().split(".")):
        raise Unusable(f"{quoted(source)} names no module and callable: {example}")
    try:
        call = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise Unusable(f"{quoted(expression.strip())} isn't Python: {example}") from None
    if not isinstance(call, ast.Call):
        raise Unusable(f"{quoted(expression.strip())} isn't a call: {example}")
    target: ast.expr = call
    called: ast.expr = call.func
    while isinstance(target, ast.Attribute | ast.Call):
        if isinstance(target, ast.Call):
            for argument in [*target.args, *(keyword.value for keyword in target.keywords)]:
                _require_literal(argument)
            called = target.func
        target = target.func if isinstance(target, ast.Call) else target.value
    if not isinstance(target, ast.Name):
        raise Unusable(f"{quoted(expression.strip())} calls no plain name: {example}")
    return f"from {module.strip()} import {target.id}\n\nmodel = {expression.strip()}", ast.unparse(called)


def _require_literal(argument: ast.expr) -> None:
    try:
        ast.literal_eval(argument)
    except (ValueError, TypeError, MemoryError, RecursionError):
        text = ast.unparse(argument)
        raise Unusable(f"the argument {excerpt(text)} isn't a literal; put such code into the body") from None
