"""A document as the audit reads it: its texts, its blocks of code and its statements, as frozen values.

All lines and cells count from 1, all other numbers from 0.
"""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """A text whose characters places count: a whole file, or the source or an output of a notebook's cell."""

    text: str
    cell: int = 0
    """Number of the cell; 0 outside of notebooks."""
    output: int | None = None
    """Number of the cell's output that this is; ``None`` if it is no output."""
    is_html: bool = False
    """Whether it is an output as HTML; the same output may also be there as plain text."""


class Place(NamedTuple):
    """Some characters of one of a document's texts."""

    text: int
    start: int
    end: int


class CodeLine(NamedTuple):
    """A line of code, without prompt and indentation of its block, and where it starts in its text."""

    code: str
    start: int


class Block(NamedTuple):
    """A block of code that may be run: a fence, a cell, the examples of a docstring, a whole script."""

    text: int
    lines: tuple[CodeLine, ...]
    """Lines that are no Python, such as ``%matplotlib inline`` and ``!pip install``, are empty."""
    is_module: bool = False
    """Whether it is a module of its own, which defines things and is not run from top to bottom."""
    is_off: bool = False
    """Whether nothing is said of it; it still runs where other blocks need it."""

    @property
    def code(self) -> str:
        """The code, as Python parses it."""
        return "".join(f"{line.code}\n" for line in self.lines)


class Subject(NamedTuple):
    """The value that a statement speaks of: that of an expression once a statement of a block has run."""

    block: int
    line: int
    """The last line, in the block's code, of the statement that has to run first; 0 if there is none."""
    expression: str
    """The expression, such as ``model`` or ``self.encoder``; empty: the value of the statement itself.

    Of a shape, its value may be the shape, a tensor, or a layer or model, whose output has it:
    ``x.shape``, ``x``, ``model``. Of layers in a list or behind ``model.add``, it is
    ``model.layers[2].output`` or ``model.layers[-1].output``; ``model.input`` of an Input there. Of a
    count, it is the number: ``model.count_params()``. Its names may be those of a function.
    """
    visit: int = 0
    """How often the line, inside a loop, has run by then; 0 for a line that counts when it runs first."""


class Cell(NamedTuple):
    """What a table states in one cell; its text may be wrapped over several places."""

    text: str
    places: tuple[Place, ...] = ()
    is_cut: bool = False
    """Whether the column was too narrow, so that the end of the text is missing."""


class Row(NamedTuple):
    """A layer in a printed summary; cells of columns that the summary does not have are empty."""

    place: Place
    name: Cell
    type: Cell
    output: Cell
    params: Cell
    connected: Cell = Cell("")
    trainable: Cell = Cell("")
    depth: int = 0
    """How deep the layer is inside nested models that the summary unfolds."""


class Total(NamedTuple):
    """A total below a printed summary; ``kind`` is total, trainable, non_trainable or optimizer."""

    place: Place
    kind: str
    count: Cell  # type: ignore[assignment]  # tuples have a method of this name
    size: Cell = Cell("")
    """The memory, such as ``48.00 B``, if stated."""


class Summary(NamedTuple):
    """A printed ``summary()``; the ``subjects`` are the models that it may be of, the likeliest first."""

    place: Place
    title: Cell
    """The model's name; empty if the summary has none."""
    rows: tuple[Row, ...]
    totals: tuple[Total, ...]
    subjects: tuple[Subject, ...]
    is_boxed: bool = False
    """Whether it is drawn with boxes, as Keras 3 does."""
    is_linked: bool = False
    """Whether the call of ``summary()`` that printed the summary is known: that of its first subject."""
    is_unsure: bool = False
    """Whether a loop or a function printed it: only a model that agrees is known to be the right one."""
    is_partial: bool = False
    """Whether the document leaves out some of its rows."""
    is_closed: bool = False
    """Whether its table ends with the line that Keras draws below the last row."""
    rounds: tuple[Subject, ...] = ()
    """If a loop printed it with others: what its last round and one more would print."""


class Stated(NamedTuple):
    """A shape or a count that stands behind or below the code that it speaks of.

    ``kind`` is ``shape`` for what code printed, ``comment`` for a comment, ``count`` for a number of
    parameters.
    """

    kind: str
    place: Place
    """The value alone: of ``# -> (None, 10)``, only ``(None, 10)``."""
    text: str
    subject: Subject


class Echo(NamedTuple):
    """A value that the document shows of what its code computes: that of an expression, as a literal."""

    block: int
    line: int
    """The last line of the statement that shows it."""
    expression: str
    """A name, or what asks a name for something: ``len(words)``, ``x.shape``. Empty: the value is how many
    files and classes the statement has found in a folder."""
    value: str


class Mention(NamedTuple):
    """A shape or a count in prose, with the words around it; ``kind`` is ``shape`` or ``count``."""

    kind: str
    place: Place
    text: str
    before: str
    after: str
    block: int
    """The last block before it; -1 if there is none."""
    is_code: bool = False
    """Whether it is marked up as code."""


Statement = Summary | Stated | Mention


class Document(NamedTuple):
    """A document, in its own order."""

    texts: tuple[Text, ...]
    blocks: tuple[Block, ...]
    statements: tuple[Statement, ...]
    defines: tuple[tuple[str, str], ...] = ()
    """Names and values of its comments ``kerasshape: define NAME = VALUE``."""
    models: tuple[Subject, ...] = ()
    """What may be models, in the order of the code that makes or prints them."""
    echoes: tuple[Echo, ...] = ()
    """Values that it shows, in the order of the code."""
    encoding: str = "utf-8"
    """That of its file."""
