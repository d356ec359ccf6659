"""Roles: text of a page that refers to models and layers, or states values of them."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from docutils import nodes
from sphinx.roles import XRefRole
from sphinx.util.docutils import ReferenceRole, SphinxRole

from sphinx_kerasshape.records import Claim, Page, Reference, absolute

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_kerasshape.domain import KerasDomain
    from sphinx_kerasshape.places import Placed


def _domain(env: BuildEnvironment) -> KerasDomain:
    return cast("KerasDomain", env.domains["keras"])


def _page(env: BuildEnvironment) -> Page:
    return _domain(env).page(env.docname)


class CheckedXRefRole(XRefRole):
    """A cross reference that is also recorded, so that every build can check its target."""

    def create_xref_node(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Record the reference, and make Sphinx's pending one."""
        role = Claim(self.reftype, " ".join(self.text.split()), "", _location(self))
        placed = _placed(self.env, "links", [])
        placed.claims.append(_at_its_line(role, placed))
        target = " ".join(self.target.split())
        _page(self.env).references.append(Reference(self.reftype, target, placed.claims[-1].location))
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
        # A no-break space may separate thousands; it stays.
        stated = re.sub(r"[ \t\r\n]+", " ", self.title).strip() if self.has_explicit_title else ""
        claim = Claim(kind, " ".join(self.target.split()), stated, _location(self))
        claims = _page(self.env).claims
        placed = _placed(self.env, "values", claims)
        claims.append(_at_its_line(claim, placed))
        node = nodes.inline(self.rawtext, stated or claim.target, classes=["kerasshape-value"])
        node["keras-kind"], node["keras-target"], node["keras-stated"] = kind, claim.target, stated
        self.set_source_info(node)
        return [node], []


def _location(role: SphinxRole) -> str:
    return absolute(role.get_location(), str(role.env.doc2path(role.env.docname)))


def _placed(env: BuildEnvironment, kind: str, claims: list[Claim]) -> Placed:
    """Return where the roles of a kind were found on this page, up to now."""
    from sphinx_kerasshape.places import Placed  # only pages that state something need it

    return _domain(env).placed.setdefault((env.docname, kind), Placed(claims))


def _at_its_line(claim: Claim, placed: Placed) -> Claim:
    """Correct the location, which is that of the paragraph's first line."""
    from sphinx_kerasshape.places import location, own_location

    here = location(claim.location)
    text = _text(here.file, _changed(here.file)) if here else ""
    return claim._replace(location=own_location(claim, text, placed)) if text else claim


def _changed(file: str) -> int:
    try:
        return Path(file).stat().st_mtime_ns
    except OSError:
        return 0


@functools.lru_cache(maxsize=4)
def _text(file: str, changed: int) -> str:
    try:
        return Path(file).read_text(encoding="utf-8-sig") if changed else ""
    except (OSError, UnicodeDecodeError):
        return ""


class UncheckedRole(SphinxRole):
    """Code that is shown as it is: a shape that is meant to be wrong, for ``kerasshape_lint``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return a literal that the lint leaves alone."""
        return [nodes.literal(self.rawtext, self.text, classes=["unchecked", "kerasshape-shape"])], []
