"""Prose that states a shape or a count without a role: pointed out where no model confirms it.

Two halves: :func:`mentions` finds such text in a page while it is read, and
:func:`doubt` holds it against the reports of the page's models.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sphinx_kerasshape.claims.shapes import CountClaim, ShapeClaim, Unreadable, count_claim, shape_claim
from sphinx_kerasshape.messages.report import Model, Shape
from sphinx_kerasshape.pages.records import Mention
from sphinx_kerasshape.text import excerpt


def doubt(mention: Mention, models: Iterable[Model]) -> str:
    """Return what to say of a mention that no model confirms; nothing where one does."""
    models = list(models)
    try:
        if mention.kind == "shape":
            return _doubt_shape(mention.text, shape_claim(mention.text), models)
        return _doubt_count(mention.text, count_claim(mention.text), models)
    except Unreadable:
        return ""


def _doubt_shape(text: str, claim: ShapeClaim, models: list[Model]) -> str:
    known = {shape: None for model in models for shape in _shapes(model)}
    if any(claim.holds((shape,)) for shape in known):
        return ""
    dims = claim.shapes[0]
    near = min(known, key=lambda shape: _distance(dims, shape), default=None)
    return f"no model on this page has the shape {excerpt(text)}" + (f"; nearest is {near}" if near else "")


def _doubt_count(text: str, claim: CountClaim, models: list[Model]) -> str:
    known = {count: None for model in models for count in _counts(model)}
    if any(claim.holds(count) for count in known):
        return ""
    stated = claim.number * claim.units[0]
    near = min(known, key=lambda count: abs(count - stated), default=None)
    nearest = f"; nearest is {near:,}" if near is not None else ""
    return f"no model or layer on this page has {excerpt(text)} params{nearest}"


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
    same = sum(a == b for a, b in zip(stated, shape, strict=False))
    return abs(len(stated) - len(shape)), -same
