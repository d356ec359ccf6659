"""Tables in cells of tables as lists, for formats that can't nest tables."""

from __future__ import annotations

from docutils import nodes

FORMATS = ("text", "man")
"""The formats whose writers end a build at a table inside a table."""


def flatten_nested(document: nodes.document) -> None:
    """Replace each table of ours that is in a cell by a list."""
    for table in list(document.findall(nodes.table)):
        if "kerasshape-table" in table["classes"] and _is_in_cell(table):
            table.replace_self(_flat(table))


def _is_in_cell(node: nodes.Node | None) -> bool:
    while node is not None and not isinstance(node, nodes.entry):
        node = node.parent
    return node is not None


def _flat(table: nodes.table) -> list[nodes.Element]:
    """Return the caption of a table, and an item for each row: ``lstm: (None, 64), 29,440``."""
    items = nodes.bullet_list("", ids=table["ids"], names=table["names"])
    for row in table.findall(nodes.row):
        name, *cells = [_content(entry) for entry in row]
        line = nodes.paragraph("", "", *name)
        for number, cell in enumerate(cell for cell in cells if cell):
            line += [nodes.Text(", " if number else ": "), *cell]
        items += nodes.list_item("", line)
    titles = [child for child in table.children if isinstance(child, nodes.title)]
    return [*(nodes.paragraph("", "", *title.children) for title in titles), items]


def _content(entry: nodes.Node) -> list[nodes.Node]:
    return [child for paragraph in entry.findall(nodes.paragraph) for child in paragraph.children]
