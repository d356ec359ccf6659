"""Roles: text of a page that refers to models and layers, or states values of them."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from docutils import nodes
from sphinx.roles import XRefRole
from sphinx.util.docutils import ReferenceRole, SphinxRole

from sphinx_kerasshape.pages.placeholder import mark
from sphinx_kerasshape.pages.records import Claim, Page, Reference, absolute

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_kerasshape.pages.domain import KerasDomain
    from sphinx_kerasshape.pages.positions import LocatedClaims


def _domain(env: BuildEnvironment) -> KerasDomain:
    return cast("KerasDomain", env.domains["keras"])


def _page(env: BuildEnvironment) -> Page:
    return _domain(env).page(env.docname)


class CheckedXRefRole(XRefRole):
    """A cross reference that is also recorded, so that every build can check its target."""

    def create_xref_node(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Record the reference, and make Sphinx's pending one."""
        target, title = (" ".join(text.split()) for text in (self.target, self.title))
        role = Claim(self.reftype, target, title if self.has_explicit_title else "", _location(self))
        located = _located(self.env, "links", [])
        located.claims.append(_at_its_line(role, located))
        _page(self.env).references.append(Reference(self.reftype, target, located.claims[-1].location))
        if not self.has_explicit_title:
            self.title = self.title.rpartition("/")[2]
        return super().create_xref_node()


class ValueRole(ReferenceRole):
    """A value of a model: inserted, or, with a title, stated by the page and checked.

    Leaves an ``inline`` that holds the stated text, which tables of contents and labels copy
    as it is; the transform puts the value in its place.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Record the claim, and return the placeholder."""
        kind = self.name.rpartition(":")[2]
        # A no-break space may separate thousands; it stays.
        stated = re.sub(r"[ \t\r\n]+", " ", self.title).strip() if self.has_explicit_title else ""
        claim = Claim(kind, " ".join(self.target.split()), stated, _location(self))
        claims = _page(self.env).claims
        claims.append(_at_its_line(claim, _located(self.env, "values", claims)))
        node = nodes.inline(self.rawtext, stated or claim.target, classes=["kerasshape-value"])
        mark(node, claim._replace(location=""))
        self.set_source_info(node)
        return [node], []


def _location(role: SphinxRole) -> str:
    return absolute(role.get_location(), str(role.env.doc2path(role.env.docname)))


def _located(env: BuildEnvironment, kind: str, claims: list[Claim]) -> LocatedClaims:
    """Return the roles of a kind that were found on this page, up to now."""
    from sphinx_kerasshape.pages.positions import LocatedClaims  # only pages that state something need it

    found = env.temp_data.setdefault(f"kerasshape-{kind}", LocatedClaims(claims))
    return cast("LocatedClaims", found)


def _at_its_line(claim: Claim, located: LocatedClaims) -> Claim:
    """Correct the location, which is that of the paragraph's first line."""
    from sphinx_kerasshape.pages.positions import exact_location, parse_location

    here = parse_location(claim.location)
    text = _text(here.file, _modified(here.file)) if here else ""
    return claim._replace(location=exact_location(claim, text, located)) if text else claim


def _modified(file: str) -> int:
    try:
        return Path(file).stat().st_mtime_ns
    except OSError:
        return 0


@functools.lru_cache(maxsize=4)
def _text(file: str, modified: int) -> str:
    try:
        return Path(file).read_text(encoding="utf-8-sig") if modified else ""
    except (OSError, UnicodeDecodeError):
        return ""


class UncheckedRole(SphinxRole):
    """Code that is shown as it is: a shape that is meant to be wrong, for ``kerasshape_lint``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return a literal that the lint leaves alone."""
        return [nodes.literal(self.rawtext, self.text, classes=["unchecked", "kerasshape-shape"])], []
