"""Which files and packages the author's code imported: the answer depends on them."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import site
import sys
import sysconfig

from sphinx_kerasshape.messages import Source

_before: set[str] = set()
_named: set[str] = set()


def depend_on(path: str) -> None:
    """Note a file, or all files of a folder, that an answer depends on."""
    inside = (os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)
    _named.update(map(os.path.abspath, inside if os.path.isdir(path) else [path]))


def remember() -> None:
    """Note the modules that are there before any code of the author's."""
    _before.update(sys.modules)


def used() -> tuple[Source, ...]:
    """Return the project files (by content) and packages (by version) imported since."""
    files, packages = set(), set()
    for name in sys.modules.keys() - _before:
        path = getattr(sys.modules[name], "__file__", None)
        if not isinstance(path, str):
            continue
        if is_project_file(path):
            files.add(os.path.abspath(path))
        elif path.startswith(_site_folders()):
            packages.add(name.partition(".")[0])
    sources = [Source("file", path, digest(path)) for path in sorted(files | _named)]
    sources += [Source("package", name, version(name)) for name in sorted(_distributions(packages))]
    return tuple(source for source in sources if source.value)


def _distributions(packages: set[str]) -> set[str]:
    """Return the distributions that top-level packages are from; PyYAML has ``yaml``."""
    if not packages:
        return set()
    found = importlib.metadata.packages_distributions()
    return {name for package in packages for name in found.get(package, ())}


def is_project_file(path: str) -> bool:
    """Whether a file is the author's: neither Python's own nor an installed package's."""
    if not path.endswith(".py") or not os.path.isfile(path):
        return False
    path = os.path.abspath(path)
    return not path.startswith((*_site_folders(), *_own_folders()))


def digest(path: str) -> str:
    """Return the SHA-256 of a file's content; empty where it can't be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""


def version(name: str) -> str:
    """Return an installed distribution's version; empty where there is none of that name."""
    try:
        return importlib.metadata.version(name)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return ""


@functools.cache
def _site_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = {paths["purelib"], paths["platlib"], *site.getsitepackages(), site.getusersitepackages()}
    return tuple(os.path.join(folder, "") for folder in folders)


@functools.cache
def _own_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return tuple(os.path.join(folder, "") for folder in (paths["stdlib"], paths["platstdlib"], package))
