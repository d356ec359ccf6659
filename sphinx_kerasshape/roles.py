"""Roles: text of a page that refers to models and layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from docutils import nodes
from sphinx.roles import XRefRole

from sphinx_kerasshape.records import Reference

if TYPE_CHECKING:
    from sphinx_kerasshape.domain import KerasDomain


class CheckedXRefRole(XRefRole):
    """A cross reference that is also recorded, so that every build can check its target."""

    def create_xref_node(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Record the reference, and make Sphinx's pending one."""
        domain = cast("KerasDomain", self.env.domains["keras"])
        reference = Reference(self.reftype, " ".join(self.target.split()), self.get_location())
        domain.page(self.env.docname).references.append(reference)
        if not self.has_explicit_title:
            self.title = self.title.rpartition("/")[2]
        return super().create_xref_node()
