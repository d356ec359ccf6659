"""Roles for the shapes and counts that prose states: of which kind, and with which target."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Mention
from sphinx_kerasshape.audit.verdict import HOLDS
from sphinx_kerasshape.audit.verdict import Verdict as Judged
from sphinx_kerasshape.claims import doubts, verdicts
from sphinx_kerasshape.claims.counts import CountClaim, Unreadable, count_claim
from sphinx_kerasshape.claims.shapes import ShapeClaim, shape_claim
from sphinx_kerasshape.messages.report import LayerRow, Model, Report, Shape, TensorSpec
from sphinx_kerasshape.pages import records
from sphinx_kerasshape.pages.records import Claim

_WORDS = re.compile(r"[\w]+")
_OF_WEIGHTS = re.compile(
    r"\b(?:kernels?|weights?|bias|biases|matrix|matrices|gewichte?\w*|poids|pesos)\b", re.I
)
_OF_INPUT = re.compile(
    r"\b(?:inputs?|takes?|expects?|accepts?|reads?|eingabe\w*|entrée\w*|entrada\w*)\b", re.I
)
_OF_OUTPUT = re.compile(
    r"\b(?:outputs?|returns?|gives?|produces?|makes?|ausgabe\w*|sortie\w*|salida\w*)\b", re.I
)
_IS_OF = re.compile(r"\W{0,4}(input|output)s?\b", re.I)
"""What follows a shape that the sentence calls that of an input or an output."""
_OF_FROZEN = re.compile(r"\b(?:non-?trainable|frozen|not trainable|not trained)\b", re.I)
_OF_TRAINED = re.compile(r"(?<!non-)(?<!not )\btrain(?:able|ed)\b", re.I)
_COUNTER = re.compile(r"_\d+$")
_IS_MARKUP = re.compile(r"[`<>\\|*\n]")
_NEEDS_QUOTES = re.compile(r"[/.\[\]\"']")


class Named(NamedTuple):
    """A model with the name that roles have for it."""

    name: str
    block: int
    variable: str
    model: Model
    report: Report


class Role(NamedTuple):
    """A role that states a value."""

    kind: str
    """``shape`` or ``params``."""
    target: str
    stated: str
    actual: str = ""
    """What TensorFlow says instead; empty if the statement holds."""


class _Target(NamedTuple):
    text: str
    model: Named
    value: Shape | int
    part: str = ""
    """``input``, ``output``, ``trainable``, ``non_trainable``, or the name of a weight."""
    row: LayerRow | None = None


class Roles:
    """Finds roles for the statements of a page."""

    def __init__(self, models: Sequence[Named], others: Mapping[int, Model]) -> None:
        self._models = models
        self._others = others
        """Models of the page that roles can't speak of, by their blocks."""
        self._of = {kind: list(_targets(kind, models)) for kind in ("shape", "params")}

    def role(self, mention: Mention, judged: Judged) -> Role | str:
        """Return the role for a statement that holds or has drifted; or why there is none."""
        stated = " ".join(mention.text.split())
        kind = "shape" if mention.kind == "shape" else "params"
        try:
            claim = shape_claim(stated) if kind == "shape" else count_claim(stated)
        except Unreadable as error:
            return str(error)
        if self._is_of_other(mention, kind):
            return "the model above it has no keras:model"
        fitting = [target for target in self._of[kind] if _fits(claim, target, judged)]
        for target in sorted(fitting, key=lambda one: -_score(mention, one, self._models)):
            report = target.model.report
            verdict = verdicts.judge(Claim(kind, target.text, stated, ""), lambda _, report=report: report)  # type: ignore[misc]
            if not verdict.problem and verdict.holds == (judged.verdict == HOLDS):
                return Role(kind, target.text, stated, "" if verdict.holds else verdict.restated)
        return self._reason(mention, kind)

    def _is_of_other(self, mention: Mention, kind: str) -> bool:
        """Whether the last model above a statement has the value, but roles can't speak of it."""
        blocks = [*self._others, *(one.block for one in self._models)]
        last = max((block for block in blocks if block <= mention.block), default=-1)
        return last in self._others and _has(self._others[last], mention, kind)

    def _reason(self, mention: Mention, kind: str) -> str:
        if kind == "params" and any(_has(one.model, mention, kind) for one in self._models):
            return "no role says what several layers have together"
        return "no keras:model of this page has it"


def _has(model: Model, mention: Mention, kind: str) -> bool:
    """Whether a model has a value that is stated."""
    record = records.Mention(kind, mention.text, "", mention.before, mention.after, in_code=False)
    return doubts.opinion(record, [model]).holds


def _fits(claim: ShapeClaim | CountClaim, target: _Target, judged: Judged) -> bool:
    """Whether a target has the value that the audit speaks of."""
    value = target.value
    if isinstance(claim, CountClaim):
        assert isinstance(value, int)
        return claim.holds(value) if judged.verdict == HOLDS else claim.restated(value) == judged.actual
    assert not isinstance(value, int)
    if judged.verdict == HOLDS:
        return claim.holds((value,))
    return not claim.holds((value,)) and claim.restated((value,)) == judged.actual


