"""Runs the pieces of a document, and observes values between them.

A piece that fails takes with it every name that it defines, and the run goes on. What needs such a name
fails in turn, and says which piece is the root cause.
"""

from __future__ import annotations

import ast
import contextlib
import os
import types
from collections.abc import Iterator
from functools import partial
from typing import Any

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import (
    Error,
    Failure,
    Frame,
    Observation,
    PieceFailure,
    Report,
    Source,
)
from sphinx_kerasshape.messages.request import Inside, Piece, Request
from sphinx_kerasshape.text import excerpt, truncated
from sphinx_kerasshape.worker.code import (
    causes,
    exceptions,
    execute,
    find_model,
    mends,
    old_names,
    weightless,
)
from sphinx_kerasshape.worker.code.asked import Asked
from sphinx_kerasshape.worker.code.described import Describing, Reader
from sphinx_kerasshape.worker.code.echoes import Echoes, Loss
from sphinx_kerasshape.worker.code.inside import Sight
from sphinx_kerasshape.worker.code.pieces import Code, future_flags
from sphinx_kerasshape.worker.read import observed
from sphinx_kerasshape.worker.read.undisturbed import undisturbed
from sphinx_kerasshape.worker.stand_ins import adapting, beside
from sphinx_kerasshape.worker.stand_ins.install import install
from sphinx_kerasshape.worker.stand_ins.used import NotHere

_MAX_ASKED = 6
_MAX_NAMES = 6
"""How many names a message lists."""
_NO_IMPORT = ("ImportError", "ModuleNotFoundError")
_PROBLEMS = {"syntax": Problem.SYNTAX, "files": Problem.FILE}
"""The problems of failures by the kind of their cause, where it is not the code."""


