"""The door of the write phase: a post-transform, which loads the rest only when a page is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sphinx.transforms.post_transforms import SphinxPostTransform

if TYPE_CHECKING:
    from sphinx_kerasshape.pages.domain import KerasDomain


class FillPlaceholders(SphinxPostTransform):
    """Fills the placeholders of a page. Comes before references are resolved, which it may add."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        """Fill all placeholders of a page."""
        from sphinx_kerasshape.render.fill import fill_page

        domain = cast("KerasDomain", self.env.domains["keras"])
        fill_page(self.document, domain.context, self.config.language or "en")
