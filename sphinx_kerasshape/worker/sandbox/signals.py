"""The end of processes that the code has started, where it may signal none.

Before Linux 6.12, no rule tells one's own children from other processes. So a process that Python forks
listens to its parent, which tells it when to end.
"""

from __future__ import annotations

import os
import threading
from typing import Any


def prepare() -> None:
    """Import what :func:`provide` changes, so that not each process has to."""
    import multiprocessing.popen_fork  # noqa: F401


def provide() -> None:
    """Have pools of processes end their processes without a signal."""
    from multiprocessing import popen_fork, process

    started: Any = popen_fork.Popen
    run: Any = process.BaseProcess
    signal, bootstrap = started._send_signal, run._bootstrap

    def _send_signal(self: Any, number: int) -> None:
        try:
            signal(self, number)
        except PermissionError:
            if self.method != "fork":
                raise  # A process that is started as a program of its own does not listen.
            os.write(self.finalizer._args[-1], bytes([number]))

    def _bootstrap(self: Any, parent_sentinel: int | None = None) -> int:
        if parent_sentinel is not None:
            threading.Thread(target=_end_when_told, args=(parent_sentinel,), daemon=True).start()
        code: int = bootstrap(self, parent_sentinel)
        return code

    started._send_signal, run._bootstrap = _send_signal, _bootstrap


def _end_when_told(parent: int) -> None:
    """End the process as if a signal had, once the parent writes its number."""
    if told := os.read(parent, 1):
        os._exit(128 + told[0])
