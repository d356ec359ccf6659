"""The process that imports TensorFlow once and forks a child for each run.

It starts at most ``jobs`` children at a time, reads their answers, keeps their deadlines and ends them. It
must never use TensorFlow's runtime itself: one symbolic call starts threads, and the next fork deadlocks.
"""

from __future__ import annotations

import gc
import json
import os
import secrets
import select
import tempfile
import time
from collections import deque
from typing import Any

from sphinx_kerasshape.messages.codec import dumps
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Failure
from sphinx_kerasshape.worker import child
from sphinx_kerasshape.worker.code.leading_imports import leading
from sphinx_kerasshape.worker.processes import lifeline, tree, warden
from sphinx_kerasshape.worker.processes.import_server import ImportServers
from sphinx_kerasshape.worker.processes.limits import CHECK_SECONDS, Limits
from sphinx_kerasshape.worker.processes.running import Running
from sphinx_kerasshape.worker.sandbox import confine

_CHUNK = 1 << 16


def serve(commands: int, answers: int, settings: dict[str, Any], folder: str) -> None:
    """Serve the commands of a descriptor until it closes; ``folder`` is for temporary files."""
    lines = _Lines(commands, folder)
    first = json.loads(lines.wait())
    failure = child.prepare(settings["path"])
    if failure is not None:
        _send(answers, {"fatal": failure})
        return
    _send(answers, {"ready": True, "sandbox": confine.description()})
    gc.freeze()  # Collecting what little garbage there is would take a tenth of the import's time.
    tree.adopt_orphans()
    zygote = _Zygote(lines, answers, settings, folder)
    lifeline.on_terminate(zygote.end)
    zygote.take(first)
    zygote.loop()


def _send(answers: int, message: dict[str, Any]) -> None:
    lifeline.write_all(answers, dumps(message).encode() + b"\n")


class _Lines:
    """The lines of a descriptor, read without ever blocking on half a line."""

    def __init__(self, descriptor: int, folder: str) -> None:
        self.descriptor = descriptor
        self._folder = folder
        self.open = True
        self._unfinished = b""
        self._ready: deque[bytes] = deque()

    def wait(self) -> bytes:
        """Return the next line; exit if there is none."""
        while not self._ready:
            self.read()
            if not self.open:
                warden.remove(self._folder)
                os._exit(0)
        return self._ready.popleft()

    def read(self) -> None:
        data = os.read(self.descriptor, _CHUNK)
        self.open = bool(data)
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        self._ready.extend(lines)

    def take(self) -> list[bytes]:
        lines = list(self._ready)
        self._ready.clear()
        return lines


