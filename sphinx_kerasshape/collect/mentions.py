"""Shapes and counts that prose states outside of roles, found while a page is read (``kerasshape_lint``)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docutils import nodes

from sphinx_kerasshape.pages.placeholder import is_placeholder
from sphinx_kerasshape.pages.records import Mention

_SHAPE = re.compile(r"\(\s*+(?:None|\d++)\s*+(?:,\s*+(?:None|\d++)\s*+)*,?\s*+\)")
_COUNT = re.compile(r"(?<![\w.,])(~?\d[\d,_]*(?:\.\d+)?\s?[kKMBT]?)\s+(?:[\w-]+\s+)?param", re.ASCII)


def mentions(document: nodes.document) -> Iterator[Mention]:
    """Yield the shapes and counts that the prose of a page states outside of roles and code."""
    for literal in document.findall(nodes.literal):
        text = literal.astext().replace("\N{NO-BREAK SPACE}", " ")
        is_plain = "unchecked" not in literal["classes"] and "xref" not in literal["classes"]
        if is_plain and _SHAPE.fullmatch(text) and "," in text:
            yield Mention("shape", text, _location(literal, document))
    for paragraph in document.findall(nodes.paragraph):
        text = "".join(_prose(paragraph))
        for match in _COUNT.finditer(text):
            yield Mention("params", match[1].strip(), _location(paragraph, document))


def _prose(node: nodes.Element) -> Iterator[str]:
    """Yield the text of a paragraph, with a sign that fits no count in place of code and placeholders."""
    for child in node.children:
        if isinstance(child, nodes.Text):
            yield child.astext().replace("\n", " ")
        elif isinstance(child, nodes.literal) or is_placeholder(child):
            yield " § "
        elif isinstance(child, nodes.Element):
            yield from _prose(child)


def _location(node: nodes.Node | None, document: nodes.document) -> str:
    while node is not None and (node.line is None or node.source is None):
        node = node.parent
    return f"{node.source}:{node.line}" if node is not None else str(document.get("source", ""))
