"""Pieces of a document as Python compiles them: they run statement by statement, and keep a value."""

from __future__ import annotations
import __future__

import ast
import contextlib
from collections.abc import Callable, Iterable
from typing import Any

from sphinx_kerasshape.messages.request import Piece
from sphinx_kerasshape.text import excerpt
from sphinx_kerasshape.worker.code import execute

_RECEIVING = frozenset(
    (
        *("fit", "fit_generator", "train_on_batch", "evaluate", "evaluate_generator", "test_on_batch"),
        *("predict", "predict_generator", "predict_on_batch", "predict_step", "compile", "adapt"),
        *("save", "save_weights", "load_weights", "set_weights", "add_loss", "add_metric", "reset_states"),
    )
)
"""The methods of a model that leave its layers as they are once it is built."""


class Code:
    """A piece that is Python. Raises ``SyntaxError`` and the like if it is not."""

    def __init__(self, piece: Piece, flags: int, watch: Callable[[ast.Module], None]) -> None:
        self._file = execute.piece_file(piece)
        self._lines = piece.code.split("\n")
        self._first = piece.line
        self._tree = _parsed(piece, self._file)
        self._value = None
        if "" in piece.observe and self._tree.body:
            self._value = _watched(self._tree.body[-1])
        watch(self._tree)
        self._flags = flags

    def run(self, names: dict[str, Any]) -> Any:
        """Run it; return the value of its last statement if this is to be observed, else ``None``."""
        names.pop(execute.SUBJECT, None)
        try:
            exec(self._compiled(self._tree, "exec"), names)
        finally:
            subject = names.pop(execute.SUBJECT, None)
        return subject if self._value is None else eval(self._compiled(self._value, "eval"), names)

    def statement(self, line: int) -> str:
        """Return the statement that has a line of the block, shortened to what fits into a message."""
        found = [item for item in ast.walk(self._tree) if isinstance(item, ast.stmt)]
        found = [item for item in found if item.lineno <= line <= (item.end_lineno or item.lineno)]
        if not found:
            return excerpt(self._lines[0].strip())
        inner = max(found, key=lambda item: item.lineno)
        text = self._lines[inner.lineno - self._first].strip()
        if inner.end_lineno != inner.lineno and not hasattr(inner, "body"):
            text += "…)" if text.endswith("(") else " …"
        return excerpt(text)

    def imported(self, names: dict[str, Any]) -> set[str]:
        """Import what is there of the names that its only statement imports; return them."""
        match self._tree.body:
            case [ast.ImportFrom(names=[_, _, *_]) | ast.Import(names=[_, _, *_]) as statement]:
                found = set()
                for alias in statement.names:
                    one = (
                        ast.ImportFrom(statement.module, [alias], statement.level)
                        if isinstance(statement, ast.ImportFrom)
                        else ast.Import([alias])
                    )
                    with contextlib.suppress(ImportError):
                        tree = ast.Module([ast.copy_location(one, statement)], [])
                        exec(self._compiled(tree, "exec"), names)
                        found.add(alias.asname or alias.name.partition(".")[0])
                return found
        return set()

    def receivers(self) -> set[str]:
        """Return the names that its only statement calls, or calls ``fit`` and the like of."""
        if len(self._tree.body) != 1:
            return set()
        found = set()
        for node in ast.walk(self._tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name() | ast.Attribute() as receiver, attr=method)
                ):
                    if method in _RECEIVING:
                        found.add(ast.unparse(receiver))
                case ast.Call(func=ast.Name(id=name)):
                    found.add(name)
        return found

    def binds(self) -> set[str]:
        """Return the names that it binds itself."""
        found = set()
        for node in ast.walk(self._tree):
            match node:
                case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                    found.add(name)
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    found.add(name)
                case ast.alias(name=name, asname=asname):
                    found.add(asname or name.partition(".")[0])
        return found

    def _compiled(self, tree: Any, mode: str) -> Any:
        return compile(tree, self._file, mode, self._flags, dont_inherit=True)


def future_flags(pieces: Iterable[Piece]) -> int:
    """Return the compiler's flags for the ``from __future__`` imports of a document."""
    flags = 0
    for piece in pieces:
        for name in __future__.all_feature_names if "__future__" in piece.code else ():
            if name in piece.code:
                flags |= getattr(__future__, name).compiler_flag
    return flags


def _parsed(piece: Piece, file: str) -> ast.Module:
    tree = ast.parse(piece.code, file)
    ast.increment_lineno(tree, piece.line - 1)
    return tree


def _watched(statement: ast.stmt) -> ast.Expression | None:
    """Have a statement keep its value, or return the expression that gives it afterwards."""
    match statement:
        case ast.Expr():
            statement.value = _keeping_value(statement.value)
        case ast.Assign(targets=[target, *_]) | ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return ast.parse(ast.unparse(target), mode="eval")
        case ast.With(body=[*_, last]) | ast.For(body=[*_, last]) | ast.If(body=[*_, last]):
            return _watched(last)
    return None


def _keeping_value(expression: ast.expr) -> ast.expr:
    """Return an expression that keeps its value; of a text, the one value that is written into it."""
    parts = _parts(expression)
    if parts is not None:
        shown = [number for number, part in enumerate(parts) if not isinstance(part, ast.Constant)]
        if len(shown) == 1 and not isinstance(parts[shown[0]], ast.Starred):
            _put(expression, parts, shown[0])
        return expression
    expression = execute.keeping_subject(expression)
    is_kept = any(isinstance(node, ast.Name) and node.id == execute.SUBJECT for node in ast.walk(expression))
    return expression if is_kept else execute.kept(expression)


def _parts(expression: ast.expr) -> list[ast.expr] | None:
    """Return what ``print`` prints, or what is written into a text; ``None`` for anything else."""
    match expression:
        case ast.Call(func=ast.Name(id="print" | "str" | "repr"), args=parts) | ast.JoinedStr(values=parts):
            return parts
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="format"), args=parts):
            return parts
        case ast.FormattedValue(value=part):
            return [part]
        case ast.BinOp(left=ast.Constant(value=str()) as text, op=ast.Mod() | ast.Add(), right=right):
            return [text, right]
    return None


def _put(expression: Any, parts: list[ast.expr], number: int) -> None:
    """Have a part of an expression keep its value."""
    kept = _keeping_value(parts[number])
    if isinstance(expression, ast.FormattedValue):
        expression.value = kept
    elif isinstance(expression, ast.BinOp):
        expression.right = kept
    else:
        parts[number] = kept
