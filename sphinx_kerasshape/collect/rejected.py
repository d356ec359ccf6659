"""Directives that docutils can't parse, and so never runs, and what parsers take for something else.

Docutils reports them only in the build that reads the page. Its messages are recorded here, so that
later builds repeat them.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.transforms import SphinxTransform

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.pages.domain import domain_of
from sphinx_kerasshape.pages.records import Finding, absolute

_ERROR = r"Error in \"(keras:\w+)\" directive:\s*(.*?)\.?\s*"


def _mend(error: str) -> str:
    """Return what docutils says, with how to mend it."""
    if repeated := re.search(r"duplicate option \"([\w-]+)\"", error):
        return f":{repeated[1]}: is given more than once: keep one"
    if "invalid option block" in error:
        return f"{error}: put a blank line between the options and the code"
    return error


class KeepErrors(SphinxTransform):
    """Records what docutils reports about our directives, before Sphinx removes its messages."""

    default_priority = 5

    def apply(self, **kwargs: Any) -> None:
        """Record the findings of a page."""
        path = str(self.env.doc2path(self.env.docname))
        if any("keras:" in text for text in self.document.findall(nodes.Text)):
            from sphinx_kerasshape.collect.unparsed import unparsed  # few pages need it

            if findings := list(unparsed(self.document, path)):
                domain_of(self.env).page(self.env.docname).findings.extend(findings)
        for message in self.document.findall(nodes.system_message):
            error = re.fullmatch(_ERROR, message[0].astext(), re.DOTALL) if len(message) else None
            if error:
                text = f"{error[1]} is not shown, since docutils can't parse it: {_mend(error[2])}"
                location = absolute(f"{message.get('source', '')}:{message.get('line', 1)}", path)
                finding = Finding(Problem.OPTION, text, location, reported=True)
                domain_of(self.env).page(self.env.docname).findings.append(finding)
