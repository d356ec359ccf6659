"""One request, run in a process of its own: execute the code, find the model, read it.

It owns what the author's code sees of the world. The process dies afterwards, so
nothing here needs to be undone.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import shutil
import signal
import sys
import tempfile
from typing import Any, NoReturn

from sphinx_kerasshape.codec import build, dumps
from sphinx_kerasshape.messages import Answer, Error, Failure, Model, Report, Request, Versions
from sphinx_kerasshape.worker import (
    called,
    execute,
    find,
    follow,
    inputs,
    lifeline,
    reader,
    sources,
    trouble,
    weightless,
)

OUTPUT_LIMIT = 1 << 16
"""Bytes of printed output that are kept of a run; the rest is read and thrown away."""


def prepare(path: list[str]) -> Failure | None:
    """Import TensorFlow, and put the project's folders on ``sys.path``."""
    gc.disable()  # It would look for garbage among what stays: a fifth of the import's time.
    try:
        import keras
        import tensorflow  # noqa: F401
    except Exception as error:
        return Failure("worker", f"TensorFlow can't be imported by {sys.executable}: {error}")
    if int(keras.__version__.split(".")[0]) < 3:
        return Failure("worker", f"Keras 3 is needed, {sys.executable} has {keras.__version__}")
    gc.enable()
    sources.remember()
    sys.path[:0] = [folder for folder in path if folder not in sys.path]
    sys.dont_write_bytecode = True
    return None


def forked(command: dict[str, Any], folder: str, pipes: dict[str, int], parent: int) -> NoReturn:
    """Serve a command in a process that was forked for it by ``parent``; never returns."""
    try:
        lifeline.reset_signals()
        os.setsid()
        lifeline.die_with_parent(signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)  # It died before the kernel was asked to tell us.
        answers = lifeline.private(pipes["answer"])
        lifeline.detach(pipes["stdout"], pipes["stderr"])
        os.closerange(3, answers)
        os.chdir(folder)
        _answer(command, answers)
    finally:
        os._exit(70)


def once(commands: int, answers: int) -> None:
    """Serve one command in this very process, from the import of TensorFlow on."""
    with os.fdopen(commands, "rb") as lines:
        settings, command = (json.loads(lines.readline()) for _ in range(2))
    failure = prepare(settings["path"])
    if failure is not None:
        lifeline.write_all(answers, dumps({"fatal": failure}).encode() + b"\n")
        return
    lifeline.write_all(answers, dumps({"ready": True}).encode() + b"\n")
    with (
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryDirectory(prefix="kerasshape-", ignore_cleanup_errors=True) as folder,
    ):
        lifeline.detach(output.fileno())
        os.chdir(folder)
        answer = run(build(Request, command["request"]), real=command["real"])
        sys.stdout.flush()
        output.seek(0)
        if "report" in answer:
            answer["report"] = answer["report"]._replace(output=text(output.read(OUTPUT_LIMIT)))
        lifeline.write_all(answers, dumps({"id": command["id"], **answer}).encode() + b"\n")
        os.chdir(os.path.dirname(folder))


def _answer(command: dict[str, Any], answers: int) -> NoReturn:
    # A stream of our own: the one of the parent may hold text, and knows fd 1 of before.
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
    answer = run(build(Request, command["request"]), real=command["real"])
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    lifeline.write_all(answers, dumps(answer).encode() + b"\n")
    os._exit(0)


def run(request: Request, *, real: bool) -> dict[str, Any]:
    """Run a request; the answer is as :mod:`.__main__` describes it, without its id."""
    if real:
        return named(_run(request, contextlib.nullcontext()))
    try:
        answer = _run(request, weightless.scope())
    except weightless.NeedsValues:
        return {"again": True}
    return named(answer) if isinstance(answer, Report) else {"again": True}


def named(answer: Answer) -> dict[str, Any]:
    """Put an answer under the key that says which of the two it is."""
    return {"report" if isinstance(answer, Report) else "failure": answer}


def _run(request: Request, scope: contextlib.AbstractContextManager[None]) -> Answer:
    namespace = execute.namespace(request)
    try:
        called.watch()
        with scope:
            code = execute.compiled(request, namespace)
            value = code()
            if request.raises:
                return trouble.not_raised(request.raises)
            found = find.model(request.model, value, namespace)
            if isinstance(found, Failure):
                return found
            model = _read(found, request)
    except (inputs.Refused, reader.Unreadable, follow.Unnamed) as unreadable:
        frames = trouble.frames(unreadable.__cause__, request) if unreadable.__cause__ else ()
        return Failure(unreadable.problem, str(unreadable), frames)
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        if request.raises and trouble.matches(error, request.raises):
            expected = Error(trouble.name(error), trouble.message(error))
            return Report(error=expected, versions=versions(), sources=sources.used())
        return trouble.failure(error, request)
    return Report(model=model, versions=versions(), sources=sources.used())


def _read(model: Any, request: Request) -> Model:
    if not request.input:
        return reader.read(model, request.axes)
    signature = inputs.build(model, request.input)
    if signature is None:
        return reader.read(model, request.axes)
    try:
        return reader.read(model, request.axes, signature)
    except (reader.Unreadable, follow.Unnamed):
        raise
    except Exception as error:
        raise inputs.Refused(inputs.refusal(request.input, error)) from error


def versions() -> Versions:
    """Return the versions that run here."""
    import keras
    import tensorflow

    python = ".".join(map(str, sys.version_info[:3]))
    return Versions(python, tensorflow.__version__, keras.__version__, keras.backend.backend())


def text(output: bytes) -> str:
    """Decode printed output, cut to its limit, without NUL bytes and terminal codes."""
    return trouble.clean(output[:OUTPUT_LIMIT].decode(errors="replace"))


def remove_folder(folder: str) -> None:
    """Remove a child's working folder, as far as that is possible."""
    shutil.rmtree(folder, ignore_errors=True)
