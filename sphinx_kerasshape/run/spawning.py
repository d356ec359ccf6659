"""One worker process a request, several of them at a time: for systems without ``fork``."""

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
from sphinx_kerasshape.messages.report import Failure
from sphinx_kerasshape.run.worker_process import (
    IMPORT_SECONDS,
    Broken,
    Launch,
    Run,
    broken,
    command,
    end,
    ending,
    popen,
    stop,
)
from sphinx_kerasshape.text import escape_controls

_KEPT_ERRORS = 1 << 16


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
            end(process)

    def _one(self, run: Run) -> dict[str, Any]:
        with tempfile.TemporaryFile() as errors:
            process = popen(self._launch, "once", errors)
            self._processes.add(process)
            try:
                self._send(process, command(run))
                started = time.monotonic()
                message = self._next(process, errors, IMPORT_SECONDS)
                if "ready" in message:
                    started = time.monotonic()
                    message = self._answers(process, errors, run)
                elif "failure" in message:
                    raise Broken(Failure(Problem.WORKER, "the process that runs TensorFlow could not start"))
            finally:
                end(process)
                self._processes.discard(process)
        if "fatal" in message:
            raise broken(message["fatal"])
        return {**message, "id": run.id, "seconds": time.monotonic() - started}

    def _answers(self, process: subprocess.Popen[bytes], errors: IO[bytes], run: Run) -> dict[str, Any]:
        """Read the answers to a run, each of which has its own time."""
        answers: list[dict[str, Any]] = []
        done = 0
        while len(answers) < len(run.requests):
            message = self._next(process, errors, run.timeout)
            if "done" in message and done < len(run.requests):
                done += 1
                continue
            if "again" in message and not run.real:
                return message
            answers.append(message if message.keys() & {"report", "failure"} else _NONSENSE)
            if "report" not in answers[-1]:
                break
        return {"answers": answers, "done": done}

    def _send(self, process: subprocess.Popen[bytes], data: bytes) -> None:
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.write(data)
            process.stdin.close()

    def _next(self, process: subprocess.Popen[bytes], errors: IO[bytes], seconds: float) -> dict[str, Any]:
        """Read a message; end the process if it does not come in time."""
        assert process.stdout is not None
        until = time.monotonic() + seconds
        late = threading.Timer(seconds, stop, [process])
        late.start()
        try:
            return self._message(process.stdout)
        except EOFError:
            if time.monotonic() >= until:
                return _failure(Problem.TIMEOUT, "the code did not end in time")
            return _failure(Problem.CRASH, self._death(process, errors))
        except ValueError as error:
            return _failure(Problem.CRASH, f"the code wrote where its process answers: {error}")
        finally:
            late.cancel()

    def _message(self, answers: IO[bytes]) -> dict[str, Any]:
        """Read a message, which may have an empty line before it. Raises ``EOFError``, ``ValueError``."""
        while True:
            said = answers.readline(protocol.LONGEST)
            if len(said) == protocol.LONGEST:
                raise ValueError(f"an answer of more than {protocol.LONGEST >> 20} MB")
            if not said.endswith(b"\n"):
                raise EOFError
            if said.strip():
                message = protocol.heard(said)
                if protocol.is_of_child(message) or protocol.is_of_worker(message, ()):
                    return message
                raise ValueError(repr(said[:40].strip())[1:])

    def _death(self, process: subprocess.Popen[bytes], errors: IO[bytes]) -> str:
        code = process.wait()
        errors.seek(0)
        why = escape_controls(protocol.cause(errors.read()[-_KEPT_ERRORS:]))
        if code == protocol.UNABLE:
            return f"the process that ran the code can't answer: {why or protocol.NO_CAUSE}"
        return f"the process that ran the code {ending(code)}" + (f": {why}" if why else "")


def _failure(problem: Problem, message: str) -> dict[str, Any]:
    return {"failure": encode(Failure(problem, message))}


_NONSENSE = _failure(Problem.CRASH, "the code wrote where its process answers")
