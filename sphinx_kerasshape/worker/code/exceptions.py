"""Exceptions of the author's code, turned into plain values that a page can show."""

from __future__ import annotations

import linecache
import re
import traceback
from collections.abc import Iterable
from typing import Any

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Error, Failure, Frame
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.worker.code import execute, mends, sources

# CSI and OSC sequences and lone escapes of terminals; control characters but tab and newline.
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.?)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b|(?<=\bid=)\d{9,}\b")
_INTERNAL = re.compile(r"\{\{function_node [^{}]*\}\} ?| \[Op:\w+\](?=\s|$)")
"""TensorFlow's internal names, which it adds to the message of an operation."""
_FRAMES = re.compile(
    r"(?:^[^\n]*\bwas defined here:\n)?(?:^ +File \"[^\n]*\", line \d+, in [^\n]*\n)+", re.MULTILINE
)
"""Where TensorFlow says that a tensor was made: in files of this machine."""
_TRACEBACK = BaseException.__dict__["__traceback__"]
"""What an exception's class can't replace."""
_MAX_MESSAGE_LENGTH = 8000
_MAX_LINE_LENGTH = 500


def clean(text: str) -> str:
    """Remove terminal codes and invisible controls, and mask addresses, which differ from run to run."""
    text = _TERMINAL.sub("", text).replace("\r\n", "\n")
    return _ADDRESS.sub("0x…", _CONTROL.sub("", text))


def name(error: BaseException) -> str:
    """Return the name of an exception's class, whatever the class says of itself."""
    return str(type.__dict__["__name__"].__get__(type(error)))


def message(error: BaseException) -> str:
    """Return an exception's message, even if its ``__str__`` fails."""
    try:
        text = str(error)
    except BaseException as second:
        text = f"(its message could not be made: {type(second).__name__})"
    text = _FRAMES.sub("", _INTERNAL.sub("", clean(text))).strip()
    if isinstance(error, ImportError):
        # Python adds where it looked: a folder of this machine, which does not belong in a page.
        text = re.sub(r"\((?:[^()]*[/\\])([^()/\\]+)\)$", r"(\1)", text)
    return text if len(text) <= _MAX_MESSAGE_LENGTH else text[:_MAX_MESSAGE_LENGTH] + " …"


def matches(error: BaseException, expected: str) -> bool:
    """Whether an exception is of the named class or of a subclass."""
    class_name = expected.rpartition(".")[2]
    return any(kind.__name__ == class_name for kind in type(error).__mro__)


def not_raised(expected: str) -> Failure:
    """Return the failure of code that should have raised an exception."""
    text = f"the page expects {expected} (:raises:), but the code raised nothing"
    return Failure(Problem.RAISES, f"{text}: remove :raises:, or correct the code")


def failure(error: BaseException, request: Request) -> Failure:
    """Return the failure of code that has raised an exception."""
    plain = Error(name(error), message(error))
    try:
        passed = frames(error, request)
        if issubclass(type(error), SyntaxError) and (unreadable := _syntax_failure(error, request, plain)):
            return unreadable
    except Exception:
        passed = ()  # The author's own exception classes can do anything.
    problem, text = Problem.CODE, str(plain)
    if request.raises:
        problem = Problem.RAISES
        text = f"the page expects {request.raises} (:raises:), but the code raised {plain}"
    elif isinstance(error, SystemExit):
        text = f"the code asked to exit ({plain})"
    return Failure(problem, text, passed, plain, mends.of_error(error))


def _syntax_failure(error: Any, request: Request, plain: Error) -> Failure | None:
    """Return the failure of code that Python can't parse, if it is the code of the page."""
    if error.filename not in (execute.file_name(request), execute.PRELUDE):
        return None
    in_prelude = error.filename == execute.PRELUDE
    code = request.prelude if in_prelude else request.code
    line = error.lineno if error.lineno in range(1, code.count("\n") + 2) else 1
    file = execute.PRELUDE if in_prelude else request.origin
    what = "kerasshape_prelude" if in_prelude else "the code"
    frame = Frame(file, line, "", (error.text or "").strip()[:_MAX_LINE_LENGTH])
    text = f"{what} has a syntax error: {error.msg}"
    return Failure(Problem.SYNTAX, text, (frame,), plain, mends.of_syntax(error, code))


def frames(error: BaseException, request: Request) -> tuple[Frame, ...]:
    """Return the frames of the author's own code that an exception passed through, outermost first."""
    stack = traceback.extract_tb(_TRACEBACK.__get__(error))
    entries = [(entry.filename, entry.lineno or 1, entry.name) for entry in stack]
    file, line = (getattr(error, name, None) for name in ("filename", "lineno"))
    if isinstance(error, SyntaxError) and file and line:  # others may say that they are one
        entries.append((file, line, ""))
    return own_frames(entries, request)


def own_frames(entries: Iterable[tuple[str, int, str]], request: Request) -> tuple[Frame, ...]:
    """Return those of some frames, as file, line and function, that are the author's own code."""
    names = [execute.file_name(block) for block in request.session()]
    blocks = {name: number for number, name in enumerate(names, 1) if name.startswith("<")}
    blocks.update((execute.piece_file(piece), piece.block) for piece in request.pieces)
    own = []
    for name, line, function in entries:
        block = 0
        if name == names[-1]:
            file = request.origin
        elif name in blocks:
            file, block = "", blocks[name]
        elif name == execute.PRELUDE or sources.is_project_file(name):
            file = name
        else:
            continue
        text = linecache.getline(name, line).strip()[:_MAX_LINE_LENGTH]
        own.append(Frame(file, line, function, text, block))
    return tuple(own[:5] + own[-5:] if len(own) > 10 else own)
