"""Seccomp: the system calls that a process may not make, as a program for the kernel's filter.

What Landlock does not govern is refused here: sockets, other processes, modes and times of files, and the
parts of the kernel that no model needs. The constants are those of ``linux/seccomp.h`` and
``linux/filter.h``.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable, Iterator

from sphinx_kerasshape.worker.sandbox import system

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_X32 = 0x40000000
"""System calls from this number on are those of another interface to the same machine."""
_SET_FILTER = 1
_ALL_THREADS, _FULL_SPEED = 1, 4

_NAMESPACES = 0x7E020000
_CONTROL_OF_OTHERS = (8, 15)  # F_SETOWN, F_SETOWN_EX
_TERMINAL = (0x5412, 0x541C, 0x8901, 0x8902)  # TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP
_UNIX, _INET, _INET6, _STREAM = 1, 2, 10, 1
_TYPE_OF_SOCKET = 0xF
_ACCESS_MODE, _FOR_READING = os.O_RDWR | os.O_WRONLY, os.O_RDONLY

_PROCESSES = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "kcmp"),
    *("pidfd_getfd", "pidfd_send_signal", "migrate_pages", "move_pages", "ioprio_set", "perf_event_open"),
)
_SHARED = (
    *("shmget", "shmat", "shmctl", "semget", "semop", "semtimedop", "semctl"),
    *("msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink", "add_key", "request_key", "keyctl"),
)
"""Memory, queues and keys that processes of one user share."""
_MODES = (
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime", "utimes"),
    *("futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr"),
    *("fremovexattr", "setxattrat", "removexattrat", "file_setattr"),
)
_KERNEL = (
    *("mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount"),
    *("fspick", "mount_setattr", "open_tree_attr", "unshare", "setns", "bpf", "userfaultfd", "syslog"),
    *("open_by_handle_at", "name_to_handle_at", "quotactl", "quotactl_fd", "fanotify_init", "personality"),
    *("inotify_init", "inotify_init1"),
)
_OF_ONE_PROCESS = {
    **dict.fromkeys(("prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam"), 0),
    "sched_setattr": 0,
    "setpriority": 1,
}
"""Calls that change the process whose number is the given argument; 0 is the caller."""
_SIGNALS = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")

Instruction = tuple[int, int, int, int]


class _Step(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_uint16),
        *((name, ctypes.c_uint8) for name in ("yes", "no")),
        ("value", ctypes.c_uint32),
    ]


class Program(ctypes.Structure):
    """A program for the kernel's filter."""

    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.POINTER(_Step))]


def program(*, network: bool, truncation: bool, only_signal: int = 0) -> Program:
    """Return a filter of system calls.

    With ``network``, sockets of the Internet are allowed. ``truncation`` says whether it must keep a process
    from truncating files that it may read, and ``only_signal`` is the only process that it may signal:
    where neither is given, Landlock sees to it.
    """
    steps = [_Step(*step) for step in _steps(network, truncation, only_signal)]
    return Program(len(steps), (_Step * len(steps))(*steps))


def install(filtering: Program) -> None:
    """Refuse system calls to this process and all that it starts. Raises ``OSError``."""
    system.call("seccomp", _SET_FILTER, _ALL_THREADS | _FULL_SPEED, ctypes.byref(filtering))


def _steps(network: bool, truncation: bool, only_signal: int) -> Iterator[Instruction]:
    yield _load(_ARCHITECTURE)
    yield (_EQUAL, 1, 0, system.ARCHITECTURE)
    yield (_RETURN, 0, 0, _KILL)
    yield _load(_NUMBER)
    if system.MACHINE == "x86_64":
        yield (_AT_LEAST, 0, 1, _X32)
        yield _refuse(errno.ENOSYS)
    # Who is told that a call doesn't exist does without it.
    for name in ("io_uring_setup", "io_uring_enter", "io_uring_register", "clone3", "openat2"):
        yield from _never(name, errno.ENOSYS)
    for name in (*_PROCESSES, *_SHARED, *_MODES, *_KERNEL):
        yield from _never(name, errno.EPERM)
    yield from _if_bits("clone", 0, _NAMESPACES)
    yield from _if_one_of("fcntl", 1, _CONTROL_OF_OTHERS)
    yield from _if_one_of("ioctl", 1, _TERMINAL)
    for name, argument in _OF_ONE_PROCESS.items():
        yield from _unless_one_of(name, argument, (0,))
    yield from _unless_one_of("socket", 0, (_INET, _INET6) if network else ())
    # A pair of datagram sockets could be connected to a socket in the file system.
    yield from _unless_one_of("socketpair", 1, (_STREAM,), mask=_TYPE_OF_SOCKET)
    for name in _SIGNALS if only_signal else ():
        yield from _unless_one_of(name, 0, (only_signal, 0, -only_signal & 0xFFFFFFFF))
    if truncation:
        yield from _never("truncate", errno.EPERM)
        for name, flags in (("open", 1), ("openat", 2)):
            yield from _if_truncates(name, flags)
    yield (_RETURN, 0, 0, _ALLOW)


def _load(offset: int) -> Instruction:
    return (_LOAD, 0, 0, offset)


def _refuse(error: int) -> Instruction:
    return (_RETURN, 0, 0, _REFUSE | error)


def _never(name: str, error: int) -> Iterator[Instruction]:
    if name in system.CALLS:
        yield (_EQUAL, 0, 1, system.CALLS[name])
        yield _refuse(error)


def _of_call(name: str, steps: list[Instruction]) -> Iterator[Instruction]:
    """Yield steps that are passed over for other calls; at their end a call is allowed."""
    if name in system.CALLS:
        yield (_EQUAL, 0, len(steps) + 1, system.CALLS[name])
        yield from steps
        yield (_RETURN, 0, 0, _ALLOW)


def _if_bits(name: str, argument: int, bits: int) -> Iterator[Instruction]:
    steps = [_load(_ARGUMENTS + 8 * argument), (_ANY_BIT, 0, 1, bits), _refuse(errno.EPERM)]
    return _of_call(name, steps)


def _if_one_of(name: str, argument: int, values: Iterable[int]) -> Iterator[Instruction]:
    steps = [_load(_ARGUMENTS + 8 * argument)]
    for value in values:
        steps += [(_EQUAL, 0, 1, value), _refuse(errno.EPERM)]
    return _of_call(name, steps)


def _unless_one_of(name: str, argument: int, values: Iterable[int], mask: int = 0) -> Iterator[Instruction]:
    steps = [_load(_ARGUMENTS + 8 * argument)]
    if mask:
        steps.append((_AND, 0, 0, mask))
    for value in values:
        steps += [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    return _of_call(name, [*steps, _refuse(errno.EPERM)])


def _if_truncates(name: str, flags: int) -> Iterator[Instruction]:
    """Yield steps that refuse to open a file for reading and to truncate it."""
    load = _load(_ARGUMENTS + 8 * flags)
    steps = [
        *(load, (_ANY_BIT, 0, 4, os.O_TRUNC), load, (_AND, 0, 0, _ACCESS_MODE)),
        *((_EQUAL, 0, 1, _FOR_READING), _refuse(errno.EPERM)),
    ]
    return _of_call(name, steps)
