"""Values inside functions and loops, seen when their line runs; the first value counts."""

from __future__ import annotations

import ast
import contextlib
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.report import TensorSpec
from sphinx_kerasshape.messages.request import Inside, Look
from sphinx_kerasshape.worker.code import weightless
from sphinx_kerasshape.worker.read import followed, observed

_SEE = "_kerasshape_see"
Place = tuple[int, Inside]
"""The number of a piece, and what is looked at in it."""


class Reporter(NamedTuple):
    """The function that code calls to report a value, and the number by which it knows the value's place."""

    function: str
    key: int

    def call(self, value: ast.expr) -> ast.expr:
        """Return an expression that reports the value of another one, and has it."""
        return ast.Call(ast.Name(self.function, ast.Load()), [ast.Constant(self.key), value], [])


class Sight:
    """What was seen inside the pieces of a run."""

    def __init__(self) -> None:
        self.values: dict[Place, tuple[TensorSpec, ...] | int] = {}
        self._places: list[Place] = []

    def see(self, key: int, value: Any) -> Any:
        """Note a value, if it is the first at its place, and return it."""
        place = self._places[key]
        if place not in self.values:
            with contextlib.suppress(observed.Unobservable, weightless.NeedsValues):
                number = observed.whole_number(value)
                self.values[place] = followed.tensors(value) if number is None else number
        return value

    def watch(self, tree: ast.Module, piece: int, inside: tuple[Inside, ...], names: dict[str, Any]) -> None:
        """Have the code of a piece report the values that are looked at inside it."""
        names[_SEE] = self.see
        for one in inside:
            self._places.append((piece, one))
            insert(tree, one, Reporter(_SEE, len(self._places) - 1))


def insert(tree: ast.Module, one: Inside | Look, reporter: Reporter) -> None:
    """Have code report a value where its line runs; if that is not possible, the code stays as it is."""
    if isinstance(one, Look) and (one.kind in ("tensor", "layer") or _has_call(_parsed(one.expression))):
        _wrap(tree, one, reporter)
        return
    for node in ast.walk(tree):
        for body in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            # The last of several statements on a line is the one that a comment behind them speaks of.
            for place, statement in reversed([*enumerate(body if isinstance(body, list) else ())]):
                if statement.end_lineno == one.line and not hasattr(statement, "body"):
                    body[place + 1 : place + 1] = _following(statement, one.expression, reporter)  # type: ignore[index]
                    ast.fix_missing_locations(tree)
                    return


def _wrap(tree: ast.Module, look: Look, reporter: Reporter) -> None:
    """Have the last expression of a line that is written so report its value in its place."""
    expression = ast.unparse(_parsed(look.expression) or ast.Pass())
    found: tuple[ast.AST, str, int, ast.expr] | None = None
    for parent in ast.walk(tree):
        for name, field in ast.iter_fields(parent):
            for place, node in enumerate(field if isinstance(field, list) else [field]):
                if not isinstance(node, ast.expr) or node.end_lineno != look.line or _is_target(node):
                    continue
                is_last = found is None or (found[3].end_col_offset or 0) < (node.end_col_offset or 0)
                if is_last and ast.unparse(node) == expression:
                    found = parent, name, place, node
    if found is None:
        return
    parent, name, place, node = found
    call = ast.copy_location(reporter.call(node), node)
    if isinstance(field := getattr(parent, name), list):
        field[place] = call
    else:
        setattr(parent, name, call)
    ast.fix_missing_locations(tree)


def _is_target(node: ast.expr) -> bool:
    return not isinstance(getattr(node, "ctx", None), (ast.Load, type(None)))


def _following(statement: ast.stmt, expression: str, reporter: Reporter) -> list[ast.stmt]:
    """Return the statements that report a value behind another; its own value is reported where it stands."""
    value = getattr(statement, "value", None)
    seen = _parsed(expression)
    is_own = isinstance(statement, (ast.Return, ast.Expr)) and value is not None and seen is not None
    if value is not None and (expression == "" or (is_own and ast.unparse(value) == ast.unparse(seen))):  # type: ignore[arg-type]
        statement.value = reporter.call(value)  # type: ignore[attr-defined]
        return []
    if seen is None or _has_call(seen):
        return []
    # What can't be looked at must not end the code.
    report = ast.Try([ast.Expr(reporter.call(seen))], [ast.ExceptHandler(body=[ast.Pass()])], [], [])
    return [ast.copy_location(report, statement)]


def _has_call(expression: ast.expr | None) -> bool:
    return expression is not None and any(isinstance(node, ast.Call) for node in ast.walk(expression))


def _parsed(expression: str) -> ast.expr | None:
    with contextlib.suppress(SyntaxError):
        return ast.parse(expression, mode="eval").body
    return None
