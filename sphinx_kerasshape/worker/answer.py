"""The answer to a request: execute the author's code, find the model, read it."""

from __future__ import annotations

import sys
from typing import Any

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
from sphinx_kerasshape.worker.read import author_calls, constructor, ingredients, inputs, keras2, reader
from sphinx_kerasshape.worker.read.arguments import NoView
from sphinx_kerasshape.worker.read.undisturbed import undisturbed

_OUR_REFUSALS = (inputs.Refused, reader.Unreadable, follow.BadAxes, keras2.Unreadable)
"""Exceptions of a model that can't be read; each has a ``problem``, the kind of warning."""


def answer_to(request: Request, namespace: dict[str, Any], *, real: bool) -> Answer:
    """Run a request in a namespace, and return its answer; ``real`` is whether weights are allocated.

    Raises :class:`.weightless.NeedsValues` if the code needs weights and has none.
    """
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
    author_calls.note_build(namespace["model"])
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