class Document:
    """One run of a document's pieces.

    ``read`` reads a model. With ``real``, its weights have values; without, what may have failed for lack
    of them raises :class:`weightless.NeedsValues`.
    """

    def __init__(self, request: Request, names: dict[str, Any], read: Reader, *, real: bool) -> None:
        self._request = request
        self._names = names
        self._real = real
        self._failed: dict[int, PieceFailure] = {}
        self._statements: dict[int, str] = {}
        """The statements that failed, by the numbers of their pieces."""
        self._lost: dict[str, Loss] = {}
        self._given: dict[str, Any] = {}
        """Names from outside: they have their values back if what binds them fails."""
        self._used, self._saved = install(request)
        self._echoes = Echoes()
        self._describing = Describing(read)
        self._sight = Sight(
            lambda model: self._describing.described(self._unseen(), model), self._describing.tensors
        )

    def report(self) -> Report:
        """Run the prelude and all pieces; return what was observed, and what failed."""
        execute.keep_lines(self._request)
        execute.run_prelude(self._request, self._names)
        self._given = dict(self._names)
        # Nobody reads what a document prints: statements are held against values.
        with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
            observations = self._describing.followed(tuple(self._observations()))
        failed = tuple(self._failed.values())
        # They are sources as well: once they are installed, the answer is another one.
        missing = dict.fromkeys(one.missing for one in failed if one.kind == "package")
        packages = tuple(Source("package", causes.distribution(name), "") for name in missing if name)
        beside.depend_on_absence(self._request.folder, filter(None, missing))
        saved = self._saved.config(self._request.saves) if self._request.saves else ""
        return Report(observations=observations, failed=failed, sources=packages, saved=saved)

    def _observations(self) -> Iterator[Observation]:
        flags = future_flags(self._request.pieces)
        for number, piece in enumerate(self._request.pieces):
            value = self._run(number, piece, flags)
            for expression in piece.observe:
                yield self._observation(number, expression, value)
        for number, piece in enumerate(self._request.pieces):
            for one in piece.inside:
                yield self._inside(number, one)

    def _unseen(self) -> Observation:
        return Observation(0, "", stand_ins=self._used.names())

    def _inside(self, number: int, one: Inside) -> Observation:
        """Return what was seen when a line inside a piece ran."""
        seen = Observation(number, one.expression, stand_ins=self._used.names())
        value = self._sight.values.get((number, one))
        if value is None and number in self._failed:
            return self._of_failed(seen)
        if value is None:
            return seen._replace(failure=Failure(Problem.CODE, "its line does not run"))
        if isinstance(value, Observation):
            return value._replace(piece=number, expression=one.expression)
        return seen._replace(number=value) if isinstance(value, int) else seen._replace(tensors=value)

    def _run(self, number: int, piece: Piece, flags: int) -> Any:
        """Run a piece, and return the value that it keeps."""
        code = None
        try:
            watch = partial(self._sight.watch, piece=number, inside=piece.inside, names=self._names)
            code = Code(piece, flags, watch)
            value = self._ran(piece, code)
            self._echoes.follow(piece)
        except weightless.NeedsValues:
            raise
        except BaseException as error:
            self._fail(number, piece, code, error)
            return None
        return value

    def _ran(self, piece: Piece, code: Code) -> Any:
        """Run a piece; what it makes of files that it has looked for in vain is missing, not empty."""
        self._used.made_of_no_files = False
        self._used.folders = self._echoes.folders(piece)
        value = code.run(self._names)
        if self._used.made_of_no_files and code.binds():
            raise NotHere("files are not here")
        return value

    def _fail(self, number: int, piece: Piece, code: Code | None, error: BaseException) -> None:
        """Record why a piece failed, and drop the names that it defines."""
        try:
            loss, frames, cause = self._found(piece, code, error)
            stopped = excerpt(getattr(error, "statement", "")) if exceptions.name(error) == "Stopped" else ""
        except weightless.NeedsValues:
            raise
        except Exception:  # The author's own exception classes can do anything.
            loss, frames, cause, stopped = None, (), causes.plain(error), ""
        if code is not None:
            lines = [frame.line for frame in frames if frame.file == "" and frame.block == piece.block]
            self._statements[number] = stopped or code.statement(lines[0] if lines else piece.line)
        own = loss or Loss(number)
        kind, missing = ("follows", "") if loss else (cause.kind, cause.missing)
        text = self._why(loss) if loss else truncated(cause.text, 500)
        plain = Error(exceptions.name(error), exceptions.message(error))
        failure = Failure(_PROBLEMS.get(kind, Problem.CODE), text, frames, plain, _mend(error, kind))
        self._failed[number] = PieceFailure(number, kind, failure, own.piece, missing)
        self._drop(number, piece, code, own)

    def _found(
        self, piece: Piece, code: Code | None, error: BaseException
    ) -> tuple[Loss | None, tuple[Frame, ...], causes.Cause]:
        """Return what an exception says of its cause."""
        loss = self._loss_of(error)
        if code is None:
            return loss, *_syntax(piece, error)
        frames, cause = exceptions.frames(error, self._request), self._cause_of(error)
        if loss is None and cause.kind == "code":
            loss = self._echoes.loss(piece.code)
        if loss is None and cause.kind == "code":
            self._doubt(error)
        return loss, frames, cause

    def _drop(self, number: int, piece: Piece, code: Code | None, loss: Loss) -> None:
        """Drop the names of a piece that has failed; a model that it only trains or calls stays if built."""
        receivers = {name: self._value(name) for name in code.receivers()} if code else {}
        models = {
            name: model
            for name, model in receivers.items()
            if find_model.is_model(model) or adapting.is_adapted(model)
        }
        unbuilt = {name for name, model in models.items() if not getattr(model, "built", True)}
        binds = code.binds() if code else {*piece.defines}
        kept = models.keys() - unbuilt - binds
        kept |= {name for name in piece.defines if name not in binds and _is_constant(self._value(name))}
        kept |= code.imported(self._names) if code and loss.piece == number else set()
        kept |= {name for name in piece.defines if name not in binds and _has_fixed_shape(self._value(name))}
        for name in dict.fromkeys([*piece.defines, *unbuilt]):
            if name in self._given and name not in kept:
                self._names[name] = self._given[name]
            elif name not in kept:
                self._remove(name)
                if (value := self._echoed(name, piece, loss)) is not None:
                    self._names[name] = value
                    continue
                builder = self._statements.get(number, "") if name in unbuilt else ""
                self._lost[name] = loss._replace(names=(*loss.names, name), builder=builder)

    def _echoed(self, name: str, piece: Piece, loss: Loss) -> Any:
        """Return a stand-in for a name that is gone, if the document shows something of its value."""
        root = self._failed[loss.piece]
        is_import = root.failure.error is not None and root.failure.error.type in _NO_IMPORT
        if root.kind == "code" and not is_import:
            return None
        value = self._echoes.value(name, piece, loss._replace(names=(*loss.names, name)))
        if value is not None:
            self._used.note(f"{name} as printed")
        return value

    def _value(self, name: str) -> Any:
        """Return the value of a name, or of an attribute that the code has given to a module."""
        module, _, attribute = name.partition(".")
        value = self._names.get(module)
        return getattr(value, attribute, None) if attribute else value

    def _remove(self, name: str) -> None:
        module, _, attribute = name.partition(".")
        if not attribute:
            self._names.pop(name, None)
        elif isinstance(self._names.get(module), types.ModuleType):
            with contextlib.suppress(AttributeError):
                delattr(self._names[module], attribute)

    def _loss_of(self, error: BaseException) -> Loss | None:
        """Return why the name is gone that an exception misses; ``None`` if that is not what it says."""
        if (loss := self._echoes.loss_of(error)) is not None:
            return loss
        name = getattr(error, "name", None)
        if isinstance(error, AttributeError) and isinstance(error.obj, types.ModuleType):
            return next((loss for lost, loss in self._lost.items() if lost.endswith(f".{name}")), None)
        if type(error) is not NameError or not isinstance(name, str) or name in self._names:
            return None
        return self._lost.get(name)

    def _why(self, loss: Loss) -> str:
        """Return a sentence on why a name is gone."""
        root = self._failed[loss.piece]
        statement = self._statements.get(loss.piece, "")
        cause = f"`{statement}`: {root.failure.message}" if statement else root.failure.message
        if loss.builder and root.kind in ("files", "refused", "package"):
            model = f"`{loss.names[-1]}` is built by `{loss.builder}`, on data that is not here"
            return truncated(model if statement == loss.builder else f"{model} ({cause})", 900)
        names = [f"`{name}`" for name in dict.fromkeys(loss.names)]
        names = names if len(names) <= _MAX_NAMES else [*names[:2], "…", names[-1]]
        listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        return truncated(f"{cause}, so {listed} {'is' if len(names) == 1 else 'are'} missing", 900)

    def _mend_of(self, loss: Loss, expression: str = "") -> str:
        """Return what could be defined instead of data that is not here."""
        if loss.builder or self._failed[loss.piece].kind not in ("files", "package"):
            return ""
        following = [number for number, failed in self._failed.items() if failed.cause == loss.piece]
        codes = [self._request.pieces[number].code for number in following if number != loss.piece]
        asked = Asked(self._names, self._lost, self._definition)
        found = asked.of([*codes, expression])
        if not found or len(found) > _MAX_ASKED:
            return ""
        return f" ({' '.join(f'--define {_shell(one)}=VALUE' for one in found)})"

    def _definition(self, name: str) -> ast.AST | None:
        """Return the code of a function or class of the document."""
        if isinstance(self._names.get(name), (types.FunctionType, type)):
            for piece in self._request.pieces:
                if name in piece.defines and piece.code.startswith(("def ", "class ", "@", "async ")):
                    return ast.parse(piece.code)
        return None

    def _cause_of(self, error: BaseException) -> causes.Cause:
        return causes.cause_of(error, found_no_files=self._used.found_no_files)

    def _doubt(self, error: BaseException) -> None:
        """End a weightless run if what has failed may work with weights."""
        if not self._real and not causes.is_certain(error):
            raise weightless.NeedsValues

    def _observation(self, number: int, expression: str, value: Any) -> Observation:
        """Return what an expression is after a piece; ``value`` is what the piece itself has kept."""
        seen = Observation(number, expression, stand_ins=self._used.names())
        if not expression and number in self._failed:
            return self._of_failed(seen)
        if expression and (loss := self._echoes.asks_itself(expression)) is not None:
            return self._of_lost(seen, loss)
        try:
            if expression:
                with undisturbed():
                    value = eval(expression, self._names)
            return self._describing.described(seen._replace(stand_ins=self._used.names()), value)
        except weightless.NeedsValues:
            raise
        except BaseException as error:
            return self._unobserved(seen, error)

    def _of_failed(self, seen: Observation) -> Observation:
        failed = self._failed[seen.piece]
        message = failed.failure.message
        if failed.kind != "follows" and seen.piece in self._statements:
            message = truncated(f"`{self._statements[seen.piece]}`: {message}", 900)
        failure = failed.failure._replace(message=message + self._mend_of(Loss(failed.cause)))
        root = self._failed[failed.cause]
        return seen._replace(failure=failure, cause=failed.cause, missing=root.missing)

    def _unobserved(self, seen: Observation, error: BaseException) -> Observation:
        """Return an observation that an exception has ended."""
        loss = self._loss_of(error)
        if loss is not None:
            return self._of_lost(seen, loss)
        cause = self._cause_of(error)
        if cause.kind == "code" and not isinstance(error, observed.Unobservable):
            self._doubt(error)
        plain = Error(exceptions.name(error), exceptions.message(error))
        message = f"it is {error}" if isinstance(error, observed.Unobservable) else cause.text
        failure = Failure(
            Problem.CODE, truncated(message, 900), exceptions.frames(error, self._request), plain
        )
        return seen._replace(failure=failure, missing=cause.missing)

    def _of_lost(self, seen: Observation, loss: Loss) -> Observation:
        """Return an observation of what needs a name that is gone."""
        root = self._failed[loss.piece]
        failure = root.failure._replace(message=self._why(loss) + self._mend_of(loss, seen.expression))
        if loss.builder and root.kind in ("files", "refused", "package"):
            failure = failure._replace(problem=Problem.UNBUILT)
        return seen._replace(failure=failure, cause=loss.piece, missing=root.missing)


