"""A running child as the zygote sees it: what it has answered and printed so far.

Nothing that arrives is trusted: the author's code can write to every descriptor of its process.
"""

from __future__ import annotations

import contextlib
import linecache
import os
import re
import time
from dataclasses import dataclass, field
from typing import Any

from sphinx_kerasshape.messages import protocol
from sphinx_kerasshape.messages.codec import decode
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Failure, Frame
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.worker import child
from sphinx_kerasshape.worker.code import exceptions, execute
from sphinx_kerasshape.worker.processes.limits import CHECK_SECONDS, Limits

_CHUNK = 1 << 16
_MAX_CHUNKS = 64
"""How much to read from a pipe whose child is done; a pipe holds no more."""
_KEPT_ERRORS = 1 << 16
_STACK_SECONDS = 0.2
"""How long a child has to write where it is."""
_THREAD = re.compile(r"^(?:Current thread|Thread) 0x", re.MULTILINE)
_ENTRY = re.compile(r'^  File "(.*)", line (\d{1,9}) in (.*)$', re.MULTILINE)


@dataclass
class Running:
    """A child, and the command that it serves."""

    command: dict[str, Any]
    folder: str
    marker: bytes
    """What the child prints after the output of each request."""
    limits: Limits
    pid: int = 0
    started: float = field(default_factory=time.monotonic)
    pipes: dict[int, str] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)
    done: int = 0
    """How many requests have run to their end."""
    last_done: float = field(default_factory=time.monotonic)
    """When the last request was done, or the first began."""
    status: int | None = None
    _checked: float = 0.0
    _unfinished_line: bytearray = field(default_factory=bytearray)
    _errors: bytearray = field(default_factory=bytearray)
    _garbage: str = ""
    """What arrived in place of an answer."""
    _outputs: list[tuple[bytearray, int]] = field(default_factory=lambda: [(bytearray(), 0)])
    """What each request printed, up to the limit, and how many bytes it really was."""
    _unsplit: bytes = b""
    """The end of the output, which may be the beginning of a marker."""

    def read(self, pipe: int) -> bool:
        """Read what a pipe holds, and close it at its end; return whether there was anything."""
        try:
            data = os.read(pipe, _CHUNK)
        except BlockingIOError:
            return False
        kind = self.pipes[pipe]
        if not data:
            del self.pipes[pipe]
            os.close(pipe)
        if kind == "stdout":
            self._split_output(data)
        elif kind == "answer":
            self._receive(data)
        else:
            self._errors = (self._errors + data)[-_KEPT_ERRORS:]
        return bool(data)

    def drain(self) -> None:
        """Read the rest of all pipes, within bounds: a grandchild may keep them open and fill them."""
        for pipe in list(self.pipes):
            for _ in range(_MAX_CHUNKS):
                if pipe not in self.pipes or not self.read(pipe):
                    break

    def output(self, number: int) -> str:
        """Return what a request printed."""
        self._keep(self._unsplit)
        self._unsplit = b""
        if number >= len(self._outputs):
            return ""
        kept, size = self._outputs[number]
        return child.output_text(bytes(kept), size)

    @property
    def is_done(self) -> bool:
        """Whether there will be no more answers."""
        if not self.answers:
            return False
        return len(self.answers) >= len(self.command["requests"]) or "report" not in self.answers[-1]

    @property
    def is_garbled(self) -> bool:
        """Whether something else than an answer has arrived; then no answer is believed."""
        return bool(self._garbage)

    def exceeded(self) -> Failure | None:
        """Return the failure of a child that takes too long or uses too much."""
        now = time.monotonic()
        if now > self.last_done + self.command["timeout"]:
            return Failure(Problem.TIMEOUT, "the code did not end in time")
        if now < self._checked + CHECK_SECONDS:
            return None
        self._checked = now
        return self.limits.exceeded(self.pid)

    def stack(self) -> tuple[Frame, ...]:
        """Return the lines of the author's code that the child runs now; none if it doesn't tell."""
        with contextlib.suppress(OSError):
            os.kill(self.pid, child.STACK_SIGNAL)
            time.sleep(_STACK_SECONDS)
        for pipe, kind in list(self.pipes.items()):
            if kind == "stderr":
                self.read(pipe)
        requests = self.command["requests"]
        request = decode(Request, requests[min(self.done, len(requests) - 1)])
        linecache.checkcache()
        execute.keep_lines(request)
        # The main thread is the last one; in each, the innermost frame is the first.
        for thread in reversed(_THREAD.split(self._errors.decode(errors="replace"))):
            entries = [(file, int(line), name) for file, line, name in _ENTRY.findall(thread)]
            if frames := exceptions.own_frames(entries[::-1], request):
                return frames
        return ()

    def garbled(self, garbage: str = "") -> Failure:
        """Return the failure of a child that has written something else than an answer."""
        self.answers.clear()
        return Failure(Problem.CRASH, f"{protocol.FORGED}: {garbage or self._garbage}")

    def crashed(self) -> Failure:
        """Return the failure of a child that has ended without an answer."""
        how = protocol.ending(os.waitstatus_to_exitcode(self.status or 0), self._errors)
        return Failure(Problem.CRASH, f"the process that ran the code {how}")

    def _receive(self, data: bytes) -> None:
        self._unfinished_line += data
        if len(self._unfinished_line) > protocol.MAX_LINE_BYTES:
            self._garbage = f"an answer of more than {protocol.MAX_LINE_BYTES >> 20} MB"
            self._unfinished_line.clear()
        if b"\n" in data:
            *lines, self._unfinished_line = self._unfinished_line.split(b"\n")
            for line in lines:
                self._take(line)

    def _take(self, line: bytearray) -> None:
        message = protocol.loaded(line)
        if not protocol.is_of_child(message) or self._is_one_too_many(message):
            self._garbage = repr(bytes(line[:40]))[1:]
        elif "done" in message:
            self.done += 1
            self.last_done = time.monotonic()
        else:
            self.answers.append(message)

    def _is_one_too_many(self, message: dict[str, Any]) -> bool:
        if "again" in message:
            return bool(self.command["real"])
        return (self.done if "done" in message else len(self.answers)) >= len(self.command["requests"])

    def _split_output(self, data: bytes) -> None:
        """Divide output among the requests; a marker may arrive in two pieces."""
        *ended, rest = (self._unsplit + data).split(self.marker)
        for part in ended:
            self._keep(part)
            self._outputs.append((bytearray(), 0))
        end = max(0, len(rest) - len(self.marker))
        self._keep(rest[:end])
        self._unsplit = rest[end:]

    def _keep(self, data: bytes) -> None:
        kept, size = self._outputs[-1]
        kept += data[: max(0, self.limits.output_bytes - len(kept))]
        self._outputs[-1] = (kept, size + len(data))
