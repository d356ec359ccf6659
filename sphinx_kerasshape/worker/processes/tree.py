"""Trees of processes: how much they use, and how to end all of one, daemons included.

On Linux, a process can ask to become the parent of its descendants' orphans. The worker's processes do,
so that nothing which code starts gets out of reach. Elsewhere, only process groups are known.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Collection, Iterator

_SET_CHILD_SUBREAPER = 36
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_KILL_SECONDS = 5.0
"""How long to kill processes that start others faster than they die."""
_TRACKER_SECONDS = 30.0
"""How long a tracker of shared memory may take to tidy up once nobody else is left; it may be starting."""

IS_KNOWN = sys.platform == "linux" and os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
"""Whether this system tells which processes are children of which."""


def adopt_orphans() -> None:
    """Become the parent of all orphans among the descendants, in place of the system's first process."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1)


def children(pid: int) -> list[int]:
    """Return the children of a process."""
    pids: list[int] = []
    folder = f"/proc/{pid}/task"
    with contextlib.suppress(OSError):
        for thread in os.listdir(folder):
            with contextlib.suppress(OSError), open(f"{folder}/{thread}/children", "rb") as file:
                pids.extend(map(int, file.read().split()))
    return pids


def family(pid: int) -> Iterator[int]:
    """Yield a process and all its descendants."""
    waiting = [pid]
    while waiting:
        member = waiting.pop()
        yield member
        waiting.extend(children(member))


def resident(pid: int) -> int:
    """Return the resident set size of a process in bytes; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def peak_resident() -> int:
    """Return the peak resident set size of this process in bytes; 0 where the system doesn't tell."""
    with contextlib.suppress(OSError), open("/proc/self/status", "rb") as file:
        for line in file:
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) << 10
    return 0


def proportional(pid: int) -> int:
    """Return the proportional set size of a process in bytes: shared pages are divided by their users."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            sizes = dict(line.split(b":", 1) for line in file if b":" in line and b"kB" in line)
        return int(sizes[b"Pss"].split()[0]) << 10
    except (OSError, KeyError, ValueError):
        return resident(pid)


def kill(pid: int) -> None:
    """Kill a child and its whole process group, and wait for the child.

    Where Python's tracker of shared memory is among its descendants, only the child is killed:
    :func:`kill_orphans` ends the rest.
    """
    if not any(map(_is_tracker, family(pid) if IS_KNOWN else ())):
        _kill_group(pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def kill_group(group: int) -> None:
    """Kill the rest of the process group of a child that has ended, unless a tracker is still at work."""
    if not any(map(_is_tracker, children(os.getpid()))):
        _kill_group(group)


def kill_orphans(known: Collection[int] = ()) -> None:
    """Kill all children of this process but the ``known`` ones, and the orphans that they leave.

    Trackers come last: they remove shared memory once nobody uses it any more.
    """
    until = time.monotonic() + _KILL_SECONDS
    while orphans := set(children(os.getpid())).difference(known):
        trackers = set(filter(_is_tracker, orphans))
        for orphan in orphans - trackers or _still_running(trackers):
            kill(orphan)
        if time.monotonic() > until:
            break


def _kill_group(group: int) -> None:
    """Kill a process group at once, so that no member can start another process."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _is_tracker(pid: int) -> bool:
    """Whether a process is Python's own tracker, which removes shared memory and semaphores."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"multiprocessing.resource_tracker" in file.read()
    except OSError:
        return False


def _still_running(trackers: set[int]) -> set[int]:
    """Give trackers the time that they need; return those that have not ended."""
    until = time.monotonic() + _TRACKER_SECONDS
    while trackers and time.monotonic() < until:
        time.sleep(0.005)
        for tracker in list(trackers):
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(tracker, os.WNOHANG)[0]:
                    trackers.discard(tracker)
    return trackers
