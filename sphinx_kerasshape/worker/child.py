"""One run of an author's code, in a process of its own.

This module decides what the author's code sees of the world; :mod:`.answer` runs it. The process dies
afterwards, so nothing needs to be undone.
"""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import gc
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from typing import Any, NoReturn

from sphinx_kerasshape.messages.codec import decode, dumps
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.protocol import UNABLE
from sphinx_kerasshape.messages.report import Answer, Failure, Report
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.worker.answer import answer_to
from sphinx_kerasshape.worker.code import code_warnings, exceptions, execute, sources, weightless
from sphinx_kerasshape.worker.processes import lifeline, tree
from sphinx_kerasshape.worker.processes.jax_later import jax_later
from sphinx_kerasshape.worker.processes.limits import Limits, exceeded_between_checks
from sphinx_kerasshape.worker.read import keras2
from sphinx_kerasshape.worker.sandbox import confine

_streams: list[Any] = []
STACK_SIGNAL = getattr(signal, "SIGUSR1", signal.SIGTERM)
"""The signal on which a forked process writes the stacks of its threads to standard error."""
project_folders: list[str] = []
"""What goes on ``sys.path`` where the author's code runs: nothing else imports from there."""


class Unable(Exception):
    """The process can't answer."""


def prepare(path: list[str]) -> Failure | None:
    """Import TensorFlow; ``path`` are the project's folders. Return why that fails."""
    gc.disable()  # What an import makes stays; looking for garbage would take a fifth of the time.
    try:
        with jax_later():
            import keras
            import tensorflow  # noqa: F401
    except Exception as error:
        return Failure(Problem.WORKER, f"TensorFlow can't be imported by {sys.executable}: {error}")
    if int(keras.__version__.split(".")[0]) < 3:
        return Failure(Problem.WORKER, f"Keras 3 is needed, but {sys.executable} has {keras.__version__}")
    gc.enable()
    new = [folder for folder in path if folder not in sys.path]
    installed = [folder for folder in new if os.path.join(folder, "") in sources.site_folders()]
    sys.path[:0] = installed
    project_folders.extend(folder for folder in new if folder not in installed)
    sys.dont_write_bytecode = True
    sources.watch()
    return None


def prepare_documents() -> None:
    """Import what the documents of all forked processes need, without running any of it."""
    from sphinx_kerasshape.worker.code import document  # noqa: F401
    from sphinx_kerasshape.worker.stand_ins.used import modules_of_keras

    modules_of_keras()


def forked(command: dict[str, Any], folder: str, pipes: dict[str, int], parent: int) -> NoReturn:
    """Serve a command in a process that ``parent`` has forked for it; never returns."""
    try:
        enter(parent)
        tree.adopt_orphans()
        answers = lifeline.private(pipes["answer"])
        lifeline.detach(pipes["stdout"], pipes["stderr"])
        os.closerange(3, answers)
        live_in(folder)
        open_streams()
        faulthandler.register(STACK_SIGNAL, 2)
        confine.enter(folder)
        sys.path[:0] = project_folders
        _serve(command, answers)
    except BaseException as error:
        _explain(error)
    finally:
        lifeline.exit_now(UNABLE)


def enter(parent: int) -> None:
    """Make a process that ``parent`` has forked the first of a new session, which dies with the parent."""
    lifeline.reset_signals()
    os.setsid()
    lifeline.die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)  # The parent died before the kernel knew that it should tell us.
    lifeline.expose()


def live_in(folder: str) -> None:
    """Make a folder the working one, and the one for temporary files: TensorFlow leaves some."""
    os.chdir(folder)
    tempfile.tempdir = os.environ["TMPDIR"] = folder


