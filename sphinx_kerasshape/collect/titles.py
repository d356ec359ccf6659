"""Titles and captions that have a value inserted: Sphinx copies them before the value is known."""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes
from sphinx.transforms import SphinxContentsFilter
from sphinx.util.nodes import clean_astext

from sphinx_kerasshape.pages.placeholder import insertions
from sphinx_kerasshape.pages.records import Title

_TITLES = (nodes.title, nodes.caption, nodes.rubric, nodes.term, nodes.field_name)
"""What Sphinx takes the text of a label from."""
_MARKS = range(0xE000, 0xF8FF)
"""Characters of no meaning."""


def titles(document: nodes.document) -> dict[str, Title]:
    """Return the titles of a page that have a value inserted, by anchor.

    MyST has already copied their text into links of the page itself: these get placeholders as well.
    """
    found: dict[str, Title] = {}
    elements: dict[str, nodes.Element] = {}
    for element in dict.fromkeys(_titles(document)):
        title = _title(element)
        # The anchor of a list is that of its first term.
        for owner in (element, element.parent, element.parent.parent):
            for anchor in owner["ids"] if owner is not None else ():
                found.setdefault(anchor, title)
                elements.setdefault(anchor, element)
    for reference in document.findall(nodes.reference) if found else ():
        element = elements.get(reference.get("refid", ""))
        if element is not None and _copies(reference, element):
            contents = SphinxContentsFilter(document)
            element.walkabout(contents)
            reference[0][:] = contents.get_entry_text()
    return found


def _titles(document: nodes.document) -> Iterator[nodes.Element]:
    for node, _ in insertions(document):
        element: nodes.Element | None = node
        while element is not None and not isinstance(element, _TITLES):
            element = element.parent
        if element is not None:
            yield element


def _title(element: nodes.Element) -> Title:
    copy = element.deepcopy()
    text = copy.astext()
    mark = next(chr(code) for code in _MARKS if chr(code) not in text)
    claims = []
    for node, claim in insertions(copy):
        node[:] = [nodes.Text(mark)]
        claims.append(claim)
    first, *others = clean_astext(copy).split(mark)
    return (first, *(piece for pair in zip(claims, others, strict=True) for piece in pair))


def _copies(reference: nodes.reference, element: nodes.Element) -> bool:
    """Whether a link has no text of its own but that of a title."""
    inner = reference[0] if len(reference) == 1 else None
    is_copy = isinstance(inner, nodes.inline) and "std-ref" in inner["classes"]
    return is_copy and reference.astext() == clean_astext(element)
