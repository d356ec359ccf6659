"""Random programs as subclassed models: what depends on the inputs goes into ``call``, the rest before."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sphinx_kerasshape.messages.input_spec import InputSpec, write
from tests.support.random_models import Program

_LAYER = "layers", "Taken", "Positioned", "Doubled", "Halved"
"""What the calls that make layers begin with."""


class _Split:
    """The statements of a program, by where they go."""

    def __init__(self, program: Program) -> None:
        self.before: list[ast.stmt] = []
        self.init: list[ast.stmt] = []
        self.call: list[ast.stmt] = []
        self.after: list[ast.stmt] = []
        self.outputs = ""
        self._kept: set[str] = set()
        self._made = {name for name, _, _ in program.inputs}
        """The variables that depend on the inputs."""
        for statement in ast.parse(program.code).body:
            self._add(statement, program)

    def _add(self, statement: ast.stmt, program: Program) -> None:
        used = set(_names(statement))
        name = _target(statement)
        if isinstance(statement, ast.ClassDef) or "set_dtype_policy" in ast.unparse(statement):
            self.before.append(statement)
        elif name == "model":
            assert isinstance(statement, ast.Assign)
            assert isinstance(statement.value, ast.Call)
            self.outputs = ast.unparse(statement.value.args[1])
        elif "model" in used:
            self.after.append(statement)
        elif name in {name for name, _, _ in program.inputs}:
            return
        elif used & self._made:
            self._made.add(name)
            self.call.append(_Hoisted(self).visit(statement))
        else:
            self.init.append(statement)
            self._kept.add(name)

    def keep(self, layer: ast.expr) -> str:
        """Have ``__init__`` make a layer, and return its attribute."""
        name = f"own{len(self.init)}"
        self.init.append(ast.parse(f"{name} = {ast.unparse(layer)}").body[0])
        self._kept.add(name)
        return name

    @property
    def kept(self) -> set[str]:
        """The variables of ``__init__`` that ``call`` needs."""
        return {name for line in self.call for name in _names(line)} & self._kept


class _Hoisted(ast.NodeTransformer):
    """Takes the making of layers out of a statement."""

    def __init__(self, split: _Split) -> None:
        self._split = split

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Call) and ast.unparse(node.func).startswith(_LAYER):
            node.func = ast.Name(self._split.keep(node.func))
        self.generic_visit(node)
        return node


def subclassed(program: Program) -> tuple[str, str] | None:
    """Return the code of a subclassed model and its input; ``None`` if a part of the model is one itself."""
    if "keras.Sequential" in program.code.splitlines()[-1] or ".build(" in program.code:
        return None
    split = _Split(program)
    # A model that is made of the program's own tensors can't be made without them.
    if not split.outputs or any("keras.Model(" in ast.unparse(line) for line in split.call):
        return None
    names = [name for name, _, _ in program.inputs]
    kept = sorted(split.kept)
    lines = [
        *map(ast.unparse, split.before),
        "class Net(keras.Model):",
        "    def __init__(self):",
        "        super().__init__()",
        *(f"        {ast.unparse(line)}" for line in split.init),
        *(f"        self.{name} = {name}" for name in kept),
        f"    def call(self, {', '.join(names)}):",
        *(f"        {name} = self.{name}" for name in kept),
        *(f"        {ast.unparse(line)}" for line in split.call),
        f"        return {split.outputs}",
        "model = Net()",
        *map(ast.unparse, split.after),
    ]
    specs = [
        InputSpec(tuple(None if isinstance(dim, str) else dim for dim in dims), kind)
        for _, dims, kind in program.inputs
    ]
    return "\n".join(lines), write(specs if len(specs) > 1 else specs[0])


def _target(statement: ast.stmt) -> str:
    return ast.unparse(statement.targets[0]) if isinstance(statement, ast.Assign) else ""


def _names(statement: ast.stmt) -> Iterator[str]:
    yield from (node.id for node in ast.walk(statement) if isinstance(node, ast.Name))
