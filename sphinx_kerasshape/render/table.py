"""The table of layers: a row for each call, numbers aligned on the right, totals last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from docutils import nodes
from sphinx import addnodes

from sphinx_kerasshape.messages.layers import weights_of
from sphinx_kerasshape.messages.report import Model
from sphinx_kerasshape.render.columns import COLUMNS, Row, shapes
from sphinx_kerasshape.render.style import Style
from sphinx_kerasshape.render.translate import _

LONG = 30
"""A table with more rows than this may break over pages in print."""


def fill(
    table: nodes.table,
    model: Model,
    columns: tuple[str, ...],
    depth: int,
    totals: bool,
    anchors: Sequence[str],
    style: Style,
) -> None:
    """Fill a table, except for its caption and names.

    ``anchors`` are those of all layers, in order, or none.
    """
    body = nodes.tbody()
    body += [_filled_row(row, columns, style) for row in _rows(model, depth, anchors)]
    if model.trailing and "output" in columns:
        body += _output_row(model, columns, style)
    if totals:
        body += list(_total_rows(model, columns, style))
    empty = next(child for child in table.children if isinstance(child, nodes.tgroup))
    table.replace(empty, grid(_head(columns, style), body))
    if style.format == "latex":
        numeric = [COLUMNS[name].numeric for name in columns]
        table.parent.insert(table.parent.index(table), set_for_print(table, numeric))


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


def _rows(model: Model, depth: int, anchors: Sequence[str]) -> Iterator[Row]:
    names: list[str] = []
    for number, layer in enumerate(model.layers):
        names[layer.depth :] = [layer.name]
        if layer.depth < depth:
            path, weights = "/".join(names), weights_of(model.layers, number)
            for call in range(max(1, len(layer.calls))):
                yield Row(path, anchors[number] if anchors else "", layer, call, weights)


def _head(columns: tuple[str, ...], style: Style) -> nodes.row:
    row = nodes.row()
    for name in columns:
        column = COLUMNS[name]
        cell = style.cell(scope="col", numeric=column.numeric)
        cell += nodes.paragraph("", column.title())
        row += cell
    return row


def _filled_row(row: Row, columns: tuple[str, ...], style: Style) -> nodes.row:
    cells = nodes.row()
    for number, name in enumerate(columns):
        column = COLUMNS[name]
        cell = style.cell(scope="" if number else "row", numeric=column.numeric)
        text = nodes.paragraph("", "", *column.cell(row, style))
        if number == 0 and row.is_first and row.anchor:
            text.insert(0, nodes.target("", "", ids=[row.anchor]))
        cell += text
        cells += cell
    return cells


def _output_row(model: Model, columns: tuple[str, ...], style: Style) -> nodes.row:
    """Return the last row of a model in which operations follow the last layer: what the model gives."""
    row = nodes.row("", classes=["kerasshape-output"])
    for number, name in enumerate(columns):
        cell = style.cell(scope="" if number else "row", numeric=COLUMNS[name].numeric)
        if number == 0:
            cell += nodes.paragraph("", _("Output"))
        elif name == "output":
            cell += nodes.paragraph("", "", *shapes(model.outputs, style))
        row += cell
    return row


def total_values(model: Model) -> list[tuple[str, int]]:
    """Return the totals with their labels; the two parts of the total only if both exist."""
    values = [(_("Total params"), model.params)]
    if model.non_trainable:
        values.append((_("Trainable params"), model.trainable))
        values.append((_("Non-trainable params"), model.non_trainable))
    return values


def _total_rows(model: Model, columns: tuple[str, ...], style: Style) -> Iterator[nodes.row]:
    for label, count in total_values(model):
        row = nodes.row("", classes=["kerasshape-total"])
        for number, name in enumerate(columns):
            cell = style.cell(scope="" if number else "row", numeric=COLUMNS[name].numeric)
            if number == 0:
                cell += nodes.paragraph("", label)
            elif name == "params":
                cell += nodes.paragraph("", style.number(count))
            elif name == "bytes" and count == model.params:
                cell += nodes.paragraph("", style.size(model.bytes))
            elif name == "flops" and count == model.params and model.flops is not None:
                cell += nodes.paragraph("", style.number(model.flops))
            elif name == "trainable" and count == model.params:
                cell += nodes.paragraph("", style.number(model.trainable))
            row += cell
        yield row


def set_for_print(table: nodes.table, numeric: list[bool]) -> nodes.Node:
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
