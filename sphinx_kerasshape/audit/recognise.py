"""The door: a document's bytes into its blocks of code and its statements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from sphinx_kerasshape.audit.document import Document, Text
from sphinx_kerasshape.audit.lines import Line, lines_of
from sphinx_kerasshape.audit.pieces import Piece
from sphinx_kerasshape.audit.reading import Reading

SUFFIXES = (".md", ".markdown", ".myst", ".qmd", ".rst", ".ipynb", ".py")
"""Names of documents end in one of these; any other text file is read as Markdown."""


class Unreadable(ValueError):
    """A document that can't be read; the message says why."""


def recognise(path: str, data: bytes, language: str = "en", *, skips_ours: bool = False) -> Document:
    """Return the blocks and the statements of a document. Raises :class:`Unreadable`.

    The end of ``path`` says which format ``data`` has; ``language`` is that of its prose.
    With ``skips_ours``, nothing is said of directives of this extension.
    """
    text = _decoded(data)
    reading = Reading(language, skips_ours=skips_ours)
    suffix = PurePosixPath(path.replace("\\", "/")).suffix.lower()
    for piece in _pieces(suffix, text, reading):
        reading.read(piece)
    return reading.document()


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in data:
        raise Unreadable("a binary file")
    else:
        encoding = "utf-8"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8: byte {error.start} is {data[error.start]:#04x}") from None


def _pieces(suffix: str, text: str, reading: Reading) -> Iterator[Piece]:
    if suffix == ".ipynb":
        from sphinx_kerasshape.audit import notebook

        try:
            yield from notebook.pieces(text, reading.add)
        except notebook.Broken as error:
            raise Unreadable(str(error)) from None
        return
    lines = _without_mark(lines_of(text, reading.add(Text(text))))
    if suffix == ".py":
        from sphinx_kerasshape.audit import script

        yield from script.pieces(lines)
    elif suffix == ".rst":
        from sphinx_kerasshape.audit import rest

        yield from rest.pieces(lines)
    else:
        from sphinx_kerasshape.audit import markdown

        yield from markdown.pieces(lines)


def _without_mark(lines: list[Line]) -> list[Line]:
    """Return lines without the mark that some editors put at the start of a file."""
    return [lines[0].part(1), *lines[1:]] if lines[0].text.startswith("\ufeff") else lines
