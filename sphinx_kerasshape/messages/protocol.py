"""What processes say to each other, one JSON object a line, and whether it is laid out as that.

The author's code can find ways to write where its process answers, so nothing that arrives is
trusted further than this. ``worker/__main__.py`` describes the messages. Pure.
"""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Collection
from typing import Any

from sphinx_kerasshape.messages.problems import OF_CODE, Problem

LONGEST = 1 << 26
"""Bytes of a line; an answer about 5,000 layers has some 5 million."""
UNABLE = 113
"""Exit status of a process that can't answer; its last line of errors says why."""
NO_CAUSE = "the code closed its descriptors, or changed what Python is made of"
"""Why a process can't answer that can't even say why."""
_LONGEST_CAUSE = 500
# What a dump of threads has besides, and lines of TensorFlow's log.
_NO_CAUSE = re.compile(
    r"\s|$|Extension modules:|Current thread|Thread 0x|Timeout \(|[IWE]\d{4} |WARNING: All log"
    r"|.*resource_tracker"
)
_OF_CHILD = frozenset(OF_CODE) - {Problem.WORKER}


def heard(line: bytes | bytearray) -> dict[str, Any]:
    """Return the object that a line is; an empty one for anything else."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def is_of_child(message: dict[str, Any]) -> bool:
    """Whether a message is one that a process which runs an author's code says."""
    match message:
        case {"done": int()} | {"again": True} | {"report": dict()}:
            return True
        case {"failure": {"problem": str(problem)}}:
            return problem in _OF_CHILD
    return False


def is_of_worker(message: dict[str, Any], waiting: Collection[int]) -> bool:
    """Whether a message is one that a worker says, of one of the runs that are waited for."""
    match message:
        case {"ready": True} | {"fatal": dict()}:
            return True
        case {"id": int(number), "seconds": int() | float(), "again": True}:
            return number in waiting
        case {"id": int(number), "seconds": int() | float(), "done": int(), "answers": [*answers]}:
            return number in waiting and bool(answers) and all(isinstance(one, dict) for one in answers)
    return False


def cause(errors: bytes | bytearray) -> str:
    """Return the line of a process's standard error that says why it ended; nothing if none does."""
    lines = [line for line in errors.decode(errors="replace").splitlines() if not _NO_CAUSE.match(line)]
    fatal = [line for line in lines if line.startswith("Fatal Python error")]
    return (fatal[:1] or lines[-1:] or [""])[0].strip()[:_LONGEST_CAUSE]


def signal_name(number: int) -> str:
    """Return the name of a signal; some have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
