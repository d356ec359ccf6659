"""The process above the worker's, which makes sure that nothing outlives a build (Linux only).

It imports nothing large and runs nothing but this module, so it survives whatever kills the worker. It
adopts all processes that the worker and its children leave behind, kills them, removes the folder of
temporary files, and ends as the worker did. If the warden itself is killed, the kernel tells the worker,
which then does the same.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import Any, NoReturn

from sphinx_kerasshape.messages.codec import dumps
from sphinx_kerasshape.worker.processes import lifeline, tree
from sphinx_kerasshape.worker.processes.limits import CHECK_SECONDS, Limits

_NULL = subprocess.DEVNULL


def guard(settings: dict[str, Any], *, watch: bool) -> str:
    """Continue in a guarded process; return the folder for its temporary files.

    With ``watch``, the process runs an author's code itself, and the warden applies the limits.
    """
    folder = tempfile.mkdtemp(prefix="kerasshape-")
    if sys.platform != "linux":
        return folder
    lifeline.die_with_parent()
    tree.adopt_orphans()
    warden = os.getpid()
    worker = os.fork()
    if worker:
        _Warden(worker, folder, Limits.of(settings) if watch else None).wait()
    lifeline.on_terminate(lambda: remove(folder))
    lifeline.die_with_parent(signal.SIGKILL if watch else signal.SIGTERM)
    if os.getppid() != warden:
        os._exit(1)  # The warden died before the kernel knew that it should tell us.
    return folder


def remove(folder: str) -> None:
    """Remove a folder of temporary files, even if code has made it unreadable or absurdly deep."""
    with contextlib.suppress(OSError, RecursionError):
        if os.path.islink(folder):
            os.unlink(folder)
        else:
            shutil.rmtree(folder)
    if os.path.lexists(folder):
        # These programs follow no links, and take any depth and length of paths.
        for command in (["chmod", "-R", "u+rwx", folder], ["rm", "-rf", folder]):
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                subprocess.run(command, stdin=_NULL, stdout=_NULL, stderr=_NULL, timeout=60, check=False)


class _Warden:
    def __init__(self, worker: int, folder: str, limits: Limits | None) -> None:
        self._worker = worker
        self._folder = folder
        self._limits = limits
        signal.signal(signal.SIGTERM, self._end_worker)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait(self) -> NoReturn:
        """Wait for the worker, end what it leaves, and end as it did."""
        status = self._status()
        tree.kill_group(self._worker)
        tree.kill_orphans()
        remove(self._folder)
        if os.WIFSIGNALED(status):
            self._die_of(os.WTERMSIG(status))
        os._exit(os.waitstatus_to_exitcode(status))

    def _status(self) -> int:
        """Return the worker's exit status once it has ended."""
        # Sphinx may have died before the kernel knew that it should tell us: then nobody reads the answers.
        reader = select.poll()
        reader.register(1, 0)
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
            if os.WIFSTOPPED(status):
                self._kill_stopped(pid)
                continue
            if pid == self._worker:
                return status
            if pid:
                continue
            if self._limits:
                self._apply(self._limits)
            if reader.poll(CHECK_SECONDS * 1000):
                reader.unregister(1)
                self._end_worker()

    def _kill_stopped(self, pid: int) -> None:
        """Kill a worker that code has stopped: it would keep no deadline."""
        if pid == self._worker and not self._limits:
            os.kill(pid, signal.SIGKILL)

    def _apply(self, limits: Limits) -> None:
        """Kill a worker that uses too much, and answer in its place."""
        failure = limits.exceeded(self._worker)
        if failure is not None:
            os.kill(self._worker, signal.SIGSTOP)
            lifeline.write_all(1, b"\n" + dumps({"failure": failure}).encode() + b"\n")
            os.kill(self._worker, signal.SIGKILL)

    def _end_worker(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._worker, signal.SIGKILL)

    def _die_of(self, number: int) -> None:
        import resource  # It does not exist on Windows.

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
