"""``example``: the source of a part of a page, and below it what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


class Example(SphinxDirective):
    """Leave ``literal_block`` and ``container.docs-result`` in the doctree."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Show the body as Markdown, then parse it as a part of this page."""
        source = "\n".join(self.content)
        shown = nodes.literal_block(source, source, language="markdown")
        self.set_source_info(shown)
        return [shown, nodes.container("", *self.parse_content_to_nodes(), classes=["docs-result"])]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.add_directive("example", Example)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
