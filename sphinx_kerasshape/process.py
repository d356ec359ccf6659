"""Worker processes, seen from the Sphinx side: starting, talking to and ending them.

Two ways of running requests behind one interface: :class:`Forking` keeps a process
that has imported TensorFlow and forks for each request; :class:`Spawning` starts a
process a request, for systems without ``fork``. The protocol is in
``worker/__main__.py``; of TensorFlow this file knows nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from sphinx_kerasshape.messages import Failure, Request, dumps, plain

PROGRAM = Path(__file__).parent / "worker" / "__main__.py"
IMPORT_SECONDS = 300
"""How long the import of TensorFlow may take; minutes happen on a cold, shared disk."""
GRACE_SECONDS = 10
"""How long the worker may be silent beyond the deadline that it keeps itself."""


@dataclass(frozen=True)
class Launch:
    """How worker processes are started."""

    command: tuple[str, ...]
    """Interpreter and program; ``fork`` or ``once`` is added."""
    path: tuple[str, ...]
    """Folders for the ``sys.path`` of the author's code."""
    environment: tuple[tuple[str, str], ...]
    jobs: int


@dataclass(frozen=True)
class Run:
    """One run of a request; ``timeout`` in seconds."""

    id: int
    request: Request
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


def _popen(launch: Launch, mode: str, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [*launch.command, mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=dict(launch.environment),
            # A group of its own: Ctrl-C is for Sphinx, which ends the worker in turn.
            start_new_session=True,
        )
    except OSError as error:
        program = launch.command[0]
        raise Broken(Failure("worker", f"the interpreter {program} can't be started: {error}")) from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its group, and wait for it."""
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _command(run: Run) -> bytes:
    message = {"id": run.id, "request": plain(run.request), "real": run.real, "timeout": run.timeout}
    return _line(message)


def _line(message: dict[str, Any]) -> bytes:
    return dumps(message).encode() + b"\n"


class Forking:
    """One process for the whole build, which forks for each request."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._process: subprocess.Popen[bytes] | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._warm = False

    @staticmethod
    def possible() -> bool:
        """Whether this system can fork."""
        return hasattr(os, "fork")

    def start(self) -> None:
        """Start the process; it imports TensorFlow when it is called for."""
        self._started()

    def warm(self) -> None:
        """Make the process import TensorFlow, and do not wait for it."""
        if not self._warm:
            self._warm = True
            # One small write, so that a forked reader of Sphinx can do it as well.
            self._write({"warm": True})

    def run(self, runs: Sequence[Run]) -> Iterator[dict[str, Any]]:
        """Run all, as many at a time as there are jobs. Raises :class:`Broken`."""
        if not runs:
            return
        self.warm()
        conversation = _Conversation(self._started(), b"".join(map(_command, runs)))
        limit = IMPORT_SECONDS
        waiting = {run.id for run in runs}
        while waiting:
            message = conversation.next(limit)
            if message is None:
                raise Broken(self._death())
            if "fatal" in message:
                raise Broken(Failure(**{**message["fatal"], "frames": ()}))
            limit = GRACE_SECONDS + int(max(run.timeout for run in runs))
            if "id" in message:
                waiting.discard(message["id"])
                yield message

    def close(self) -> None:
        """End the process, and with it its children."""
        if self._process is not None:
            process, self._process = self._process, None
            with contextlib.suppress(OSError):
                self._ask_to_end(process)
            _end(process)
        self._errors.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = _popen(self._launch, "fork", self._errors)
            settings = {"path": list(self._launch.path), "jobs": self._launch.jobs}
            self._write(settings)
        return self._process

    def _write(self, message: dict[str, Any]) -> None:
        # A process that is dead already is met when its answers are read.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._input().fileno(), _line(message))

    def _input(self) -> IO[bytes]:
        pipe = self._started().stdin
        assert pipe is not None
        return pipe

    def _ask_to_end(self, process: subprocess.Popen[bytes]) -> None:
        """Let the worker end its children, each in a group of its own, before it dies."""
        assert process.stdin is not None
        process.stdin.close()
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=2)

    def _death(self) -> Failure:
        process = self._started()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        code = process.poll()
        if code is None:
            return Failure("worker", "the process that runs TensorFlow gave no answer in time")
        self._errors.seek(0)
        last = self._errors.read()[-2000:].decode(errors="replace").strip().splitlines()[-1:]
        return Failure("worker", ": ".join([f"the process that runs TensorFlow {_how(code)}", *last]))


