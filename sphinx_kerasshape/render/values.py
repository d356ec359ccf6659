"""Values in running text: as a page states them, or as TensorFlow reports them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docutils import nodes

from sphinx_kerasshape.render.style import NOTHING, Style
from sphinx_kerasshape.render.translate import _

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
    if verdict.claim.kind == "connected":
        return re.sub(r"\((call|output) (\d+)\)", _remark, verdict.actual)
    if verdict.count is None:
        return verdict.actual
    return style.size(verdict.count) if verdict.claim.kind == "bytes" else style.inserted(verdict.count)


def _remark(written: re.Match[str]) -> str:
    """Return the number of a call or of an output as the language writes it."""
    text = _("(call %d)") if written[1] == "call" else _("(output %d)")
    return text % int(written[2])
