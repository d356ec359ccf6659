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


def _may_be_ours(node: nodes.Node) -> bool:
    """Whether a node may have one of our directives or roles that no parser took for one."""
    if isinstance(node, nodes.Text):
        return "keras:" in node or node.startswith("```{")
    if isinstance(node, nodes.literal_block):
        return "keras:" in node.get("language", "") or node.get("language") in ("{", "(", "[")
    return isinstance(node, nodes.container) and "is_div" in node and "keras:" in " ".join(node["classes"])


class KeepErrors(SphinxTransform):
    """Records what docutils reports about our directives, before Sphinx removes its messages."""

    default_priority = 5

    def apply(self, **kwargs: Any) -> None:
        """Record the findings of a page."""
        from sphinx_kerasshape.collect.plain_texts import may_have_roles, plain_texts  # to read pages only

        path = str(self.env.doc2path(self.env.docname))
        if any(map(may_have_roles, self.document.findall())):
            page = domain_of(self.env).page(self.env.docname)
            page.findings.extend(plain_texts(self.document, path, page.claims))
        if any(map(_may_be_ours, self.document.findall())):
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
