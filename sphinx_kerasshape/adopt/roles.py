"""Roles for the shapes and counts that prose states: of which kind, and with which target."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Mention
from sphinx_kerasshape.audit.verdict import DRIFTED, HOLDS
from sphinx_kerasshape.audit.verdict import Verdict as Judged
from sphinx_kerasshape.claims import doubts, verdicts
from sphinx_kerasshape.claims.counts import Unreadable
from sphinx_kerasshape.messages.report import LayerRow, Report
from sphinx_kerasshape.pages import records
from sphinx_kerasshape.pages.records import Claim

_WORDS = re.compile(r"[\w]+")
_OF_WEIGHTS = re.compile(r"\b(?:kernels?|weights?|bias|biases|matrix|matrices|gewichte?\w*|poids|pesos)\b", re.I)
_OF_INPUT = re.compile(r"\b(?:inputs?|takes?|expects?|accepts?|reads?|eingabe\w*|entrée\w*|entrada\w*)\b", re.I)
_OF_OUTPUT = re.compile(r"\b(?:outputs?|returns?|gives?|produces?|makes?|ausgabe\w*|sortie\w*|salida\w*)\b", re.I)
_IS_OF = re.compile(r"\W{0,4}(input|output)s?\b", re.I)
"""What follows a shape that the sentence calls that of an input or an output."""
_OF_FROZEN = re.compile(r"\b(?:non-?trainable|frozen|not trainable|not trained)\b", re.I)
_OF_TRAINED = re.compile(r"(?<!non-)(?<!not )\btrain(?:able|ed)\b", re.I)
_COUNTER = re.compile(r"_\d+$")
_IS_MARKUP = re.compile(r"[`<>\\|*\n]")
_NEEDS_QUOTES = re.compile(r"[/.\[\]\"']")
_MAX_TARGETS = 4_000


class Named(NamedTuple):
    """A model with the name that roles have for it."""

    name: str
    block: int
    variable: str
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
    part: str = ""
    """``input``, ``output``, ``trainable``, ``non_trainable``, or the name of a weight."""
    row: LayerRow | None = None


def role(mention: Mention, judged: Judged, models: Sequence[Named]) -> Role | str:
    """Return the role for a statement that holds or has drifted; or why there is none."""
    stated = " ".join(mention.text.split())
    kind = "shape" if mention.kind == "shape" else "params"
    named = {model.name: model for model in models}
    best: tuple[float, Role] | None = None
    targets = _targets(kind, models)
    for number, target in zip(range(_MAX_TARGETS), targets, strict=False):
        claim = Claim(kind, target.text, stated, "")
        verdict = None
        with suppress(Unreadable):
            verdict = verdicts.judge(claim, lambda name: named[name].report)
        if verdict is None or verdict.problem or not _is_meant(judged, verdict):
            continue
        found = Role(kind, target.text, stated, "" if verdict.holds else verdict.restated)
        weight = _score(mention, target, models) - number * 1e-6
        if best is None or weight > best[0]:
            best = weight, found
    if best is not None:
        return best[1]
    opinion = doubts.opinion(_record(mention, kind), [one.report.model for one in models if one.report.model])
    if kind == "params" and opinion.holds:
        return "no role says what several layers have together"
    return "no keras:model of this page has it"


def _record(mention: Mention, kind: str) -> records.Mention:
    return records.Mention(kind, mention.text, "", mention.before, mention.after, in_code=False)


def _is_meant(judged: Judged, verdict: verdicts.Verdict) -> bool:
    """Whether a role would say what the audit says."""
    if judged.verdict == HOLDS:
        return verdict.holds
    return judged.verdict == DRIFTED and not verdict.holds and verdict.restated == judged.actual


def _targets(kind: str, models: Sequence[Named]) -> Iterator[_Target]:
    for model in models:
        base, read = quoted(model.name), model.report.model
        if read is None:
            continue
        if kind == "shape":
            for part in ("output", "input"):
                tensors = read.outputs if part == "output" else read.inputs
                for index in _indices(len(tensors)):
                    yield _Target(f"{base}.{part}{index}", model, part)
        else:
            yield _Target(base, model)
            yield _Target(f"{base}.trainable", model, "trainable")
            yield _Target(f"{base}.non_trainable", model, "non_trainable")
        for path, row in _paths(read.layers):
            yield from _of_layer(kind, f"{base}/{path}", model, row)


def _of_layer(kind: str, path: str, model: Named, row: LayerRow) -> Iterator[_Target]:
    if kind == "params":
        yield _Target(path, model, "", row)
    else:
        for part in ("output", "input"):
            tensors = [one for call in row.calls for one in getattr(call, f"{part}s")]
            same = len({one.shape for one in tensors}) == 1
            for index in [""] if same else _indices(len(tensors)):
                yield _Target(f"{path}.{part}{index}", model, part, row)
    for weight in dict.fromkeys(one.name for one in row.weights):
        count = sum(one.name == weight for one in row.weights)
        yield from (_Target(f"{path}.{weight}{index}", model, weight, row) for index in _indices(count))


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
