"""Roles: text of a page that refers to models and layers, or states values of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from docutils import nodes
from sphinx.roles import XRefRole
from sphinx.util.docutils import ReferenceRole, SphinxRole

from sphinx_kerasshape.records import Claim, Page, Reference

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_kerasshape.domain import KerasDomain


def _page(env: BuildEnvironment) -> Page:
    return cast("KerasDomain", env.domains["keras"]).page(env.docname)


class CheckedXRefRole(XRefRole):
    """A cross reference that is also recorded, so that every build can check its target."""

    def create_xref_node(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Record the reference, and make Sphinx's pending one."""
        reference = Reference(self.reftype, " ".join(self.target.split()), self.get_location())
        _page(self.env).references.append(reference)
        if not self.has_explicit_title:
            self.title = self.title.rpartition("/")[2]
        return super().create_xref_node()


class ValueRole(ReferenceRole):
    """A value of a model: inserted, or, with a title, stated by the page and checked.

    Leaves an ``inline`` that holds the stated text: tables of contents and labels copy
    it as it is. Its attributes let the transform put the value there.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Record the claim, and return the placeholder."""
        kind = self.name.rpartition(":")[2]
        stated = self.title.strip() if self.has_explicit_title else ""
        claim = Claim(kind, " ".join(self.target.split()), stated, self.get_location())
        _page(self.env).claims.append(claim)
        node = nodes.inline(self.rawtext, stated or claim.target, classes=["kerasshape-value"])
        node["keras-kind"], node["keras-target"], node["keras-stated"] = kind, claim.target, stated
        self.set_source_info(node)
        return [node], []


class UncheckedRole(SphinxRole):
    """Code that is shown as it is: a shape that is meant to be wrong, for ``kerasshape_lint``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return a literal that the lint leaves alone."""
        return [nodes.literal(self.rawtext, self.text, classes=["unchecked", "kerasshape-shape"])], []
