"""``example``: the source of a part of a page, and below it what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.directives.code import container_wrapper
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


class Example(SphinxDirective):
    """Leave ``literal_block`` and ``container.docs-result`` in the doctree.

    An argument names the file that the source stands in; it is shown as a caption.
    """

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Show the body as Markdown, then parse it as a part of this page."""
        source = "\n".join(self.content)
        shown: nodes.Element = nodes.literal_block(source, source, language="markdown")
        self.set_source_info(shown)
        if self.arguments:
            shown = container_wrapper(self, shown, self.arguments[0])
        return [shown, nodes.container("", *self.parse_content_to_nodes(), classes=["docs-result"])]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.add_directive("example", Example)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
