"""One request, run in a process of its own: execute the code, find the model, read it.

It owns what the author's code sees of the world. The process dies afterwards, so
nothing here needs to be undone.
"""

from __future__ import annotations

import contextlib
import errno
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
from sphinx_kerasshape.messages.report import Answer, Error, Failure, Model, Report, Versions
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.worker.axes import follow
from sphinx_kerasshape.worker.code import exceptions, execute, find_model, saved, sources, weightless
from sphinx_kerasshape.worker.processes import lifeline, tree
from sphinx_kerasshape.worker.processes.limits import Limits
from sphinx_kerasshape.worker.read import author_calls, constructor, inputs, keras2, reader

_OWN = (inputs.Refused, reader.Unreadable, follow.Unnamed, saved.Unloadable, keras2.Unreadable)
"""What is wrong with a model, in words of ours."""
_streams: list[Any] = []


def prepare(path: list[str]) -> Failure | None:
    """Import TensorFlow, and put the project's folders on ``sys.path``."""
    gc.disable()  # It would look for garbage among what stays: a fifth of the import's time.
    try:
        import keras
        import tensorflow  # noqa: F401
    except Exception as error:
        return Failure(Problem.WORKER, f"TensorFlow can't be imported by {sys.executable}: {error}")
    if int(keras.__version__.split(".")[0]) < 3:
        return Failure(Problem.WORKER, f"Keras 3 is needed, {sys.executable} has {keras.__version__}")
    gc.enable()
    sys.path[:0] = [folder for folder in path if folder not in sys.path]
    sys.dont_write_bytecode = True
    sources.remember()
    return None


def forked(command: dict[str, Any], folder: str, pipes: dict[str, int], parent: int) -> NoReturn:
    """Serve a command in a process that was forked for it by ``parent``; never returns."""
    try:
        enter(parent)
        tree.adopt_orphans()
        answers = lifeline.private(pipes["answer"])
        lifeline.detach(pipes["stdout"], pipes["stderr"])
        os.closerange(3, answers)
        live_in(folder)
        open_streams()
        _answer(command, answers)
    except BaseException as error:
        _explain(error)
    finally:
        lifeline.exit_now(UNABLE)


def enter(parent: int) -> None:
    """Start a new session of processes, in a process that ``parent`` has forked and that dies with it."""
    lifeline.reset_signals()
    os.setsid()
    lifeline.die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)  # It died before the kernel was asked to tell us.
    lifeline.expose()


def _explain(error: BaseException) -> None:
    """Say why there is no answer: a fault of ours, or the code has changed what it needs."""
    with contextlib.suppress(BaseException):
        why = str(error) if type(error) is Unable else f"{type(error).__name__}: {error}"
        lifeline.write_all(2, f"\n{why}\n".encode(errors="replace"))


class Unable(Exception):
    """There is no way to answer."""


def live_in(folder: str) -> None:
    """Make a folder the working one, and that of temporary files: TensorFlow leaves some."""
    os.chdir(folder)
    tempfile.tempdir = os.environ["TMPDIR"] = folder


def once(commands: int, answers: int, settings: dict[str, Any], folder: str) -> int:
    """Serve one command in this very process, from the import of TensorFlow on; return its exit status."""
    with os.fdopen(commands, "rb") as lines:
        command = json.loads(lines.readline())
    failure = prepare(settings["path"])
    if failure is not None:
        lifeline.write_all(answers, dumps({"fatal": failure}).encode() + b"\n")
        return 0
    lifeline.write_all(answers, dumps({"ready": True}).encode() + b"\n")
    tree.adopt_orphans()
    lifeline.expose()
    with tempfile.TemporaryFile(dir=folder) as output:
        lifeline.detach(output.fileno())
        live_in(tempfile.mkdtemp(dir=folder))
        try:
            _answer_once(command, answers, output.fileno(), Limits.of(settings).output_bytes)
        except BaseException as error:
            _explain(error)
            return UNABLE
    return 0


def _answer_once(command: dict[str, Any], answers: int, output: int, limit: int) -> None:
    own = lifeline.getpid()
    printed: list[str] = []
    start = 0
    for message in run(command):
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
        if lifeline.getpid() != own:
            lifeline.exit_now(0)
        if "done" in message:
            size = os.fstat(output).st_size - start
            printed.append(text(os.pread(output, min(limit, size), start), size))
            start += size
        elif "report" in message:
            message["report"] = message["report"]._replace(output=printed.pop(0))
        _say(message, answers)


