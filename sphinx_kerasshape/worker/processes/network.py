"""A process without a network, where the kernel lets one give it up (Linux)."""

from __future__ import annotations

import os
import sys

from sphinx_kerasshape.messages.codec import dumps
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Failure

_NEW_USER = 0x10000000
_NEW_NETWORK = 0x40000000
_FATAL = (
    "kerasshape_network is False, but this system can't take the network from a process ({}): "
    "run the build where Linux allows it, or set kerasshape_network to True"
)


def leave() -> str:
    """Leave the network for one that has no devices; return why that can't be done, if it can't.

    It must be called before there are threads.
    """
    if sys.platform != "linux":
        return f"{sys.platform} is not Linux"
    user, group = os.getuid(), os.getgid()
    if not _unshare(_NEW_NETWORK):  # That is for root.
        return ""
    problem = _unshare(_NEW_USER | _NEW_NETWORK)
    if problem:
        return problem
    # The same user as before, who is nobody to the kernel otherwise.
    try:
        _write("setgroups", "deny")
        _write("uid_map", f"{user} {user} 1")
        _write("gid_map", f"{group} {group} 1")
    except OSError as error:
        return str(error)
    return ""


def fatal(refusal: str) -> bytes:
    """Return the line that says that the network can't be left."""
    return dumps({"fatal": Failure(Problem.NETWORK, _FATAL.format(refusal))}).encode() + b"\n"


def _unshare(what: int) -> str:
    """Return the system's error, if there is one."""
    import ctypes

    failed = ctypes.CDLL(None, use_errno=True).unshare(what)
    return os.strerror(ctypes.get_errno()) if failed else ""


def _write(name: str, text: str) -> None:
    with open(f"/proc/self/{name}", "w") as file:
        file.write(text)
