"""What blocks of code need to run as wholes, as a directive runs them, and why some can't."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Document, Subject
from sphinx_kerasshape.audit.slicing.slicer import Slicer
from sphinx_kerasshape.audit.slicing.slices import NEEDED
from sphinx_kerasshape.audit.statements.python_code import parsed
from sphinx_kerasshape.text import excerpt

_TRAINS = frozenset(("fit", "fit_generator", "train_on_batch"))
_WRITES = frozenset(
    (
        *("save", "save_weights", "export", "savefig", "to_csv", "to_excel", "to_pickle", "dump"),
        *("savez", "savez_compressed", "savetxt", "makedirs", "mkdir", "rmtree", "plot_model", "urlretrieve"),
        *("write_text", "write_bytes", "touch", "unlink", "symlink_to", "extractall", "urlopen", "get_file"),
        *("imsave", "save_img", "Popen", "open"),
        *("ModelCheckpoint", "TensorBoard", "CSVLogger", "BackupAndRestore", "FileHandler"),
    )
)
_OUTSIDE = frozenset(("os", "shutil", "subprocess", "requests", "urllib", "wget", "gdown"))
"""Modules whose functions reach out of the code."""
_HARMLESS = frozenset(("path", "environ", "getenv", "cpu_count", "getcwd", "fspath"))
"""What ``os`` has that changes nothing."""


class Need(NamedTuple):
    """What a block needs of another one."""

    block: int
    imports: tuple[str, ...]
    """Lines that import all that is needed of it; empty if it is more than imports."""
    names: tuple[str, ...]
    """The names that it defines and that are needed."""


class Needs:
    """The needs of a document's blocks.

    ``raws`` are the lines of each block as they stand there, behind prompts, without what is not to stay.
    """

    def __init__(self, document: Document, raws: Sequence[Sequence[str]]) -> None:
        self._document = document
        self._raws = raws
        codes = [block.code for block in document.blocks]
        self._trees = [parsed(code) for code in codes]
        self._subjects = [
            [Subject(number, statement.end_lineno or statement.lineno, "") for statement in tree.body]
            if tree
            else []
            for number, tree in enumerate(self._trees)
        ]
        self._slicer = Slicer(codes, [one for some in self._subjects for one in some], ())
        self._of: dict[int, tuple[list[Need], str]] = {}

    def of(self, number: int) -> list[Need]:
        """Return what a block needs of others, in the document's order."""
        return self._found(number)[0]

    def problem(self, number: int) -> str:
        """Return why a block can't run as a whole, as far as its code says; empty if it may."""
        if self._trees[number] is None:
            return "it can't be parsed"
        return self._of_lines(number) or _of_calls(self._trees[number]) or self._found(number)[1]

    def _of_lines(self, number: int) -> str:
        """Return which line is no code."""
        for line, raw in zip(self._document.blocks[number].lines, self._raws[number], strict=True):
            if line.code.strip() != raw.strip():
                return f"`{excerpt(raw.strip())}` is no Python"
        return ""

    def _found(self, number: int) -> tuple[list[Need], str]:
        if number not in self._of:
            self._of[number] = self._looked_for(number)
        return self._of[number]

    def _looked_for(self, number: int) -> tuple[list[Need], str]:
        pieces, problem = {}, ""
        for subject in self._subjects[number]:
            found = self._slicer.slice(self._slicer.chosen(subject))
            for one in found.pieces:
                if one.role == NEEDED and one.block != number:
                    pieces[one.block, one.first] = one
            for unparsed in found.unparsed:
                problem = problem or f"the code that defines {', '.join(unparsed.names)} can't be parsed"
            for missing in found.missing:
                if missing.is_certain and missing.name not in found.usual:
                    problem = problem or f"{missing.name} is not defined in this document"
        needs = []
        words = set(re.findall(r"\w+", self._document.blocks[number].code))
        for block in sorted({block for block, _ in pieces}):
            some = [one for key, one in sorted(pieces.items()) if key[0] == block]
            names = dict.fromkeys(
                name for one in some if not _imports([one.code]) for name in one.defines if name in words
            )
            needs.append(Need(block, _imports([one.code for one in some]), tuple(names)))
        return needs, problem


def bound(code: str) -> tuple[str, ...]:
    """Return the names that some code may bind."""
    names: dict[str, None] = {}
    for node in ast.walk(parsed(code) or ast.Module([], [])):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names[node.name] = None
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names[node.id] = None
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(one.asname or one.name).partition(".")[0]: None for one in node.names}
    return tuple(names)


def _imports(codes: Collection[str]) -> tuple[str, ...]:
    """Return pieces of code as lines that import something; nothing if they do something else."""
    lines = []
    for code in codes:
        tree = parsed(code)
        for statement in tree.body if tree else [ast.Pass()]:
            if not isinstance(statement, (ast.Import, ast.ImportFrom)):
                return ()
            lines.append(ast.unparse(statement))
    return tuple(dict.fromkeys(lines))


def _reaches_out(function: str) -> bool:
    """Whether a function may change files or reach others."""
    root, _, rest = function.partition(".")
    return bool(rest) and root in _OUTSIDE and not (root == "os" and rest.partition(".")[0] in _HARMLESS)


def _of_calls(tree: ast.Module | None) -> str:
    """Return which call trains or writes files."""
    for node in ast.walk(tree or ast.Module([], [])):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            text = ast.unparse(node.func)
            if name in _TRAINS:
                return f"{text}() trains; a block of its own for the model could be adopted"
            if name in _WRITES or _reaches_out(text):
                return f"{text}() needs or changes files"
    return ""
