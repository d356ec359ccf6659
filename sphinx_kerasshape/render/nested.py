"""Tables where an output format can't have one, as in cells of other tables: lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from docutils import nodes
from sphinx import addnodes

from sphinx_kerasshape.pages.placeholder import above
from sphinx_kerasshape.render.style import Style
from sphinx_kerasshape.render.table import LONG

_FIXED = "\N{NO-BREAK SPACE}"
_NEVER = ("text", "man", "texinfo")
"""Formats whose writers can't put a table into a cell."""


def flatten(document: nodes.document, style: Style) -> None:
    """Replace our tables by lines of text where the format can't have a table."""
    if style.format not in (*_NEVER, "latex"):
        return
    for table in [table for table in document.findall(nodes.table) if "kerasshape-table" in table["classes"]]:
        outer = [node for node in above(table) if isinstance(node, nodes.table)]
        if outer and style.format == "latex":
            # A table in a cell can't break over pages.
            table["classes"] = [name for name in table["classes"] if name != "longtable"]
        if not (_latex_can_have(table, outer) if style.format == "latex" else not outer):
            _replace(table, style)


def _latex_can_have(table: nodes.table, outer: list[nodes.table]) -> bool:
    places = list(above(table))
    if any(isinstance(node, nodes.footnote) for node in places):
        # LaTeX never ends if there is a code block before it.
        return False
    if any(isinstance(node, addnodes.hlist) for node in places) and _is_long(table):
        # What is set in columns can't have tables that break over pages.
        return False
    return len(outer) < 2 and not any(map(_is_long, outer))


def _is_long(table: nodes.table) -> bool:
    """Whether Sphinx lets a table break over pages in LaTeX; the cells of such a table hold no tables."""
    rows = sum(isinstance(row, nodes.row) for group in table.findall(nodes.tbody) for row in group)
    return "longtable" in table["classes"] or rows > LONG


def _replace(table: nodes.table, style: Style) -> None:
    place = table.parent.index(table)
    if place and isinstance(table.parent[place - 1], addnodes.tabular_col_spec):
        # It would be that of the next table.
        table.parent.remove(table.parent[place - 1])
    table.replace_self(list(_lines(table, style)))


def _lines(table: nodes.table, style: Style) -> Iterator[nodes.Node]:
    """Yield the caption of a table, and its rows as lines of text."""
    for title in table.findall(nodes.title):
        yield nodes.paragraph("", "", nodes.strong("", "", *title.children))
    rows: list[nodes.row] = list(table.findall(nodes.row))
    texts = [[_text(cell, style) for cell in row] for row in rows]
    ids = [*table["ids"], *(name for node in table.findall(nodes.target) for name in node["ids"])]
    if style.format == "text":
        # Sphinx joins the lines of a cell, so signs have to separate the values.
        text = "; ".join(" | ".join(filter(None, row)) for row in texts)
        yield nodes.paragraph(text, text, ids=ids, names=table["names"])
        return
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    right = ["kerasshape-number" in cell["classes"] for cell in rows[0].findall(nodes.entry)]
    aligned = [map(_aligned, row, widths, right) for row in texts]
    block = _line_block if style.format == "latex" else _literal_block
    yield block(aligned, ids=ids, names=table["names"])


def _text(cell: nodes.Node, style: Style) -> str:
    """Return the text of a cell, with signs instead of the commands that LaTeX has for them."""
    texts = cell.findall(nodes.Text)
    return style.plain(
        "".join(text.parent.rawsource if isinstance(text.parent, nodes.raw) else text for text in texts)
    )


def _aligned(text: str, width: int, right: bool) -> str:
    return text.rjust(width) if right else text.ljust(width)


def _literal_block(rows: Iterable[Iterable[str]], **attributes: object) -> nodes.Element:
    text = "\n".join("  ".join(row).rstrip() for row in rows)
    return nodes.literal_block(text, text, language="none", **attributes)


def _line_block(rows: Iterable[Iterable[str]], **attributes: object) -> nodes.Element:
    """Return lines that LaTeX can break between pages and, if they are too long, between values.

    It puts a footnote where the reference to it is: maybe into a cell, which can't have a literal block.
    """
    block = nodes.line_block("", **attributes)
    for row in rows:
        text = f"{_FIXED} ".join(value.replace(" ", _FIXED) for value in row)
        block += nodes.line("", "", nodes.literal("", text.rstrip()))
    return block
