"""Values inside functions and loops, seen when their line runs: the first one, or that of some round."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.report import Observation, TensorSpec
from sphinx_kerasshape.messages.request import Inside, Look
from sphinx_kerasshape.worker.code import find_model, weightless
from sphinx_kerasshape.worker.read import observed

_SEE = "_kerasshape_see"
Place = tuple[int, Inside]
"""The number of a piece, and what is looked at in it."""


class Reporter(NamedTuple):
    """The function that code calls to report a value, and the number by which it knows the value's place."""

    function: str
    key: int

    def call(self, value: ast.expr) -> ast.expr:
        """Return an expression that reports the value of another one, and has it."""
        call = ast.Call(ast.Name(self.function, ast.Load()), [ast.Constant(self.key), value], [])
        return ast.copy_location(call, value)


class Sight:
    """What was seen inside the pieces of a run."""

    def __init__(
        self, describe: Callable[[Any], Observation], tensors: Callable[[Any], tuple[TensorSpec, ...]]
    ) -> None:
        self._describe = describe
        self._tensors = tensors
        self.values: dict[Place, tuple[TensorSpec, ...] | int | Observation] = {}
        self._places: list[Place] = []
        self._visits: list[int] = []
        """How often each place was visited."""

    def see(self, key: int, value: Any) -> Any:
        """Note a value, if it is the first at its place, and return it."""
        place = self._places[key]
        self._visits[key] += 1
        if place not in self.values and place[1].visit in (0, self._visits[key]):
            with contextlib.suppress(observed.Unobservable, weightless.NeedsValues):
                if find_model.is_model(value):
                    self.values[place] = self._describe(value)
                    return value
                number = observed.whole_number(value)
                self.values[place] = self._tensors(value) if number is None else number
        return value

    def watch(self, tree: ast.Module, piece: int, inside: tuple[Inside, ...], names: dict[str, Any]) -> None:
        """Have the code of a piece report the values that are looked at inside it."""
        names[_SEE] = self.see
        if not inside:
            return
        code = Code(tree)
        for one in inside:
            self._places.append((piece, one))
            self._visits.append(0)
            code.insert(one, Reporter(_SEE, len(self._places) - 1))
        code.complete()


class Code:
    """The syntax tree of code, in which values are looked at."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._parts: dict[int, list[_Part]] = {}
        """The expressions that end at a line."""
        self._statements: dict[int, tuple[list[ast.stmt], ast.stmt]] = {}
        """The last simple statement that ends at a line, and the list that has it."""
        for parent in ast.walk(tree):
            for name, field in ast.iter_fields(parent):
                for place, node in enumerate(field if isinstance(field, list) else [field]):
                    if isinstance(node, ast.expr) and not _is_target(node):
                        self._parts.setdefault(node.end_lineno or 0, []).append(
                            _Part(parent, name, place, node)
                        )
                    elif isinstance(node, ast.stmt) and not hasattr(node, "body"):
                        self._note(field, node)

    def _note(self, body: list[ast.stmt], statement: ast.stmt) -> None:
        # The last of several statements on a line is the one that a comment behind them speaks of.
        line = statement.end_lineno or 0
        other = self._statements.get(line, (body, statement))[1]
        if (other.end_col_offset or 0) <= (statement.end_col_offset or 0):
            self._statements[line] = body, statement

    def insert(self, one: Inside | Look, reporter: Reporter) -> None:
        """Have the code report a value where its line runs; if that is not possible, it stays as it is."""
        if isinstance(one, Look) and (one.kind in ("tensor", "layer") or _has_call(_parsed(one.expression))):
            self._wrap(one, reporter)
        elif one.line in self._statements:
            body, statement = self._statements[one.line]
            if (value := _own_value(statement, one.expression)) is not None:
                self._report(value, reporter)
            elif (report := _report(one.expression, reporter)) is not None:
                place = next(place for place, node in enumerate(body) if node is statement)
                for node in ast.walk(report):
                    ast.copy_location(node, statement)
                body.insert(place + 1, report)

    def _wrap(self, look: Look, reporter: Reporter) -> None:
        """Have the last expression of a line that is written so report its value in its place."""
        expression = ast.unparse(_parsed(look.expression) or ast.Pass())
        parts = sorted(self._parts.get(look.line, ()), key=lambda part: -(part.node.end_col_offset or 0))
        found = next((part.node for part in parts if ast.unparse(part.node) == expression), None)
        if found is not None:
            self._report(found, reporter)

    def _report(self, node: ast.expr, reporter: Reporter) -> None:
        """Have an expression report its value in its place."""
        parts = self._parts[node.end_lineno or 0]
        part = next(part for part in parts if part.node is node)
        call = reporter.call(node)
        if isinstance(field := getattr(part.parent, part.name), list):
            field[part.place] = call
        else:
            setattr(part.parent, part.name, call)
        parts.remove(part)
        parts.append(_Part(call, "args", 1, node))

    def complete(self) -> None:
        """Give places to what was inserted; nothing more can be."""
        ast.fix_missing_locations(self._tree)


class _Part(NamedTuple):
    """An expression, and the field of its parent that has it."""

    parent: ast.AST
    name: str
    place: int
    node: ast.expr


def _is_target(node: ast.expr) -> bool:
    return not isinstance(getattr(node, "ctx", None), (ast.Load, type(None)))


def _own_value(statement: ast.stmt, expression: str) -> ast.expr | None:
    """Return the value of a statement, if an expression is it."""
    value: ast.expr | None = getattr(statement, "value", None)
    seen = _parsed(expression)
    if value is None or expression == "":
        return value
    is_own = isinstance(statement, (ast.Return, ast.Expr)) and seen is not None
    return value if is_own and seen is not None and ast.unparse(value) == ast.unparse(seen) else None


def _report(expression: str, reporter: Reporter) -> ast.stmt | None:
    """Return a statement that reports a value, if looking at it calls nothing."""
    seen = _parsed(expression)
    if seen is None or _has_call(seen):
        return None
    # What can't be looked at must not end the code.
    return ast.Try([ast.Expr(reporter.call(seen))], [ast.ExceptHandler(body=[ast.Pass()])], [], [])


def _has_call(expression: ast.expr | None) -> bool:
    return expression is not None and any(isinstance(node, ast.Call) for node in ast.walk(expression))


def _parsed(expression: str) -> ast.expr | None:
    with contextlib.suppress(SyntaxError):
        return ast.parse(expression, mode="eval").body
    return None
