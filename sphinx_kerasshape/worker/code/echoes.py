"""What a document shows of values that its code can't compute here, while its pieces run."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.request import Piece
from sphinx_kerasshape.worker.stand_ins import echoed


class Loss(NamedTuple):
    """Why a name is gone: the piece that failed first, and the names that are gone in turn."""

    piece: int
    names: tuple[str, ...] = ()
    builder: str = ""
    """The statement that would have built the model of that name."""


class Echoes:
    """The names that have stand-ins made of what the document shows, and what was made of these."""

    def __init__(self) -> None:
        self._losses: dict[str, Loss] = {}
        """Why the names have no values of their own."""
        self._shown: dict[str, frozenset[str]] = {}
        """The expressions of names that the stand-ins are made of."""

    def value(self, name: str, piece: Piece, loss: Loss) -> Any:
        """Return a stand-in for a name that a piece would define; ``None`` if nothing is shown of it."""
        shown = [one for one in piece.echoes if one[0]]
        value = echoed.value(name, shown) if shown else None
        if value is not None and not echoed.is_whole(value):
            self._losses[name] = loss
        if value is not None:
            self._shown[name] = frozenset(expression for expression, _ in piece.echoes)
        return value

    @staticmethod
    def folders(piece: Piece) -> list[tuple[int, int]]:
        """Return how many files and classes each call of a piece has found in a folder."""
        return [ast.literal_eval(value) for expression, value in piece.echoes if not expression]

    def follow(self, piece: Piece) -> None:
        """Note that a piece has run: what it defines is made of stand-ins if something in it is."""
        for name in piece.defines if self._losses else ():
            self._shown.pop(name, None)
        if (loss := self.loss(piece.code)) is not None:
            self._losses |= {name: loss._replace(names=(*loss.names, name)) for name in piece.defines}
        elif self._losses:
            for name in piece.defines:
                self._losses.pop(name, None)

    def loss(self, code: str) -> Loss | None:
        """Return why code has no values of its own; ``None`` if nothing in it is made of stand-ins."""
        names = _names(code) if self._losses else ()
        return next((self._losses[name] for name in names if name in self._losses), None)

    def loss_of(self, error: BaseException) -> Loss | None:
        """Return why a value is not known, if that is what an exception says."""
        return self._losses.get(error.root) if isinstance(error, echoed.Unknown) else None

    def asks_itself(self, expression: str) -> Loss | None:
        """Return why an expression has no value but the one that the document shows of it."""
        names = _names(expression) if self._shown else ()
        shown = (name for name in names if expression.strip() in self._shown.get(name, ()))
        return self._losses.get(next(shown, ""))


def _names(code: str) -> list[str]:
    """Return the names that code reads; those of functions' own are none."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return []
    own: set[str] = set()
    if any(isinstance(one, (ast.FunctionDef, ast.ClassDef)) for one in tree.body):
        own = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        own |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not _is_read(node)}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return [node.id for node in names if _is_read(node) and node.id not in own]


def _is_read(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)
