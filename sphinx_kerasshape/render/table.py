"""The table of layers: a row for each call, numbers aligned on the right, totals last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from docutils import nodes
from sphinx import addnodes

from sphinx_kerasshape.messages.layers import weights_of
from sphinx_kerasshape.messages.report import Model
from sphinx_kerasshape.render.columns import COLUMNS, Row, shapes
from sphinx_kerasshape.render.nodes import keras_rows
from sphinx_kerasshape.render.style import Style
from sphinx_kerasshape.render.translate import _
from sphinx_kerasshape.settings.settings import WITH_TOTAL

LONG = 30
"""A table with more rows than this may break over pages in print."""


class Body(Protocol):
    """What the rows of a table's body are made of."""

    @property
    def style(self) -> Style:
        """The style of the cells."""

    def made(self) -> Iterator[nodes.row]:
        """Make each row."""

    def words(self) -> str:
        """Return what a search should find."""


class Rows(NamedTuple):
    """What the rows of a table's body are made of; ``anchors`` are those of all layers, in order, or none."""

    model: Model
    columns: tuple[str, ...]
    depth: int
    totals: bool
    anchors: Sequence[str]
    style: Style

    def made(self) -> Iterator[nodes.row]:
        """Make each row."""
        for row in self._calls():
            yield self._row(_contents(row, self.columns, self.style))
        if self.model.trailing and "output" in self.columns:
            yield self._row(_outputs(self.model, self.columns, self.style), ["kerasshape-output"])
        for contents in _totals(self.model, self.columns, self.style) if self.totals else ():
            yield self._row(contents, ["kerasshape-total"])

    @property
    def numeric(self) -> list[bool]:
        """Whether each column has numbers."""
        return [COLUMNS[name].numeric for name in self.columns]

    def words(self) -> str:
        """Return what a search should find: the names and types of layers."""
        return " ".join(f"{row.path} {row.layer.type}" for row in self._calls() if row.is_first)

    def __repr__(self) -> str:
        return f"<rows of {len(self.model.layers)} layers>"

    def _calls(self) -> Iterator[Row]:
        names: list[str] = []
        for number, layer in enumerate(self.model.layers):
            names[layer.depth :] = [layer.name]
            if layer.depth < self.depth:
                path, weights = "/".join(names), weights_of(self.model.layers, number)
                anchor = self.anchors[number] if self.anchors else ""
                for call in range(max(1, len(layer.calls))):
                    yield Row(path, anchor, layer, call, weights)

    def _row(self, contents: Iterable[Sequence[nodes.Node]], classes: Sequence[str] = ()) -> nodes.row:
        return table_row(contents, self.numeric, self.style, classes=classes)


def fill(table: nodes.table, rows: Rows) -> None:
    """Fill a table, except for its caption and names."""
    style, numeric = rows.style, rows.numeric
    heads = [[nodes.Text(COLUMNS[name].title())] for name in rows.columns]
    empty = next(child for child in table.children if isinstance(child, nodes.tgroup))
    table.replace(empty, grid(table_row(heads, numeric, style, scope="col"), body(rows)))
    if style.format == "latex":
        table.parent.insert(table.parent.index(table), set_for_print(table, numeric))


def body(rows: Body) -> nodes.tbody:
    """Return the body of a table.

    In HTML, the rows are made while they are written: nodes of long tables take more time in each step
    of Sphinx than it takes to run their models.
    """
    if rows.style.format != "html":
        return nodes.tbody("", *rows.made())
    return nodes.tbody("", keras_rows("", nodes.Text(rows.words()), rows=rows))


def table_row(
    contents: Iterable[Sequence[nodes.Node]],
    numeric: Sequence[bool],
    style: Style,
    scope: str = "row",
    classes: Sequence[str] = (),
) -> nodes.row:
    """Return a row of cells. With the scope ``col``, all of them are heads; else the first one is."""
    row = nodes.row("", classes=[*classes])
    for number, content in enumerate(contents):
        is_head = scope == "col" or number == 0
        cell = style.cell(scope=scope if is_head else "", numeric=numeric[number])
        if content:
            cell += nodes.paragraph("", "", *content)
        row += cell
    return row


def grid(head: nodes.row, body: nodes.tbody) -> nodes.tgroup:
    """Return head and body as one group, whose first column names the rows."""
    rows = [head, *body.findall(nodes.row)]
    tgroup = nodes.tgroup("", cols=len(head))
    for number in range(len(head)):
        # The text builder reads the width as a number of characters.
        width = max(len(row[number].astext()) for row in rows)
        tgroup += nodes.colspec("", colwidth=width, **({"stub": 1} if number == 0 else {}))
    tgroup += [nodes.thead("", head), body]
    return tgroup


def _contents(row: Row, columns: tuple[str, ...], style: Style) -> list[list[nodes.Node]]:
    contents = [COLUMNS[name].cell(row, style) for name in columns]
    if row.is_first and row.anchor:
        contents[0].insert(0, nodes.target("", "", ids=[row.anchor]))
    return contents


def _outputs(model: Model, columns: tuple[str, ...], style: Style) -> Iterator[list[nodes.Node]]:
    """Yield the last row of a model in which operations follow the last layer: what the model gives."""
    label = next((name for name in columns if name != "output"), "")
    for name in columns:
        text: list[nodes.Node] = [nodes.Text(_("Output"))] if name == label else []
        yield shapes(model.outputs, style) if name == "output" else text


def total_values(model: Model) -> list[tuple[str, int]]:
    """Return the totals with their labels; the two parts of the total only if both exist."""
    values = [(_("Total params"), model.params)]
    if model.non_trainable:
        values.append((_("Trainable params"), model.trainable))
        values.append((_("Non-trainable params"), model.non_trainable))
    return values


def _totals(model: Model, columns: tuple[str, ...], style: Style) -> Iterator[list[list[nodes.Text]]]:
    place = next(name for name in columns if name not in WITH_TOTAL)
    for number, (label, count) in enumerate(total_values(model)):
        texts = {name: COLUMNS[name].total(model, style) for name in columns if number == 0}
        texts |= {"params": style.number(count), place: label}
        yield [[nodes.Text(texts[name])] if texts.get(name) else [] for name in columns]


def set_for_print(table: nodes.table, numeric: Sequence[bool]) -> nodes.Node:
    """Return the node that sets the types of a table's columns; let a long table break over pages."""
    if len(list(table.findall(nodes.row))) > LONG:
        table["classes"].append("longtable")
        widths = [spec["colwidth"] + 2 for spec in table.findall(nodes.colspec)]
        kinds = [
            _proportional(right, width, sum(widths)) for right, width in zip(numeric, widths, strict=True)
        ]
    else:
        kinds = ["R" if right else "L" for right in numeric]
    return addnodes.tabular_col_spec(spec="".join(kinds))


def _proportional(right: bool, width: int, total: int) -> str:
    """Return the type of a column that takes its share of the page's width."""
    ragged = "left" if right else "right"
    return rf">{{\ragged{ragged}\arraybackslash}}\X{{{width}}}{{{total}}}"
