"""Roles: text of a page that refers to models and layers, or states values of them."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from dataclasses import replace
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


_TRANSLATED = ":<translated>"
"""What Sphinx adds to the location of a translation."""


class CheckedXRefRole(XRefRole):
    """A cross reference that is also recorded, so that every build can check its target."""

    def create_xref_node(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Record the reference, and make Sphinx's pending one."""
        target, title = (" ".join(text.split()) for text in (self.target, self.title))
        role = Claim(self.reftype, target, title if self.has_explicit_title else "", _location(self))
        located = _located(self.env, "links", [])
        if (found := _recorded(self, role, located)) is not None:
            reference = Reference(self.reftype, target, found.location)
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
        _recorded(self, claim, _located(self.env, "values", claims))
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


def _recorded(role: SphinxRole, claim: Claim, located: LocatedClaims) -> Claim | None:
    """Record a role at its own line; ``None`` if it is the translation of one that is recorded.

    Sphinx parses each translation twice.
    """
    place, translated, _ = claim.location.partition(_TRANSLATED)
    if translated:
        if any(earlier[:3] == claim[:3] for earlier in located.claims):
            return None
        claim = claim._replace(location=place)
    located.claims.append(_at_its_line(role, claim, located, translated=bool(translated)))
    return located.claims[-1]


def _at_its_line(role: SphinxRole, claim: Claim, located: LocatedClaims, *, translated: bool) -> Claim:
    """Return the claim with the location of its own line instead of the paragraph's first line."""
    from sphinx_kerasshape.pages.positions import parse_location, position_of

    location = parse_location(claim.location)
    files = [location.file] if location and not translated else []
    for file in (*files, *_other_files(role, translated=translated)):
        text, before = _text(file, _modified(file)), 0
        # The text of a cell or a substitution may be from any line of another file.
        here = claim if file in files else claim._replace(location=f"{file}:1")
        if location and file in files and file.endswith(".ipynb"):
            from sphinx_kerasshape.pages.notebooks import cell

            text, before = cell(text, location.line)
        if translated and text:
            return claim._replace(location=f"{file}:{line}") if (line := _in_catalog(claim, text)) else claim
        position = position_of(here, text, located, before) if text else None
        if position is not None:
            at = parse_location(here.location)
            assert at is not None
            return claim._replace(location=str(replace(at, line=position.line)))
    return claim


def _in_catalog(claim: Claim, text: str) -> int:
    """Return the line on which a translation states a claim; 0 if none does."""
    from sphinx_kerasshape.pages.catalogs import messages
    from sphinx_kerasshape.pages.positions import line_of

    roles = (role for message in messages(text) for role in message.translation)
    return next((line_of(text, role.start)[0] for role in roles if role[:3] == claim[:3]), 0)


def _other_files(role: SphinxRole, *, translated: bool) -> Iterator[str]:
    """Yield the files that a role may be from if it is not in the text of its page."""
    env = role.env
    if translated:
        from sphinx.util.i18n import docname_to_domain

        domain = docname_to_domain(env.docname, env.config.gettext_compact)
        for folder in env.config.locale_dirs:
            yield str(Path(env.srcdir, folder, env.config.language, "LC_MESSAGES", f"{domain}.po"))
        return
    # Tables take their cells from files, and MyST substitutes text of conf.py.
    dependencies = role.inliner.document.settings.record_dependencies
    yield from (os.path.abspath(file) for file in (dependencies.list if dependencies else ()))
    yield str(domain_of(env).context.conf_folder / "conf.py")


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
