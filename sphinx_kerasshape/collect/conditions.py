"""The conditions under which a page's blocks are written: those of the directives ``only`` around them.

A directive can't know them, since docutils adds what it parses to the page only later.
"""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes

from sphinx_kerasshape.pages.placeholder import views
from sphinx_kerasshape.pages.records import Page


def set_conditions(document: nodes.document, page: Page) -> None:
    """Set the conditions of each block of a page."""
    found: dict[str, list[str]] = {}
    for only in document.findall(addnodes.only):
        for key in dict.fromkeys(view.block for view in views(only) if view.page):
            found.setdefault(key, []).append(only["expr"])
    for key, conditions in found.items():
        page.blocks[key] = page.blocks[key]._replace(only=tuple(conditions))
