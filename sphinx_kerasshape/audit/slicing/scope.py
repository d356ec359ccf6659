"""Expressions read in the order in which they run: which objects they give, use and change."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sphinx_kerasshape.audit.slicing.effects import Effect
from sphinx_kerasshape.audit.slicing.expressions import READERS

if TYPE_CHECKING:
    from sphinx_kerasshape.audit.slicing.program import Program


class Scope:
    """The names of a module or of a function while its code is read, and what the present statement does."""

    def __init__(self, program: Program, owner: ast.AST | None = None) -> None:
        self.program = program
        self.heap = program.heap
        self.owner = owner
        """The function; ``None`` for the module."""
        self.names: dict[str, int] = {}
        self.texts: dict[str, str] = {}
        """Names of texts, such as paths of files."""
        self.inner: list[dict[str, int]] = []
        """Names of comprehensions and bodies of classes that are being read."""
        self.maybe = 0
        """In how many conditions and loops the present statement is."""
        self.returned = self.changed = 0
        self.all_bound: set[str] = set()
        self.has_setting = False
        self.touched: set[str] = set()
        """Names that were bound since somebody looked."""
        self.called: set[str] = set()
        self.trained: set[str] = set()
        self.given_under: set[str] = set()
        """Names under which a function is given something."""
        self.outside: set[str] = set()
        """Names that the function declares global."""
        self.start()

    def start(self) -> None:
        """Begin a statement."""
        self.uses: set[str] = set()
        self.late: set[str] = set()
        self.binds: set[str] = set()
        self.outside_bound: set[str] = set()
        self.mutated = self.built = self.connected = 0
        self.is_setting = self.is_outward = self.is_star = False

    def effect(self) -> Effect:
        """Return what the statement did."""
        outer = self.heap.outer
        is_outward = bool(
            self.is_outward
            or self.is_setting
            or self.mutated & outer
            or self.binds & self.outside
            or self.outside_bound
            or self.built & outer
        )
        return Effect(
            frozenset(self.uses),
            frozenset(self._late() - self.uses),
            frozenset(self.binds),
            self._affected(self.mutated) | self.outside_bound,
            self._affected(self.built),
            self._affected(self.connected),
            self.is_setting,
            is_outward,
            self.is_star,
        )

    def note(self, effect: Effect) -> None:
        """Add a statement to what all of the code does."""
        self.all_bound |= effect.binds | self.outside_bound
        self.outside |= self.outside_bound
        self.changed |= self.mutated
        self.has_setting |= self.is_setting

    def _affected(self, objects: int) -> frozenset[str]:
        if not objects:
            return frozenset()
        if objects.bit_count() > len(self.names):
            reachable = self.heap.reachable
            return frozenset(name for name, held in self.names.items() if reachable(held) & objects)
        holding = self.heap.holding(objects)
        return frozenset(name for name, held in self.names.items() if held & holding)

    def _late(self) -> set[str]:
        """Return the names that functions use which this statement may call, however indirectly."""
        return self.program.late(self.uses | self.late, self.names, self.owner) | self.late

    # Names

    def lookup(self, name: str) -> int:
        """Return the objects that a name stands for."""
        for inner in reversed(self.inner):
            if name in inner:
                return inner[name]
        self.uses |= {name, name.partition(".")[0]}
        if name not in self.names and self.owner is not None:
            self.names[name] = self.given(name)
        return self.names.get(name, 0)

    def given(self, name: str) -> int:
        """Return what a function is given under a name of its surroundings, or as an argument."""
        if name in self.given_under:
            return self.heap.made((self.owner, name))
        self.given_under.add(name)
        parts = self.heap.made((self.owner, name, "parts"))
        objects = self.heap.made((self.owner, name), parts)
        self.heap.outer |= objects | parts
        self.heap.parts |= parts
        self.program.given[objects.bit_length() - 1] = (self.owner, name)
        self.program.given[parts.bit_length() - 1] = (self.owner, f"{name}.*")
        return objects

    def surrounding(self, name: str) -> int:
        """Return what a name stands for that a called function uses."""
        if self.owner is not None and name not in self.names:
            self.names[name] = self.given(name)
        return self.names.get(name, 0)

    def bind_outside(self, name: str, objects: int) -> None:
        """Let a global name, which a called function binds, stand for more objects."""
        self.outside_bound.add(name)
        self.touched.add(name)
        self.names[name] = self.names.get(name, 0) | objects

    def bind(self, name: str, objects: int) -> None:
        """Let a name stand for objects."""
        if self.inner:
            self.inner[-1][name] = objects
            return
        self.binds.add(name)
        self.uses |= {name.partition(".")[0]} if "." in name else set()
        self.touched.add(name)
        self.names[name] = objects
        self.texts.pop(name, None)

    def assign(self, target: ast.expr, objects: int) -> None:
        """Assign objects to whatever a target is."""
        match target:
            case ast.Name():
                self.bind(target.id, objects)
            case ast.Starred():
                self.assign(target.value, objects)
            case ast.Tuple() | ast.List():
                for element in target.elts:
                    self.assign(element, self.heap.reachable(objects))
            case ast.Attribute():
                holders = self.value(target.value)
                is_deep = target.attr == "trainable" or not holders
                self.change(self.heap.reachable(holders) & ~self.heap.codes if is_deep else holders)
                self.heap.store(holders, objects)
            case ast.Subscript():
                holders = self.value(target.value)
                self.value(target.slice)
                self.change(holders)
                self.heap.store(holders, objects)
                self.is_setting |= _is_setting(target)

    def change(self, objects: int) -> None:
        """Note that the statement changes objects."""
        self.mutated |= objects

    def dotted(self, node: ast.expr) -> str:
        """Return the full name of what is imported; empty if it isn't."""
        if isinstance(node, ast.Attribute):
            base = self.dotted(node.value)
            return base and f"{base}.{node.attr}"
        if isinstance(node, ast.Name) and not any(node.id in inner for inner in self.inner):
            objects = self.names.get(node.id)
            if objects is None or objects & (self.heap.modules | self.heap.outer):
                return self.program.imports.get(node.id, "")
        return ""

    # Values

    def values_of(self, names: Iterable[str]) -> int:
        """Return the objects of names, as far as they are bound."""
        objects = 0
        for name in names:
            objects |= self.names.get(name, 0)
        return objects

    def value(self, node: ast.AST | None) -> int:
        """Return the objects that an expression may give."""
        if node is None or isinstance(node, ast.Constant):
            return 0
        read = READERS.get(type(node))
        return read(self, node) if read else self.values(ast.iter_child_nodes(node))

    def values(self, nodes: Iterable[ast.AST | None]) -> int:
        """Return the objects of several expressions."""
        objects = 0
        for node in nodes:
            objects |= self.value(node)
        return objects


def _is_setting(target: ast.Subscript) -> bool:
    """Whether an environment variable of Keras is set."""
    key = target.slice
    is_keras = isinstance(key, ast.Constant) and str(key.value).startswith(("TF_USE", "KERAS", "TF_KERAS"))
    return is_keras and isinstance(target.value, ast.Attribute) and target.value.attr == "environ"
