"""Doubts about prose that states a shape or a count without a role, if no model on the page has it.

:mod:`.collect.mentions` finds such prose while a page is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sphinx_kerasshape.claims.counts import CountClaim, Unreadable, count_claim
from sphinx_kerasshape.claims.shapes import ShapeClaim, shape_claim
from sphinx_kerasshape.messages.report import Model, Shape
from sphinx_kerasshape.pages.records import Mention
from sphinx_kerasshape.text import excerpt


def doubt(mention: Mention, models: Iterable[Model]) -> str:
    """Return the message about a mention that no model confirms; empty if one does."""
    models = list(models)
    try:
        if mention.kind == "shape":
            return _doubt_shape(mention.text, shape_claim(mention.text), models)
        return _doubt_count(mention.text, count_claim(mention.text), models)
    except Unreadable:
        return ""


def _doubt_shape(text: str, claim: ShapeClaim, models: list[Model]) -> str:
    shapes = {shape: None for model in models for shape in _shapes(model)}
    if any(claim.holds((shape,)) for shape in shapes):
        return ""
    nearest = min(shapes, key=lambda shape: _distance(claim.shapes[0], shape), default=None)
    hint = f"; the nearest is {nearest}" if nearest else ""
    return f"no model on this page has the shape {excerpt(text)}{hint}"


def _doubt_count(text: str, claim: CountClaim, models: list[Model]) -> str:
    counts = {count: None for model in models for count in _counts(model)}
    if any(claim.holds(count) for count in counts):
        return ""
    stated = claim.number * claim.units[0]
    nearest = min(counts, key=lambda count: abs(count - stated), default=None)
    hint = f"; the nearest count is {nearest:,}" if nearest is not None else ""
    return f"no model or layer on this page has {excerpt(text)} params{hint}"


def _shapes(model: Model) -> Iterator[Shape]:
    for tensor in (*model.inputs, *model.outputs):
        yield tensor.shape
    for row in model.layers:
        for call in row.calls:
            yield from (tensor.shape for tensor in (*call.inputs, *call.outputs))
        yield from (weight.shape for weight in row.weights)


def _counts(model: Model) -> Iterator[int]:
    yield from (model.params, model.trainable, model.non_trainable)
    for row in model.layers:
        yield from (row.params, row.trainable)
        yield from (weight.params for weight in row.weights)


def _distance(stated: tuple[object, ...], shape: Shape) -> tuple[int, int]:
    """Return how much two shapes differ: first in their number of axes, then in the sizes."""
    same = sum(a == b for a, b in zip(stated, shape, strict=False))
    return abs(len(stated) - len(shape)), -same
