"""Prose that states a shape or a count without a role: pointed out where no model confirms it.

Two halves: :func:`mentions` finds such text in a page while it is read, and
:func:`doubt` holds it against the reports of the page's models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from docutils import nodes

from sphinx_kerasshape.claims import CountClaim, ShapeClaim, Unreadable, count_claim, shape_claim
from sphinx_kerasshape.messages import Model, Shape
from sphinx_kerasshape.records import Mention
from sphinx_kerasshape.wording import brief

_SHAPE = re.compile(r"\(\s*+(?:None|\d++)\s*+(?:,\s*+(?:None|\d++)\s*+)*,?\s*+\)")
_COUNT = re.compile(r"(?<![\w.,])(~?\d[\d,_]*(?:\.\d+)?\s?[kKMBT]?)\s+(?:[\w-]+\s+)?param", re.ASCII)


def mentions(document: nodes.document) -> Iterator[Mention]:
    """Give what the prose of a page states outside of roles and of code."""
    for literal in document.findall(nodes.literal):
        text = literal.astext().replace("\N{NO-BREAK SPACE}", " ")
        plain = "unchecked" not in literal["classes"] and "xref" not in literal["classes"]
        if plain and _SHAPE.fullmatch(text) and "," in text:
            yield Mention("shape", text, _location(literal, document))
    for paragraph in document.findall(nodes.paragraph):
        text = "".join(_prose(paragraph))
        for found in _COUNT.finditer(text):
            yield Mention("params", found[1].strip(), _location(paragraph, document))


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
    return f"no model on this page has the shape {brief(text)}" + (f"; nearest is {near}" if near else "")


def _doubt_count(text: str, claim: CountClaim, models: list[Model]) -> str:
    known = {count: None for model in models for count in _counts(model)}
    if any(claim.holds(count) for count in known):
        return ""
    stated = claim.number * claim.units[0]
    near = min(known, key=lambda count: abs(count - stated), default=None)
    nearest = f"; nearest is {near:,}" if near is not None else ""
    return f"no model or layer on this page has {brief(text)} params{nearest}"


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


def _prose(node: nodes.Element) -> Iterator[str]:
    """Give the text of a paragraph, a blank in place of code and of our own values."""
    for child in node.children:
        if isinstance(child, nodes.Text):
            yield child.astext().replace("\n", " ")
        elif isinstance(child, nodes.literal) or "keras-kind" in child:  # type: ignore[operator]
            yield " § "
        elif isinstance(child, nodes.Element):
            yield from _prose(child)


def _location(node: nodes.Node | None, document: nodes.document) -> str:
    while node is not None and (node.line is None or node.source is None):
        node = node.parent
    return f"{node.source}:{node.line}" if node is not None else str(document.get("source", ""))
