"""One run of an author's code, in a process of its own: execute the code, find the model, read it.

This module decides what the author's code sees of the world. The process dies afterwards, so nothing
needs to be undone.
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
from sphinx_kerasshape.messages.report import Answer, CodeWarning, Error, Failure, Model, Report, Versions
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.worker.axes import follow
from sphinx_kerasshape.worker.code import (
    code_warnings,
    exceptions,
    execute,
    find_model,
    saved,
    sources,
    weightless,
)
from sphinx_kerasshape.worker.code.lines import LineSight
from sphinx_kerasshape.worker.processes import lifeline, tree
from sphinx_kerasshape.worker.processes.jax_later import jax_later
from sphinx_kerasshape.worker.processes.limits import Limits, exceeded_between_checks
from sphinx_kerasshape.worker.read import author_calls, constructor, ingredients, inputs, keras2, reader
from sphinx_kerasshape.worker.read.arguments import NoView
from sphinx_kerasshape.worker.read.undisturbed import undisturbed
from sphinx_kerasshape.worker.sandbox import confine

_OUR_REFUSALS = (inputs.Refused, reader.Unreadable, follow.BadAxes, keras2.Unreadable)
"""Exceptions of a model that can't be read; each has a ``problem``, the kind of warning."""
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
            answer = _run(request, namespace, real)
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
                answer = _run(request, namespace, real)
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


def _run(request: Request, namespace: dict[str, Any], real: bool) -> Answer:
    author_calls.watch()
    caused: list[CodeWarning] = []
    sight = LineSight(request)
    try:
        if request.kind == "document":
            return _of_world(_document(request, namespace, real))
        with code_warnings.recorded(request, caused):
            found = _executed(request, namespace, sight)
        if request.raises:
            return exceptions.not_raised(request.raises)._replace(warnings=tuple(caused))
        model = _found(found, request) if request.kind == "model" else None
    except saved.Unloadable as refusal:
        return _refused(refusal, request)
    except weightless.NeedsValues:
        raise
    except BaseException as error:
        if request.raises and exceptions.matches(error, request.raises):
            expected = Error(exceptions.name(error), exceptions.message(error))
            return _report(caused)._replace(error=expected, observations=sight.observations(None))
        return exceptions.failure(error, request)._replace(warnings=tuple(caused))
    report = _report(caused)
    if not isinstance(model, Failure):
        report = report._replace(model=model, observations=sight.observations(model))
    return report._replace(unread=model) if isinstance(model, Failure) else report


def _executed(request: Request, namespace: dict[str, Any], sight: LineSight) -> Any:
    """Run a request's code; return its model, if it is to have one, or why it isn't clear which that is."""
    before = dict(namespace)
    if request.file:
        value = _loaded(request, namespace)
    else:
        value = execute.compiled(request, namespace, lambda tree: sight.watch(tree, namespace))()
    sight.end()
    if request.raises or request.kind != "model":
        return None
    return find_model.find(request.model, value, namespace, before)


def _document(request: Request, namespace: dict[str, Any], real: bool) -> Report:
    """Run the pieces of a document."""
    from sphinx_kerasshape.worker.code.document import Document  # only an audit needs it

    return Document(request, namespace, lambda model: _found(model, request), real=real).report()


def _report(caused: list[CodeWarning]) -> Report:
    """Return a report of what the code depends on and has caused, without any model."""
    return _of_world(Report(warnings=tuple(caused)))


def _of_world(report: Report) -> Report:
    """Return a report with the versions and sources that it depends on."""
    keras2_source = (keras2.source(),) if keras2.is_asked_for() else ()
    found = (*report.sources, *sources.used(), *keras2_source)
    return report._replace(versions=_versions(), sources=found)


def _found(model: Any, request: Request) -> Model | Failure:
    """Return a model as a report has it; or why it is unclear or can't be read, though the code has run."""
    try:
        return model if isinstance(model, Failure) else _described(model, request)
    except _OUR_REFUSALS as refusal:
        return _refused(refusal, request)


def _refused(refusal: Any, request: Request) -> Failure:
    frames = exceptions.frames(refusal.__cause__, request) if refusal.__cause__ else ()
    return Failure(refusal.problem, str(refusal), frames, mend=getattr(refusal, "mend", ""))


def _loaded(request: Request, namespace: dict[str, Any]) -> Any:
    """Load a saved model; the later blocks of a session know it as ``model``."""
    sources.depend_on(request.file)
    namespace["model"] = saved.load(request.file, request.custom_objects)
    return namespace["model"]


def _described(model: Any, request: Request) -> Model:
    """Return a model as a report has it, with the views of it that the request asks for."""
    report = model if isinstance(model, Model) else _read(model, request)
    if request.constructor:
        written, ingredients = _constructor(model)
        report = report._replace(constructor=written, ingredients=ingredients)
    if request.source:
        report = report._replace(source=execute.source(request.source, request.code))
    return report


def _constructor(model: Any) -> tuple[str, tuple[str, ...]]:
    """Return the code that would build a model and what it is compared by, or a comment on why not."""
    try:
        if isinstance(model, Model):
            raise NoView("the file does not say what its layers are")  # noqa: TRY301
        if keras2.is_model(model):
            raise NoView("it is a model of Keras 2")  # noqa: TRY301
        return constructor.code(model), tuple(ingredients.ingredients(model))
    except NoView as reason:
        why = str(reason)
    except Exception as error:
        why = f"it can't be written ({exceptions.name(error)})"
    return f"# There is no constructor's view of this model: {why}.", ()


def _read(model: Any, request: Request) -> Model:
    if keras2.is_model(model):
        return keras2.read(model, request.axes, request.input)
    signature = inputs.build(model, request.input) if request.input else None
    try:
        with undisturbed(model):
            return reader.read(model, request.axes, signature, request.flops)
    except (reader.Unreadable, follow.BadAxes):
        raise
    except Exception as error:
        if signature is None:
            raise
        raise inputs.refused(model, request.input, error) from error


def _versions() -> Versions:
    import keras
    import tensorflow

    python = ".".join(map(str, sys.version_info[:3]))
    return Versions(python, tensorflow.__version__, keras.__version__, keras.backend.backend())
