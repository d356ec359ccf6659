"""The files and packages that the author's code imports: its answer depends on them.

A file's digest is taken when the file is loaded. If the file changes meanwhile, its digest is a text that
no file has as its digest, so that the next build runs the code again.
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

_modules_before: set[str] = set()
_read_digests: dict[str, str] = {}
"""The digests of the files that :func:`depend_on` names, by path."""
_loaded_digests: dict[str, str] = {}
"""The digests of Python files when they were loaded, by path."""
_absent: set[str] = set()
_CHANGED = "changed while it was read"
VERSIONED = {"tensorflow", "keras"}
"""Packages whose versions are part of every answer."""
_TOP_LEVEL = re.compile(r"^([^/,.\n]+)[/.]", re.MULTILINE)
"""The package that a line of a RECORD, such as ``yaml/__init__.py,…``, has a file of."""


def depend_on(path: str) -> None:
    """Make a file, or all files of a folder, a source of the answer, before it is read."""
    inside = (os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)
    for file in map(os.path.abspath, inside if os.path.isdir(path) else [path]):
        _read_digests[file] = digest(file)


def depend_on_absence(path: str) -> None:
    """Make it a source of the answer that a file is not there."""
    _absent.add(os.path.abspath(path))


def watch() -> None:
    """Watch which modules are loaded from now on."""
    _modules_before.update(sys.modules)
    # Computed here, these cost their time once, not in each child.
    distributions(), site_folders(), _own_folders()
    load = importlib.machinery.SourceFileLoader.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, fullname: str) -> CodeType | None:
        path = os.path.abspath(self.path)
        before = digest(path) if is_project_file(path) else ""
        code = load(self, fullname)
        if before:
            _loaded_digests[path] = before if digest(path) == before else _CHANGED
        return code

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]


def used() -> tuple[Source, ...]:
    """Return the project's files (by digest) and the packages (by version) that were imported since."""
    files, packages = set(_read_digests), set()
    for name in sys.modules.keys() - _modules_before:
        path = _file_of(name)
        if is_project_file(path):
            files.add(os.path.abspath(path))
        elif path.startswith(site_folders()):
            packages.add(name.partition(".")[0])
    sources = [Source("absent", path, "absent") for path in sorted(_absent)]
    sources += [Source("file", path, _digest_as_read(path)) for path in sorted(files)]
    sources += sorted({source for package in packages - VERSIONED for source in _package_sources(package)})
    return tuple(source for source in sources if source.value)


def is_project_file(path: str) -> bool:
    """Whether a Python file is the author's, neither Python's own nor an installed package's."""
    if not path.endswith(".py") or not os.path.isfile(path):
        return False
    return not os.path.abspath(path).startswith((*site_folders(), *_own_folders()))


def version(name: str) -> str:
    """Return the version of an installed distribution, or an empty text."""
    try:
        return importlib.metadata.version(name)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return ""


@functools.cache
def distributions() -> dict[str, list[importlib.metadata.Distribution]]:
    """Return the installed distributions by the top-level packages that are in them: PyYAML by ``yaml``.

    ``importlib.metadata.packages_distributions()`` takes ten times as long for the same.
    """
    by_package: dict[str, list[importlib.metadata.Distribution]] = {}
    for distribution in importlib.metadata.distributions():
        with contextlib.suppress(ValueError):  # A distribution's own lists may be no text.
            packages: Iterable[str] = (distribution.read_text("top_level.txt") or "").split()
            for package in packages or set(_TOP_LEVEL.findall(distribution.read_text("RECORD") or "")):
                by_package.setdefault(package, []).append(distribution)
    return by_package


@functools.cache
def site_folders() -> tuple[str, ...]:
    """Return the folders of installed packages, each with a separator at its end."""
    paths = sysconfig.get_paths()
    folders = {paths["purelib"], paths["platlib"], *site.getsitepackages(), site.getusersitepackages()}
    return tuple(os.path.join(folder, "") for folder in folders)


@functools.cache
def _own_folders() -> tuple[str, ...]:
    """Return the folders of Python and of this package."""
    paths = sysconfig.get_paths()
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return tuple(os.path.join(folder, "") for folder in (paths["stdlib"], paths["platstdlib"], package))


@functools.cache
def _package_sources(package: str) -> list[Source]:
    """Return the distributions that a top-level package is in, as sources."""
    names = [distribution.metadata["Name"] or "" for distribution in distributions().get(package, ())]
    return [Source("package", name, version(name)) for name in names]


def _file_of(module: str) -> str:
    """Return the file of a module; empty if it has none, or if code has put something odd in its place."""
    try:
        path = sys.modules[module].__file__
    except Exception:
        return ""
    return path if type(path) is str else ""


def _digest_as_read(path: str) -> str:
    if path in _read_digests:
        return _read_digests[path] if _read_digests[path] == digest(path) else _CHANGED
    return _loaded_digests.get(path) or digest(path)
