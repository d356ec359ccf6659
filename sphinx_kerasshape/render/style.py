"""The style of single values in each output format: shapes, counts, sizes, names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from docutils import nodes

from sphinx_kerasshape import numerals
from sphinx_kerasshape.messages.report import Shape, TensorSpec, shape_text
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.render.nodes import keras_header_cell

_PREFIXES = (("T", 10**12), ("B", 10**9), ("M", 10**6), ("k", 10**3))
NOTHING = "–"
"""The text of a cell that has no value."""
_LATEX = {"−": "-", "≥": r"\geq", "⌊": r"\lfloor", "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil"}
_ASCII = {"−": "-", "≥": ">=", "⌊": "floor(", "⌈": "ceil(", "⌋": ")", "⌉": ")"}


class Style(NamedTuple):
    """The output format (``html``, ``latex``, …) and the language that values are written for."""

    format: str
    language: str = "en"
    numbers: str = "exact"
    """How counts are inserted in running text: ``exact`` or ``si``."""

    @classmethod
    def of(cls, context: BuildContext) -> Style:
        """Return the style of a build's pages."""
        return cls(context.output_format, context.language, context.settings.numbers)

    def shape(self, shape: Shape) -> nodes.Node:
        """Return a shape that does not break over lines."""
        return self.shape_as_written(shape_text(shape))

    def tensor(self, tensor: TensorSpec) -> nodes.Node:
        """Return the shape of a tensor, with the names of its axes if it has any."""
        return self.shape_as_written(shape_text(tensor.symbolic or tensor.shape))

    def shape_as_written(self, text: str) -> nodes.Node:
        """Return a shape that is already written as text."""
        if self.format == "latex":
            # Sphinx lets a literal break after commas.
            return nodes.inline("", "", *_for_latex(text), classes=["kerasshape-shape"])
        return self._code(text, "kerasshape-shape")

    def name(self, text: str) -> nodes.Node:
        """Return a name from the code."""
        return self._code(text, "kerasshape-name")

    def inserted(self, count: int) -> str:
        """Return a count for running text: ``29,505`` or ``29.5k``."""
        if self.numbers == "exact":
            return self.number(count)
        rounded = float(f"{count:.3g}")
        prefix, unit = next(((sign, size) for sign, size in _PREFIXES if rounded >= size), ("", 1))
        return self.number(float(f"{rounded / unit:.3g}")) + prefix

    def number(self, count: float) -> str:
        """Return a number in the notation of the language, with thousands separators."""
        return numerals.numerals(self.language).written(count)

    def size(self, count: int) -> str:
        """Return a number of bytes with its unit: ``115.3 KiB``."""
        return numerals.size_text(count, self.language)

    def plain(self, text: str) -> str:
        """Return a value for text without any markup; LaTeX's default engine has no glyphs for some signs."""
        if self.format != "latex":
            return text
        return re.sub("|".join(_ASCII), lambda sign: _ASCII[sign[0]], text)

    def cell(self, *, scope: str = "", numeric: bool = False) -> nodes.entry:
        """Return an empty cell; with a ``scope`` (``col`` or ``row``), a head."""
        classes = ["kerasshape-number"] if numeric else []
        if scope and self.format == "html":
            return keras_header_cell("", classes=classes, scope=scope)
        return nodes.entry("", classes=classes)

    def _code(self, text: str, style: str) -> nodes.Node:
        # Some builders, such as text, put a literal in quotes.
        kind = nodes.literal if self.format in ("html", "latex") else nodes.inline
        return kind("", text, classes=[style])


def _for_latex(text: str) -> Iterator[nodes.Node]:
    """Yield the nodes of a text that does not break; LaTeX's default engine has no glyphs for some signs."""
    for piece in re.split(f"([{''.join(_LATEX)}])", text.replace(" ", "\N{NO-BREAK SPACE}")):
        if piece in _LATEX:
            command = rf"\ensuremath{{{_LATEX[piece]}}}"
            yield nodes.raw(piece, command, format="latex")
        elif piece:
            yield nodes.Text(piece)
