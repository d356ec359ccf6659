"""Giving up the network, where the kernel lets a process do so (Linux)."""

from __future__ import annotations

import os
import sys

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Failure

_NEW_USER = 0x10000000
_NEW_NETWORK = 0x40000000
_FATAL = (
    "kerasshape_network is False, but this system can't take the network from a process ({}): "
    "run the build where Linux allows it, or set kerasshape_network to True"
)
_FATAL_OF_AUDIT = (
    "this system can't take the network from the documents' code ({}): run it where Linux can, or give "
    "--network if you trust the documents"
)


def leave() -> str:
    """Move to a network without devices; return why that fails, or an empty text.

    Call it before the process has threads.
    """
    if sys.platform != "linux":
        return f"{sys.platform} is not Linux"
    user, group = os.getuid(), os.getgid()
    if not _unshare(_NEW_NETWORK):  # Only root may do this without a new user namespace.
        return ""
    problem = _unshare(_NEW_USER | _NEW_NETWORK)
    if problem:
        return problem
    # Without these maps the process would be "nobody" in its new user namespace.
    try:
        _write("setgroups", "deny")
        _write("uid_map", f"{user} {user} 1")
        _write("gid_map", f"{group} {group} 1")
    except OSError as error:
        return str(error)
    return ""


def refused(reason: str, *, is_audit: bool = False) -> Failure | None:
    """Return the failure of a worker that can't give up the network; ``None`` without a reason."""
    fatal = _FATAL_OF_AUDIT if is_audit else _FATAL
    return Failure(Problem.NETWORK, fatal.format(reason)) if reason else None


def _unshare(flags: int) -> str:
    """Leave namespaces; return the system's error, or an empty text."""
    import ctypes

    failed = ctypes.CDLL(None, use_errno=True).unshare(flags)
    return os.strerror(ctypes.get_errno()) if failed else ""


def _write(name: str, text: str) -> None:
    with open(f"/proc/self/{name}", "w") as file:
        file.write(text)
