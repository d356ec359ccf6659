"""The versions that an interpreter has installed: this one, or another program, which may not be a Python."""

import contextlib
import functools
import importlib.metadata
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, NamedTuple

from sphinx_kerasshape.text import escape_controls

SECONDS = 30
"""The time that another interpreter has to report its versions."""
_MAX_LINE_LENGTH = 1 << 22
_MAX_VERSION_LENGTH = 1000
_ASK = (
    "import sys\n"
    "sys.path[:] = filter(None, sys.path)\n"  # An empty one is the working folder.
    "import json, platform, importlib.metadata as m\n"
    "found = {d.metadata['Name']: d.version for d in m.distributions()}\n"
    "print(json.dumps([platform.python_version(), found]))"
)


class Interpreter(NamedTuple):
    """An interpreter; if it can't be used, its version is empty and ``problem`` says why."""

    version: str
    installed: Callable[[str], str] = lambda _: ""
    """Returns the version of a distribution; empty if it is not installed."""
    problem: str = ""


def interpreter(python: str, seconds: float = SECONDS) -> Interpreter:
    """Return an interpreter with its versions; this one if ``python`` is empty."""
    if not python:
        # Each cached answer asks for the same few distributions.
        return Interpreter(sys.version.partition(" ")[0], functools.cache(_installed))
    try:
        version, packages = _versions(_answer(python, seconds))
    except (OSError, ValueError) as error:
        reason = f"can't be started: {error}" if isinstance(error, OSError) else str(error)
        problem = f"kerasshape_python must be a Python that has TensorFlow, but {python} {reason}"
        return Interpreter("", problem=problem)
    return Interpreter(version, lambda name: packages.get(_normal(name), ""))


def _answer(python: str, seconds: float) -> bytes:
    """Return what a program prints when it is asked for its versions. Raises ``OSError``, ``ValueError``."""
    from sphinx_kerasshape.messages import protocol
    from sphinx_kerasshape.run.worker_process import stop  # few projects have another interpreter

    process = subprocess.Popen(
        [python, "-c", _ASK],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    output, errors = _PipeReader(process.stdout), _PipeReader(process.stderr)
    answered = output.end(seconds)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=1 if answered else 0)
    code = process.poll()
    stop(process)
    if not answered or code is None:
        raise ValueError(f"did not report its versions within {seconds:g} s")
    if code:
        errors.end(1)
        raise ValueError(protocol.ending(code, errors.data))
    return output.data


class _PipeReader:
    """Reads a pipe in a thread, since the program may leave it open for ever."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        assert pipe is not None
        self.data = b""
        self._pipe = pipe
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def end(self, seconds: float) -> bool:
        """Wait for the end of the data; return whether it came in time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _read(self) -> None:
        with self._pipe:
            self.data = self._pipe.read(_MAX_LINE_LENGTH)


def _versions(printed: bytes) -> tuple[str, dict[str, str]]:
    """Return the printed versions of Python and of distributions. Raises ``ValueError``."""
    # Something like a sitecustomize may print other lines before.
    line = printed.rstrip().rpartition(b"\n")[2]
    with contextlib.suppress(ValueError, RecursionError):
        match json.loads(line):
            case [str(version), dict(packages)]:
                texts = {name: text for name, text in packages.items() if isinstance(text, str)}
                return _inert(version), {_normal(name): _inert(text) for name, text in texts.items()}
    answer = _inert(line[:60].decode(errors="replace"))
    raise ValueError(f"printed {answer!r} instead of its versions")


def _inert(text: str) -> str:
    return escape_controls(text[:_MAX_VERSION_LENGTH])


def _installed(name: str) -> str:
    try:
        distribution = importlib.metadata.distribution(name)
        # Parsing the rest of the metadata, a README, would take milliseconds.
        found = (distribution.read_text("METADATA") or "").partition("\nVersion:")[2].partition("\n")[0]
        return found.strip() or distribution.version
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
