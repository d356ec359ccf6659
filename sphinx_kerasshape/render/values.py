"""Values in running text: as a page states them, or as TensorFlow reports them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes

from sphinx_kerasshape.render.style import NOTHING, Style

if TYPE_CHECKING:
    from sphinx_kerasshape.claims.verdicts import Verdict


def value(verdict: Verdict, style: Style) -> nodes.Node:
    """Return the stated text of a claim, or the true value of an insertion."""
    kind, text = verdict.claim.kind, value_text(verdict, style)
    if kind in ("shape", "axes"):
        return style.shape_as_written(text)
    if kind in ("dtype", "type", "layers", "connected") and verdict.count is None:
        return style.name(text)
    return nodes.inline("", text, classes=["kerasshape-value"])


def value_text(verdict: Verdict, style: Style) -> str:
    """Return the same as plain text."""
    return verdict.claim.stated or _inserted(verdict, style) or NOTHING


def _inserted(verdict: Verdict, style: Style) -> str:
    if verdict.count is None:
        return verdict.actual
    return style.size(verdict.count) if verdict.claim.kind == "bytes" else style.inserted(verdict.count)
