"""The base of directives that show a table of layers: its placeholder, with its caption and its names."""

from __future__ import annotations

from docutils import nodes

from sphinx_kerasshape.collect.block import BlockDirective
from sphinx_kerasshape.collect.options import Options
from sphinx_kerasshape.pages.placeholder import View, mark
from sphinx_kerasshape.settings.settings import can_have_totals


class TableDirective(BlockDirective):
    """A directive with a table of layers."""

    def _columns(self, options: Options) -> tuple[str, ...]:
        return options.columns or self._context.settings.columns

    def _has_total_rows(self, options: Options) -> bool:
        """Whether the totals are the last rows of the table: they follow it, and it has their column."""
        pairs = zip(options.show, options.show[1:], strict=False)
        return ("table", "totals") in pairs and can_have_totals(self._columns(options))

    def _table(self, options: Options, page: str, block: str) -> nodes.table:
        """Return the placeholder of a table, of the model that a view with this page and block has."""
        table = nodes.table("", classes=["kerasshape-table"])
        self.set_source_info(table)
        if options.caption:
            children, messages = self.parse_inline(options.caption, lineno=self.lineno)
            title = nodes.title(options.caption, "", *children, *messages)
            self.set_source_info(title)
            table += title
        tgroup = nodes.tgroup("", cols=1)
        tgroup += [nodes.colspec("", colwidth=1), nodes.tbody()]
        table += tgroup
        if options.align:
            table["align"] = options.align
        if options.width:
            table["width"] = options.width
        columns, totals = self._columns(options), self._has_total_rows(options)
        mark(table, View(page, block, "table", columns, options.depth, totals))
        if options.name:
            table["names"].append(nodes.fully_normalize_name(options.name))
            self.state.document.note_explicit_target(table, table)
        return table
