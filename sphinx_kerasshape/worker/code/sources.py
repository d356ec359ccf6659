"""Which files and packages the author's code imported: the answer depends on them.

A file's digest is taken when it is loaded. One that changes meanwhile has a digest that
is that of no file, so that the next build runs the code again.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.machinery
import importlib.metadata
import os
import re
import site
import sys
import sysconfig
from collections.abc import Iterable
from types import CodeType

from sphinx_kerasshape.files import digest
from sphinx_kerasshape.messages.report import Source

_before: set[str] = set()
_named: dict[str, str] = {}
_loaded: dict[str, str] = {}
"""The digests of files when they were loaded, by path."""
_CHANGED = "changed while it was read"
VERSIONED = {"tensorflow", "keras"}
"""Packages whose versions are part of every answer."""
_TOP_LEVEL = re.compile(r"^([^/,.\n]+)[/.]", re.MULTILINE)
"""The package that a line of a RECORD, such as ``yaml/__init__.py,…``, has a file of."""


def depend_on(path: str) -> None:
    """Note a file, or all files of a folder, that an answer depends on, before it is read."""
    inside = (os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)
    for file in map(os.path.abspath, inside if os.path.isdir(path) else [path]):
        _named[file] = digest(file)


def remember() -> None:
    """Note the modules that are there before any code of the author's, and watch which it loads."""
    _before.update(sys.modules)
    # What is found out here costs its time once, not in each child.
    distributions(), site_folders(), _own_folders()
    load = importlib.machinery.SourceFileLoader.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, fullname: str) -> CodeType | None:
        path = os.path.abspath(self.path)
        before = digest(path) if is_project_file(path) else ""
        code = load(self, fullname)
        if before:
            _loaded[path] = before if digest(path) == before else _CHANGED
        return code

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]


def used() -> tuple[Source, ...]:
    """Return the project files (by content) and packages (by version) imported since."""
    files, packages = set(), set()
    for name in sys.modules.keys() - _before:
        path = _file_of(name)
        if not path:
            continue
        if is_project_file(path):
            files.add(os.path.abspath(path))
        elif path.startswith(site_folders()):
            packages.add(name.partition(".")[0])
    sources = [Source("file", path, _digest_as_read(path)) for path in sorted(files | _named.keys())]
    sources += sorted({source for package in packages - VERSIONED for source in _packages(package)})
    return tuple(source for source in sources if source.value)


def _file_of(name: str) -> str:
    """Return the file of a module; empty where it has none, or where what stands there can't be asked."""
    try:
        path = sys.modules[name].__file__
    except Exception:
        return ""
    return path if type(path) is str else ""


def _digest_as_read(path: str) -> str:
    if path in _named:
        return _named[path] if _named[path] == digest(path) else _CHANGED
    return _loaded.get(path) or digest(path)


@functools.cache
def _packages(package: str) -> list[Source]:
    """Return the distributions that a top-level package is from, as sources."""
    names = [distribution.metadata["Name"] or "" for distribution in distributions().get(package, ())]
    return [Source("package", name, version(name)) for name in names]


@functools.cache
def distributions() -> dict[str, list[importlib.metadata.Distribution]]:
    """Return the installed distributions that each top-level package is from: ``yaml`` is from PyYAML.

    ``importlib.metadata.packages_distributions()`` takes ten times as long for the same.
    """
    found: dict[str, list[importlib.metadata.Distribution]] = {}
    for distribution in importlib.metadata.distributions():
        with contextlib.suppress(ValueError):  # A package's own lists may be no text.
            packages: Iterable[str] = (distribution.read_text("top_level.txt") or "").split()
            for package in packages or set(_TOP_LEVEL.findall(distribution.read_text("RECORD") or "")):
                found.setdefault(package, []).append(distribution)
    return found


def is_project_file(path: str) -> bool:
    """Whether a file is the author's: neither Python's own nor an installed package's."""
    if not path.endswith(".py") or not os.path.isfile(path):
        return False
    path = os.path.abspath(path)
    return not path.startswith((*site_folders(), *_own_folders()))


def version(name: str) -> str:
    """Return an installed distribution's version; empty where there is none of that name."""
    try:
        return importlib.metadata.version(name)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return ""


@functools.cache
def site_folders() -> tuple[str, ...]:
    """Return the folders that packages are installed in, each with a separator at its end."""
    paths = sysconfig.get_paths()
    folders = {paths["purelib"], paths["platlib"], *site.getsitepackages(), site.getusersitepackages()}
    return tuple(os.path.join(folder, "") for folder in folders)


@functools.cache
def _own_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return tuple(os.path.join(folder, "") for folder in (paths["stdlib"], paths["platstdlib"], package))
