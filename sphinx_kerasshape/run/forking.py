"""One worker process for the whole build, which forks for each run."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.protocol import Broken, Message, Ready, Stopped, ending, loaded, parsed
from sphinx_kerasshape.messages.report import Failure
from sphinx_kerasshape.run.worker_process import (
    GRACE_SECONDS,
    IMPORT_SECONDS,
    Launch,
    Outcome,
    Run,
    WorkerFailed,
    command,
    end,
    last_errors,
    popen,
)

_UNUSABLE = Failure(Problem.WORKER, "the process that runs TensorFlow gave no usable answer")
_WARM_UP = b'{"warm":true}\n'
MAX_DEATHS = 40
"""If the process dies more often in a build, nothing more runs."""


class Forking:
    """One process for the whole build, which forks for each run."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._process: subprocess.Popen[bytes] | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._warm = self._ready = False
        self.sandbox = ""

    @staticmethod
    def possible() -> bool:
        """Whether this system can fork."""
        return hasattr(os, "fork")

    def start(self) -> None:
        """Start the process; it imports TensorFlow at its first command."""
        self._started()

    def warm(self) -> None:
        """Make the process import TensorFlow, without waiting for it."""
        if not self._warm:
            self._warm = True
            # One small write, so that a forked reader of Sphinx can do this as well.
            # If the process is dead, that is noticed when its answers are read.
            pipe = self._started().stdin
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                os.write(pipe.fileno(), _WARM_UP)

    def run(self, runs: Sequence[Run]) -> Iterator[Outcome]:
        """Run all, up to ``jobs`` at a time. Raises :class:`WorkerFailed`.

        If the process dies, the runs that were under way are repeated one by one, to find the run
        whose code killed it.
        """
        batches = [list(runs)]
        deaths = 0
        while batches:
            batch = batches.pop(0)
            try:
                for outcome in self._converse(batch):
                    batch = [run for run in batch if run.id != outcome.run]
                    yield outcome
            except _Died as died:
                deaths += 1
                self._end()
                if deaths > MAX_DEATHS:
                    raise WorkerFailed(died.failure) from None
                if len(batch) == 1 and deaths > 1:
                    message = f"the code killed the process that runs the models: {died.failure.message}"
                    yield Stopped(batch[0].id, 0, 0, (), Failure(Problem.CRASH, message))
                else:
                    suspects, others = batch[: self._launch.jobs], batch[self._launch.jobs :]
                    batches[:0] = [*([suspect] for suspect in suspects), others]

    def _converse(self, runs: list[Run]) -> Iterator[Outcome]:
        """Yield the outcomes of runs. Raises :class:`WorkerFailed`; ``_Died`` once it has been ready."""
        if not runs:
            return
        self.warm()
        conversation = _Conversation(self._started(), b"".join(map(command, runs)))
        longest = int(max(run.timeout * len(run.requests) for run in runs))
        waiting = {run.id for run in runs}
        while waiting:
            line = conversation.next(GRACE_SECONDS + longest if self._ready else IMPORT_SECONDS)
            message = self._message(line, waiting)
            if isinstance(message, Broken):
                raise WorkerFailed(message.failure)
            self._ready = True
            if isinstance(message, Ready):
                self.sandbox = message.sandbox
            else:
                waiting.discard(message.run)
                yield message

    def _message(self, line: bytes | None, waiting: set[int]) -> Message:
        message = parsed(loaded(line), waiting) if line is not None else None
        if message is None:
            failure = self._death() if line is None else _UNUSABLE
            raise _Died(failure) if self._ready else WorkerFailed(failure)
        return message

    def close(self) -> None:
        """End the process and its children."""
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

    def _death(self) -> Failure:
        process = self._started()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        code = process.poll()
        if code is None:
            return Failure(Problem.WORKER, "the process that runs TensorFlow gave no answer in time")
        how = ending(code, last_errors(self._errors) if code >= 0 else None)
        return Failure(Problem.WORKER, f"the process that runs TensorFlow {how}")


class _Died(Exception):
    """The process died or became silent after it had been ready."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _Conversation:
    """Sends commands and receives answers at the same time, so that neither pipe can block the other."""

    def __init__(self, process: subprocess.Popen[bytes], commands: bytes) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin.fileno(), process.stdout.fileno()
        os.set_blocking(self._in, False)
        self._commands = commands
        self._received = b""

    def next(self, seconds: float) -> bytes | None:
        """Return the next line; ``None`` if the answers end, or if nothing arrives in this time."""
        until = time.monotonic() + seconds
        while b"\n" not in self._received:
            writing = [self._in] if self._commands else []
            reading, ready, _ = select.select([self._out], writing, [], max(0.0, until - time.monotonic()))
            if ready and not self._send():
                return None
            if not reading and not ready:
                return None
            if reading and not self._receive():
                return None
        line, _, self._received = self._received.partition(b"\n")
        return line

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
        self._received += data
        return bool(data)