def open_streams() -> None:
    """Give the process text streams of its own: the parent's may hold text for the parent's output."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) in _streams:
            continue  # A module that an import server has imported may keep it.
        # Standard error has no buffer, so that code which dies has written why.
        buffering = 1 if name == "stderr" else -1
        stream = open(number, "w", buffering, "utf-8", "backslashreplace", closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        _streams.append(stream)


def once(commands: int, answers: int, settings: dict[str, Any], folder: str) -> int:
    """Import TensorFlow and serve one command in this very process; return its exit status."""
    with os.fdopen(commands, "rb") as lines:
        command = json.loads(lines.readline())
    tree.adopt_orphans()
    lifeline.expose()
    with tempfile.TemporaryFile(dir=folder) as output:
        own = tempfile.mkdtemp(dir=folder)
        confine.enter(own)  # before TensorFlow starts threads, which could not be confined any more
        failure = prepare(settings["path"])
        if failure is not None:
            _send({"fatal": failure}, answers)
            return 0
        sys.path[:0] = project_folders
        _send({"ready": True, "sandbox": confine.description()}, answers)
        lifeline.detach(output.fileno())
        live_in(own)
        try:
            limits = Limits.of(settings)
            _serve_once({**command, "memory": limits.memory}, answers, output.fileno(), limits.output_bytes)
        except BaseException as error:
            _explain(error)
            return UNABLE
    return 0


def as_message(answer: Answer) -> dict[str, Any]:
    """Return an answer under the key that names its kind."""
    return {"report" if isinstance(answer, Report) else "failure": answer}


def output_text(output: bytes, size: int) -> str:
    """Decode the kept part of ``size`` bytes of output, without NUL bytes and terminal codes."""
    more = f"\n… {size - len(output):,} more bytes (kerasshape_output)\n" if size > len(output) else ""
    return exceptions.clean(output.decode(errors="replace")) + more


def run(command: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Run the requests of a command in one namespace, up to the first failure.

    Yields ``{"done": number}`` after each, and their answers as :mod:`.__main__` describes them: at once
    with real weights, else at the end, when it is certain that they hold.
    """
    requests = [decode(Request, request) for request in command["requests"]]
    before = tree.peak_resident()
    namespace = execute.namespace(requests[0])
    code_warnings.watch()
    real = command["real"] or keras2.is_asked_for()
    if real:
        for number, request in enumerate(requests):
            answer = answer_to(request, namespace, real=real)
            answer = exceeded_between_checks(command["memory"], before) or answer
            yield {"done": number}
            yield as_message(answer)
            if isinstance(answer, Failure):
                return
        return
    answers: list[Answer] = []
    try:
        with weightless.scope():
            for number, request in enumerate(requests):
                answer = answer_to(request, namespace, real=real)
                answers.append(exceeded_between_checks(command["memory"], before) or answer)
                if isinstance(answers[-1], Failure):
                    break
                yield {"done": number}
    except weightless.NeedsValues:
        answers = []
    if answers and all(isinstance(answer, Report) and answer.unread is None for answer in answers):
        yield from map(as_message, answers)
    else:
        yield {"again": True}


def _serve(command: dict[str, Any], answers: int) -> NoReturn:
    for message in _flushed(command):
        with contextlib.suppress(Exception):
            if "done" in message:
                lifeline.write_all(1, command["marker"].encode())
        _send(message, answers)
    lifeline.exit_now(0)


def _serve_once(command: dict[str, Any], answers: int, output: int, limit: int) -> None:
    outputs: list[str] = []
    start = 0
    for message in _flushed(command):
        if "done" in message:
            size = os.fstat(output).st_size - start
            outputs.append(output_text(os.pread(output, min(limit, size), start), size))
            start += size
        elif "report" in message:
            message["report"] = message["report"]._replace(output=outputs.pop(0))
        _send(message, answers)


def _flushed(command: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the messages of a run, each after what the code has printed."""
    own = lifeline.getpid()
    for message in run(command):
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
        if lifeline.getpid() != own:
            lifeline.exit_now(0)  # The code has forked, and did not end the copy.
        yield message


def _send(message: dict[str, Any], answers: int) -> None:
    try:
        lifeline.write_all(answers, dumps(message).encode() + b"\n")
    except OSError as error:
        if error.errno == errno.EBADF:
            raise Unable("the code closed the channel for its answer") from None
        raise


def _explain(error: BaseException) -> None:
    """Write to standard error why there is no answer."""
    with contextlib.suppress(BaseException):
        why = str(error) if type(error) is Unable else f"{type(error).__name__}: {error}"
        lifeline.write_all(2, f"\n{why}\n".encode(errors="replace"))
