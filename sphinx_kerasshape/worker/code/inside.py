"""Values inside functions and loops, seen when their line runs; the first value counts."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable
from typing import Any

from sphinx_kerasshape.messages.report import Observation, TensorSpec
from sphinx_kerasshape.messages.request import Inside
from sphinx_kerasshape.worker.code import find_model, weightless
from sphinx_kerasshape.worker.read import followed, observed

_SEE = "_kerasshape_see"
Place = tuple[int, Inside]
"""The number of a piece, and what is looked at in it."""


class Sight:
    """What was seen inside the pieces of a run."""

    def __init__(self, describe: Callable[[Any], Observation]) -> None:
        self._describe = describe
        self.values: dict[Place, tuple[TensorSpec, ...] | int | Observation] = {}
        self._places: list[Place] = []

    def see(self, key: int, value: Any) -> Any:
        """Note a value, if it is the first at its place, and return it."""
        place = self._places[key]
        if place not in self.values:
            with contextlib.suppress(observed.Unobservable, weightless.NeedsValues):
                if find_model.is_model(value):
                    self.values[place] = self._describe(value)
                    return value
                number = observed.whole_number(value)
                self.values[place] = followed.tensors(value) if number is None else number
        return value

    def watch(self, tree: ast.Module, piece: int, inside: tuple[Inside, ...], names: dict[str, Any]) -> None:
        """Have the code of a piece report the values that are looked at inside it."""
        names[_SEE] = self.see
        for one in inside:
            self._places.append((piece, one))
            _report(tree, one, len(self._places) - 1)


def _report(tree: ast.Module, one: Inside, key: int) -> None:
    """Insert a call that reports a value, behind the statement that ends at its line."""
    for node in ast.walk(tree):
        for body in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            for place, statement in enumerate(body if isinstance(body, list) else ()):
                if statement.end_lineno == one.line and not hasattr(statement, "body"):
                    body.insert(place + 1, _reporting(statement, one.expression, key))  # type: ignore[union-attr]
                    ast.fix_missing_locations(tree)
                    return


def _reporting(statement: ast.stmt, expression: str, key: int) -> ast.stmt:
    """Return the statement that follows another one; its own value is reported where it stands."""
    value = getattr(statement, "value", None)
    own = ast.unparse(value) if isinstance(statement, (ast.Return, ast.Expr)) and value is not None else ""
    if own and expression in ("", own):
        statement.value = _call(key, value)  # type: ignore[attr-defined, arg-type]
        return ast.copy_location(ast.Pass(), statement)
    with contextlib.suppress(SyntaxError):
        seen = ast.parse(expression, mode="eval").body
        if not any(isinstance(node, ast.Call) for node in ast.walk(seen)):
            return ast.copy_location(ast.Expr(_call(key, seen)), statement)
    return ast.copy_location(ast.Pass(), statement)


def _call(key: int, value: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(_SEE, ast.Load()), [ast.Constant(key), value], [])
