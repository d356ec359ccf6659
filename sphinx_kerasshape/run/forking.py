"""One worker process for the whole build, which forks for each request."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import IO, Any

from sphinx_kerasshape.messages import protocol
from sphinx_kerasshape.messages.codec import encode
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Failure
from sphinx_kerasshape.run.worker_process import (
    GRACE_SECONDS,
    IMPORT_SECONDS,
    Broken,
    Launch,
    Run,
    broken,
    command,
    end,
    ending,
    line,
    popen,
)
from sphinx_kerasshape.text import escape_controls

_NONSENSE = Failure(Problem.WORKER, "the process that runs TensorFlow gave no usable answer")
_KEPT_ERRORS = 1 << 16
MOST_DEATHS = 40
"""How often the process may die in one build before nothing more is run."""


class Forking:
    """One process for the whole build, which forks for each request."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._process: subprocess.Popen[bytes] | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._warm = self._ready = False

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
        """Run all, as many at a time as there are jobs. Raises :class:`Broken`.

        Should the process die, which code can bring about, the runs that it was at are tried once
        more, each alone, so that one that does it again is known.
        """
        batches = [list(runs)]
        deaths = 0
        while batches:
            batch = batches.pop(0)
            try:
                for message in self._converse(batch):
                    batch = [run for run in batch if run.id != message["id"]]
                    yield message
            except _Died as died:
                deaths += 1
                self._end()
                if deaths > MOST_DEATHS:
                    raise Broken(died.failure) from None
                if len(batch) == 1 and deaths > 1:
                    yield _fatal_for(batch[0], died.failure)
                else:
                    suspects, others = batch[: self._launch.jobs], batch[self._launch.jobs :]
                    batches[:0] = [*([suspect] for suspect in suspects), others]

    def _converse(self, runs: list[Run]) -> Iterator[dict[str, Any]]:
        """Give the answers to runs. Raises :class:`Broken` where the process can't, or ``_Died``."""
        if not runs:
            return
        self.warm()
        conversation = _Conversation(self._started(), b"".join(map(command, runs)))
        limit = GRACE_SECONDS + self._longest(runs) if self._ready else IMPORT_SECONDS
        waiting = {run.id for run in runs}
        while waiting:
            message = conversation.next(limit)
            if message is None:
                raise _Died(self._death()) if self._ready else Broken(self._death())
            if not protocol.is_of_worker(message, waiting):
                raise _Died(_NONSENSE) if self._ready else Broken(_NONSENSE)
            if "fatal" in message:
                raise broken(message["fatal"])
            self._ready = True
            limit = GRACE_SECONDS + self._longest(runs)
            if "id" in message:
                waiting.discard(message["id"])
                yield message

    def _longest(self, runs: Sequence[Run]) -> int:
        """Return how long one of the runs may take, in seconds."""
        return int(max(run.timeout * len(run.requests) for run in runs))

    def close(self) -> None:
        """End the process, and with it its children."""
        self._end()
        self._errors.close()

    def _end(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            self._warm = self._ready = False
            with contextlib.suppress(OSError):
                assert process.stdin is not None
                process.stdin.close()
            end(process)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = popen(self._launch, "fork", self._errors)
        return self._process

    def _write(self, message: dict[str, Any]) -> None:
        # A process that is dead already is met when its answers are read.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._input().fileno(), line(message))

    def _input(self) -> IO[bytes]:
        pipe = self._started().stdin
        assert pipe is not None
        return pipe

    def _death(self) -> Failure:
        process = self._started()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        code = process.poll()
        if code is None:
            return Failure(Problem.WORKER, "the process that runs TensorFlow gave no answer in time")
        if code < 0:
            return Failure(Problem.WORKER, f"the process that runs TensorFlow {ending(code)}")
        self._errors.seek(0)
        why = escape_controls(protocol.cause(self._errors.read()[-_KEPT_ERRORS:]))
        return Failure(
            Problem.WORKER, f"the process that runs TensorFlow {ending(code)}" + (f": {why}" if why else "")
        )


class _Died(Exception):
    """The process died, or fell silent, after it had been ready."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def _fatal_for(run: Run, why: Failure) -> dict[str, Any]:
    """Return the answer to a run that the process does not survive."""
    failure = Failure(
        Problem.CRASH, f"the code takes the process with it that runs all models: {why.message}"
    )
    return {"id": run.id, "seconds": 0, "done": 0, "answers": [{"failure": encode(failure)}]}


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
        """Return the next message, empty for nonsense, or ``None`` after so much silence or the end."""
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
        return protocol.heard(first)

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
