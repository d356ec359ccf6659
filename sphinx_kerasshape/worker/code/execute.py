"""Execution of the author's code: its namespace, and the file names that tracebacks show.

The code runs as a module of its own, never as ``__main__``, so a file's ``if __name__ == "__main__":``
part, which usually trains, does not run.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
import types
from collections.abc import Callable
from typing import Any

from sphinx_kerasshape.messages.request import Piece, Request
from sphinx_kerasshape.worker.code import by_value

MODULE = "kerasshape_page"
_DOCUMENT = "kerasshape_document"
_BLOCK = "<kerasshape block{}>"
"""File name of a block's code in tracebacks; its first line is 1."""
_DOCUMENT_BLOCK = "<kerasshape document {}>"
PRELUDE = "<kerasshape_prelude>"
SUBJECT = "_kerasshape_subject"
_PLOTS = ("plot_model", "model_to_dot")


def namespace(request: Request) -> dict[str, Any]:
    """Return the namespace for a request's code."""
    module = types.ModuleType(_DOCUMENT if request.kind == "document" else MODULE)
    if request.origin:
        module.__file__ = request.origin
    sys.modules[module.__name__] = module
    by_value.send(module.__name__)
    return module.__dict__


def file_name(request: Request) -> str:
    """Return the file name of a request's code in tracebacks."""
    number = len(request.earlier) + 1
    return request.origin or _BLOCK.format(f" {number}" if number > 1 else "")


def piece_file(piece: Piece) -> str:
    """Return the file name of a piece's code in tracebacks, where lines are those of its block."""
    return _DOCUMENT_BLOCK.format(piece.block)


def run_prelude(request: Request, names: dict[str, Any]) -> None:
    """Run the code that comes before a request's own."""
    exec(compile(_with_lines_cached(request.prelude, PRELUDE), PRELUDE, "exec"), names)


def compiled(
    request: Request, names: dict[str, Any], watch: Callable[[ast.Module], None]
) -> Callable[[], Any]:
    """Run the prelude and compile a request's code. Raises ``SyntaxError`` if the code isn't Python.

    The returned function runs the code; it returns the value of the last statement if this is an
    expression, else ``None``. For ``x.summary()`` and ``plot_model(x)``, that is ``x``, also at the end of
    a last ``with``, ``for``, ``if`` or ``try``. ``watch`` may change the code's syntax tree.
    """
    if not request.earlier:
        run_prelude(request, names)
    name = file_name(request)
    tree = ast.parse(request.code, name)
    _with_lines_cached(request.code, name)
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    if last is not None:
        last.value = keeping_subject(last.value)
    elif tree.body:
        _keep_last_subjects(tree.body[-1])
    watch(tree)
    # Statements that watch may follow the last one.
    place = len(tree.body) if last is None else tree.body.index(last)
    parts = [ast.Module(tree.body[:place], []), ast.Module(tree.body[place + 1 :], [])]
    before, after = (compile(part, name, "exec") for part in parts)
    value_of_last = compile(ast.Expression(last.value), name, "eval") if last is not None else None

    def run() -> Any:
        names.pop(SUBJECT, None)  # that of an earlier block that failed
        exec(before, names)
        value = eval(value_of_last, names) if value_of_last is not None else None
        exec(after, names)
        return names.pop(SUBJECT, value)

    return run


def keeping_subject(expression: ast.expr) -> ast.expr:
    """Return an expression that also keeps the object which it describes, if it is such a call."""
    match expression:
        case ast.Call(func=ast.Name(id="print"), args=[inner]):
            expression.args = [keeping_subject(inner)]
        case ast.Call(func=ast.Attribute(attr="summary") as function):
            function.value = kept(function.value)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[subject, *others]):
            if name in _PLOTS:
                expression.args = [kept(subject), *others]
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), keywords=keywords):
            for keyword in keywords:
                if name in _PLOTS and keyword.arg == "model":
                    keyword.value = kept(keyword.value)
    return expression


def _keep_last_subjects(statement: ast.stmt) -> None:
    """Have a compound statement keep what the calls at the end of its bodies describe."""
    if not isinstance(statement, ast.With | ast.For | ast.While | ast.If | ast.Try):
        return
    for last in (
        body[-1] for name in ("body", "orelse", "finalbody") if (body := getattr(statement, name, None))
    ):
        if isinstance(last, ast.Expr):
            last.value = keeping_subject(last.value)
        else:
            _keep_last_subjects(last)


def kept(subject: ast.expr) -> ast.expr:
    """Return an expression that also keeps its value as the subject."""
    target = ast.copy_location(ast.Name(SUBJECT, ast.Store()), subject)
    return ast.copy_location(ast.NamedExpr(target, subject), subject)


def source(name: str, code: str) -> str:
    """Return the source of a function or class that the code imports in its first line."""
    first = ast.parse(code).body[0]
    assert isinstance(first, ast.ImportFrom)
    # The code may have rebound the name: ``from zoo import model; model = model()``.
    names = {alias.name: getattr(sys.modules[first.module or ""], alias.name) for alias in first.names}
    try:
        return inspect.cleandoc("\n" + inspect.getsource(eval(name, names))).rstrip()
    except (OSError, TypeError):
        return f"# There is no Python source of {name}."


def keep_lines(request: Request) -> None:
    """Store the lines of a request and of the earlier blocks of its session, which have not run here."""
    _with_lines_cached(request.prelude, PRELUDE)
    for block in request.session():
        _with_lines_cached(block.code, file_name(block))
    for number in {piece.block for piece in request.pieces}:
        of_block = [piece for piece in request.pieces if piece.block == number]
        _with_lines_cached(_block_code(of_block), piece_file(of_block[0]))


def _block_code(pieces: list[Piece]) -> str:
    """Return the code of a block as far as its pieces have it, each at its line."""
    lines: list[str] = []
    for piece in pieces:
        own = piece.code.split("\n")
        lines += [""] * (piece.line - 1 + len(own) - len(lines))
        lines[piece.line - 1 : piece.line - 1 + len(own)] = own
    return "\n".join(lines)


def _with_lines_cached(code: str, name: str) -> str:
    """Return code, after storing its lines for tracebacks and ``inspect`` if it is in no file."""
    if name.startswith("<"):
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    return code
