"""The write phase: placeholders become stock nodes, from this build's results."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from sphinx_kerasshape.blocks import keras_part
from sphinx_kerasshape.config import settings
from sphinx_kerasshape.domain import layer_anchors
from sphinx_kerasshape.messages import Answer, Failure, Report, layer_paths
from sphinx_kerasshape.records import Claim, Entry
from sphinx_kerasshape.render import columns, parts, table
from sphinx_kerasshape.render.style import NOTHING, Style

if TYPE_CHECKING:
    from sphinx_kerasshape.domain import KerasDomain


class FillPlaceholders(SphinxPostTransform):
    """Fill tables and replace parts. Comes before references are resolved, which it may add."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        """Fill all placeholders of a page."""
        with _without_collector():
            self._fill_all()

    def _fill_all(self) -> None:
        numbers = settings(self.config)[0].numbers
        self.style = Style(self._domain.output_format, self.config.language or "en", numbers)
        for node in list(self.document.findall(nodes.table)):
            if "keras-model" in node:
                self._fill(node)
        for part in list(self.document.findall(keras_part)):
            part.replace_self(self._part(part))
        for inline in list(self.document.findall(nodes.inline)):
            if "keras-kind" in inline:
                inline.replace_self(self._value(inline))

    @property
    def _domain(self) -> KerasDomain:
        return cast("KerasDomain", self.env.domains["keras"])

    def _answer(self, node: nodes.Element) -> tuple[Entry, Answer]:
        entry = self._domain.pages[node["keras-page"]].models[node["keras-model"]]
        return entry, self._domain.results[entry.request].answer

    def _fill(self, node: nodes.table) -> None:
        entry, answer = self._answer(node)
        if isinstance(answer, Failure) or answer.model is None:
            self._give_up(node, answer)
            return
        table.fill(
            node,
            answer.model,
            columns.names(tuple(node["keras-columns"].split()), answer.model),
            node["keras-depth"],
            bool(node["keras-totals"]),
            tuple(layer_anchors(entry, layer_paths(answer)).values()),
            self.style,
        )
        place = node.parent.index(node) + 1
        node.parent.insert(place, parts.needs(answer.model, self.style))
        if settings(self.config)[0].provenance:
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

    def _value(self, node: nodes.inline) -> nodes.Node:
        """Write a value; a claim stays as the page states it, true or not."""
        claim = Claim(node["keras-kind"], node["keras-target"], node["keras-stated"], "")
        from sphinx_kerasshape.render import values
        from sphinx_kerasshape.verdicts import judge  # slow to import, and not every page has values

        return values.value(judge(claim, self._domain.report), self.style)

    def _part(self, node: keras_part) -> list[nodes.Node]:
        kind = node["keras-part"]
        _, answer = self._answer(node)
        if isinstance(answer, Failure):
            return parts.problem(answer) if kind == "problem" else []
        return self._report_part(kind, answer)

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
