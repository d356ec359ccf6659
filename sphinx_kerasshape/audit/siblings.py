"""Files that a document loads a model from, and another one in its folder saves it to."""

from __future__ import annotations

import ast
import os.path
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sphinx_kerasshape.audit import planning
from sphinx_kerasshape.audit.document import Document, Subject
from sphinx_kerasshape.audit.planning import Planned
from sphinx_kerasshape.messages.report import Answer, Report
from sphinx_kerasshape.messages.request import Piece, Request, Saved


class Source(NamedTuple):
    """A document that saves a model, and the request that gives what describes it."""

    file: str
    document: str
    request: Request


def missed(plans: Sequence[Planned], answers: Mapping[Request, Answer]) -> list[str]:
    """Return the files that runs of a document would have loaded models from."""
    found: list[str] = []
    for plan in plans:
        answer = answers[plan.request]
        for failed in answer.failed if isinstance(answer, Report) else ():
            if failed.kind == "files" or "File format not supported" in failed.failure.message:
                found += _loaded(plan.request.pieces[failed.piece].code)
    return [*dict.fromkeys(found)]


def source(file: str, path: str, document: Document, folder: str) -> Source | None:
    """Return how a document saves a model to a file; ``None`` if it does not."""
    savings = [
        (number, *one) for number, block in enumerate(document.blocks) for one in _savings(block.code, file)
    ]
    if not savings:
        return None
    number, line, model = savings[-1]
    alone = document._replace(statements=(), models=(Subject(number, line, model),))
    plans = planning.planned(alone, {}, folder)
    if len(plans) != 1:
        return None
    saving = Piece(f"{model}.save({file!r})", line, number)
    request = plans[0].request
    request = request._replace(pieces=(*request.pieces, saving), saves=file)
    return Source(file, Path(path).name, request)


def found(sources: Sequence[Source], answers: Mapping[Request, Answer]) -> tuple[Saved, ...]:
    """Return the models that documents have saved; the first one for each file."""
    saved: dict[str, Saved] = {}
    for one in sources:
        answer = answers[one.request]
        if isinstance(answer, Report) and answer.saved:
            saved.setdefault(one.file, Saved(one.file, one.document, answer.saved))
    return tuple(saved.values())


def _loaded(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Call(
                func=ast.Name(id="load_model") | ast.Attribute(attr="load_model"),
                args=[ast.Constant(str(file)), *_],
            ):
                yield file


def _savings(code: str, file: str) -> Iterator[tuple[int, str]]:
    """Yield the lines, and the names of models, that save to a file: by themselves, or while they train."""
    if Path(file).name not in code:
        return
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    checkpoints = any(
        isinstance(node, ast.Call) and ast.unparse(node.func).endswith("ModelCheckpoint") and _has(node, file)
        for node in ast.walk(tree)
    )
    for statement in ast.walk(tree):
        for node in ast.walk(statement) if isinstance(statement, (ast.Expr, ast.Assign)) else ():
            match node:
                case ast.Call(func=ast.Attribute(value=model, attr="save")) if _has(node, file):
                    yield statement.end_lineno or 0, ast.unparse(model)  # type: ignore[attr-defined]
                case ast.Call(func=ast.Attribute(value=model, attr="fit")) if checkpoints:
                    yield statement.end_lineno or 0, ast.unparse(model)  # type: ignore[attr-defined]


def _has(call: ast.Call, file: str) -> bool:
    texts = [node.value for node in ast.walk(call) if isinstance(node, ast.Constant)]
    plain = os.path.normpath(file)
    return any(isinstance(text, str) and os.path.normpath(text) == plain for text in texts)
