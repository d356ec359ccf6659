"""``keras:summary``: the table of a model of any page, in place of a printed summary, which is checked.

The directive returns a container of the table and, if that has no rows for them, the totals. All of these
are placeholders.
"""

from __future__ import annotations

from docutils import nodes

from sphinx_kerasshape.collect.options import Options, Unusable
from sphinx_kerasshape.collect.table import TableDirective
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.pages.placeholder import View, keras_part, mark
from sphinx_kerasshape.pages.records import Summary


class SummaryDirective(TableDirective):
    """The directive ``keras:summary``."""

    body = "a summary"

    def run(self) -> list[nodes.Node]:
        """Record the summary, and return the placeholders of the model's table."""
        options = self._options("keras:summary")
        try:
            model = self._name()
        except Unusable as unusable:
            return [self._error(unusable.problem, str(unusable))]
        if not model:
            message = "keras:summary needs the name of a model, such as 'keras:summary lstm-demo'"
            return [self._error(Problem.NAME, message)]
        self._page.summaries.append(self._summary(model))
        return [self._container(options, model)]

    def _summary(self, model: str) -> Summary:
        text = "\n".join(self.content)
        file, line = self._code_place()
        return Summary(model, text if text.strip() else "", self._location(), f"{file}:{line}")

    def _container(self, options: Options, model: str) -> nodes.container:
        container = nodes.container("", classes=["kerasshape", *options.classes])
        self.set_source_info(container)
        container += self._table(options, "", model)
        if not self._has_total_rows(options):
            totals = keras_part()
            mark(totals, View("", model, "totals"))
            container += totals
        return container
