"""Sphinx's side of worker processes: starting one, asking it for runs, ending it.

:mod:`.forking` keeps one process that has imported TensorFlow and forks for each run. :mod:`.spawning`
starts a process for each run, for systems without ``fork``. ``worker/__main__.py`` describes the messages
to a process; :mod:`..messages.protocol` parses its answers.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from sphinx_kerasshape.messages.codec import dumps
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.protocol import Answered, NeedsWeights, Stopped
from sphinx_kerasshape.messages.report import Failure
from sphinx_kerasshape.messages.request import Request

PROGRAM = Path(__file__).parent.parent / "worker" / "__main__.py"
IMPORT_SECONDS = 300
"""The time for the import of TensorFlow, which can take minutes from a cold, shared disk."""
GRACE_SECONDS = 10
"""The time that the worker may be silent after the deadline that it enforces itself."""
END_SECONDS = 5
"""The time that a worker has to end everything that it has started."""
MAX_ERROR_BYTES = 1 << 16
"""The last bytes of a process's standard error, which are searched for a cause."""

Outcome = Answered | NeedsWeights | Stopped


@dataclass(frozen=True)
class Launch:
    """The launch of worker processes: their command and their settings."""

    command: tuple[str, ...]
    """Interpreter and program, to which ``fork`` or ``once`` and the settings as JSON are added."""
    path: tuple[str, ...]
    """Folders for the ``sys.path`` of the author's code."""
    environment: tuple[tuple[str, str], ...]
    jobs: int
    memory: int
    """MiB that the code of one model may use."""
    processes: int
    """The number of processes that it may have at a time."""
    output: int
    """KiB of its output that are stored."""
    network: bool
    """Whether the code may use the network."""
    sandbox: str = "off"
    """Whether the code is confined: ``auto``, ``on`` or ``off``."""
    sources: tuple[str, ...] = ()
    """Folders besides ``path`` that confined code may read."""
    hidden: tuple[str, ...] = ()
    """Files and folders in them that it may not read."""
    is_audit: bool = False
    """Whether messages name options of the command line, instead of settings."""

    def settings(self) -> str:
        """Return the settings argument of a worker process."""
        own = ("command", "environment")
        return dumps({one.name: getattr(self, one.name) for one in fields(self) if one.name not in own})


class Run(NamedTuple):
    """One run of a session's requests, or of a single one; ``timeout`` is in seconds for each."""

    id: int
    requests: tuple[Request, ...]
    real: bool
    """Whether weights are allocated."""
    timeout: float


class Worker(Protocol):
    """Runs requests in other processes."""

    sandbox: str
    """What keeps the code of models from the rest of the machine; empty if nothing does, or nothing ran."""

    def start(self) -> None:
        """Start a process, which does not import TensorFlow yet."""

    def warm(self) -> None:
        """Import TensorFlow in the background, since something will have to run."""

    def run(self, runs: Sequence[Run]) -> Iterator[Outcome]:
        """Run all, several at a time; yield each outcome as it arrives. Raises :class:`WorkerFailed`."""

    def close(self) -> None:
        """End all processes."""


class WorkerFailed(Exception):
    """The worker itself failed; the failure says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def popen(launch: Launch, mode: str, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a worker process in the mode ``fork`` or ``once``. Raises :class:`WorkerFailed`."""
    try:
        return subprocess.Popen(
            [*launch.command, mode, launch.settings()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=dict(launch.environment),
            # Its own process group, since Ctrl-C is for Sphinx, which then ends the worker.
            start_new_session=True,
        )
    except OSError as error:
        message = f"the interpreter {launch.command[0]} can't be started: {error}"
        raise WorkerFailed(Failure(Problem.WORKER, message)) from error


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a process, which then ends its children; if it does not stop in time, kill it and its group."""
    process.terminate()
    if sys.platform != "win32":
        process.send_signal(signal.SIGCONT)  # A process that the code has paused handles no signal.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=END_SECONDS)
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a process, and close its pipes."""
    stop(process)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def last_errors(errors: IO[bytes]) -> bytes:
    """Return the end of a process's standard error."""
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - MAX_ERROR_BYTES))
    return errors.read()


def command(run: Run) -> bytes:
    """Return the line that asks a worker for a run."""
    message = {"id": run.id, "requests": run.requests, "real": run.real, "timeout": run.timeout}
    return dumps(message).encode() + b"\n"
