"""The author's code, made to run: a namespace, and names for frames to point at.

The code runs as a module of its own, never as ``__main__``: a file's
``if __name__ == "__main__":`` part, which usually trains, stays quiet.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
import types
from collections.abc import Callable
from typing import Any

from sphinx_kerasshape.messages.request import Request

MODULE = "kerasshape_page"
_BLOCK = "<kerasshape block{}>"
"""File name of a block's code in frames; its lines are counted from 1."""
PRELUDE = "<kerasshape_prelude>"


def namespace(request: Request) -> dict[str, Any]:
    """Return the namespace that a request's code runs in."""
    module = types.ModuleType(MODULE)
    if request.origin:
        module.__file__ = request.origin
    sys.modules[MODULE] = module
    return module.__dict__


def file_name(request: Request) -> str:
    """Return the file name that the request's code has in frames."""
    return request.origin or block_name(len(request.earlier) + 1)


def block_name(number: int) -> str:
    """Return the file name of a session's block, by its number from 1."""
    return _BLOCK.format(f" {number}" if number > 1 else "")


def compiled(request: Request, names: dict[str, Any]) -> Callable[[], Any]:
    """Compile a request's code; calling the result runs it and gives its last value.

    The value is that of the last statement where this is an expression, else ``None``.
    Raises ``SyntaxError`` where the code isn't Python.
    """
    if not request.earlier:
        exec(compile(_remembered(request.prelude, PRELUDE), PRELUDE, "exec"), names)
    name = file_name(request)
    tree = ast.parse(request.code, name)
    _remembered(request.code, name)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = compile(ast.Expression(tree.body.pop().value), name, "eval")  # type: ignore[attr-defined]
    body = compile(tree, name, "exec")

    def run() -> Any:
        exec(body, names)
        return eval(last, names) if last is not None else None

    return run


def source(name: str, code: str) -> str:
    """Return the source of a function or class that the code imports in its first line."""
    first = ast.parse(code).body[0]
    assert isinstance(first, ast.ImportFrom)
    # The code may have another value by the name since: ``from zoo import model; model = model()``.
    names = {one.name: getattr(sys.modules[first.module or ""], one.name) for one in first.names}
    try:
        return inspect.cleandoc("\n" + inspect.getsource(eval(name, names))).rstrip()
    except (OSError, TypeError):
        return f"# There is no Python source of {name}."


def _remembered(code: str, name: str) -> str:
    """Let tracebacks and ``inspect`` find the lines of code that is in no file."""
    if name.startswith("<"):
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    return code
