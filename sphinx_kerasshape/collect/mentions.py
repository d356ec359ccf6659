"""Shapes and counts that prose states outside of roles, found while a page is read (``kerasshape_lint``)."""

from __future__ import annotations

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
        text, masked, spans = _prose(element)
        for literal, start in spans:
            shape = literal.astext().replace("\N{NO-BREAK SPACE}", " ")
            if _is_plain(literal) and prose.is_shape(shape) and "," in shape:
                before, after = prose.sentence(text, start, start + len(shape))
                sizes = prose.sizes(shape)
                is_known = sizes in in_code or (len(set(sizes)) == 1 and sizes[:1] in in_code)
                yield Mention("shape", shape, _location(literal, document), before, after, is_known)
        for count in prose.counts(masked, language):
            before, after = prose.sentence(text, count.start, count.end_of_noun)
            yield Mention("params", count.text, _location(element, document), before, after)


def _is_plain(literal: nodes.literal) -> bool:
    return "unchecked" not in literal["classes"] and "xref" not in literal["classes"]


def _prose(element: nodes.Element) -> tuple[str, str, list[tuple[nodes.literal, int]]]:
    """Return the text of an element, the same with code masked, and its literals with their offsets."""
    text, masked = "", ""
    literals: list[tuple[nodes.literal, int]] = []

    def add(node: nodes.Node) -> None:
        nonlocal text, masked
        if isinstance(node, nodes.Text):
            text += node.astext().replace("\n", " ")
            masked += node.astext().replace("\n", " ")
        elif is_placeholder(node):
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
    return text, masked, literals


def _location(node: nodes.Node | None, document: nodes.document) -> str:
    while node is not None and (node.line is None or node.source is None):
        node = node.parent
    return f"{node.source}:{node.line}" if node is not None else str(document.get("source", ""))
