"""One process that imports TensorFlow once and forks for every request.

It owns the children: starting at most ``jobs`` at a time, reading what they say,
their deadlines and their ends. It must never touch TensorFlow's runtime itself: one
symbolic call starts threads, and the next fork would deadlock.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sphinx_kerasshape.codec import dumps
from sphinx_kerasshape.messages import Failure
from sphinx_kerasshape.worker import child, lifeline

_TICK = 0.1
_CHUNK = 1 << 16


def serve(commands: int, answers: int) -> None:
    """Run requests from ``commands`` until it closes, and write to ``answers``."""
    lines = _Lines(commands)
    settings = json.loads(lines.wait())
    first = json.loads(lines.wait())
    failure = child.prepare(settings["path"])
    if failure is not None:
        _say(answers, {"fatal": failure})
        return
    _say(answers, {"ready": True})
    gc.collect()
    gc.freeze()
    zygote = _Zygote(lines, answers, settings["jobs"])
    lifeline.on_terminate(zygote.end)
    zygote.command(first)
    zygote.loop()


def _say(answers: int, message: dict[str, Any]) -> None:
    lifeline.write_all(answers, dumps(message).encode() + b"\n")


class _Lines:
    """The commands, line by line, without ever blocking on half a line."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.open = True
        self._rest = b""
        self._ready: deque[bytes] = deque()

    def wait(self) -> bytes:
        while not self._ready:
            self.read()
            if not self.open:
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


@dataclass
class _Child:
    """A running child: the command it serves, and what it has said so far."""

    command: dict[str, Any]
    pid: int
    folder: str
    started: float = field(default_factory=time.monotonic)
    pipes: dict[int, str] = field(default_factory=dict)
    said: dict[str, bytes] = field(default_factory=dict)
    status: int | None = None

    def read(self, pipe: int) -> None:
        """Take what a pipe holds; close it at its end."""
        kind = self.pipes[pipe]
        try:
            data = os.read(pipe, _CHUNK)
        except BlockingIOError:
            return
        if not data:
            del self.pipes[pipe]
            os.close(pipe)
        kept = self.said.get(kind, b"")
        if kind == "answer" or len(kept) < child.OUTPUT_LIMIT:
            self.said[kind] = kept + data

    @property
    def answer(self) -> dict[str, Any] | None:
        """The child's answer, once all of it has arrived."""
        data = self.said.get("answer", b"")
        return json.loads(data) if data.endswith(b"\n") else None


class _Zygote:
    def __init__(self, lines: _Lines, answers: int, jobs: int) -> None:
        self._lines = lines
        self._answers = answers
        self._jobs = jobs
        self._queue: deque[dict[str, Any]] = deque()
        self._running: list[_Child] = []

    def command(self, command: dict[str, Any]) -> None:
        """Take a command that was read; a mere warm-up is done by now."""
        if "request" in command:
            self._queue.append(command)

    def loop(self) -> None:
        while self._lines.open:
            for line in self._lines.take():
                self.command(json.loads(line))
            while self._queue and len(self._running) < self._jobs:
                self._start(self._queue.popleft())
            self._listen()
            for one in list(self._running):
                self._attend(one)
        self.end()

    def end(self) -> None:
        """Kill and bury every child."""
        for one in self._running:
            lifeline.kill_group(one.pid)
            child.remove_folder(one.folder)

    def _listen(self) -> None:
        poll = select.poll()
        poll.register(self._lines.descriptor, select.POLLIN)
        owners = {pipe: one for one in self._running for pipe in one.pipes}
        for pipe in owners:
            poll.register(pipe, select.POLLIN)
        for pipe, _event in poll.poll(_TICK * 1000 if self._running else None):
            if pipe in owners:
                owners[pipe].read(pipe)
            else:
                self._lines.read()

    def _start(self, command: dict[str, Any]) -> None:
        folder = tempfile.mkdtemp(prefix="kerasshape-")
        ends = {kind: os.pipe() for kind in ("answer", "stdout", "stderr")}
        zygote = os.getpid()
        pid = os.fork()
        if pid == 0:
            child.forked(command, folder, {kind: write for kind, (_, write) in ends.items()}, zygote)
        one = _Child(command, pid, folder)
        for kind, (reading, writing) in ends.items():
            os.close(writing)
            os.set_blocking(reading, False)
            one.pipes[reading] = kind
        self._running.append(one)

    def _attend(self, one: _Child) -> None:
        """See whether a child has answered, died, or is overdue."""
        if one.answer is not None:
            self._finish(one, one.answer)
        elif self._exited(one):
            self._drain(one)
            self._finish(one, one.answer or self._crash(one))
        elif time.monotonic() > one.started + one.command["timeout"]:
            self._finish(one, _failure("timeout", "the code did not end in time"))

    def _exited(self, one: _Child) -> bool:
        pid, status = os.waitpid(one.pid, os.WNOHANG)
        if pid:
            one.status = status
        return bool(pid)

    def _drain(self, one: _Child) -> None:
        """Read what is left in the pipes; a grandchild may hold them open for ever."""
        for pipe in list(one.pipes):
            size = -1
            while pipe in one.pipes and size != len(one.said.get(one.pipes[pipe], b"")):
                size = len(one.said.get(one.pipes[pipe], b""))
                one.read(pipe)

    def _crash(self, one: _Child) -> dict[str, Any]:
        code = os.waitstatus_to_exitcode(one.status or 0)
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
        last = one.said.get("stderr", b"").decode(errors="replace").strip().splitlines()[-1:]
        return _failure("crash", ": ".join([f"the process that ran the code {how}", *last]))

    def _finish(self, one: _Child, answer: dict[str, Any]) -> None:
        self._drain(one)
        if one.status is None:
            lifeline.kill_group(one.pid)
        else:
            lifeline.kill_rest(one.pid)
        for pipe in one.pipes:
            os.close(pipe)
        child.remove_folder(one.folder)
        self._running.remove(one)
        if "report" in answer:
            answer["report"]["output"] = child.text(one.said.get("stdout", b""))
        seconds = round(time.monotonic() - one.started, 3)
        _say(self._answers, {"id": one.command["id"], "seconds": seconds, **answer})


def _failure(problem: str, message: str) -> dict[str, Any]:
    return child.named(Failure(problem, message))
