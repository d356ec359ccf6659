"""Where the project's own modules are found among the folders of ``sys.path``, then and now. Imports nothing.

The content of a file says nothing of whether it would still be the one that is imported:
its folder may have left the path, or an earlier one may have a module of the same name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

_SUFFIXES = ("py", "pyc", "so", "pyd")


class Imports:
    """The folders that imports are looked for in, in order; they are named relative to ``root``."""

    def __init__(self, folders: Iterable[str], root: Path) -> None:
        self._folders = {folder: _relative(folder, root) for folder in folders}
        self._modules: dict[str, set[str]] = {}

    def found(self, files: Iterable[str]) -> dict[str, list[str]]:
        """Return where there is a module of the same name as one of these, by name.

        Which name a file was imported by is not known; it has one for each folder above it.
        """
        names = {_name(folder, file) for folder in self._folders for file in files}
        return {name: self._places(name) for name in sorted(names - {""})}

    def hold(self, found: Mapping[str, Sequence[str]]) -> bool:
        """Whether modules are found where they were found then."""
        return all(self._places(name) == places for name, places in found.items())

    def _places(self, name: str) -> list[str]:
        return [place for folder, place in self._folders.items() if name in self._modules_of(folder)]

    def _modules_of(self, folder: str) -> set[str]:
        """Return the names of what may be a module, or a package, in a folder."""
        if folder not in self._modules:
            try:
                parts = [name.split(".") for name in os.listdir(folder)]
            except OSError:
                parts = []
            self._modules[folder] = {name[0] for name in parts if len(name) == 1 or name[-1] in _SUFFIXES}
        return self._modules[folder]


def _name(folder: str, file: str) -> str:
    """Return the name of the module or package of a folder that a file is of; empty if it is of none."""
    inside = os.path.join(folder, "")
    return file.removeprefix(inside).partition(os.sep)[0].partition(".")[0] if file.startswith(inside) else ""


def _relative(folder: str, root: Path) -> str:
    try:
        return os.path.relpath(folder, root)
    except ValueError:  # another drive
        return folder
