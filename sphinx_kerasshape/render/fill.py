"""Filling of placeholders with stock nodes, from the results of a build."""

from __future__ import annotations

from docutils import nodes
from sphinx.util import logging

from sphinx_kerasshape import claims
from sphinx_kerasshape.messages.layers import layer_paths
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Answer, Failure, Report
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.domain import layer_anchors
from sphinx_kerasshape.pages.placeholder import View, placeholders
from sphinx_kerasshape.pages.records import Block, Claim
from sphinx_kerasshape.render import columns, parts, table
from sphinx_kerasshape.render.style import NOTHING, Style
from sphinx_kerasshape.render.values import value

logger = logging.getLogger(__name__)


def fill_page(document: nodes.document, context: BuildContext) -> None:
    """Fill all placeholders of a page."""
    style = Style.of(context)
    for node, placeholder in placeholders(document):
        if isinstance(placeholder, Claim):
            node.replace_self(_value(placeholder, context, style))
            continue
        block, answer = _answered(placeholder, context)
        if isinstance(node, nodes.literal_block):
            if block is not None and isinstance(answer, Report):
                from sphinx_kerasshape.render import hints  # few pages have any

                hints.add(node, block.request, answer.observations, style)
        elif not isinstance(node, nodes.table):
            node.replace_self(_part(placeholder.part, block, answer, style))
        elif isinstance(answer, Failure) or answer.model is None:
            _fill_without_report(node, answer)
        else:
            _fill_table(node, placeholder, block, answer, style)
            _add_notes(node, answer, context, style)
    if any(page.judged is not None for page in context.pages.values()):
        from sphinx_kerasshape.render import truths

        truths.show(document, context, style)
    if style.format != "html":
        from sphinx_kerasshape.render import nested

        nested.flatten(document, style)


def _answered(view: View, context: BuildContext) -> tuple[Block | None, Answer]:
    """Return the block that a view is a part of, and its answer; no block if it is elsewhere."""
    if view.page:
        block = context.pages[view.page].blocks[view.block]
        return block, context.results[block.request].answer
    if problem := context.without_table(view.block):
        return None, Failure(Problem.REF, problem)
    return None, context.results[context.request(view.block)].answer


def _value(claim: Claim, context: BuildContext, style: Style) -> nodes.Node:
    """Return the text of a value; a stated value stays as the page states it, even if it is wrong."""
    return value(claims.verdicts.judge(claim, context.report, (), context.language, context.request), style)


def _fill_table(node: nodes.table, view: View, block: Block | None, report: Report, style: Style) -> None:
    """Fill a table; one that is not in the model's own block has no anchors."""
    assert report.model is not None
    anchors = layer_anchors(block.anchor, layer_paths(report)) if block is not None else {}
    names = columns.names(view.columns, report.model)
    rows = table.Rows(report.model, names, view.depth, view.totals, tuple(anchors.values()), style)
    table.fill(node, rows)
    if block is not None and style.format == "html" and not isinstance(node[0], nodes.title):
        head = next(node.findall(nodes.paragraph))
        head += parts.permalink(block.anchor)


def _add_notes(node: nodes.table, report: Report, context: BuildContext, style: Style) -> None:
    """Put the needs of a model below its table, and the versions below all parts of the view."""
    assert report.model is not None
    node.parent.insert(node.parent.index(node) + 1, parts.needs(report.model, style))
    if context.settings.provenance:
        node.parent += parts.provenance(report.versions)


def _fill_without_report(node: nodes.table, answer: Answer) -> None:
    """Put the problem in place of a table; one with a caption stays, since it may have a number."""
    if isinstance(answer, Failure):
        if answer.problem is Problem.CACHE:
            # No stored answer was read before this page is written.
            logger.warning(answer.message, location=node, type="kerasshape", subtype="cache")
        node.parent.insert(node.parent.index(node) + 1, parts.problem(answer))
    if isinstance(node[0], nodes.title):
        body = next(node.findall(nodes.tbody))
        body += nodes.row("", nodes.entry("", nodes.paragraph("", NOTHING)))
    else:
        node.parent.remove(node)


def _part(part: str, block: Block | None, answer: Answer, style: Style) -> list[nodes.Node]:
    if isinstance(answer, Failure):
        return parts.problem(answer) if part == "problem" else []
    if part == "problem":
        # This is the last part of a view without a table.
        if block is None or block.is_code or style.format != "html":
            return []
        return [nodes.paragraph("", "", parts.permalink(block.anchor), classes=["kerasshape-permalink"])]
    if part in parts.OF_REPORT:
        return parts.OF_REPORT[part](answer)
    if answer.model is None:
        return []
    return parts.OF_MODEL[part](answer.model, style)
