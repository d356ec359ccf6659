"""Shapes and counts that prose states outside of roles, found while a page is read (``kerasshape_lint``)."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator

from docutils import nodes

from sphinx_kerasshape import prose
from sphinx_kerasshape.pages.placeholder import is_placeholder
from sphinx_kerasshape.pages.records import Mention


def mentions(document: nodes.document, codes: Iterable[str], language: str) -> Iterator[Mention]:
    """Yield the shapes and counts that the prose of a page states outside of roles and code.

    ``codes`` are the codes of its models; ``language`` is that of the page.
    """
    literals = [node.astext() for node in document.findall(nodes.literal)]
    blocks = [node.astext() for node in document.findall(nodes.literal_block)]
    inline = [text for text in literals if not prose.is_shape(text)]
    in_code = prose.sizes_in_code("\n".join([*codes, *blocks, *inline]))
    for element in document.findall(nodes.TextElement):
        if isinstance(element.parent, nodes.TextElement) or isinstance(element, nodes.literal_block):
            continue
        text, masked, spans, breaks = _prose(element)
        for literal, start in spans:
            shape = literal.astext().replace("\N{NO-BREAK SPACE}", " ")
            if _is_plain(literal) and prose.is_shape(shape) and "," in shape:
                before, after = prose.sentence(text, start, start + len(shape))
                sizes = prose.sizes(shape)
                is_known = sizes in in_code or (len(set(sizes)) == 1 and sizes[:1] in in_code)
                place = _location(element, document, _line(breaks, start))
                yield Mention("shape", " ".join(shape.split()), place, before, after, is_known)
        for count in prose.counts(masked, language):
            before, after = prose.sentence(text, count.start, count.end_of_noun)
            place = _location(element, document, _line(breaks, count.start))
            yield Mention("params", count.text, place, before, after)


def _is_plain(literal: nodes.literal) -> bool:
    return "unchecked" not in literal["classes"] and "xref" not in literal["classes"]


def _prose(element: nodes.Element) -> tuple[str, str, list[tuple[nodes.literal, int]], list[int]]:
    """Return the text of an element, the same with code masked, its literals and its line breaks."""
    text, masked = "", ""
    breaks: list[int] = []
    literals: list[tuple[nodes.literal, int]] = []

    def add(node: nodes.Node) -> None:
        nonlocal text, masked
        if isinstance(node, nodes.Text):
            breaks.extend(len(text) + found.start() for found in re.finditer("\n", node.astext()))
            text += node.astext().replace("\n", " ")
            masked += node.astext().replace("\n", " ")
        elif is_placeholder(node):
            breaks.extend([len(text)] * str(getattr(node, "rawsource", "")).count("\n"))
            text += f" {prose.MASK} "
            masked += f" {prose.MASK} "
        elif isinstance(node, nodes.literal):
            literals.append((node, len(text)))
            text += node.astext().replace("\n", " ")
            masked += prose.MASK * len(node.astext())
        elif isinstance(node, nodes.Element):
            for child in node.children:
                add(child)

    add(element)
    return text, masked, literals, breaks


def _line(breaks: list[int], offset: int) -> int:
    """Return how many lines below its element's first a place is."""
    return bisect.bisect_right(breaks, offset)


def _location(node: nodes.Node | None, document: nodes.document, below: int) -> str:
    while node is not None and (node.line is None or node.source is None):
        node = node.parent
    if node is None:
        return str(document.get("source", ""))
    return f"{node.source}:{(node.line or 1) + below}"
