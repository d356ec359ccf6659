"""System calls by number, as the sandbox makes and forbids them (Linux)."""

from __future__ import annotations

import ctypes
import os
import platform
import sys

_X86_64 = """
    open 2, ioctl 16, shmget 29, shmat 30, shmctl 31, socket 41, socketpair 53, clone 56, kill 62,
    semget 64, semop 65, semctl 66, msgget 68, msgsnd 69, msgrcv 70, msgctl 71, fcntl 72, truncate 76,
    chmod 90, fchmod 91, chown 92, fchown 93, lchown 94, ptrace 101, syslog 103, capset 126,
    rt_sigqueueinfo 129, utime 132, personality 135, setpriority 141, sched_setparam 142,
    sched_setscheduler 144, pivot_root 155, chroot 161, mount 165, umount2 166, quotactl 179,
    setxattr 188, lsetxattr 189, fsetxattr 190, removexattr 197, lremovexattr 198, fremovexattr 199,
    tkill 200, sched_setaffinity 203, semtimedop 220, tgkill 234, utimes 235, mq_open 240,
    mq_unlink 241, add_key 248, request_key 249, keyctl 250, ioprio_set 251, inotify_init 253,
    migrate_pages 256, openat 257, fchownat 260, futimesat 261, fchmodat 268, unshare 272,
    move_pages 279, utimensat 280, inotify_init1 294, rt_tgsigqueueinfo 297, perf_event_open 298,
    fanotify_init 300, prlimit64 302, name_to_handle_at 303, open_by_handle_at 304, setns 308,
    process_vm_readv 310, process_vm_writev 311, kcmp 312, sched_setattr 314, seccomp 317, bpf 321,
    userfaultfd 323
"""
_ARM_64 = """
    setxattr 5, lsetxattr 6, fsetxattr 7, removexattr 14, lremovexattr 15, fremovexattr 16, fcntl 25,
    inotify_init1 26, ioctl 29, ioprio_set 30, umount2 39, mount 40, pivot_root 41, truncate 45,
    chroot 51, fchmod 52, fchmodat 53, fchownat 54, fchown 55, openat 56, quotactl 60, utimensat 88,
    capset 91, personality 92, unshare 97, syslog 116, ptrace 117, sched_setparam 118,
    sched_setscheduler 119, sched_setaffinity 122, kill 129, tkill 130, tgkill 131, rt_sigqueueinfo 138,
    setpriority 140, mq_open 180, mq_unlink 181, msgget 186, msgctl 187, msgrcv 188, msgsnd 189,
    semget 190, semctl 191, semtimedop 192, semop 193, shmget 194, shmctl 195, shmat 196, socket 198,
    socketpair 199, add_key 217, request_key 218, keyctl 219, clone 220, migrate_pages 238,
    move_pages 239, rt_tgsigqueueinfo 240, perf_event_open 241, prlimit64 261, fanotify_init 262,
    name_to_handle_at 264, open_by_handle_at 265, setns 268, process_vm_readv 270,
    process_vm_writev 271, kcmp 272, sched_setattr 274, seccomp 277, bpf 280, userfaultfd 282
"""
_BOTH = """
    pidfd_send_signal 424, io_uring_setup 425, io_uring_enter 426, io_uring_register 427, open_tree 428,
    move_mount 429, fsopen 430, fsconfig 431, fsmount 432, fspick 433, clone3 435, openat2 437,
    pidfd_getfd 438, process_madvise 440, mount_setattr 442, quotactl_fd 443,
    landlock_create_ruleset 444, landlock_add_rule 445, landlock_restrict_self 446,
    process_mrelease 448, fchmodat2 452, setxattrat 463, removexattrat 466, open_tree_attr 467,
    file_setattr 469
"""

_MACHINES = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _ARM_64)}
"""By machine: the number by which seccomp knows it, and its own system calls."""


def _numbers(table: str) -> dict[str, int]:
    return {name: int(number) for name, number in map(str.split, table.split(","))}


MACHINE = platform.machine() if sys.platform == "linux" and sys.maxsize > 1 << 32 else ""
ARCHITECTURE, _own = _MACHINES.get(MACHINE, (0, ""))
CALLS = _numbers(f"{_own},{_BOTH}") if ARCHITECTURE else {}
"""The numbers of system calls by name; empty where the sandbox does not know the machine."""

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def call(name: str, *arguments: object) -> int:
    """Make a system call with integers, pointers and ``None``. Raises ``OSError``."""
    words = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return _checked(_known().syscall(ctypes.c_long(CALLS[name]), *words))


def control(option: int, *arguments: object) -> int:
    """Call ``prctl``, with zeros behind the arguments. Raises ``OSError``."""
    words = [ctypes.c_ulong(one) if isinstance(one, int) else one for one in arguments]
    words += [ctypes.c_ulong(0)] * (4 - len(words))
    return _checked(_known().prctl(option, *words))


def _known() -> ctypes.CDLL:
    if _libc is None:
        raise OSError("no system calls of Linux")
    return _libc


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
