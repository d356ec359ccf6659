"""System calls of the worker's processes: their ties to their parents, their descriptors, their signals.

Nothing here knows requests or TensorFlow.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable

# The author's code may replace these in os.
_write, getpid, exit_now = os.write, os.getpid, os._exit
_SET_PARENT_DEATH_SIGNAL = 1
_LOWEST_PRIVATE = 100


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel for a signal when the parent dies, even if it is killed (Linux only)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, int(number))


def private_channel() -> tuple[int, int]:
    """Move standard input and output to private descriptors, where no print statement writes."""
    commands, answers = private(0), private(1)
    detach(stdout=os.open(os.devnull, os.O_WRONLY))
    return commands, answers


def private(descriptor: int) -> int:
    """Return a copy of a descriptor, with a number so high that careless code does not hit it."""
    if sys.platform == "win32":
        return os.dup(descriptor)
    import fcntl
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    lowest = _LOWEST_PRIVATE if most < 0 else min(_LOWEST_PRIVATE, most // 2)
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)


def detach(stdout: int, stderr: int | None = None) -> None:
    """Make standard input empty, and send output to the given descriptors."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(stdout, 1)
    if stderr is not None:
        os.dup2(stderr, 2)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of ``data``, even if the system takes it in parts."""
    view = memoryview(data)
    while view:
        view = view[_write(descriptor, view) :]


def expose() -> None:
    """Let the system kill this process first when memory runs out, without a core dump."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def reset_signals() -> None:
    """Restore the default handlers of the signals that the parent handles."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def on_terminate(action: Callable[[], None]) -> None:
    """Run ``action`` and exit when the process is asked to end."""

    def handler(_number: int, _frame: object) -> None:
        action()
        os._exit(1)

    signal.signal(signal.SIGTERM, handler)
