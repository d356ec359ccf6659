"""The arguments of calls, and the parameters that they are given to."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sphinx_kerasshape.audit.slicing.scope import Scope


class Called(NamedTuple):
    """A call whose arguments have been read."""

    node: ast.Call
    name: str
    """The last part of the name of what is called."""
    positional: tuple[int, ...]
    named: dict[str | None, int]
    is_statement: bool

    @property
    def arguments(self) -> int:
        """All objects that are passed."""
        objects = 0
        for argument in (*self.positional, *self.named.values()):
            objects |= argument
        return objects


def called_with(scope: Scope, node: ast.Call, name: str, is_statement: bool) -> Called:
    """Return a call with the objects of its arguments."""
    positional = tuple(scope.value(argument) for argument in node.args)
    named = {keyword.arg: scope.value(keyword.value) for keyword in node.keywords}
    return Called(node, name, positional, named, is_statement)


def parameters(function: ast.AST, called: Called, receiver: int | None) -> dict[str, int]:
    """Return what each parameter of a function is given."""
    arguments: ast.arguments = function.args  # type: ignore[attr-defined]
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    positional = (*([] if receiver is None else [receiver]), *called.positional)
    is_plain = None not in called.named and not any(
        isinstance(node, ast.Starred) for node in called.node.args
    )
    if not is_plain:
        rest = called.arguments
        given = dict.fromkeys([*names, *(argument.arg for argument in arguments.kwonlyargs)], rest)
        return given | ({names[0]: receiver} if receiver is not None and names else {})
    given = dict.fromkeys([*names, *(argument.arg for argument in arguments.kwonlyargs)], 0)
    given |= dict(zip(names, positional, strict=False))
    given |= {name: objects for name, objects in called.named.items() if name in given}
    for rest_of in (arguments.vararg, arguments.kwarg):
        if rest_of:
            given[rest_of.arg] = called.arguments
    return given
