"""The entry of the write phase: a post-transform, which loads the rest only when a page is written."""

from __future__ import annotations

from typing import Any

from sphinx.transforms.post_transforms import SphinxPostTransform

from sphinx_kerasshape.pages.domain import domain_of


class FillPlaceholders(SphinxPostTransform):
    """Fills the placeholders of a page.

    It comes before the transforms of code blocks, which it adds, and after those that look at every node
    for what it never adds, such as references: long tables would double their time.
    """

    default_priority = 300

    def run(self, **kwargs: Any) -> None:
        """Fill all placeholders of a page."""
        from sphinx_kerasshape.render.fill import fill_page

        fill_page(self.document, domain_of(self.env).context)
