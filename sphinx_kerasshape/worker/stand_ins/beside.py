"""What lies beside a document: the modules that its code imports, and the files that it names.

The code runs in an empty folder, so that it can change nothing. Files that it names are copied there.
"""

from __future__ import annotations

import ast
import importlib.machinery
import os
import shutil
import sys
import types
from collections.abc import Iterable, Iterator
from importlib.abc import MetaPathFinder
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.worker.code import sources

_MAX_BYTES = 1 << 26
"""How much is copied for a document at most."""
_MAX_FILES = 2_000
_MISSING = "_kerasshape_missing"


class Missing:
    """What a module imports that is not here: it fails where it is used, and not where it is imported."""

    def __init__(self, package: str) -> None:
        object.__setattr__(self, "_package", package)

    def _fail(self, *_: object, **__: object) -> NoReturn:
        package = object.__getattribute__(self, "_package")
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._fail()

    __call__ = __getitem__ = __iter__ = __setattr__ = __mro_entries__ = _fail


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module whose missing packages may be ones that nothing needs here."""

    def get_code(self, fullname: str) -> types.CodeType | None:
        """Return the code of a module, never that which Python has stored."""
        path = self.get_filename(fullname)
        sources.depend_on(path)
        tree = ast.parse(self.get_data(path), path)
        tree.body = [new for statement in tree.body for new in _without_missing(statement)]
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)

    def exec_module(self, module: types.ModuleType) -> None:
        """Run a module."""
        module.__dict__[_MISSING] = Missing
        super().exec_module(module)


class _Finder(MetaPathFinder):
    """Finds modules in a document's folder, and where its code puts folders on ``sys.path`` from there."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._here = os.getcwd()

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Return how to load a module that is the author's."""
        folders = [self._folder, *self._added()] if path is None else path
        spec = importlib.machinery.PathFinder.find_spec(fullname, folders, target)
        if spec is None or fullname in sys.builtin_module_names:
            return _refused(fullname) if path is None and spec is None else None
        if type(spec.loader) is importlib.machinery.SourceFileLoader and sources.is_project_file(
            str(spec.origin)
        ):
            spec.loader = _Loader(fullname, str(spec.origin))
            return spec
        return spec if spec.loader is None and path is None and _has_modules(spec) else None

    def _added(self) -> Iterator[str]:
        """Yield the folders that the code has put on the path as seen from the document's."""
        for entry in map(str, sys.path):
            inside = os.path.relpath(entry, self._here)
            if not os.path.isabs(entry) or inside.count("..") <= 2:
                yield os.path.normpath(os.path.join(self._folder, inside))


def install(request: Request) -> None:
    """Have the code of a document find what lies beside it."""
    if request.folder and os.path.isdir(request.folder):
        sys.meta_path.insert(0, _Finder(request.folder))
        _copy(request.folder, _texts(piece.code for piece in request.pieces))


def _refused(name: str) -> None:
    """Raise the error of a missing package if only folders of its name are here, such as one of documents."""
    spec = importlib.machinery.PathFinder.find_spec(name)
    if spec is not None and spec.loader is None and not _has_modules(spec):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def depend_on_absence(folder: str, packages: Iterable[str]) -> None:
    """Make it a source of the answer that packages are not beside a document either."""
    for package in packages if folder else ():
        sources.depend_on_absence(os.path.join(folder, f"{package}.py"))
        sources.depend_on_absence(os.path.join(folder, package))


def _has_modules(spec: Any) -> bool:
    """Whether a package without code of its own has modules."""
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    return any(any(folder.rglob("*.py")) for folder in folders)


def _without_missing(statement: ast.stmt) -> Iterator[ast.stmt]:
    """Yield a statement; of an import of a package that is not here, what fails later."""
    if isinstance(statement, ast.Import):
        modules = [alias.name for alias in statement.names]
    elif isinstance(statement, ast.ImportFrom) and not statement.level and statement.module:
        modules = [statement.module] * len(statement.names)
    else:
        yield statement
        return
    for alias, module in zip(statement.names, modules, strict=True):
        package = module.partition(".")[0]
        if alias.name == "*" or _is_here(package):
            yield ast.copy_location(_only(statement, alias), statement)
            continue
        name = alias.asname or (
            alias.name.partition(".")[0] if isinstance(statement, ast.Import) else alias.name
        )
        missing = ast.parse(f"{name} = {_MISSING}({package!r})").body[0]
        yield ast.copy_location(missing, statement)


def _only(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    if isinstance(statement, ast.Import):
        return ast.Import([alias])
    return ast.ImportFrom(statement.module, [alias], statement.level)


def _is_here(package: str) -> bool:
    if package in sys.modules:
        return True
    try:
        return any(finder.find_spec(package, None, None) for finder in sys.meta_path)
    except (ImportError, AttributeError, ValueError):
        return True


def _texts(codes: Iterable[str]) -> Iterator[str]:
    """Yield the texts in some code that may be paths."""
    for code in codes:
        try:
            tree = ast.parse(code)
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) < 200:
                yield node.value


def _copy(folder: str, names: Iterable[str]) -> None:
    """Copy files and folders of some names to the working folder, as far as they are small."""
    room, files = _MAX_BYTES, _MAX_FILES
    for name in dict.fromkeys(map(os.path.normpath, names)):
        source = os.path.join(folder, name)
        if name.startswith((".", os.sep)) or "\0" in name:
            continue
        if not os.path.exists(source):
            if "." in name or os.sep in name:  # it looks like that of a file
                sources.depend_on_absence(source)
            continue
        found = list(_files(source, files + 1))
        size = sum(os.path.getsize(path) for path in found)
        if size > room or len(found) > files:
            continue
        room, files = room - size, files - len(found)
        for path in found:
            target = os.path.relpath(path, folder)
            os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
            sources.depend_on(path)
            shutil.copyfile(path, target)


def _files(source: str, most: int) -> Iterator[str]:
    """Yield the regular files that a path names, up to so many."""
    if os.path.isfile(source):
        yield source
        return
    inside = (os.path.join(folder, name) for folder, _, names in os.walk(source) for name in names)
    yield from islice(filter(os.path.isfile, inside), most)
