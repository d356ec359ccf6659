"""The write phase: placeholders become stock nodes, from this build's results."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from sphinx_kerasshape.messages.layers import layer_paths
from sphinx_kerasshape.messages.report import Answer, Failure, Report
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.domain import layer_anchors
from sphinx_kerasshape.pages.placeholder import View, placeholders
from sphinx_kerasshape.pages.records import Block, Claim
from sphinx_kerasshape.render import columns, parts, table
from sphinx_kerasshape.render.style import NOTHING, Style

if TYPE_CHECKING:
    from sphinx_kerasshape.pages.domain import KerasDomain


class FillPlaceholders(SphinxPostTransform):
    """Fill tables and replace parts. Comes before references are resolved, which it may add."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        """Fill all placeholders of a page."""
        with _without_collector():
            self._fill_all()

    def _fill_all(self) -> None:
        settings = self._context.settings
        self.style = Style(self._context.output_format, self.config.language or "en", settings.numbers)
        for node, placeholder in placeholders(self.document):
            if isinstance(placeholder, Claim):
                node.replace_self(self._value(placeholder))
            elif isinstance(node, nodes.table):
                self._fill(node, placeholder)
            else:
                node.replace_self(self._part(placeholder))

    @property
    def _context(self) -> BuildContext:
        return cast("KerasDomain", self.env.domains["keras"]).context

    def _answer(self, view: View) -> tuple[Block, Answer]:
        block = self._context.pages[view.page].blocks[view.block]
        return block, self._context.results[block.request].answer

    def _fill(self, node: nodes.table, view: View) -> None:
        block, answer = self._answer(view)
        if isinstance(answer, Failure) or answer.model is None:
            self._give_up(node, answer)
            return
        table.fill(
            node,
            answer.model,
            columns.names(view.columns, answer.model),
            view.depth,
            view.totals,
            tuple(layer_anchors(block, layer_paths(answer)).values()),
            self.style,
        )
        place = node.parent.index(node) + 1
        node.parent.insert(place, parts.needs(answer.model, self.style))
        if self._context.settings.provenance:
            node.parent.insert(node.parent.index(node) + 1, parts.provenance(answer.versions))

    def _give_up(self, node: nodes.table, answer: Answer) -> None:
        """Say what is wrong; a table that has a caption, and so perhaps a number, stays."""
        place = node.parent.index(node) + 1
        if isinstance(answer, Failure):
            node.parent.insert(place, parts.problem(answer))
        if isinstance(node[0], nodes.title):
            cell = nodes.entry("", nodes.paragraph("", NOTHING))
            body = next(child for child in node.findall(nodes.tbody))
            body += nodes.row("", cell)
        else:
            node.parent.remove(node)

    def _value(self, claim: Claim) -> nodes.Node:
        """Write a value; a claim stays as the page states it, true or not."""
        from sphinx_kerasshape.claims.verdicts import judge  # slow to import, and not every page has values
        from sphinx_kerasshape.render import values

        return values.value(judge(claim, self._context.report), self.style)

    def _part(self, view: View) -> list[nodes.Node]:
        _, answer = self._answer(view)
        if isinstance(answer, Failure):
            return parts.problem(answer) if view.part == "problem" else []
        return self._report_part(view.part, answer)

    def _report_part(self, kind: str, report: Report) -> list[nodes.Node]:
        if kind == "error":
            return parts.expected_error(report)
        if kind == "output":
            return parts.output(report)
        if report.model is None or kind == "problem":
            return []
        if kind == "constructor":
            return parts.code(report.model.constructor)
        if kind == "source":
            return parts.code(report.model.source)
        return (
            parts.totals(report.model, self.style)
            if kind == "totals"
            else parts.weights(report.model, self.style)
        )


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep Python from looking for garbage: a big table's nodes are many, and all are kept."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
