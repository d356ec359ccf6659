"""What is looked at in the code of a directive: shapes for hints, and what its comments speak of."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Block, CodeLine, Stated
from sphinx_kerasshape.audit.judging import judging
from sphinx_kerasshape.audit.judging.names import Names
from sphinx_kerasshape.audit.statements import comments, syntax
from sphinx_kerasshape.audit.statements.literals import comments as comments_in
from sphinx_kerasshape.audit.statements.python_code import parsed
from sphinx_kerasshape.audit.verdict import HOLDS, UNCHECKED, Verdict
from sphinx_kerasshape.axes import notation
from sphinx_kerasshape.messages.report import Observation
from sphinx_kerasshape.messages.request import Look, Request

_LATE = re.compile(r"(.*)\.(?:count_params\(\)|output)")
"""An expression for what a layer or a model has once it is built; the observation of these has both."""
_MAKING = (ast.Call, ast.BinOp, ast.UnaryOp, ast.Subscript, ast.Compare)
"""What makes a tensor, apart from names for one that is there."""


class _Commented(NamedTuple):
    """A statement of a comment, and the look at what it speaks of."""

    stated: Stated
    look: Look


def looks(code: str, *, is_annotated: bool, is_checked: bool) -> tuple[Look, ...]:
    """Return what is looked at in code: for a hint behind each line, and for the claims of its comments."""
    if not is_annotated and "#" not in code:
        return ()
    tree = parsed(code)
    if tree is None:
        return ()
    found = [one.look for one in _commented(tree, code)] if is_checked else []
    return (*dict.fromkeys(found), *(_hints(tree, code) if is_annotated else ()))


def verdicts(request: Request, observations: Iterable[Observation]) -> Iterator[Verdict]:
    """Yield the verdict on each comment that speaks of a value; of several values, one has to confirm it.

    Places are in the request's code.
    """
    tree = parsed(request.code) if any(not look.hint for look in request.looks) else None
    if tree is None:
        return
    found = [one for one in _commented(tree, request.code) if one.look in request.looks]
    names = Names(judging.claims_in(one.stated for one in found), _axes(request))
    seen: dict[Look, list[Observation]] = {}
    for observation in observations:
        seen.setdefault(request.looks[observation.piece], []).append(observation)
    names.learn(
        (claim, one.tensors)
        for stated, look in found
        for one in seen.get(look, ())[:1]
        for claim in judging.claims_in([stated])
    )
    for stated, look in found:
        judged = [judging.on_stated(stated, one, names) for one in seen.get(look, ())]
        judged.sort(key=lambda one: one.verdict != HOLDS)
        unseen = Verdict(
            stated.kind,
            stated.place,
            stated.text,
            UNCHECKED,
            reason="its line does not run, or makes no tensor",
        )
        yield judged[0] if judged else unseen


def _commented(tree: ast.Module, code: str) -> Iterator[_Commented]:
    lines = code.split("\n")
    starts = itertools.accumulate((len(line) + 1 for line in lines), initial=0)
    block = Block(0, tuple(CodeLine(line, start) for line, start in zip(lines, starts, strict=False)))
    for stated in comments.stated(tree, block, 0):
        late = _LATE.fullmatch(stated.subject.expression)
        expression = late[1] if late else stated.subject.expression
        is_named = stated.kind != "count" and re.search(r"[A-Za-z_]", stated.text.replace("None", ""))
        yield _Commented(stated, Look(stated.subject.line, expression, "named" if is_named else "value"))


def _hints(tree: ast.Module, code: str) -> list[Look]:
    """Return the looks for hints: one for a line that ends a statement, or has a layer of a list."""
    stated = {token.start[0] for token in comments_in(code) if comments.is_shape(token.string)}
    by_line: dict[int, Look] = {}
    for statement in syntax.in_order(tree):
        for look in _of_statement(statement):
            by_line[look.hint] = look
    return [look for line, look in sorted(by_line.items()) if line not in stated]


def _of_statement(statement: syntax.Simple) -> Iterator[Look]:
    value, last = statement.value, syntax.last_line(statement)
    assert value is not None
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and syntax.is_sequential(node):
            for layer, _ in syntax.elements(node, ""):
                if layer.lineno > statement.lineno:
                    yield _part(layer, "layer", syntax.last_line(layer))
    if isinstance(statement, ast.AugAssign):
        yield Look(last, ast.unparse(statement.target), "target", last)
    elif (
        isinstance(statement, ast.Expr)
        and isinstance(value, ast.Call)
        and syntax.name_of(value.func) == "add"
    ):
        if len(value.args) == 1:
            yield _part(value.args[0], "layer", last)
    elif not syntax.is_sequential(value) and any(isinstance(node, _MAKING) for node in ast.walk(value)):
        yield _part(value, "tensor", last)


def _part(node: ast.expr, kind: str, hint: int) -> Look:
    return Look(syntax.last_line(node), ast.unparse(node), kind, hint)


def _axes(request: Request) -> set[str]:
    """Return the names that the request gives to axes."""
    try:
        return set(itertools.chain(*notation.axis_names(request.axes).values())) if request.axes else set()
    except notation.Unreadable:
        return set()
