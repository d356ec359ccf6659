"""Titles and captions with values: Sphinx copies them before the value is known."""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes
from sphinx.transforms import SphinxContentsFilter
from sphinx.util.nodes import clean_astext

from sphinx_kerasshape.pages.placeholder import values
from sphinx_kerasshape.pages.records import Title

_TITLES = (nodes.title, nodes.caption, nodes.rubric, nodes.term, nodes.field_name)
"""What Sphinx takes the text of a label from."""
_MARKS = range(0xE000, 0xF8FF)
"""Characters of no meaning."""


def titles(document: nodes.document) -> dict[str, Title]:
    """Return the titles of a page with values, by anchor.

    MyST has already copied their text into links of the page itself: these get placeholders as well.
    """
    elements: dict[str, nodes.Element] = {}
    for element in _titles(document):
        # The anchor of a list is that of its first term.
        for owner in filter(None, (element, element.parent, element.parent.parent)):
            for anchor in owner["ids"]:
                elements.setdefault(anchor, element)
    for link in document.findall(nodes.reference) if elements else ():
        title = elements.get(link.get("refid", ""))
        if title is not None and _copies(link, title):
            contents = SphinxContentsFilter(document)
            title.walkabout(contents)
            link[:] = [nodes.inline("", "", *contents.get_entry_text(), classes=["std", "std-ref"])]
    return {anchor: _title(element) for anchor, element in elements.items()}


def _titles(document: nodes.document) -> Iterator[nodes.Element]:
    for node, _ in values(document):
        element: nodes.Node | None = node
        while element is not None and not isinstance(element, _TITLES):
            element = element.parent
        if isinstance(element, nodes.Element):
            yield element


def _title(element: nodes.Element) -> Title:
    copy = element.deepcopy()
    text = copy.astext()
    mark = next(chr(code) for code in _MARKS if chr(code) not in text)
    claims = []
    for node, claim in values(copy):
        node[:] = [nodes.Text(mark)]
        claims.append(claim)
    first, *others = clean_astext(copy).split(mark)
    return (first, *(piece for pair in zip(claims, others, strict=True) for piece in pair))


def _copies(link: nodes.reference, title: nodes.Element) -> bool:
    """Whether a link has no text of its own but that of a title."""
    inner = link[0] if len(link) == 1 else None
    is_copy = isinstance(inner, nodes.inline) and "std-ref" in inner["classes"]
    return is_copy and link.astext() == clean_astext(title)
