"""Which statements the values of names depend on: from the last statement to the first."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.slicing.effects import Effect


class Use(NamedTuple):
    """Where a name is used: the statement at the top, by its number, and the line in its block."""

    top: int
    line: int
    is_late: bool = False
    """Whether only a function uses it, which may be called there."""


Live = dict[str, Use]
"""The names whose values matter at a place."""

_JUMPS = (ast.Return, ast.Raise, ast.Break, ast.Continue, ast.Global, ast.Nonlocal, ast.Assert)


class Backward:
    """A walk from the end of some code to its start, which notes the statements that matter."""

    def __init__(
        self,
        effects: Mapping[int, Effect],
        forced: frozenset[int] = frozenset(),
        has_outside: bool = False,
        built: frozenset[str] | None = None,
    ) -> None:
        self.kept: set[int] = set()
        self.top = 0
        self._connected: set[str] = set()
        """Names of what later statements build without data."""
        self._effects = effects
        self._forced = forced
        self._has_outside = has_outside
        self._built = built
        """The names of models that statements build, of which these matter; ``None`` for all."""
        self._jumps = has_outside
        """Whether the code around is kept, so that what leaves or skips a part of it matters."""

    @property
    def connected(self) -> frozenset[str]:
        """The names of what later statements build without data."""
        return frozenset(self._connected)

    def suite(self, statements: Sequence[ast.stmt], live: Live) -> Live:
        """Return the names that matter before some statements, of those that matter behind them."""
        for statement in reversed(statements):
            live = self.statement(statement, live)
        return live

    def statement(self, node: ast.stmt, live: Live) -> Live:
        """Return the names that matter before a statement."""
        match node:
            case ast.If():
                before = self._if(node, live)
            case ast.For() | ast.AsyncFor() | ast.While():
                before = self._loop(node, live)
            case ast.With() | ast.AsyncWith():
                before = self._with(node, live)
            case ast.Try() | ast.TryStar():
                before = self._try(node, live)
            case ast.Match():
                before = self._match(node, live)
            case _ if self._matters(node, live):
                before = self._before(node, live, kills=True)
            case _:
                before = live
        return before

    def is_forced(self, node: ast.stmt) -> bool:
        """Whether a statement is kept whatever it does."""
        return id(node) in self._forced

    def _matters(self, node: ast.stmt, live: Live) -> bool:
        effect = self._effects[id(node)]
        return (
            id(node) in self._forced
            or effect.is_setting
            or (self._has_outside and effect.is_outward)
            or (self._jumps and isinstance(node, _JUMPS))
            or not live.keys().isdisjoint(effect.binds)
            or not live.keys().isdisjoint(effect.mutates)
            or not live.keys().isdisjoint(self._among_built(effect.builds) - self._connected)
        )

    def _among_built(self, names: frozenset[str]) -> frozenset[str]:
        return names if self._built is None else names & self._built

    def _before(self, node: ast.stmt, live: Live, kills: bool) -> Live:
        self.kept.add(id(node))
        effect = self._effects[id(node)]
        self._connected = self._connected - effect.binds | self._among_built(effect.connects)
        before = {name: use for name, use in live.items() if not (kills and name in effect.binds)}
        before |= dict.fromkeys(effect.late, Use(self.top, node.lineno, is_late=True))
        before |= dict.fromkeys(effect.uses, Use(self.top, node.lineno))
        return before

    def _held(self, statements: Sequence[ast.stmt]) -> bool:
        return any(id(statement) in self.kept for statement in statements)

    def _if(self, node: ast.If, live: Live) -> Live:
        body, orelse = self.suite(node.body, live), self.suite(node.orelse, live)
        if not (self._held(node.body) or self._held(node.orelse) or self._matters(node, live)):
            return live
        return self._before(node, body | orelse, kills=False)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, live: Live) -> Live:
        after = self.suite(node.orelse, live)
        around = self._around(node, after)
        if not (self._held(node.body) or self._held(node.orelse) or self._matters(node, live)):
            return live
        jumps, self._jumps = self._jumps, True
        around = self._around(node, around)
        self._jumps = jumps
        return around

    def _around(self, node: ast.For | ast.AsyncFor | ast.While, after: Live) -> Live:
        """Return the names that matter before a loop: those behind it, and those of any of its rounds."""
        around = after
        targets = self._effects[id(node)].binds
        while True:
            body = self.suite(node.body, around)
            inside = {name: use for name, use in body.items() if name in after or name not in targets}
            kept = self._held(node.body) or self._matters(node, around)
            grown = self._before(node, around | inside, kills=False) if kept else around
            if grown.keys() == around.keys():
                return around
            around = grown

    def _with(self, node: ast.With | ast.AsyncWith, live: Live) -> Live:
        body = self.suite(node.body, live)
        if not (self._held(node.body) or self._matters(node, live)):
            return live
        return self._before(node, body, kills=True)

    def _try(self, node: ast.Try | ast.TryStar, live: Live) -> Live:
        before = self._tried(node, live)
        if before is None:
            return live
        forced = self._forced
        self._forced |= {id(part) for part in node.body if self._may_fail(part)}
        before = self._tried(node, live)
        self._forced = forced
        return before or live

    def _may_fail(self, node: ast.stmt) -> bool:
        effect = self._effects[id(node)]
        return not isinstance(node, ast.Expr) or bool(effect.mutates or effect.builds)

    def _tried(self, node: ast.Try | ast.TryStar, live: Live) -> Live | None:
        """Return the names that matter before; ``None`` if the statement doesn't matter."""
        parts = [node.body, node.orelse, *(handler.body for handler in node.handlers), node.finalbody]
        end = self.suite(node.finalbody, live)
        handled = dict(end)
        for handler in node.handlers:
            handled |= self.suite(handler.body, end)
        body = self.suite(node.body, handled | self.suite(node.orelse, end))
        if not (any(map(self._held, parts)) or self._matters(node, live)):
            return None
        targets = self._effects[id(node)].binds
        before = {name: use for name, use in (handled | body).items() if name in live or name not in targets}
        return self._before(node, live | before, kills=False)

    def _match(self, node: ast.Match, live: Live) -> Live:
        bodies = [self.suite(case.body, live) for case in node.cases]
        if not (any(self._held(case.body) for case in node.cases) or self._matters(node, live)):
            return live
        targets = self._effects[id(node)].binds
        before = dict(live)
        for body in bodies:
            before |= {name: use for name, use in body.items() if name in live or name not in targets}
        return self._before(node, before, kills=False)
