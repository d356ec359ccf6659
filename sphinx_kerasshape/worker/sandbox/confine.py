"""The sandbox of an author's code, as far as the system can give one.

A process enters it before the author's code runs, for itself and all that it starts; nothing can leave.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Failure
from sphinx_kerasshape.worker.sandbox import (
    caches,
    landlock,
    modes,
    pools,
    privileges,
    seccomp,
    signals,
    system,
)

_FATAL = (
    'kerasshape_sandbox is "on", but this system can\'t confine code ({}): build where it can, or set '
    'kerasshape_sandbox to "auto" if you trust the pages'
)
_FATAL_OF_AUDIT = (
    "this system can't confine the documents' code ({}): run it where Linux can, or give --sandbox auto "
    "if you trust the documents"
)
_SHARED_MEMORY = "/dev/shm"  # noqa: S108
"""Where Python's pools of processes keep their locks. All processes of the user share it."""
_NEEDS = "Landlock, which Linux has from 5.13 on"


class _Sandbox(NamedTuple):
    """What a process may do besides using its own folder."""

    rules: tuple[tuple[str, int], ...]
    network: bool
    kernel: int
    """The version of Landlock."""
    program: seccomp.Program | None
    """The filter of system calls; ``None`` if it depends on the process."""
    is_audit: bool


_sandbox: _Sandbox | None = None


def prepare(settings: dict[str, Any]) -> Failure | None:
    """Give up privileges, and find out what the settings allow; return why nothing may run, if that is so."""
    global _sandbox  # noqa: PLW0603
    if settings["sandbox"] == "off":
        return None
    kernel = landlock.version() if system.CALLS else 0
    lack = "" if kernel else _lack()
    if not lack:
        _sandbox = _made(settings, kernel)
        lack = _refusal(_sandbox)
    if not lack:
        privileges.renounce()
        return None
    _sandbox = None
    fatal = _FATAL_OF_AUDIT if settings["is_audit"] else _FATAL
    return Failure(Problem.WORKER, fatal.format(lack)) if settings["sandbox"] == "on" else None


def is_possible() -> bool:
    """Whether the author's code will be confined."""
    return _sandbox is not None


def description() -> str:
    """Return what the sandbox keeps the code from; empty if there is none."""
    if _sandbox is None:
        return ""
    kept = ["files other than sources and packages", "other processes"]
    if not _sandbox.network:
        kept.insert(1, "the network")
    return f"{', '.join(kept)} (Landlock {_sandbox.kernel} and seccomp)"


def enter(folder: str) -> None:
    """Confine this process, which must have one thread, to its own folder. Raises ``OSError``."""
    if _sandbox is not None:
        # The code may remove its working folder, as it may without a sandbox, but not the folder around it.
        os.chdir(tempfile.mkdtemp(dir=folder))
        _enter(_sandbox, folder)
        modes.keep_going(folder)
        caches.provide(folder)
        pools.provide(os.path.join(folder, ".shared"))
        if _sandbox.kernel < landlock.SCOPES:
            signals.provide()


def mend(error: BaseException) -> str:
    """Return how to mend an exception that the sandbox has caused; empty for any other."""
    if _sandbox is None:
        return ""
    from sphinx_kerasshape.worker.sandbox import refusals  # only code that fails needs it

    try:
        return refusals.mend(error, network=_sandbox.network, is_audit=_sandbox.is_audit)
    except BaseException:  # Exceptions of the author's code can do anything when asked for their text.
        return ""


def _made(settings: dict[str, Any], kernel: int) -> _Sandbox:
    from sphinx_kerasshape.worker.sandbox import places

    network = settings["network"]
    read = places.readable(settings["path"], settings["sources"], settings["hidden"], network)
    if settings["sandbox"] == "auto":
        read.append((_SHARED_MEMORY, landlock.OWN))
    shared = seccomp.program(network=network, truncation=kernel < landlock.TRUNCATES)
    program = shared if kernel >= landlock.SCOPES else None
    if program is None:
        signals.prepare()
    return _Sandbox(tuple(read), network, kernel, program, settings["is_audit"])


def _refusal(sandbox: _Sandbox) -> str:
    """Return why a process can't enter a sandbox, found out by one that tries; empty if it can.

    Containers may refuse the system calls that it takes.
    """
    with tempfile.TemporaryDirectory() as folder:
        process = os.fork()
        if not process:
            code = 1
            try:
                privileges.renounce()
                _enter(sandbox, folder)
                code = 0
            except OSError as error:
                code = error.errno or 1
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return f"it refuses the system calls: {os.strerror(abs(code))}" if code else ""


def _enter(sandbox: _Sandbox, folder: str) -> None:
    """Have the kernel confine this process. Raises ``OSError``."""
    own = [(folder, landlock.OWN), (f"/proc/{os.getpid()}", landlock.READ | landlock.USE)]
    landlock.restrict([*sandbox.rules, *own], sandbox.kernel)
    truncation = sandbox.kernel < landlock.TRUNCATES
    seccomp.install(
        sandbox.program
        or seccomp.program(network=sandbox.network, truncation=truncation, only_signal=os.getpid())
    )


def _lack() -> str:
    if sys.platform != "linux":
        return f"{sys.platform} is not Linux; it takes {_NEEDS}"
    return f"it takes {_NEEDS}" if system.CALLS else f"no sandbox for {os.uname().machine} is known"
