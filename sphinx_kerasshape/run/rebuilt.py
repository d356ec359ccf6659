"""The constructor's view of a model is shown only if its code, run in turn, builds the same model."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from itertools import zip_longest
from typing import cast

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Answer, LayerCall, Model, Report, TensorSpec
from sphinx_kerasshape.messages.request import Request

_NONE = "# There is no constructor's view of this model: the code that would build it {}."
_IMPORTS = "import keras\nfrom keras import layers\n"
_PASSING = (Problem.TIMEOUT, Problem.LIMIT, Problem.CRASH, Problem.WORKER)
"""Why code may fail that would not fail in the next build."""


def rebuilding(request: Request, answer: Answer) -> Request:
    """Return the request that runs the code which was written, by itself if it needs no names of the page."""
    code = _model(answer).constructor
    rebuilding = Request(code=_IMPORTS + code, weights=request.weights, constructor=True)
    if request.file or not _is_missing_names(code):
        return rebuilding
    earlier = (*request.earlier, request.step()._replace(axes=""))
    return rebuilding._replace(prelude=request.prelude, earlier=earlier)


def checked(answer: Answer, rebuilt: Answer) -> Report:
    """Return a report with the code that was written, or with the reason why it can't be shown."""
    report, model = cast("Report", answer), _model(answer)
    reason = _difference(model, rebuilt)
    code = _NONE.format(" ".join(reason.split())) if reason else model.constructor
    return report._replace(model=model._replace(constructor=code, ingredients=()))


def is_lasting(rebuilt: Answer) -> bool:
    """Whether running the code again would give the same answer."""
    return isinstance(rebuilt, Report) or rebuilt.problem not in _PASSING


def _model(answer: Answer) -> Model:
    assert isinstance(answer, Report)
    assert answer.model is not None
    return answer.model


def _is_missing_names(code: str) -> bool:
    """Whether code uses names that it neither sets nor imports."""
    names = {"keras", "layers", *dir(builtins)}
    used: set[str] = set()
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False  # Running it says why, such as that it is nested too deeply.
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else names).add(node.id)
        elif isinstance(node, ast.alias):
            names.add(node.name)
    return not used <= names


def _difference(model: Model, rebuilt: Answer) -> str:
    """Return what the code does instead of building the same model; empty if it builds that."""
    if not isinstance(rebuilt, Report):
        error = rebuilt.error or rebuilt.message.partition("\n")[0]
        return f"fails ({error})"
    if rebuilt.model is None:
        return "builds none"
    for mine, other in zip_longest(model.ingredients, rebuilt.model.ingredients, fillvalue=" "):
        if mine.rpartition(" ")[2] != other.rpartition(" ")[2]:
            name = mine.rpartition(" ")[0] or other.rpartition(" ")[0]
            return f"gives other settings, or another place, to {name!r}"
    for row, other_row in zip_longest(_rows(model), _rows(rebuilt.model)):
        if row is None or other_row is None or row[1:] != other_row[1:]:
            different = row or other_row or ("",)
            return f"gives another {different[0]!r}"
    return "" if _ends(model) == _ends(rebuilt.model) else "builds another one"


def _ends(model: Model) -> object:
    inputs, outputs = (tuple(map(_nameless, ends)) for ends in (model.inputs, model.outputs))
    return inputs, outputs, model.params, model.trainable, model.bytes


def _rows(model: Model) -> Sequence[tuple[object, ...]]:
    """Return the rows of a model, each with its name and then what does not depend on names."""
    above: list[int] = []
    numbers: dict[tuple[tuple[int, ...], str], int] = {}
    rows = []
    for number, row in enumerate(model.layers):
        above[row.depth :] = [number]
        scope = tuple(above[:-1])
        numbers.setdefault((scope, row.name), len(numbers))
        # Names that have no row, such as a Sequential model's inputs, are numbered as they come.
        calls = tuple(_call(call, scope, numbers) for call in row.calls)
        weights = tuple((weight.shape, weight.dtype, weight.trainable) for weight in row.weights)
        counts = (row.params, row.trainable, row.shared, row.bytes)
        rows.append((row.name, row.type, row.depth, counts, weights, calls))
    return rows


def _call(call: LayerCall, scope: tuple[int, ...], numbers: dict[tuple[tuple[int, ...], str], int]) -> object:
    sources = [source.partition("[") for source in call.sources]
    return (
        tuple(map(_nameless, call.inputs)),
        tuple(map(_nameless, call.outputs)),
        tuple((numbers.setdefault((scope, name), len(numbers)), rest) for name, _, rest in sources),
    )


def _nameless(tensor: TensorSpec) -> object:
    return tensor.shape, tensor.dtype
