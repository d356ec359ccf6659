"""Files that code writes and reads, so that what reads a file depends on what wrote it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from sphinx_kerasshape.audit.slicing.arguments import Called
from sphinx_kerasshape.audit.slicing.known import LOADING, SAVING

if TYPE_CHECKING:
    from sphinx_kerasshape.audit.slicing.scope import Scope


def note_files(scope: Scope, called: Called, arguments: list[ast.expr]) -> None:
    """Note the file that a call saves or loads."""
    if not arguments or called.name not in SAVING | LOADING:
        return
    (scope.binds if called.name in SAVING else scope.uses).add(file_name(scope, arguments[0]))


def file_name(scope: Scope, path: ast.expr) -> str:
    """Return the name that stands for a file."""
    text = path.value if isinstance(path, ast.Constant) else None
    if isinstance(path, ast.Name):
        text = scope.texts.get(path.id)
    return f"file:{str(text).removeprefix('./') if text is not None else ast.dump(path)}"


def opened(scope: Scope, called: Called) -> int:
    """Return an opened file; note that it is read, or that what is written to it counts."""
    node = called.node
    modes = [*node.args[1:2], *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
    is_written = any(isinstance(mode, ast.Constant) and set("wax") & set(str(mode.value)) for mode in modes)
    made = scope.heap.made(node)
    if node.args:
        name = file_name(scope, node.args[0])
        (scope.binds if is_written else scope.uses).add(name)
        if is_written:
            scope.program.files[made] = name
    return made


def note_written(scope: Scope, objects: int) -> None:
    """Note that files are written."""
    for file, name in scope.program.files.items():
        if objects & file:
            scope.binds.add(name)
