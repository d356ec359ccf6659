"""The table of layers: a row a call, numbers on the right, totals last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from docutils import nodes
from sphinx import addnodes

from sphinx_kerasshape.messages.layers import weights_of
from sphinx_kerasshape.messages.report import Model
from sphinx_kerasshape.render.columns import COLUMNS, Line
from sphinx_kerasshape.render.style import Style, size_text
from sphinx_kerasshape.render.translate import _

LONG = 30
"""Rows from which a table may break over pages in print."""


def fill(
    table: nodes.table,
    model: Model,
    columns: tuple[str, ...],
    depth: int,
    totals: bool,
    anchors: Sequence[str],
    style: Style,
) -> None:
    """Give a table its body; its caption and names stay. ``anchors`` are those of the layers, in order."""
    body = nodes.tbody()
    body += [_row(line, columns, style) for line in _lines(model, depth, anchors)]
    if totals:
        body += list(_total_rows(model, columns, style))
    old = next(child for child in table.children if isinstance(child, nodes.tgroup))
    tgroup = grid(_head(columns, style), body)
    table.replace(old, tgroup)
    if style.format == "latex":
        numeric = [COLUMNS[name].numeric for name in columns]
        table.parent.insert(table.parent.index(table), set_for_print(table, numeric))


def grid(head: nodes.row, body: nodes.tbody) -> nodes.tgroup:
    """Put head and body together; the first column names its rows."""
    rows = [head, *body.findall(nodes.row)]
    tgroup = nodes.tgroup("", cols=len(head))
    for number in range(len(head)):
        # Text output takes this as a number of characters.
        width = max(len(row[number].astext()) for row in rows)
        tgroup += nodes.colspec("", colwidth=width, **({"stub": 1} if number == 0 else {}))
    tgroup += [nodes.thead("", head), body]
    return tgroup


def _lines(model: Model, depth: int, anchors: Sequence[str]) -> Iterator[Line]:
    above: list[str] = []
    for number, row in enumerate(model.layers):
        del above[row.depth :]
        above.append(row.name)
        if row.depth < depth:
            path, weights = "/".join(above), weights_of(model.layers, number)
            for call in range(max(1, len(row.calls))):
                yield Line(path, anchors[number], row, call, weights)


def _head(columns: tuple[str, ...], style: Style) -> nodes.row:
    row = nodes.row()
    for name in columns:
        column = COLUMNS[name]
        cell = style.cell(scope="col", numeric=column.numeric)
        cell += nodes.paragraph("", column.title())
        row += cell
    return row


def _row(line: Line, columns: tuple[str, ...], style: Style) -> nodes.row:
    row = nodes.row()
    for number, name in enumerate(columns):
        column = COLUMNS[name]
        cell = style.cell(scope="" if number else "row", numeric=column.numeric)
        text = nodes.paragraph("", "", *column.cell(line, style))
        if number == 0 and line.first:
            text.insert(0, nodes.target("", "", ids=[line.anchor]))
        cell += text
        row += cell
    return row


def total_values(model: Model) -> list[tuple[str, int]]:
    """Return what the totals say; of the parts only where there are two."""
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
                cell += nodes.paragraph("", size_text(model.bytes))
            elif name == "flops" and count == model.params and model.flops is not None:
                cell += nodes.paragraph("", style.number(model.flops))
            elif name == "trainable" and count == model.params:
                cell += nodes.paragraph("", style.number(model.trainable))
            row += cell
        yield row


def set_for_print(table: nodes.table, numeric: list[bool]) -> nodes.Node:
    """Let a long table break over pages, and return the node that sets its columns' types."""
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
    """Return the type of a column that has its share of the page's width."""
    ragged = "left" if right else "right"
    return rf">{{\ragged{ragged}\arraybackslash}}\X{{{width}}}{{{total}}}"
