"""Worker processes, seen from the Sphinx side: starting, talking to and ending them.

What the two ways of running requests share: :mod:`.forking` keeps a process that has
imported TensorFlow and forks for each request; :mod:`.spawning` starts a process a
request, for systems without ``fork``. The protocol is in ``worker/__main__.py``; of
TensorFlow this file knows nothing.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from sphinx_kerasshape.messages.codec import decode, dumps, encode
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.protocol import signal_name
from sphinx_kerasshape.messages.report import Failure
from sphinx_kerasshape.messages.request import Request

PROGRAM = Path(__file__).parent.parent / "worker" / "__main__.py"
IMPORT_SECONDS = 300
"""How long the import of TensorFlow may take; minutes happen on a cold, shared disk."""
GRACE_SECONDS = 10
"""How long the worker may be silent beyond the deadline that it keeps itself."""
END_SECONDS = 5
"""How long a worker may take to end all that it has started."""


@dataclass(frozen=True)
class Launch:
    """How worker processes are started."""

    command: tuple[str, ...]
    """Interpreter and program; ``fork`` or ``once`` is added, and the settings as JSON."""
    path: tuple[str, ...]
    """Folders for the ``sys.path`` of the author's code."""
    environment: tuple[tuple[str, str], ...]
    jobs: int
    memory: int
    """MiB that the code of one model may use."""
    processes: int
    """How many processes it may have at a time."""
    output: int
    """KiB of what it prints that are kept."""
    network: bool
    """Whether it has one."""

    def settings(self) -> str:
        """Return what a worker process is told of it."""
        names = ("path", "jobs", "memory", "processes", "output", "network")
        return dumps({name: getattr(self, name) for name in names})


class Run(NamedTuple):
    """One run of a session's requests, often a single one; ``timeout`` in seconds, for each."""

    id: int
    requests: tuple[Request, ...]
    real: bool
    timeout: float


class Worker(Protocol):
    """What runs requests. Answers are as ``worker/__main__.py`` describes them."""

    def start(self) -> None:
        """Have a process ready; TensorFlow is not imported yet."""

    def warm(self) -> None:
        """Import TensorFlow, in the background: something will have to run."""

    def run(self, runs: Sequence[Run]) -> Iterator[dict[str, Any]]:
        """Run all, side by side, and give each answer as it comes."""

    def close(self) -> None:
        """End all processes."""


class Broken(Exception):
    """The worker itself failed; the failure says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def popen(launch: Launch, mode: str, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a worker process in a mode. Raises :class:`Broken`."""
    try:
        return subprocess.Popen(
            [*launch.command, mode, launch.settings()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=dict(launch.environment),
            # A group of its own: Ctrl-C is for Sphinx, which ends the worker in turn.
            start_new_session=True,
        )
    except OSError as error:
        program = launch.command[0]
        raise Broken(
            Failure(Problem.WORKER, f"the interpreter {program} can't be started: {error}")
        ) from error


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a process, which ends what it has started; kill it and its group if it does not."""
    process.terminate()
    if sys.platform != "win32":
        process.send_signal(signal.SIGCONT)  # Code may have stopped it, and then it hears nothing.
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


def broken(fatal: dict[str, Any]) -> Broken:
    """Return what a worker says of its own failure."""
    try:
        return Broken(decode(Failure, fatal))
    except ValueError as error:
        return Broken(
            Failure(Problem.WORKER, f"the process that runs TensorFlow gave no usable answer: {error}")
        )


def command(run: Run) -> bytes:
    """Return the command that asks for a run."""
    requests = encode(run.requests)
    message = {"id": run.id, "requests": requests, "real": run.real, "timeout": run.timeout}
    return line(message)


def line(message: dict[str, Any]) -> bytes:
    """Return a message as a line of the protocol."""
    return dumps(message).encode() + b"\n"


def ending(code: int) -> str:
    """Say how a process ended, by its exit code."""
    return f"was killed by {signal_name(-code)}" if code < 0 else f"ended with exit status {code}"
