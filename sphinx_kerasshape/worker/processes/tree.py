"""Trees of processes: what they use, and how all of one is ended, daemons included.

On Linux, a process can ask to become the parent of what its descendants leave behind. The
processes of the worker do, so nothing that code starts gets out of reach. Elsewhere,
only process groups are known.
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
_PATIENCE = 5.0
"""Seconds after which processes that come faster than they go are left to the next try."""

_TIDY = 4.0
"""Seconds that a tracker may take, which perhaps has only just been started."""

IS_KNOWN = sys.platform == "linux" and os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
"""Whether this system tells which processes are whose."""


def adopt_orphans() -> None:
    """Become the parent of all that descendants leave behind, instead of the system's first process."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1)


def children(pid: int) -> list[int]:
    """Return the processes that a process is the parent of."""
    found: list[int] = []
    folder = f"/proc/{pid}/task"
    with contextlib.suppress(OSError):
        for thread in os.listdir(folder):
            with contextlib.suppress(OSError), open(f"{folder}/{thread}/children", "rb") as file:
                found.extend(map(int, file.read().split()))
    return found


def family(pid: int) -> Iterator[int]:
    """Give a process, and all below it."""
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(children(one))


def resident(pid: int) -> int:
    """Return the bytes of memory that a process has in use; 0 for one that is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def proportional(pid: int) -> int:
    """Return the bytes of memory that a process has in use, of what it shares its share."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            sizes = dict(line.split(b":", 1) for line in file if b":" in line and b"kB" in line)
        return int(sizes[b"Pss"].split()[0]) << 10
    except (OSError, KeyError, ValueError):
        return resident(pid)


def kill(pid: int) -> None:
    """Kill a child and its whole group, and wait for it, so that no corpse is left.

    Where Python's tracker of shared memory is below it, the rest is left to :func:`kill_orphans`.
    """
    if not any(map(_is_tracker, family(pid) if IS_KNOWN else ())):
        _kill_group(pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def kill_group(group: int) -> None:
    """Kill what is left of the group of a child that has ended; where a tracker is, that is left alone."""
    if not any(map(_is_tracker, children(os.getpid()))):
        _kill_group(group)


def kill_orphans(known: Collection[int] = ()) -> None:
    """Kill the children of this process that it did not start itself, and what these leave behind.

    Trackers come last: they remove the shared memory that code has left, once nobody has it any more.
    """
    until = time.monotonic() + _PATIENCE
    while orphans := set(children(os.getpid())).difference(known):
        trackers = set(filter(_is_tracker, orphans))
        for orphan in orphans - trackers or _not_gone(trackers):
            kill(orphan)
        if time.monotonic() > until:
            break


def _kill_group(group: int) -> None:
    """Kill a process group at once, so that no member of it can start another."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _is_tracker(pid: int) -> bool:
    """Whether a process is Python's own that removes shared memory and semaphores."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"multiprocessing.resource_tracker" in file.read()
    except OSError:
        return False


def _not_gone(trackers: set[int]) -> set[int]:
    """Return the trackers that are still there after the time that they need."""
    until = time.monotonic() + _TIDY
    while trackers and time.monotonic() < until:
        time.sleep(0.005)
        for tracker in list(trackers):
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(tracker, os.WNOHANG)[0]:
                    trackers.discard(tracker)
    return trackers