def _targets(kind: str, models: Sequence[Named]) -> Iterator[_Target]:
    for model in models:
        base, read = quoted(model.name), model.model
        if kind == "shape":
            for part, tensors in (("output", read.outputs), ("input", read.inputs)):
                yield from _of_tensors(base, model, part, tensors, None)
        else:
            yield _Target(base, model, read.params)
            yield _Target(f"{base}.trainable", model, read.trainable, "trainable")
            yield _Target(f"{base}.non_trainable", model, read.params - read.trainable, "non_trainable")
        for path, row in _paths(read.layers):
            yield from _of_layer(kind, f"{base}/{path}", model, row)


def _of_layer(kind: str, path: str, model: Named, row: LayerRow) -> Iterator[_Target]:
    if kind == "params":
        yield _Target(path, model, row.params, "", row)
    else:
        for part in ("output", "input"):
            tensors = [one for call in row.calls for one in getattr(call, f"{part}s")]
            yield from _of_tensors(path, model, part, tensors, row)
    for name in dict.fromkeys(one.name for one in row.weights):
        some = [one for one in row.weights if one.name == name]
        for index, weight in zip(_indices(len(some)), some, strict=True):
            value = weight.params if kind == "params" else weight.shape
            yield _Target(f"{path}.{name}{index}", model, value, name, row)


def _of_tensors(
    path: str, model: Named, part: str, tensors: Sequence[TensorSpec], row: LayerRow | None
) -> Iterator[_Target]:
    if len({one.shape for one in tensors}) == 1:
        yield _Target(f"{path}.{part}", model, tensors[0].shape, part, row)
    else:
        for index, tensor in enumerate(tensors):
            yield _Target(f"{path}.{part}[{index}]", model, tensor.shape, part, row)


def _indices(count: int) -> list[str]:
    return [""] if count == 1 else [f"[{index}]" for index in range(count)]


def _paths(rows: Sequence[LayerRow]) -> Iterator[tuple[str, LayerRow]]:
    """Yield each layer with its path in targets, whose parts stay true if other layers are renamed."""
    above: list[str] = []
    for number, row in enumerate(rows):
        del above[row.depth :]
        above.append(_part(number, rows))
        yield "/".join(above), row


def _part(number: int, rows: Sequence[LayerRow]) -> str:
    """Return a layer's own name, its type if no other one beside it has that, or its place."""
    row, siblings = rows[number], _siblings(number, rows)
    is_counted = _COUNTER.sub("", row.name) in (row.type.lower(), _snake(row.type))
    is_alone = sum(one.type == row.type for one in siblings) == 1
    if is_counted and is_alone:
        return quoted(row.type)
    is_odd = _IS_MARKUP.search(row.name) or row.name != row.name.strip() or {"'", '"'} <= set(row.name)
    if is_counted or is_odd or sum(one.name == row.name for one in siblings) > 1:
        return f"[{next(place for place, one in enumerate(siblings) if one is row)}]"
    return quoted(row.name)


def _siblings(number: int, rows: Sequence[LayerRow]) -> list[LayerRow]:
    """Return the layers beside one, in its model or layer, and itself."""
    depth, start, end = rows[number].depth, number, number
    while start and rows[start - 1].depth >= depth:
        start -= 1
    while end < len(rows) and rows[end].depth >= depth:
        end += 1
    return [row for row in rows[start:end] if row.depth == depth]


def _snake(name: str) -> str:
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def quoted(name: str) -> str:
    """Return a name as targets have it."""
    if not _NEEDS_QUOTES.search(name):
        return name
    return f"'{name}'" if '"' in name else f'"{name}"'


def _score(mention: Mention, target: _Target, models: Sequence[Named]) -> float:
    """Return how well the words around a statement fit a target."""
    near = f"{mention.before[-80:]} {mention.after[:60]}"
    words = [word.lower() for word in _WORDS.findall(f"{mention.before} {mention.after}")]
    score = 0.0
    is_weight = target.row is not None and target.part not in ("", "input", "output")
    if _OF_WEIGHTS.search(near):
        score += 3 if is_weight else 0
        score += 2 if target.part.lower() in words else 0
    elif is_weight:
        score -= 1
    if target.part == "input" and _OF_INPUT.search(near):
        score += 2
    if target.part == "output" and _OF_OUTPUT.search(near):
        score += 2
    if (said := _IS_OF.match(mention.after)) and target.row is None and target.part == said[1].lower():
        score += 3
    if target.part == "non_trainable":
        score += 3 if _OF_FROZEN.search(near) else -2
    if target.part == "trainable":
        score += 3 if _OF_TRAINED.search(near) else -2
    score += _of_row(target.row, words) + _of_model(mention, target.model, words, models)
    return score


def _of_row(row: LayerRow | None, words: Sequence[str]) -> float:
    """Return how much the words speak of a layer."""
    if row is None:
        return 1.0 if "model" in words or "network" in words else 0.5
    if row.name.lower() in words:
        return 3.0 if _COUNTER.sub("", row.name) != row.type.lower() else 2.5
    kind = row.type.lower()
    if any(word == kind or word.rstrip("s") == kind for word in words):
        return 2.0
    is_like = any(len(word) > 3 and kind.startswith(word[:4]) for word in words)
    return 1.0 if is_like else 0.0


def _of_model(mention: Mention, model: Named, words: Sequence[str], models: Sequence[Named]) -> float:
    """Return how much the words, or else the place, speak of a model."""
    score = 4.0 if model.variable.lower() in words and model.variable.lower() != "model" else 0.0
    before = [one.block for one in models if one.block <= mention.block]
    nearest = max(before) if before else min(one.block for one in models)
    if model.block == nearest:
        return score + 2.5
    return score + (0.3 if model.block < nearest else 0.0)
