"""Privileges: what root has, and what programs with special rights would give (Linux)."""

from __future__ import annotations

import ctypes
import os

from sphinx_kerasshape.worker.sandbox import system

_DROP_FROM_BOUNDS, _SET_NO_NEW_PRIVILEGES, _AMBIENT, _CLEAR_AMBIENT = 24, 38, 47, 4
_VERSION = 0x20080522
_READ_ANY_FILE = 1
"""CAP_DAC_OVERRIDE: in containers, root builds from folders of other users. Landlock still holds."""
_MOST = 64


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Set(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def renounce() -> None:
    """Give up all privileges, for this process and whatever it runs. Raises ``OSError``."""
    system.control(_SET_NO_NEW_PRIVILEGES, 1)
    effective = _effective()
    if os.geteuid() != 0 and not effective:
        return
    for number in range(_MOST):
        if number != _READ_ANY_FILE:
            try:
                system.control(_DROP_FROM_BOUNDS, number)
            except OSError:
                break  # The kernel knows no more, or the process may not even drop them.
    system.control(_AMBIENT, _CLEAR_AMBIENT)
    keeps = effective & 1 << _READ_ANY_FILE
    sets = (_Set * 2)(_Set(keeps, keeps, 0), _Set(0, 0, 0))
    system.call("capset", ctypes.byref(_Header(_VERSION, 0)), sets)


def _effective() -> int:
    """Return the capabilities in effect, as bits."""
    with open("/proc/self/status") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name == "CapEff":
                return int(value, 16)
    return 0
