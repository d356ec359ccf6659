"""Where the project's own modules are found among the folders of ``sys.path``. Imports nothing.

A file that has not changed need not be the one that is imported now: its folder may have left
the path, or an earlier folder may have a module of the same name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sphinx_kerasshape.files import relative

_SUFFIXES = ("py", "pyc", "so", "pyd")


class ModulePlaces:
    """The folders in which modules are looked for, in order; they are named relative to ``root``."""

    def __init__(self, folders: Iterable[str], root: Path) -> None:
        self._folders = {folder: relative(folder, root) for folder in folders}
        self._modules: dict[str, set[str]] = {}

    def of_files(self, files: Iterable[str]) -> dict[str, list[str]]:
        """Return the folders that have a module of the same name as one of these files, by name.

        The name that a file was imported by is not known; it has one for each folder above it.
        """
        names = {_name(folder, file) for folder in self._folders for file in files}
        return {name: self._places(name) for name in sorted(names - {""})}

    def of_missing(self, names: Iterable[str]) -> dict[str, list[str]]:
        """Return the folders that have these modules, by name: those in which they could not be found."""
        return {name: self._places(name) for name in sorted(names)}

    def are_same(self, places: Mapping[str, Sequence[str]]) -> bool:
        """Whether modules are in the same folders as they were then."""
        return all(self._places(name) == folders for name, folders in places.items())

    def _places(self, name: str) -> list[str]:
        return [place for folder, place in self._folders.items() if name in self._modules_of(folder)]

    def _modules_of(self, folder: str) -> set[str]:
        """Return the names of files and folders that may be modules or packages."""
        if folder not in self._modules:
            try:
                parts = [name.split(".") for name in os.listdir(folder)]
            except OSError:
                parts = []
            self._modules[folder] = {name[0] for name in parts if len(name) == 1 or name[-1] in _SUFFIXES}
        return self._modules[folder]


def _name(folder: str, file: str) -> str:
    """Return the name of the module or package in a folder that a file belongs to; empty if to none."""
    inside = os.path.join(folder, "")
    return file.removeprefix(inside).partition(os.sep)[0].partition(".")[0] if file.startswith(inside) else ""
