"""A running child, seen from the process that forked it: what it has said and printed so far.

What arrives is not trusted: the author's code can write to every descriptor of its process.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Any

from sphinx_kerasshape.messages import protocol
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Failure
from sphinx_kerasshape.worker import child
from sphinx_kerasshape.worker.processes.limits import LOOK_SECONDS, Limits

_CHUNK = 1 << 16
_MOST_CHUNKS = 64
"""How much is read of what a child that is done has said; a pipe holds no more than this."""
_KEPT_ERRORS = 1 << 16


@dataclass
class Running:
    """A child, and the command that it serves."""

    command: dict[str, Any]
    folder: str
    marker: bytes
    """What the child prints behind what each request printed."""
    limits: Limits
    pid: int = 0
    started: float = field(default_factory=time.monotonic)
    pipes: dict[int, str] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)
    """What it has answered, as far as that has arrived."""
    done: int = 0
    """How many requests have run to their end."""
    since: float = field(default_factory=time.monotonic)
    """When the last request was done, or the first began."""
    status: int | None = None
    _looked: float = 0.0
    _answer: bytearray = field(default_factory=bytearray)
    _errors: bytearray = field(default_factory=bytearray)
    _nonsense: str = ""
    """What arrived in place of an answer."""
    _printed: list[tuple[bytearray, int]] = field(default_factory=lambda: [(bytearray(), 0)])
    """What each request printed, as far as it is kept, and how much it was."""
    _rest: bytes = b""

    def read(self, pipe: int) -> bool:
        """Take what a pipe holds, if anything; close it at its end."""
        try:
            data = os.read(pipe, _CHUNK)
        except BlockingIOError:
            return False
        kind = self.pipes[pipe]
        if not data:
            del self.pipes[pipe]
            os.close(pipe)
        if kind == "stdout":
            self._print(data)
        elif kind == "answer":
            self._hear(data)
        else:
            self._errors = (self._errors + data)[-_KEPT_ERRORS:]
        return bool(data)

    def drain(self) -> None:
        """Read what is left in the pipes; a grandchild may hold them open, and fill them, for ever."""
        for pipe in list(self.pipes):
            for _ in range(_MOST_CHUNKS):
                if pipe not in self.pipes or not self.read(pipe):
                    break

    def _hear(self, data: bytes) -> None:
        """Take the answers that are complete."""
        self._answer += data
        if len(self._answer) > protocol.MAX_LINE_BYTES:
            self._nonsense = f"an answer of more than {protocol.MAX_LINE_BYTES >> 20} MB"
            self._answer.clear()
        if b"\n" in data:
            *lines, self._answer = self._answer.split(b"\n")
            for line in lines:
                self._take(line)

    def _take(self, line: bytearray) -> None:
        message = protocol.loaded(line)
        if not protocol.is_of_child(message) or self._is_too_much(message):
            self._nonsense = repr(bytes(line[:40]))[1:]
        elif "done" in message:
            self.done += 1
            self.since = time.monotonic()
        else:
            self.answers.append(message)

    def _is_too_much(self, message: dict[str, Any]) -> bool:
        """Whether a child has said this before, as often as it can have."""
        if "again" in message:
            return bool(self.command["real"])
        return (self.done if "done" in message else len(self.answers)) >= len(self.command["requests"])

    def _print(self, data: bytes) -> None:
        """Share out what is printed; a mark may come in two pieces."""
        *whole, rest = (self._rest + data).split(self.marker)
        for part in whole:
            self._keep(part)
            self._printed.append((bytearray(), 0))
        end = max(0, len(rest) - len(self.marker))
        self._keep(rest[:end])
        self._rest = rest[end:]

    def _keep(self, data: bytes) -> None:
        kept, size = self._printed[-1]
        kept += data[: max(0, self.limits.output_bytes - len(kept))]
        self._printed[-1] = (kept, size + len(data))

    def output(self, number: int) -> str:
        """Return what a request printed."""
        if self._rest:
            self._keep(self._rest)
            self._rest = b""
        if number >= len(self._printed):
            return ""
        kept, size = self._printed[number]
        return child.text(bytes(kept), size)

    @property
    def is_done(self) -> bool:
        """Whether no more answers will come."""
        if not self.answers:
            return False
        return len(self.answers) >= len(self.command["requests"]) or "report" not in self.answers[-1]

    def trouble(self) -> Failure | None:
        """Return why the child must be stopped, if it must."""
        now = time.monotonic()
        if now > self.since + self.command["timeout"]:
            return Failure(Problem.TIMEOUT, "the code did not end in time")
        if now < self._looked + LOOK_SECONDS:
            return None
        self._looked = now
        return self.limits.exceeded(self.pid)

    @property
    def is_garbled(self) -> bool:
        """Whether something else than an answer arrived; then none of what arrives is believed."""
        return bool(self._nonsense)

    def no_answer(self, what: str = "") -> Failure:
        """Return the failure of a child that said something else than an answer."""
        self.answers.clear()
        return Failure(Problem.CRASH, f"the code wrote where its process answers: {what or self._nonsense}")

    def crash(self) -> Failure:
        """Return the failure of a child that ended without an answer."""
        how = protocol.ending(os.waitstatus_to_exitcode(self.status or 0), self._errors)
        return Failure(Problem.CRASH, f"the process that ran the code {how}")
