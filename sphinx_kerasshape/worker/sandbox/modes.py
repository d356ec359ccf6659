"""Modes, owners and times of files.

A filter of system calls can't tell whose file is changed, so it refuses all such calls. Code that copies
files makes them, and goes on if they do nothing in its own folder.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

_NAMES = ("chmod", "fchmod", "chown", "lchown", "fchown", "utime", "setxattr", "removexattr")
_SUPPORTED = (os.supports_fd, os.supports_follow_symlinks, os.supports_dir_fd)


def keep_going(folder: str) -> None:
    """Make the refused functions of ``os`` do nothing to what is in a folder, instead of failing."""
    for name in _NAMES:
        original = getattr(os, name, None)
        if original is not None:
            tolerant = _tolerant(original, os.path.realpath(folder))
            setattr(os, name, tolerant)
            for functions in _SUPPORTED:
                if original in functions:
                    functions.add(tolerant)


def _tolerant(original: Callable[..., None], folder: str) -> Callable[..., None]:
    @functools.wraps(original)
    def changed(path: Any, *arguments: Any, **options: Any) -> None:
        try:
            original(path, *arguments, **options)
        except PermissionError:
            place = f"/proc/self/fd/{path}" if isinstance(path, int) else os.fsdecode(path)
            if not os.path.realpath(place).startswith(os.path.join(folder, "")):
                raise

    return changed