def _shell(text: str) -> str:
    return text if text.isidentifier() else f"'{text}'" if "'" not in text else f'"{text}"'


def _is_constant(value: Any) -> bool:
    """Whether nothing can change a value."""
    if isinstance(value, tuple):
        return all(map(_is_constant, value))
    return isinstance(value, (bool, int, float, str, bytes, os.PathLike, types.ModuleType))


def _has_fixed_shape(value: Any) -> bool:
    """Whether a value is a matrix of measures or weights, whose rows may be filled in, and no more."""
    import numpy

    return isinstance(value, numpy.ndarray) and value.ndim > 1 and value.dtype.kind == "f"


def _syntax(piece: Piece, error: BaseException) -> tuple[tuple[Frame, ...], causes.Cause]:
    """Return the line that Python can't parse, and why."""
    lines = piece.code.split("\n")
    stated = getattr(error, "lineno", None) or 1
    line = min(int(stated), len(lines))
    text = f"{exceptions.name(error)}: {excerpt(str(getattr(error, 'msg', error)))}"
    frame = Frame("", piece.line + line - 1, "", truncated(lines[line - 1].strip(), 500), piece.block)
    return (frame,), causes.Cause("syntax", text)


def _mend(error: BaseException, kind: str) -> str:
    """Return how to mend code that is wrong; empty if something is only not here."""
    return old_names.of_error(error) or mends.of_error(error) if kind in ("code", "name") else ""
