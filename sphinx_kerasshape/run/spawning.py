"""One worker process for each run, several of them at a time: for systems without ``fork``."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from typing import IO, Any

from sphinx_kerasshape.messages import protocol
from sphinx_kerasshape.messages.codec import encode
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.protocol import Broken, NeedsWeights, Ready
from sphinx_kerasshape.messages.report import Failure
from sphinx_kerasshape.run.worker_process import (
    IMPORT_SECONDS,
    Launch,
    Outcome,
    Run,
    WorkerFailed,
    command,
    end,
    last_errors,
    popen,
    stop,
)


class Spawning:
    """One process for each run, several of them at a time."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self.sandbox = ""
        self._processes: set[subprocess.Popen[bytes]] = set()

    def start(self) -> None:
        """Do nothing: each run starts its own process."""

    def warm(self) -> None:
        """Do nothing: no later run could use the process."""

    def run(self, runs: Sequence[Run]) -> Iterator[Outcome]:
        """Run all, up to ``jobs`` at a time. Raises :class:`WorkerFailed`."""
        from concurrent.futures import ThreadPoolExecutor, as_completed

        with ThreadPoolExecutor(self._launch.jobs) as pool:
            futures = [pool.submit(self._run, run) for run in runs]
            try:
                for future in as_completed(futures):
                    yield future.result()
            finally:
                for future in futures:
                    future.cancel()
                self.close()

    def close(self) -> None:
        """End all processes."""
        for process in list(self._processes):
            end(process)

    def _run(self, run: Run) -> Outcome:
        with tempfile.TemporaryFile() as errors:
            process = popen(self._launch, "once", errors)
            self._processes.add(process)
            try:
                assert process.stdin is not None
                with contextlib.suppress(OSError):
                    process.stdin.write(command(run))
                    process.stdin.close()
                self._wait_until_ready(process, errors)
                return self._outcome(process, errors, run)
            finally:
                end(process)
                self._processes.discard(process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        """Wait until TensorFlow is imported. Raises :class:`WorkerFailed`."""
        message = protocol.parsed(self._next(process, errors, IMPORT_SECONDS))
        if isinstance(message, Broken):
            raise WorkerFailed(message.failure)
        if not isinstance(message, Ready):
            raise WorkerFailed(Failure(Problem.WORKER, "the process that runs TensorFlow could not start"))
        self.sandbox = message.sandbox

    def _outcome(self, process: subprocess.Popen[bytes], errors: IO[bytes], run: Run) -> Outcome:
        """Return the outcome of a run; each request of the run has its own time."""
        started = time.monotonic()
        answers: list[dict[str, Any]] = []
        done = 0
        while len(answers) < len(run.requests) and not (answers and "report" not in answers[-1]):
            message = self._next(process, errors, run.timeout)
            if "done" in message and done < len(run.requests):
                done += 1
            elif "again" in message and not run.real:
                return NeedsWeights(run.id, time.monotonic() - started)
            else:
                answers.append(message if message.keys() & {"report", "failure"} else _FORGED)
        return protocol.outcome(run.id, time.monotonic() - started, done, answers)

    def _next(self, process: subprocess.Popen[bytes], errors: IO[bytes], seconds: float) -> dict[str, Any]:
        """Return the next message; stop the process if none comes in time."""
        assert process.stdout is not None
        deadline = time.monotonic() + seconds
        timer = threading.Timer(seconds, stop, [process])
        timer.start()
        try:
            return _message(process.stdout)
        except EOFError:
            if time.monotonic() >= deadline:
                return _failure(Problem.TIMEOUT, "the code did not end in time")
            how = protocol.ending(process.wait(), last_errors(errors))
            return _failure(Problem.CRASH, f"the process that ran the code {how}")
        except ValueError as error:
            return _failure(Problem.CRASH, f"{protocol.FORGED}: {error}")
        finally:
            timer.cancel()


def _message(answers: IO[bytes]) -> dict[str, Any]:
    """Return the next message, which may follow empty lines. Raises ``EOFError``, ``ValueError``."""
    while True:
        line = answers.readline(protocol.MAX_LINE_BYTES)
        if len(line) == protocol.MAX_LINE_BYTES:
            raise ValueError(f"an answer of more than {protocol.MAX_LINE_BYTES >> 20} MB")
        if not line.endswith(b"\n"):
            raise EOFError
        if line.strip():
            message = protocol.loaded(line)
            if protocol.is_of_child(message) or protocol.parsed(message) is not None:
                return message
            raise ValueError(repr(line[:40].strip())[1:])


def _failure(problem: Problem, message: str) -> dict[str, Any]:
    return {"failure": encode(Failure(problem, message))}


_FORGED = _failure(Problem.CRASH, protocol.FORGED)