class _Conversation:
    """Both directions of a worker's pipes at once, so that neither can block the other."""

    def __init__(self, process: subprocess.Popen[bytes], commands: bytes) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin.fileno(), process.stdout.fileno()
        os.set_blocking(self._in, False)
        self._commands = commands
        self._said = b""

    def next(self, seconds: float) -> dict[str, Any] | None:
        """Return the next message, or ``None`` after so much silence or the end."""
        until = time.monotonic() + seconds
        while b"\n" not in self._said:
            writing = [self._in] if self._commands else []
            reading, ready, _ = select.select([self._out], writing, [], max(0.0, until - time.monotonic()))
            if ready and not self._send():
                return None
            if not reading and not ready:
                return None
            if reading and not self._receive():
                return None
        line, _, self._said = self._said.partition(b"\n")
        return dict(json.loads(line))

    def _send(self) -> bool:
        try:
            self._commands = self._commands[os.write(self._in, self._commands) :]
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True

    def _receive(self) -> bool:
        data = os.read(self._out, 1 << 16)
        self._said += data
        return bool(data)


class Spawning:
    """One process a request, several of them at a time."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._processes: set[subprocess.Popen[bytes]] = set()

    def start(self) -> None:
        """Nothing: each request starts its own process."""

    def warm(self) -> None:
        """Nothing: no process could be used by a later request."""

    def run(self, runs: Sequence[Run]) -> Iterator[dict[str, Any]]:
        """Run all, as many at a time as there are jobs. Raises :class:`Broken`."""
        from concurrent.futures import ThreadPoolExecutor, as_completed

        with ThreadPoolExecutor(self._launch.jobs) as pool:
            waiting = [pool.submit(self._one, run) for run in runs]
            try:
                for done in as_completed(waiting):
                    yield done.result()
            finally:
                for future in waiting:
                    future.cancel()
                self.close()

    def close(self) -> None:
        """End all processes."""
        for process in list(self._processes):
            _end(process)

    def _one(self, run: Run) -> dict[str, Any]:
        settings = {"path": list(self._launch.path), "jobs": 1}
        with tempfile.TemporaryFile() as errors:
            process = _popen(self._launch, "once", errors)
            self._processes.add(process)
            try:
                self._send(process, _line(settings) + _command(run))
                started = time.monotonic()
                message = self._next(process, IMPORT_SECONDS)
                if "ready" in message:
                    started = time.monotonic()
                    message = self._next(process, run.timeout)
                elif "failure" in message:
                    raise Broken(Failure("worker", "the process that runs TensorFlow could not start"))
            finally:
                _end(process)
                self._processes.discard(process)
        if "fatal" in message:
            raise Broken(Failure(**{**message["fatal"], "frames": ()}))
        return {**message, "id": run.id, "seconds": time.monotonic() - started}

    def _send(self, process: subprocess.Popen[bytes], data: bytes) -> None:
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.write(data)
            process.stdin.close()

    def _next(self, process: subprocess.Popen[bytes], seconds: float) -> dict[str, Any]:
        """Read a message; kill the process if it does not come in time."""
        assert process.stdout is not None
        until = time.monotonic() + seconds
        late = threading.Timer(seconds, process.kill)
        late.start()
        line = process.stdout.readline()
        late.cancel()
        if line.endswith(b"\n"):
            return dict(json.loads(line))
        if time.monotonic() >= until:
            return {"failure": plain(Failure("timeout", "the code did not end in time"))}
        return {"failure": plain(Failure("crash", f"the process that ran the code {_how(process.wait())}"))}


def _how(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
