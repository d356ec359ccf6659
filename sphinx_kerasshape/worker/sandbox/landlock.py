"""Landlock: which files a process may read, run and write, and whom it may signal (Linux 5.13 and newer).

The constants are those of ``linux/landlock.h``.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable

from sphinx_kerasshape.worker.sandbox import system

_VERSION = 1  # the flag that asks for the version of the interface
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1, 2, 4, 8
_MAKE_DEVICES = 1 << 6 | 1 << 11
_MAKE_SOCKET = 1 << 9
_TRUNCATE, _DEVICE_CONTROL = 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _DEVICE_CONTROL
"""Rights that a rule for a single file can have."""
_ALL = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""All rights on files, by the version of the interface; later ones have no more."""
_ABSTRACT_SOCKETS, _SIGNALS = 1, 2
TRUNCATES, SCOPES = 3, 6
"""The first versions that know truncation, and signals to other processes."""

READ = _EXECUTE | _READ_FILE | _READ_FOLDER
LIST = _READ_FOLDER
USE = _READ_FILE | _WRITE_FILE | _DEVICE_CONTROL
"""Reading and writing a device."""
OWN = ~(_MAKE_DEVICES | _MAKE_SOCKET)
"""Everything in a folder but devices and sockets."""


class _Ruleset(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("files", "network", "scope")]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"  # asked for beside ``_pack_`` from Python 3.14 on
    _fields_ = [("rights", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def version() -> int:
    """Return the version of the kernel's interface; 0 if it has none, or if it is switched off."""
    try:
        return system.call("landlock_create_ruleset", None, 0, _VERSION)
    except (OSError, KeyError, AttributeError):
        return 0


def restrict(rules: Iterable[tuple[str, int]], kernel: int) -> None:
    """Confine this thread, and all that it starts, to the given rights on paths. Raises ``OSError``.

    ``kernel`` is the version of the interface. A path that doesn't exist is passed over. From version 6 on,
    the process can't signal those outside of this sandbox either; it can never trace them.
    """
    rights = _ALL[min(kernel, max(_ALL))]
    scope = _ABSTRACT_SOCKETS | _SIGNALS if kernel >= SCOPES else 0
    attributes = _Ruleset(rights, 0, scope)
    size = 24 if kernel >= SCOPES else 8
    ruleset = system.call("landlock_create_ruleset", ctypes.byref(attributes), size, 0)
    try:
        for path, wanted in rules:
            _allow(ruleset, path, wanted & rights)
        system.call("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (OSError, ValueError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(parent).st_mode):
            rights &= _OF_FILES
        rule = _Beneath(rights, parent)
        system.call("landlock_add_rule", ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(parent)
