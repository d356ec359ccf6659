"""What each page shows of the answers, in short, so that a build rewrites only the pages that change."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_kerasshape import claims
from sphinx_kerasshape.messages.codec import fingerprint
from sphinx_kerasshape.messages.report import Report
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.pages.context import BuildContext


def fingerprints(context: BuildContext) -> dict[str, str]:
    """Return, by document name, a fingerprint of all answers that the page shows."""
    pages: dict[str, list[str]] = {}
    for docname, block in context.blocks():
        pages.setdefault(docname, []).extend(_shown(context, block.request))
    for docname, block in context.plain_blocks():
        pages.setdefault(docname, []).append(context.results[block.request].fingerprint)
    for docname, page in context.pages.items():
        for claim in page.claims:
            try:
                block = context.models[claims.targets.parse(claim.target).model][1]
            except (KeyError, claims.targets.Unresolved):
                continue
            pages.setdefault(docname, []).append(context.results[block.request].fingerprint)
        for summary in page.summaries:
            problem = context.without_table(summary.model)
            shown = [problem] if problem else _shown(context, context.request(summary.model))
            pages.setdefault(docname, []).extend(shown)
    return {docname: fingerprint(answers) for docname, answers in pages.items()}


def _shown(context: BuildContext, request: Request) -> Iterator[str]:
    """Yield the fingerprints of what the view of a model shows."""
    result = context.results[request]
    yield result.fingerprint
    if context.settings.provenance and isinstance(result.answer, Report):
        yield fingerprint(result.answer.versions)
