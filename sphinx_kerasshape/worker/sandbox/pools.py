"""What the processes of one run share: semaphores and memory, as files in the folder of the run.

Python's own are in ``/dev/shm``, where all processes of a user find them. This module imports nothing of the
extension, since every Python that confined code starts loads it: see ``startup/sitecustomize.py``.
"""

from __future__ import annotations

import _multiprocessing  # type: ignore[import-not-found]
import contextlib
import errno
import os
import sys
import threading
import time
from typing import Any

_posixshmem: Any = None
with contextlib.suppress(ImportError):
    import _posixshmem  # type: ignore[import-not-found,no-redef]

_VARIABLE = "KERASSHAPE_SHARED"
"""Tells the folder to each Python that the code starts."""
_STARTUP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "startup")
_OF_ALL = "/dev/shm"  # noqa: S108
_RECURSIVE = 0
_PAGE = 4096
_MOST = (1 << 31) - 1
_WAITING = (errno.EAGAIN, errno.ETIMEDOUT)


def provide(folder: str) -> None:
    """Have this process, and each Python that it starts, share what they share in a folder."""
    from multiprocessing import context

    os.environ[_VARIABLE] = folder
    paths = [_STARTUP, *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    replace()
    # A server that forks would need a socket in the file system. The processes are as new without one.
    served: Any = context.ForkServerProcess
    served._Popen = staticmethod(context.SpawnProcess._Popen)


def replace() -> None:
    """Replace what Python has in ``/dev/shm``, in this process."""
    if not os.environ.get(_VARIABLE):
        return
    _multiprocessing.SemLock, _multiprocessing.sem_unlink = SemLock, unlink
    if _posixshmem is not None:
        _posixshmem.shm_open, _posixshmem.shm_unlink = _opened, unlink
    imported: Any = sys.modules.get("multiprocessing.synchronize")
    if imported is not None:
        imported.sem_unlink = unlink
    _hide_shared_folder()


def unlink(name: str) -> None:
    """Remove the name of a semaphore or of memory."""
    os.unlink(_place(name))


class SemLock:
    """A semaphore or a lock of several processes, with the interface of ``_multiprocessing.SemLock``."""

    SEM_VALUE_MAX = _MOST

    def __init__(self, kind: int, value: int, maxvalue: int, name: str, unlink: bool) -> None:
        import tempfile

        place = _place(name)
        descriptor, made = tempfile.mkstemp(dir=os.path.dirname(place))
        try:
            os.write(descriptor, bytes(_PAGE))  # A full disk would kill who writes to a file with holes.
            self._open(descriptor, kind, maxvalue, None if unlink else name)
            _checked(_library().sem_init(self._address, 1, value))
            if not unlink:
                os.link(made, place)
        finally:
            os.close(descriptor)
            os.unlink(made)

    @classmethod
    def _rebuild(cls, _handle: int, kind: int, maxvalue: int, name: str) -> SemLock:
        lock = cls.__new__(cls)
        descriptor = os.open(_place(name), os.O_RDWR | os.O_CLOEXEC)
        try:
            lock._open(descriptor, kind, maxvalue, name)
        finally:
            os.close(descriptor)
        return lock

    def _open(self, descriptor: int, kind: int, maxvalue: int, name: str | None) -> None:
        import ctypes
        import mmap

        self.kind, self.maxvalue, self.name = kind, maxvalue, name
        self._memory = mmap.mmap(descriptor, _PAGE)
        self.handle = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._address = ctypes.c_void_p(self.handle)
        self._held = self._owner = 0

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """Take it, if need be after waiting; return whether it could be taken."""
        if self.kind == _RECURSIVE and self._is_mine():
            self._held += 1
            return True
        library = _library()
        if not _succeeds(library.sem_trywait, self._address):
            if not block:
                return False
            if timeout is None:
                while not _succeeds(library.sem_wait, self._address):
                    pass
            elif not _succeeds(library.sem_timedwait, self._address, _moment(timeout)):
                return False
        self._held += 1
        self._owner = threading.get_ident()
        return True

    def release(self) -> None:
        """Give it back."""
        if self.kind == _RECURSIVE:
            if not self._is_mine():
                raise AssertionError("attempt to release recursive lock not owned by thread")
            if self._held > 1:
                self._held -= 1
                return
        elif self._get_value() >= self.maxvalue:
            raise ValueError("semaphore or lock released too many times")
        _checked(_library().sem_post(self._address))
        self._held -= 1

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _count(self) -> int:
        return self._held

    def _is_mine(self) -> bool:
        return self._held > 0 and self._owner == threading.get_ident()

    def _get_value(self) -> int:
        import ctypes

        value = ctypes.c_int()
        _checked(_library().sem_getvalue(self._address, ctypes.byref(value)))
        return max(0, value.value)

    def _is_zero(self) -> bool:
        return not self._get_value()

    def _after_fork(self) -> None:
        self._held = 0


def _opened(path: str, flags: int, mode: int = 0o777) -> int:
    """Open memory by its name, as ``shm_open`` does."""
    return os.open(_place(path), flags | os.O_CLOEXEC, mode)


def _place(name: str) -> str:
    """Return the file of a name, which begins with a slash and has no other one."""
    plain = name.removeprefix("/")
    if not plain or "/" in plain or plain in (".", ".."):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), name)
    folder = os.environ[_VARIABLE]
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, plain)


def _library() -> Any:
    import ctypes

    global _loaded  # noqa: PLW0603
    if _loaded is None:
        _loaded = ctypes.CDLL(None, use_errno=True)
    return _loaded


_loaded: Any = None


def _succeeds(call: Any, *arguments: Any) -> bool:
    """Make a call, again if a signal interrupts it; return ``False`` if it had to wait too long."""
    import ctypes

    while call(*arguments) < 0:
        number = ctypes.get_errno()
        if number in _WAITING:
            return False
        if number != errno.EINTR:
            raise OSError(number, os.strerror(number))
    return True


def _checked(result: int) -> None:
    import ctypes

    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _moment(seconds: float) -> Any:
    """Return the moment after so many seconds, as the C library wants it."""
    import ctypes

    class Moment(ctypes.Structure):
        _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]

    until = time.time_ns() + int(max(0.0, seconds) * 1e9)
    return ctypes.byref(Moment(*divmod(until, 1_000_000_000)))


def _hide_shared_folder() -> None:
    """Have the shared folder look full: packages that share memory then take the one for temporary files."""
    original = os.statvfs

    def statvfs(path: Any) -> os.statvfs_result:
        found = original(path)
        if isinstance(path, (str, bytes)) and os.fsdecode(path).rstrip("/") == _OF_ALL:
            found = os.statvfs_result((*found[:3], 0, 0, *found[5:]))
        return found

    os.statvfs = statvfs
    os.supports_fd.add(statvfs)
