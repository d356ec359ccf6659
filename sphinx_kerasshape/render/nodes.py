"""Our own nodes, those that stay in filled pages."""

from __future__ import annotations

from docutils import nodes


class keras_permalink(nodes.General, nodes.Inline, nodes.Element):  # noqa: N801
    """A model's link to itself, like those of captions: to its ``ids``, with a ``title``. HTML only."""


class keras_code(nodes.literal_block):  # noqa: N801
    """A block of code with a hint for each of its lines, empty for most; ``hints`` has them. HTML only."""


class keras_header_cell(nodes.entry):  # noqa: N801
    """A table cell that names its row or column; ``scope`` says which. HTML only."""


class keras_rows(nodes.Part, nodes.Element):  # noqa: N801
    """Rows of a table, which are made while they are written; its text is for the search. HTML only."""
