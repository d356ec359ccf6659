"""Roles: text of a page that refers to models and layers, or states values of them."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from docutils import nodes
from sphinx.roles import XRefRole
from sphinx.util.docutils import ReferenceRole, SphinxRole

from sphinx_kerasshape.pages.domain import domain_of
from sphinx_kerasshape.pages.placeholder import mark
from sphinx_kerasshape.pages.records import Claim, Reference, absolute

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_kerasshape.pages.positions import LocatedClaims


class CheckedXRefRole(XRefRole):
    """A cross reference that is also recorded, so that every build can check its target."""

    def create_xref_node(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Record the reference, and make Sphinx's pending one."""
        target, title = (" ".join(text.split()) for text in (self.target, self.title))
        role = Claim(self.reftype, target, title if self.has_explicit_title else "", _location(self))
        located = _located(self.env, "links", [])
        located.claims.append(_at_its_line(role, located))
        reference = Reference(self.reftype, target, located.claims[-1].location)
        domain_of(self.env).page(self.env.docname).references.append(reference)
        if not self.has_explicit_title:
            self.title = self.title.rpartition("/")[2]
        return super().create_xref_node()


class ValueRole(ReferenceRole):
    """A value of a model: inserted or, with a title, stated by the page and checked.

    The placeholder is an ``inline`` with the stated text, since tables of contents and labels copy
    it before the transform puts the value in its place.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Record the claim, and return the placeholder."""
        kind = self.name.rpartition(":")[2]
        # A no-break space may separate thousands; it stays.
        stated = re.sub(r"[ \t\r\n]+", " ", self.title).strip() if self.has_explicit_title else ""
        claim = Claim(kind, " ".join(self.target.split()), stated, _location(self))
        claims = domain_of(self.env).page(self.env.docname).claims
        claims.append(_at_its_line(claim, _located(self.env, "values", claims)))
        node = nodes.inline(self.rawtext, stated or claim.target, classes=["kerasshape-value"])
        mark(node, claim._replace(location=""))
        self.set_source_info(node)
        return [node], []


def _location(role: SphinxRole) -> str:
    return absolute(role.get_location(), str(role.env.doc2path(role.env.docname)))


def _located(env: BuildEnvironment, kind: str, claims: list[Claim]) -> LocatedClaims:
    """Return the list of earlier roles of a kind on this page, which the first call makes."""
    from sphinx_kerasshape.pages.positions import LocatedClaims  # only pages that state something need it

    return cast("LocatedClaims", env.temp_data.setdefault(f"kerasshape-{kind}", LocatedClaims(claims)))


def _at_its_line(claim: Claim, located: LocatedClaims) -> Claim:
    """Return the claim with the location of its own line instead of the paragraph's first line."""
    from sphinx_kerasshape.pages.positions import exact_location, parse_location

    location = parse_location(claim.location)
    text = _text(location.file, _modified(location.file)) if location else ""
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
    """Literal text that ``kerasshape_lint`` leaves unchecked, such as a shape that is wrong on purpose."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the literal."""
        return [nodes.literal(self.rawtext, self.text, classes=["unchecked", "kerasshape-shape"])], []
