"""The entry of the write phase: a post-transform, which loads the rest only when a page is written."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
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

        with _garbage_kept():
            fill_page(self.document, domain_of(self.env).context)


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """Look for no garbage: every node that is made stays, and looking through them takes twice the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
