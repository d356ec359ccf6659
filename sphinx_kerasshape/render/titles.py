"""Values in the copies that Sphinx's environment has of titles and captions, for navigation and references.

Nodes of such a copy stay placeholders, and the records of pages have the pieces of each text: a later
build, or one of another format, puts its own values in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from docutils import nodes

from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.placeholder import insertions, mark
from sphinx_kerasshape.pages.records import Claim, Page, Title
from sphinx_kerasshape.render.style import Style
from sphinx_kerasshape.render.values import value, value_text

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_kerasshape.claims.verdicts import Verdict


def fill_titles(
    env: BuildEnvironment, context: BuildContext, verdicts: Iterable[Verdict]
) -> dict[str, list[str]]:
    """Fill all copies of titles; return the values in the titles of each page."""
    style = Style(context.output_format, context.language, context.settings.numbers)
    known = {verdict.claim._replace(location=""): verdict for verdict in verdicts}
    pages = {docname: page for docname, page in context.pages.items() if page.titles}
    values = {
        docname: [
            value_text(known[piece], style)
            for title in page.titles.values()
            for piece in title
            if isinstance(piece, Claim)
        ]
        for docname, page in pages.items()
    }
    _note_copies(env, {docname: page for docname, page in pages.items() if page.shown is None})
    for docname, page in pages.items():
        shown = (tuple(style), values[docname])
        if page.shown != shown:
            _fill(env, docname, page, known, style)
            page.shown = shown
    return values


def _note_copies(env: BuildEnvironment, pages: Mapping[str, Page]) -> None:
    """Record which texts of labels and headings are copies of the titles of pages that were just read."""
    for name, (docname, anchor, text) in env.domains.standard_domain.labels.items() if pages else ():
        title = pages[docname].titles.get(anchor) if docname in pages else None
        if title and text == _as_read(title):
            pages[docname].labels[name] = title
    for docname, page in pages.items():
        for slug, (_, anchor, text) in _slugs(env, docname).items():
            title = page.titles.get(anchor)
            if title and text == _as_read(title):
                page.slugs[slug] = title


def _fill(
    env: BuildEnvironment, docname: str, page: Page, verdicts: Mapping[Claim, Verdict], style: Style
) -> None:
    for tree in (env.titles[docname], env.longtitles[docname], env.tocs[docname]):
        for node, claim in insertions(tree):
            filled = value(verdicts[claim], style)
            assert isinstance(filled, nodes.Element)
            mark(filled, claim)
            node.replace_self(filled)

    def text(title: Title) -> str:
        return "".join(
            value_text(verdicts[piece], style) if isinstance(piece, Claim) else piece for piece in title
        )

    labels, slugs = env.domains.standard_domain.labels, _slugs(env, docname)
    for name, title in page.labels.items():
        if labels.get(name, ("",))[0] == docname:
            labels[name] = (*labels[name][:2], text(title))
    for slug, title in page.slugs.items():
        slugs[slug] = (*slugs[slug][:2], text(title))


def _as_read(title: Title) -> str:
    """Return the text of a title before its values were known."""
    return "".join(piece.target if isinstance(piece, Claim) else piece for piece in title)


def _slugs(env: BuildEnvironment, docname: str) -> dict[str, Any]:
    """Return line, anchor and text of each heading of a MyST page, by slug."""
    slugs: dict[str, Any] = env.metadata[docname].get("myst_slugs", {})
    return slugs
