"""Values in the copies that Sphinx's environment has of titles and captions, for navigation and references.

Nodes of such a copy stay placeholders, and the records of pages have the pieces of each text: a later
build, or one of another format, puts its own values in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from docutils import nodes

from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.placeholder import keep, kept
from sphinx_kerasshape.pages.records import Claim, Page, Title
from sphinx_kerasshape.render.style import Style
from sphinx_kerasshape.render.values import value, value_text

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_kerasshape.claims.verdicts import Verdict


def fill_titles(env: BuildEnvironment, context: BuildContext, verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """Fill all copies of titles; return what they show, by document name."""
    known = {verdict.claim._replace(location=""): verdict for verdict in verdicts}
    style = Style.of(context)
    pages = {docname: page for docname, page in context.pages.items() if page.titles}
    _note_copies(env, {docname: page for docname, page in pages.items() if page.shown is None})
    shown = {}
    for docname, page in pages.items():
        titles = {anchor: _text(title, known, style) for anchor, title in page.titles.items()}
        shown[docname] = titles
        if page.shown != (style, titles):
            _fill(env, docname, page, known, style)
            page.shown = (style, titles)
    return shown


def _note_copies(env: BuildEnvironment, pages: Mapping[str, Page]) -> None:
    """Record which texts are copies of titles of pages that were just read."""
    for name, (docname, anchor, text) in _labels(env).items() if pages else ():
        if docname in pages and _is_copy(text, pages[docname].titles.get(anchor)):
            pages[docname].labels[name] = anchor
    for docname, page in pages.items():
        for slug, (_, anchor, text) in _slugs(env, docname).items():
            if _is_copy(text, page.titles.get(anchor)):
                page.slugs[slug] = anchor


def _is_copy(text: str, title: Title | None) -> bool:
    """Whether a text is that of a title before its values were known."""
    pieces = (piece.stated or piece.target if isinstance(piece, Claim) else piece for piece in title or ())
    return title is not None and text == "".join(pieces)


def _fill(
    env: BuildEnvironment, docname: str, page: Page, verdicts: Mapping[Claim, Verdict], style: Style
) -> None:
    for tree in (env.titles[docname], env.longtitles[docname], env.tocs[docname]):
        for node, claim in kept(tree):
            filled = value(verdicts[claim], style)
            assert isinstance(filled, nodes.Element)
            keep(filled, claim)
            node.replace_self(filled)
    labels, slugs = _labels(env), _slugs(env, docname)
    for name, anchor in page.labels.items():
        # A page that was read since may have a label of the same name.
        if labels.get(name, ("",))[0] == docname:
            labels[name] = (*labels[name][:2], _text(page.titles[anchor], verdicts, style))
    for slug, anchor in page.slugs.items():
        slugs[slug] = (*slugs[slug][:2], _text(page.titles[anchor], verdicts, style))


def _text(title: Title, verdicts: Mapping[Claim, Verdict], style: Style) -> str:
    return "".join(
        style.plain(value_text(verdicts[piece], style)) if isinstance(piece, Claim) else piece
        for piece in title
    )


def _labels(env: BuildEnvironment) -> dict[str, tuple[str, str, str]]:
    """Return page, anchor and text of each label of the project."""
    return env.domains["std"].labels


def _slugs(env: BuildEnvironment, docname: str) -> dict[str, tuple[int, str, str]]:
    """Return line, anchor and text of each heading of a MyST page, by slug."""
    slugs: dict[str, tuple[int, str, str]] = env.metadata[docname].get("myst_slugs", {})
    return slugs