class _Zygote:
    def __init__(self, lines: _Lines, answers: int, settings: dict[str, Any], folder: str) -> None:
        self._lines = lines
        self._answers = answers
        self._jobs = settings["jobs"]
        self._limits = Limits.of(settings)
        self._folder = folder
        self._queue: deque[dict[str, Any]] = deque()
        self._running: list[Running] = []
        self._servers = ImportServers(self._limits)

    def take(self, command: dict[str, Any]) -> None:
        """Queue a command. TensorFlow is imported by now, so a command to import it needs nothing."""
        if "requests" in command:
            first = command["requests"][0]
            if first["kind"] == "document":
                child.prepare_documents()
            code = "" if first["file"] else f"{first['prelude']}\n{first['code']}"
            self._queue.append({**command, "modules": self._leading(code)})

    def _leading(self, code: str) -> tuple[str, ...]:
        return leading(code, child.project_folders) if tree.IS_KNOWN else ()

    def loop(self) -> None:
        while self._lines.open:
            for line in self._lines.take():
                self.take(json.loads(line))
            while len(self._running) < self._jobs and (command := self._next()) is not None:
                self._start(command)
            self._listen()
            for running in list(self._running):
                self._attend(running)
            self._servers.check()
        self.end()

    def end(self) -> None:
        """Kill all children, and remove the temporary files."""
        for pid in self._pids():
            tree.kill(pid)
        tree.kill_orphans()
        warden.remove(self._folder)

    def _pids(self) -> set[int]:
        return {*(running.pid for running in self._running), *self._servers.pids()}

    def _next(self) -> dict[str, Any] | None:
        """Take the first command that doesn't wait for imports which it shares with others."""
        for number, command in enumerate(self._queue):
            modules = command["modules"]
            if self._servers.can_start(modules) and self._is_shared(modules):
                self._servers.start(modules, self._new_folder(), command["timeout"])
            if modules not in self._servers.importing().values():
                del self._queue[number]
                return command
        return None

    def _is_shared(self, modules: tuple[str, ...]) -> bool:
        return [command["modules"] for command in self._queue].count(modules) > 1

    def _start(self, command: dict[str, Any]) -> None:
        try:
            self._running.append(self._fork(command))
        except OSError as error:
            what = f"no process could be started for the code: {error.strerror or error}"
            answer = child.as_message(Failure(Problem.WORKER, what))
            _send(self._answers, {"id": command["id"], "seconds": 0, "done": 0, "answers": [answer]})

    def _fork(self, command: dict[str, Any]) -> Running:
        folder = self._new_folder()
        pipes = {kind: os.pipe() for kind in ("answer", "stdout", "stderr")}
        running = Running(command, folder, f"\0{secrets.token_hex(16)}\n".encode(), self._limits)
        marked = {**command, "marker": running.marker.decode(), "memory": self._limits.memory}
        writing_ends = {kind: write for kind, (_, write) in pipes.items()}
        running.pid = self._servers.fork(command["modules"], marked, folder, writing_ends)
        for kind, (reading, writing) in pipes.items():
            os.close(writing)
            os.set_blocking(reading, False)
            running.pipes[reading] = kind
        return running

    def _new_folder(self) -> str:
        try:
            return tempfile.mkdtemp(dir=self._folder)
        except FileNotFoundError:
            # The code of a model has removed the folder of all models.
            os.mkdir(self._folder, 0o700)
            return tempfile.mkdtemp(dir=self._folder)

    def _listen(self) -> None:
        """Wait until something arrives, or until the children have to be checked."""
        poll = select.poll()
        owners = {pipe: running for running in self._running for pipe in running.pipes}
        importing = self._servers.importing()
        for pipe in (self._lines.descriptor, *owners, *importing):
            poll.register(pipe, select.POLLIN)
        for pipe, _event in poll.poll(CHECK_SECONDS * 1000 if self._running or importing else None):
            if pipe in owners:
                owners[pipe].read(pipe)
            elif pipe in importing:
                self._servers.receive(importing[pipe])
            else:
                self._lines.read()

    def _attend(self, running: Running) -> None:
        """Finish a child that has answered, died, or must be stopped."""
        if running.is_garbled:
            self._finish(running, running.garbled())
        elif running.is_done:
            self._finish(running, None)
        elif self._has_exited(running):
            running.drain()
            if not running.is_garbled:
                self._finish(running, None if running.is_done else running.crashed())
        elif failure := running.exceeded():
            is_late = failure.problem == Problem.TIMEOUT
            self._finish(running, failure._replace(frames=running.stack()) if is_late else failure)

    def _has_exited(self, running: Running) -> bool:
        pid, status = os.waitpid(running.pid, os.WNOHANG)
        if pid:
            running.status = status
        return bool(pid)

    def _finish(self, running: Running, failure: Failure | None) -> None:
        """End a child with all its processes, and pass its answers on."""
        running.drain()
        if running.status is None:
            tree.kill(running.pid)
        else:
            tree.kill_group(running.pid)
        self._running.remove(running)
        tree.kill_orphans(self._pids())
        for pipe in running.pipes:
            os.close(pipe)
        warden.remove(running.folder)
        try:
            self._answer(running, failure)
        except RecursionError:
            self._answer(running, running.garbled("endlessly nested lists"))

    def _answer(self, running: Running, failure: Failure | None) -> None:
        last = [child.as_message(failure)] if failure is not None else []
        answers = [*running.answers, *last][: len(running.command["requests"])]
        for number, answer in enumerate(answers):
            if "report" in answer:
                answer["report"]["output"] = running.output(number)
        message = {
            "id": running.command["id"],
            "seconds": round(time.monotonic() - running.started, 3),
            "done": running.done,
            **({"again": True} if "again" in answers[-1] else {"answers": answers}),
        }
        _send(self._answers, message)
