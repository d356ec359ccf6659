"""The messages of worker processes, one JSON object in each line, parsed once where they arrive.

The author's code can find ways to write to the pipe of its process's answers. So a line is believed only
if it has the layout that ``worker/__main__.py`` describes, and only if its sender may send it.
"""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Collection
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.codec import decode
from sphinx_kerasshape.messages.problems import OF_CODE, Problem
from sphinx_kerasshape.messages.reading import failures_in, report_of
from sphinx_kerasshape.messages.report import Answer, Failure, Report
from sphinx_kerasshape.text import escape_controls

MAX_LINE_BYTES = 1 << 26
"""The most bytes of a line; an answer about 5,000 layers has some 5 million."""
UNABLE = 113
"""Exit status of a process that can't answer; the last line of its standard error says why."""
FORGED = "the code wrote to the channel for its answer"
_NO_CAUSE = "the code closed its file descriptors, or replaced parts of Python"
"""The cause if a process can't even print why it can't answer."""
_MAX_CAUSE_LENGTH = 500
# Lines without a cause: those of a dump of threads, and TensorFlow's log.
_NOISE = re.compile(
    r"\s|$|Extension modules:|Current thread|Thread 0x|Timeout \(|[IWE]\d{4} |WARNING: All log"
    r"|.*resource_tracker"
)
_OF_CHILD = frozenset(OF_CODE) - {Problem.WORKER}


class Ready(NamedTuple):
    """TensorFlow is imported."""

    sandbox: str = ""
    """What the sandbox keeps the code from; empty if there is none."""


class Broken(NamedTuple):
    """The worker itself failed; nothing follows."""

    failure: Failure


class NeedsWeights(NamedTuple):
    """The outcome of a run that does not work without weights."""

    run: int
    seconds: float


class Answered(NamedTuple):
    """The outcome of a run in which every request has a report."""

    run: int
    seconds: float
    reports: tuple[Report, ...]


class Stopped(NamedTuple):
    """The outcome of a run that ended with a failure, after some reports."""

    run: int
    seconds: float
    done: int
    """The number of requests whose code came to its end. Their reports may be missing in a weightless run."""
    reports: tuple[Report, ...]
    failure: Failure


Message = Ready | Broken | NeedsWeights | Answered | Stopped


def loaded(line: bytes | bytearray) -> dict[str, Any]:
    """Return the JSON object of a line; an empty one if the line is anything else."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def is_of_child(message: dict[str, Any]) -> bool:
    """Whether a process that runs an author's code may send this message."""
    match message:
        case {"done": int()} | {"again": True} | {"report": dict()}:
            return True
        case {"failure": {"problem": str(problem)}}:
            return problem in _OF_CHILD
    return False


def parsed(message: dict[str, Any], waiting: Collection[int] = ()) -> Message | None:
    """Return the message of a worker about itself or a run in ``waiting``; ``None`` for anything else."""
    match message:
        case {"ready": True, "sandbox": str(sandbox)}:
            return Ready(sandbox)
        case {"fatal": dict(fatal)}:
            try:
                return Broken(decode(Failure, fatal))
            except ValueError as error:
                unusable = f"the process that runs TensorFlow gave no usable answer: {error}"
                return Broken(Failure(Problem.WORKER, unusable))
        case {"id": int(run), "seconds": int() | float() as seconds, "again": True} if run in waiting:
            return NeedsWeights(run, seconds)
        case {
            "id": int(run),
            "seconds": int() | float() as seconds,
            "done": int(done),
            "answers": [*items],
        }:
            if run in waiting and items and all(isinstance(item, dict) for item in items):
                return outcome(run, seconds, done, items)
    return None


def outcome(run: int, seconds: float, done: int, answers: list[dict[str, Any]]) -> Answered | Stopped:
    """Return the outcome of a run from the answers to its requests, up to the first failure."""
    reports: list[Report] = []
    for message in answers:
        answer = _answer(message)
        if isinstance(answer, Failure):
            return Stopped(run, seconds, done, tuple(reports), answer)
        reports.append(answer)
    return Answered(run, seconds, tuple(reports))


def _answer(message: dict[str, Any]) -> Answer:
    """Return a decoded answer; a failure if it can't be decoded, since the code can change what is sent."""
    try:
        answer = report_of(message["report"]) if "report" in message else decode(Failure, message["failure"])
        for failure in failures_in(answer) if isinstance(answer, Report) else [answer]:
            if failure.problem not in OF_CODE:
                raise ValueError(f"unknown problem {failure.problem!r}")  # noqa: TRY301
    except (KeyError, TypeError, ValueError) as error:
        return Failure(Problem.CRASH, f"the process that ran the code gave no usable answer: {error}")
    return answer


def ending(code: int, errors: bytes | bytearray | None = None) -> str:
    """Return a sentence on how a process ended, from its exit code and, if known, its standard error."""
    cause = "" if errors is None else escape_controls(cause_of(errors))
    if code == UNABLE:
        return f"can't answer: {cause or _NO_CAUSE}"
    if code == -9 and errors is not None:  # SIGKILL, which Windows does not have
        cause = "it killed itself, or the system ran out of memory"
    how = f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with exit status {code}"
    return f"{how}: {cause}" if cause else how


def cause_of(errors: bytes | bytearray) -> str:
    """Return the line of a process's standard error with the cause of its end; empty if there is none."""
    lines = [line for line in errors.decode(errors="replace").splitlines() if not _NOISE.match(line)]
    fatal = [line for line in lines if line.startswith("Fatal Python error")]
    return (fatal[:1] or lines[-1:] or [""])[0].strip()[:_MAX_CAUSE_LENGTH]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
