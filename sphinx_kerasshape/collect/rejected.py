"""Directives that docutils can't read, and so never runs: it says so once, when it reads the page.

What it said is kept, so that later builds, which don't read the page, say it again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx.transforms import SphinxTransform

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.pages.records import Finding, absolute

if TYPE_CHECKING:
    from sphinx_kerasshape.pages.domain import KerasDomain

_ERROR = re.compile(r"Error in \"(keras:\w+)\" directive:\s*(.*?)\.?\s*", re.DOTALL)


class KeepErrors(SphinxTransform):
    """Note what docutils has said of our directives. Comes before Sphinx removes its messages."""

    default_priority = 5

    def apply(self, **kwargs: Any) -> None:
        """Note all of a page."""
        domain = cast("KerasDomain", self.env.domains["keras"])
        for message in self.document.findall(nodes.system_message):
            found = _ERROR.fullmatch(message[0].astext()) if len(message) else None
            if found:
                page = str(self.env.doc2path(self.env.docname))
                text = f"{found[1]} can't be read, and is not shown: {found[2]}"
                location = absolute(f"{message.get('source', '')}:{message.get('line', 1)}", page)
                trouble = Finding(Problem.OPTION, text, location, reported=True)
                domain.page(self.env.docname).findings.append(trouble)
