"""What packages keep between runs: a confined process has folders of its own for it.

They begin with links to what is there already, such as downloaded data.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Iterator
from typing import Any

_FOLDERS = {
    "KERAS_HOME": ("~/.keras",),
    "MPLCONFIGDIR": ("~/.config/matplotlib", "~/.cache/matplotlib"),
}
"""By the variable that names a package's folder: where it is without the variable."""
_IN_WORKING_FOLDER = {"NUMBA_CACHE_DIR": ".numba"}
"""Numba takes a path as seen from the working folder, and so may be imported before a run."""


def prepare() -> list[str]:
    """Set what is the same for all processes; return the folders that packages have now."""
    for variable, folder in _IN_WORKING_FOLDER.items():
        os.environ.setdefault(variable, folder)
    return [folder for variable in _FOLDERS for folder in _present(variable)]


def provide(folder: str) -> None:
    """Give packages folders within ``folder``, and have ``os.access`` say where this process may write."""
    for variable in _FOLDERS:
        own = os.path.join(folder, f".{variable.lower()}")
        os.mkdir(own)
        for present in _present(variable):
            _link(present, own)
        os.environ[variable] = own
    config: Any = sys.modules.get("keras.src.backend.config")
    if hasattr(config, "_KERAS_DIR"):
        config._KERAS_DIR = os.environ["KERAS_HOME"]
    os.access = _honest(os.access, os.path.realpath(folder))


def _present(variable: str) -> Iterator[str]:
    named = os.environ.get(variable)
    yield from map(os.path.expanduser, (named,) if named else _FOLDERS[variable])


def _link(present: str, own: str, *, is_inside: bool = False) -> None:
    """Link to the files in a folder, and to what is in the folders there."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(present):
            place = os.path.join(own, entry.name)
            with contextlib.suppress(OSError):
                if entry.is_dir() and not is_inside:
                    os.mkdir(place)
                    _link(entry.path, place, is_inside=True)
                else:
                    os.symlink(entry.path, place)


def _honest(original: Any, folder: str) -> Any:
    @functools.wraps(original)
    def access(path: Any, mode: int, **options: Any) -> bool:
        if mode & os.W_OK and not isinstance(path, int):
            place = os.path.realpath(os.fsdecode(path))
            if not f"{place}{os.sep}".startswith((f"{folder}{os.sep}", "/dev/")):
                return False
        return bool(original(path, mode, **options))

    for functions in (os.supports_dir_fd, os.supports_effective_ids, os.supports_follow_symlinks):
        if original in functions:
            functions.add(access)
    return access
