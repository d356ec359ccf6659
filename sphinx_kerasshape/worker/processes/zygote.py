"""One process that imports TensorFlow once and forks for every request.

It owns the children: starting at most ``jobs`` at a time, reading what they say,
their deadlines and their ends. It must never touch TensorFlow's runtime itself: one
symbolic call starts threads, and the next fork would deadlock.
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
from sphinx_kerasshape.worker.processes.limits import LOOK_SECONDS, Limits
from sphinx_kerasshape.worker.processes.running import Running

_CHUNK = 1 << 16


def serve(commands: int, answers: int, settings: dict[str, Any], folder: str) -> None:
    """Run requests from ``commands`` until it closes, and write to ``answers``.

    Temporary files are in ``folder``, which is removed at the end.
    """
    lines = _Lines(commands, folder)
    first = json.loads(lines.wait())
    failure = child.prepare(settings["path"])
    if failure is not None:
        _say(answers, {"fatal": failure})
        return
    _say(answers, {"ready": True})
    gc.collect()
    gc.freeze()
    tree.adopt_orphans()
    zygote = _Zygote(lines, answers, settings, folder)
    lifeline.on_terminate(zygote.end)
    zygote.command(first)
    zygote.loop()


def _say(answers: int, message: dict[str, Any]) -> None:
    lifeline.write_all(answers, dumps(message).encode() + b"\n")


class _Lines:
    """The commands, line by line, without ever blocking on half a line."""

    def __init__(self, descriptor: int, folder: str) -> None:
        self.descriptor = descriptor
        self._folder = folder
        self.open = True
        self._rest = b""
        self._ready: deque[bytes] = deque()

    def wait(self) -> bytes:
        while not self._ready:
            self.read()
            if not self.open:
                warden.remove(self._folder)
                os._exit(0)
        return self._ready.popleft()

    def read(self) -> None:
        data = os.read(self.descriptor, _CHUNK)
        self.open = bool(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
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

    def command(self, command: dict[str, Any]) -> None:
        """Take a command that was read; a mere warm-up is done by now."""
        if "requests" in command:
            first = command["requests"][0]
            code = "" if first["file"] else f"{first['prelude']}\n{first['code']}"
            self._queue.append({**command, "modules": leading(code) if tree.IS_KNOWN else ()})

    def loop(self) -> None:
        while self._lines.open:
            for line in self._lines.take():
                self.command(json.loads(line))
            while len(self._running) < self._jobs and (command := self._next()) is not None:
                self._start(command)
            self._listen()
            for one in list(self._running):
                self._attend(one)
            self._servers.look()
        self.end()

    def _next(self) -> dict[str, Any] | None:
        """Take the first command that doesn't wait for the imports that it shares with others."""
        for number, command in enumerate(self._queue):
            modules = command["modules"]
            if self._servers.can_start(modules) and self._is_shared(modules):
                self._servers.start(modules, self._new_folder(), command["timeout"])
            if not self._servers.is_importing(modules):
                del self._queue[number]
                return command
        return None

    def _is_shared(self, modules: tuple[str, ...]) -> bool:
        return [command["modules"] for command in self._queue].count(modules) > 1

    def end(self) -> None:
        """Kill and bury every child."""
        for pid in self._processes():
            tree.kill(pid)
        tree.kill_orphans()
        warden.remove(self._folder)

    def _processes(self) -> set[int]:
        return {*(one.pid for one in self._running), *self._servers.pids()}

    def _listen(self) -> None:
        poll = select.poll()
        poll.register(self._lines.descriptor, select.POLLIN)
        owners = {pipe: one for one in self._running for pipe in one.pipes}
        importing = self._servers.importing()
        for pipe in (*owners, *importing):
            poll.register(pipe, select.POLLIN)
        for pipe, _event in poll.poll(LOOK_SECONDS * 1000 if self._running or importing else None):
            if pipe in owners:
                owners[pipe].read(pipe)
            elif pipe in importing:
                self._servers.hear(importing[pipe])
            else:
                self._lines.read()

    def _start(self, command: dict[str, Any]) -> None:
        try:
            self._running.append(self._forked(command))
        except OSError as error:
            what = f"no process could be started for the code: {error.strerror or error}"
            answer = child.named(Failure(Problem.WORKER, what))
            _say(self._answers, {"id": command["id"], "seconds": 0, "done": 0, "answers": [answer]})

    def _forked(self, command: dict[str, Any]) -> Running:
        folder = self._new_folder()
        ends = {kind: os.pipe() for kind in ("answer", "stdout", "stderr")}
        one = Running(command, folder, f"\0{secrets.token_hex(16)}\n".encode(), self._limits)
        order = {**command, "marker": one.marker.decode()}
        writing_ends = {kind: write for kind, (_, write) in ends.items()}
        one.pid = self._servers.fork(command["modules"], order, folder, writing_ends)
        for kind, (reading, writing) in ends.items():
            os.close(writing)
            os.set_blocking(reading, False)
            one.pipes[reading] = kind
        return one

    def _new_folder(self) -> str:
        try:
            return tempfile.mkdtemp(dir=self._folder)
        except FileNotFoundError:
            # Code has removed the folder of all.
            os.mkdir(self._folder, 0o700)
            return tempfile.mkdtemp(dir=self._folder)

    def _attend(self, one: Running) -> None:
        """See whether a child has answered, died, or must be stopped."""
        if one.is_garbled:
            self._finish(one, one.no_answer())
        elif one.is_done:
            self._finish(one, None)
        elif self._exited(one):
            one.drain()
            if not one.is_garbled:
                self._finish(one, None if one.is_done else one.crash())
        elif failure := one.trouble():
            self._finish(one, failure)

    def _exited(self, one: Running) -> bool:
        pid, status = os.waitpid(one.pid, os.WNOHANG)
        if pid:
            one.status = status
        return bool(pid)

    def _finish(self, one: Running, failure: Failure | None) -> None:
        one.drain()
        if one.status is None:
            tree.kill(one.pid)
        else:
            tree.kill_group(one.pid)
        self._running.remove(one)
        tree.kill_orphans(self._processes())
        for pipe in one.pipes:
            os.close(pipe)
        warden.remove(one.folder)
        answers = one.answers[: len(one.command["requests"])]
        answers += [child.named(failure)] if failure is not None else []
        for number, answer in enumerate(answers):
            if "report" in answer:
                answer["report"]["output"] = one.output(number)
        said = {"again": True} if "again" in answers[-1] else {"answers": answers}
        told = {
            "id": one.command["id"],
            "seconds": round(time.monotonic() - one.started, 3),
            "done": one.done,
        }
        try:
            _say(self._answers, {**told, **said})
        except RecursionError:
            _say(
                self._answers, {**told, "answers": [child.named(one.no_answer("lists in lists without end"))]}
            )