def open_streams() -> None:
    """Give the process streams of its own: those of its parent may hold text, and know what was there."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) in _streams:
            continue  # An import that several models share may have kept it.
        stream = open(  # noqa: SIM115
            number,
            "w",
            encoding="utf-8",
            errors="backslashreplace",
            closefd=False,
            # Code that dies must have said what it said of that.
            buffering=1 if name == "stderr" else -1,
        )
        setattr(sys, name, stream)
        _streams.append(stream)


def _answer(command: dict[str, Any], answers: int) -> NoReturn:
    own = lifeline.getpid()
    for message in run(command):
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
        if lifeline.getpid() != own:
            lifeline.exit_now(0)  # The code has forked, and did not end the copy.
        with contextlib.suppress(Exception):
            if "done" in message:
                lifeline.write_all(1, command["marker"].encode())
        _say(message, answers)
    lifeline.exit_now(0)


def _say(message: dict[str, Any], answers: int) -> None:
    try:
        lifeline.write_all(answers, dumps(message).encode() + b"\n")
    except OSError as error:
        if error.errno == errno.EBADF:
            raise Unable("the code closed the descriptor for its answer") from None
        raise


def run(command: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Run the requests of a command in one namespace, up to one that fails.

    Gives ``{"done": number}`` behind each, and their answers, as :mod:`.__main__` describes them:
    at once with real weights, else when it is certain that they hold.
    """
    requests = [decode(Request, request) for request in command["requests"]]
    namespace = execute.namespace(requests[0])
    if command["real"] or keras2.is_used():
        for number, request in enumerate(requests):
            answer = _run(request, namespace)
            yield {"done": number}
            yield named(answer)
            if isinstance(answer, Failure):
                return
        return
    answers = []
    try:
        with weightless.scope():
            for number, request in enumerate(requests):
                answers.append(_run(request, namespace))
                if isinstance(answers[-1], Failure):
                    break
                yield {"done": number}
    except weightless.NeedsValues:
        answers = []
    if answers and isinstance(answers[-1], Report):
        yield from map(named, answers)
    else:
        yield {"again": True}


def named(answer: Answer) -> dict[str, Any]:
    """Put an answer under the key that says which of the two it is."""
    return {"report" if isinstance(answer, Report) else "failure": answer}


def _run(request: Request, namespace: dict[str, Any]) -> Answer:
    author_calls.watch()
    model = None
    try:
        before = dict(namespace)
        value = _loaded(request, namespace) if request.file else execute.compiled(request, namespace)()
        if request.raises:
            return exceptions.not_raised(request.raises)
        if request.kind == "model":
            found = find_model.model(request.model, value, namespace, before)
            if isinstance(found, Failure):
                return found
            model = found if isinstance(found, Model) else _read(found, request)
            if request.constructor:
                model = model._replace(constructor=_constructor(found))
            if request.source:
                model = model._replace(source=execute.source(request.source, request.code))
    except _OWN as unreadable:
        frames = exceptions.frames(unreadable.__cause__, request) if unreadable.__cause__ else ()
        return Failure(unreadable.problem, str(unreadable), frames)
    except weightless.NeedsValues:
        raise
    except BaseException as error:
        if request.raises and exceptions.matches(error, request.raises):
            expected = Error(exceptions.name(error), exceptions.message(error))
            return Report(error=expected, versions=versions(), sources=sources.used())
        return exceptions.failure(error, request)
    own = (keras2.source(),) if keras2.is_used() else ()
    return Report(model=model, versions=versions(), sources=(*sources.used(), *own))


def _loaded(request: Request, namespace: dict[str, Any]) -> Any:
    """Load a saved model; a session's later blocks know it as ``model``."""
    sources.depend_on(request.file)
    namespace["model"] = saved.load(request.file, request.custom_objects)
    return namespace["model"]


def _constructor(model: Any) -> str:
    """Return the code that would build a model; where there is none, a comment that says why."""
    try:
        if isinstance(model, Model):
            raise constructor.NoView("the file does not say what its layers are")  # noqa: TRY301
        return constructor.code(model)
    except Exception as reason:
        why = (
            reason
            if isinstance(reason, constructor.NoView)
            else f"it can't be written ({exceptions.name(reason)})"
        )
        return f"# There is no constructor's view of this model: {why}."


def _read(model: Any, request: Request) -> Model:
    if keras2.is_used() and isinstance(model, keras2.model_class()):
        return keras2.read(model, request.axes, request.input)
    if not request.input:
        return reader.read(model, request.axes, sizes=request.flops)
    signature = inputs.build(model, request.input)
    if signature is None:
        return reader.read(model, request.axes, sizes=request.flops)
    try:
        return reader.read(model, request.axes, signature, request.flops)
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


def text(output: bytes, size: int) -> str:
    """Decode printed output, of which there was so much, without NUL bytes and terminal codes."""
    more = f"\n… {size - len(output):,} more bytes (kerasshape_output)\n" if size > len(output) else ""
    return exceptions.clean(output.decode(errors="replace")) + more
