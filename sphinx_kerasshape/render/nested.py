"""Tables in cells of other tables, for output formats that can't nest tables: lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes

from sphinx_kerasshape.render.table import LONG

_NEVER = ("text", "man", "texinfo")
"""Formats whose writers can't put a table into a cell."""


def flatten(document: nodes.document, output_format: str) -> None:
    """Replace our tables in cells of other tables by lines of text where the format can't nest tables."""
    if output_format not in (*_NEVER, "latex"):
        return
    for table in list(document.findall(nodes.table)):
        outer = list(_outer_tables(table))
        if outer and "kerasshape-table" in table["classes"]:
            if output_format == "latex":
                # A table in a cell can't break over pages.
                table["classes"] = [name for name in table["classes"] if name != "longtable"]
            if output_format in _NEVER or len(outer) > 1 or _is_long(outer[0]):
                table.replace_self(list(_lines(table, output_format)))


def _outer_tables(table: nodes.table) -> Iterator[nodes.table]:
    node = table.parent
    while node is not None:
        if isinstance(node, nodes.table):
            yield node
        node = node.parent


def _is_long(table: nodes.table) -> bool:
    """Whether Sphinx lets a table break over pages in LaTeX; the cells of such a table hold no tables."""
    rows = sum(isinstance(row, nodes.row) for group in table.findall(nodes.tbody) for row in group)
    return "longtable" in table["classes"] or rows > LONG


def _lines(table: nodes.table, output_format: str) -> Iterator[nodes.Node]:
    """Yield the caption of a table, and its rows as lines of text."""
    for title in table.findall(nodes.title):
        yield nodes.paragraph("", "", nodes.strong("", "", *title.children))
    rows: list[nodes.row] = list(table.findall(nodes.row))
    texts = [[cell.astext() for cell in row] for row in rows]
    ids = [*table["ids"], *(name for node in table.findall(nodes.target) for name in node["ids"])]
    if output_format == "text":
        # Sphinx joins the lines of a cell, so signs have to separate the values.
        text = "; ".join(" | ".join(filter(None, row)) for row in texts)
        yield nodes.paragraph(text, text, ids=ids, names=table["names"])
        return
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    right = ["kerasshape-number" in cell["classes"] for cell in rows[0].findall(nodes.entry)]
    text = "\n".join("  ".join(map(_aligned, row, widths, right)).rstrip() for row in texts)
    yield nodes.literal_block(text, text, language="none", ids=ids, names=table["names"])


def _aligned(text: str, width: int, right: bool) -> str:
    return text.rjust(width) if right else text.ljust(width)
