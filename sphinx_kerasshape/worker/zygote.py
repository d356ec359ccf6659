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
_MOST_CHUNKS = 64
"""How much is read of what a child that is done has said; a pipe holds no more than this."""


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
    marker: bytes
    """What the child prints behind what each request printed."""
    started: float = field(default_factory=time.monotonic)
    pipes: dict[int, str] = field(default_factory=dict)
    said: dict[str, bytes] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)
    """What it has answered, as far as that has arrived."""
    outputs: list[bytes] = field(default_factory=lambda: [b""])
    """What each request printed, as far as it is kept."""
    answered: float = field(default_factory=time.monotonic)
    """When the last request was done, or the first began."""
    status: int | None = None

    def read(self, pipe: int) -> bool:
        """Take what a pipe holds, if anything; close it at its end."""
        kind = self.pipes[pipe]
        try:
            data = os.read(pipe, _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            del self.pipes[pipe]
            os.close(pipe)
        if kind == "stdout":
            self._print(data)
        elif kind == "answer":
            self._hear(data)
        elif len(self.said.get(kind, b"")) < child.OUTPUT_LIMIT:
            self.said[kind] = self.said.get(kind, b"") + data
        return bool(data)

    def _hear(self, data: bytes) -> None:
        """Take the answers that are complete."""
        *lines, self.said["answer"] = (self.said.get("answer", b"") + data).split(b"\n")
        for message in map(json.loads, lines):
            if "done" in message:
                self.answered = time.monotonic()
            else:
                self.answers.append(message)

    def _print(self, data: bytes) -> None:
        """Share out what is printed; a mark may come in two pieces."""
        *whole, rest = (self.said.get("stdout", b"") + data).split(self.marker)
        for part in whole:
            self._keep(part)
            self.outputs.append(b"")
        end = max(0, len(rest) - len(self.marker))
        self._keep(rest[:end])
        self.said["stdout"] = rest[end:]

    def _keep(self, data: bytes) -> None:
        if len(self.outputs[-1]) < child.OUTPUT_LIMIT:
            self.outputs[-1] += data

    def output(self, number: int) -> str:
        """Return what a request printed."""
        whole = [*self.outputs[:-1], self.outputs[-1] + self.said.get("stdout", b"")]
        return child.text(whole[number]) if number < len(whole) else ""

    @property
    def is_done(self) -> bool:
        """Whether no more answers will come."""
        if not self.answers:
            return False
        return len(self.answers) == len(self.command["requests"]) or "report" not in self.answers[-1]


class _Zygote:
    def __init__(self, lines: _Lines, answers: int, jobs: int) -> None:
        self._lines = lines
        self._answers = answers
        self._jobs = jobs
        self._queue: deque[dict[str, Any]] = deque()
        self._running: list[_Child] = []

    def command(self, command: dict[str, Any]) -> None:
        """Take a command that was read; a mere warm-up is done by now."""
        if "requests" in command:
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
        one = _Child(command, 0, folder, f"\0{secrets.token_hex(16)}\n".encode())
        pid = os.fork()
        if pid == 0:
            writing_ends = {kind: write for kind, (_, write) in ends.items()}
            child.forked({**command, "marker": one.marker.decode()}, folder, writing_ends, zygote)
        one.pid = pid
        for kind, (reading, writing) in ends.items():
            os.close(writing)
            os.set_blocking(reading, False)
            one.pipes[reading] = kind
        self._running.append(one)

    def _attend(self, one: _Child) -> None:
        """See whether a child has answered, died, or is overdue."""
        if one.is_done:
            self._finish(one, None)
        elif self._exited(one):
            self._drain(one)
            self._finish(one, None if one.is_done else self._crash(one))
        elif time.monotonic() > one.answered + one.command["timeout"]:
            self._finish(one, _failure("timeout", "the code did not end in time"))

    def _exited(self, one: _Child) -> bool:
        pid, status = os.waitpid(one.pid, os.WNOHANG)
        if pid:
            one.status = status
        return bool(pid)

    def _drain(self, one: _Child) -> None:
        """Read what is left in the pipes; a grandchild may hold them open, and fill them, for ever."""
        for pipe in list(one.pipes):
            for _ in range(_MOST_CHUNKS):
                if pipe not in one.pipes or not one.read(pipe):
                    break

    def _crash(self, one: _Child) -> dict[str, Any]:
        code = os.waitstatus_to_exitcode(one.status or 0)
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
        last = one.said.get("stderr", b"").decode(errors="replace").strip().splitlines()[-1:]
        return _failure("crash", ": ".join([f"the process that ran the code {how}", *last]))

    def _finish(self, one: _Child, failure: dict[str, Any] | None) -> None:
        self._drain(one)
        if one.status is None:
            lifeline.kill_group(one.pid)
        else:
            lifeline.kill_rest(one.pid)
        for pipe in one.pipes:
            os.close(pipe)
        child.remove_folder(one.folder)
        self._running.remove(one)
        answers = one.answers + ([failure] if failure is not None else [])
        for number, answer in enumerate(answers):
            if "report" in answer:
                answer["report"]["output"] = one.output(number)
        said = {"again": True} if "again" in answers[-1] else {"answers": answers}
        seconds = round(time.monotonic() - one.started, 3)
        _say(self._answers, {"id": one.command["id"], "seconds": seconds, **said})


def _failure(problem: str, message: str) -> dict[str, Any]:
    return child.named(Failure(problem, message))
