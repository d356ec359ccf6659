"""One worker process for the whole build, which forks for each request."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import IO, Any

from sphinx_kerasshape.messages import Failure
from sphinx_kerasshape.process import (
    GRACE_SECONDS,
    IMPORT_SECONDS,
    Broken,
    Launch,
    Run,
    command,
    end,
    ending,
    line,
    popen,
)


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
        conversation = _Conversation(self._started(), b"".join(map(command, runs)))
        limit = IMPORT_SECONDS
        waiting = {run.id for run in runs}
        while waiting:
            message = conversation.next(limit)
            if message is None:
                raise Broken(self._death())
            if "fatal" in message:
                raise Broken(Failure(**{**message["fatal"], "frames": ()}))
            limit = GRACE_SECONDS + int(max(run.timeout * len(run.requests) for run in runs))
            if "id" in message:
                waiting.discard(message["id"])
                yield message

    def close(self) -> None:
        """End the process, and with it its children."""
        if self._process is not None:
            process, self._process = self._process, None
            with contextlib.suppress(OSError):
                self._ask_to_end(process)
            end(process)
        self._errors.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = popen(self._launch, "fork", self._errors)
            settings = {"path": list(self._launch.path), "jobs": self._launch.jobs}
            self._write(settings)
        return self._process

    def _write(self, message: dict[str, Any]) -> None:
        # A process that is dead already is met when its answers are read.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._input().fileno(), line(message))

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
        return Failure("worker", ": ".join([f"the process that runs TensorFlow {ending(code)}", *last]))


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
        first, _, self._said = self._said.partition(b"\n")
        return dict(json.loads(first))

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
