"""Exceptions of the author's code, turned into plain values that a page can show."""

from __future__ import annotations

import linecache
import re
import traceback
from typing import Any

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Error, Failure, Frame
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.worker.code import execute, sources

# CSI and OSC sequences and lone escapes of terminals; control characters but tab and newline.
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.?)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_INTERNAL = re.compile(r"\{\{function_node [^{}]*\}\} ?| \[Op:\w+\](?=\s|$)")
"""Names of TensorFlow's own, which it puts around the message of an operation."""
_LONGEST = 8000
_LONGEST_LINE = 500


def clean(text: str) -> str:
    """Remove terminal codes and invisible controls, and addresses, which differ by run."""
    text = _TERMINAL.sub("", text).replace("\r\n", "\n")
    return _ADDRESS.sub("0x…", _CONTROL.sub("", text))


def name(error: BaseException) -> str:
    """Return the exception's class name."""
    return str(type.__dict__["__name__"].__get__(type(error)))


def message(error: BaseException) -> str:
    """Return the exception's message; also of one whose ``__str__`` fails."""
    try:
        text = str(error)
    except BaseException as second:
        text = f"(its message could not be made: {type(second).__name__})"
    text = _INTERNAL.sub("", clean(text)).strip()
    if isinstance(error, ImportError):
        # Python adds where it looked: a folder of this machine, in a page for everyone.
        text = re.sub(r"\((?:[^()]*[/\\])([^()/\\]+)\)$", r"(\1)", text)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"


def matches(error: BaseException, expected: str) -> bool:
    """Whether an exception is of the named class, or of one derived from it."""
    wanted = expected.rpartition(".")[2]
    return any(kind.__name__ == wanted for kind in type(error).__mro__)


def not_raised(expected: str) -> Failure:
    """Return the failure of code that was expected to fail."""
    return Failure(Problem.RAISES, f":raises: {expected}, but the code raised nothing")


def failure(error: BaseException, request: Request) -> Failure:
    """Return the failure that an exception of the author's code is."""
    shown = Error(name(error), message(error))
    try:
        own_frames = frames(error, request)
        if issubclass(type(error), SyntaxError) and (found := _syntax(error, request, shown)):
            return found
    except Exception:
        own_frames = ()  # An exception of the author's own can be anything.
    problem, text = Problem.CODE, str(shown)
    if request.raises:
        problem, text = Problem.RAISES, f":raises: {request.raises}, but the code raised {shown}"
    elif isinstance(error, SystemExit):
        text = f"the code asked to exit ({shown})"
    return Failure(problem, text, own_frames, shown)


def _syntax(error: Any, request: Request, shown: Error) -> Failure | None:
    """Return the failure of code that Python can't read, if the code is that of the page."""
    if error.filename not in (execute.file_name(request), execute.PRELUDE):
        return None
    in_prelude = error.filename == execute.PRELUDE
    code = request.prelude if in_prelude else request.code
    line = error.lineno if error.lineno in range(1, code.count("\n") + 2) else 1
    file = execute.PRELUDE if in_prelude else request.origin
    what = "kerasshape_prelude" if in_prelude else "the code"
    place = Frame(file, line, "", (error.text or "").strip()[:_LONGEST_LINE])
    return Failure(Problem.SYNTAX, f"{what} isn't Python: {error.msg}", (place,), shown)


def frames(error: BaseException, request: Request) -> tuple[Frame, ...]:
    """Return the author's own frames, outermost first."""
    names = [execute.file_name(one) for one in request.session()]
    blocks = {name: number for number, name in enumerate(names, 1) if name.startswith("<")}
    own = names[-1]
    found = []
    for place in traceback.extract_tb(error.__traceback__):
        block = 0
        if place.filename == own:
            file = request.origin
        elif place.filename in blocks:
            file, block = "", blocks[place.filename]
        elif place.filename == execute.PRELUDE or sources.is_project_file(place.filename):
            file = place.filename
        else:
            continue
        line = place.lineno or 1
        text = linecache.getline(place.filename, line).strip()[:_LONGEST_LINE]
        found.append(Frame(file, line, place.name, text, block))
    return tuple(found[:5] + found[-5:] if len(found) > 10 else found)
