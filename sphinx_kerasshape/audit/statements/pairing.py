"""Which models a printed summary may be of: what calls of ``summary()`` and names a document has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Subject, Summary

_MODEL_CLASSES = frozenset(
    ("Sequential", "Model", "Functional", "load_model", "clone_model", "model_from_json")
)
_OF_MODELS = re.compile(
    r"model|net\b|network|encoder|decoder|gan\b|generator|discriminator|classifier|backbone|autoencoder|vae",
    re.IGNORECASE,
)
_MAX_SUBJECTS = 12


class Call(NamedTuple):
    """A call of ``summary()``."""

    subject: Subject
    first: int
    """The line that it starts at."""
    loop: Subject | None = None
    """The model in a round of the loop that makes the call in each of its rounds."""


class Model(NamedTuple):
    """A name that is bound to what may be a model."""

    subject: Subject
    name: str
    """The name that the model is given, if it is."""


def calls(tree: ast.Module, code: str, block: int) -> list[Call]:
    """Return the calls of ``summary()`` that a block makes, in order; not those in its functions."""
    if ".summary" not in code:
        return []
    return [found for statement in tree.body for found in _calls(statement, statement, code, block)]


def inner_calls(tree: ast.Module, code: str, block: int) -> list[Model]:
    """Return the models whose ``summary()`` functions and methods of a block call."""
    found = []
    for top in tree.body if ".summary" in code else ():
        if isinstance(top, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for node in ast.walk(top):
                if isinstance(node, ast.Expr) and node.end_lineno != top.end_lineno:
                    found += [Model(call.subject, "") for call in _calls(node, node, code, block)]
    return found


def _calls(node: ast.AST, statement: ast.stmt, code: str, block: int) -> Iterator[Call]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
        return
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, statement, code, block)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "summary":
        expression = ast.get_source_segment(code, node.func.value)
        last = statement.end_lineno or statement.lineno
        if expression:
            inner = _in_loop(statement, node)
            loop = Subject(block, inner.end_lineno or inner.lineno, expression, 1) if inner else None
            yield Call(Subject(block, last, expression), node.lineno, loop)


def _in_loop(statement: ast.stmt, call: ast.Call) -> ast.stmt | None:
    """Return the statement in a loop that makes a call in each round; ``None`` if it is in none."""
    if not isinstance(statement, (ast.For, ast.While)):
        return None
    for inner in statement.body:
        if any(node is call for node in ast.walk(inner)):
            return _in_loop(inner, call) if hasattr(inner, "body") else inner
    return None


def models(tree: ast.Module, code: str, block: int) -> list[Model]:
    """Return the names that a block binds to what may be models, in order."""
    found = []
    for statement in tree.body:
        value = getattr(statement, "value", None)
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or not isinstance(value, ast.Call):
            continue
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            if isinstance(target, (ast.Name, ast.Attribute)) and _is_of_model(target, value):
                subject = Subject(block, statement.end_lineno or statement.lineno, ast.unparse(target))
                found.append(Model(subject, _given_name(value)))
    return found


def _is_of_model(target: ast.expr, value: ast.Call) -> bool:
    name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
    return name in _MODEL_CLASSES or bool(_OF_MODELS.search(name) or _OF_MODELS.search(ast.unparse(target)))


def _given_name(value: ast.Call) -> str:
    for keyword in value.keywords:
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    return ""


def linked(
    summaries: Sequence[Summary], calls: Sequence[Call], *, are_printed: bool = False
) -> list[Summary]:
    """Return summaries with the calls that printed them, if each has one; else with all, the last first.

    If there are more than calls, a loop or a function has printed them.
    """
    if len(summaries) == len(calls) and not (len(calls) > 1 and all(call.loop for call in calls)):
        pairs = zip(summaries, calls, strict=True)
        return [one._replace(subjects=(call.subject,), is_linked=True) for one, call in pairs]
    loops = [call.loop for call in calls if call.loop is not None]
    if len(loops) == len(calls) > 0 and len(summaries) % len(calls) == 0:
        return _of_rounds(summaries, loops)
    subjects = tuple(dict.fromkeys(call.subject for call in reversed(calls)))
    is_unsure = len(summaries) > len(calls) and (are_printed or bool(calls))
    return [one._replace(subjects=subjects, is_unsure=is_unsure) for one in summaries]


def _of_rounds(summaries: Sequence[Summary], loops: Sequence[Subject]) -> list[Summary]:
    """Return the summaries that a loop has printed, each with the model of its round."""
    rounds = len(summaries) // len(loops)
    ends = (loops[-1]._replace(visit=rounds), loops[-1]._replace(visit=rounds + 1))
    return [
        one._replace(
            subjects=(loops[number % len(loops)]._replace(visit=number // len(loops) + 1),),
            is_linked=True,
            rounds=ends,
        )
        for number, one in enumerate(summaries)
    ]


def with_candidates(summary: Summary, position: int, models: Sequence[Model]) -> Summary:
    """Return a summary with all models that it may be of: by its title, before it, behind it.

    ``position`` is the last block before it.
    """
    if summary.is_linked:
        return summary

    def distance(model: Model) -> tuple[bool, bool, int, int]:
        title = summary.title.text
        is_titled = bool(title) and title in (model.name, model.subject.expression)
        away = position - model.subject.block
        return not is_titled, away < 0, abs(away), -model.subject.line

    likeliest = [model.subject for model in sorted(models, key=distance)]
    titled = [model.subject for model in models if summary.title.text and model.name == summary.title.text]
    subjects = dict.fromkeys((*titled[::-1], *summary.subjects, *likeliest))
    return summary._replace(subjects=tuple(subjects)[:_MAX_SUBJECTS])
