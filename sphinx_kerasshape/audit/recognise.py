"""The door: a document's bytes into its blocks of code and its statements."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator
from pathlib import PurePosixPath

from sphinx_kerasshape.audit.document import Document, Text
from sphinx_kerasshape.audit.lines import Line, lines_of
from sphinx_kerasshape.audit.pieces import Piece
from sphinx_kerasshape.audit.statements.reading import Reading

SUFFIXES = (".md", ".markdown", ".myst", ".qmd", ".rst", ".ipynb", ".py")
"""Names of documents end in one of these; any other text file is read as Markdown."""


class Unreadable(ValueError):
    """A document that can't be read; the message says why."""


def recognise(path: str, data: bytes, language: str = "en", *, skips_ours: bool = False) -> Document:
    """Return the blocks and the statements of a document. Raises :class:`Unreadable`.

    The end of ``path`` says which format ``data`` has; ``language`` is that of its prose.
    With ``skips_ours``, nothing is said of directives of this extension.
    """
    suffix = PurePosixPath(path.replace("\\", "/")).suffix.lower()
    encoding = _encoding(suffix, data)
    text = _decoded(data, encoding)
    reading = Reading(language, skips_ours=skips_ours)
    for piece in _pieces(suffix, text, reading):
        reading.read(piece)
    return reading.document()._replace(encoding=encoding)


def _encoding(suffix: str, data: bytes) -> str:
    """Return the encoding that a file says it has; a file of Python may name one in a comment."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in data:
        raise Unreadable("a binary file")
    if suffix != ".py":
        return "utf-8"
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        raise Unreadable(str(error.msg)) from None
    return "utf-8" if encoding == "utf-8-sig" else encoding  # the mark stays a character of the text


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.upper()
        where = f"byte {error.start} is {data[error.start]:#04x}"
        raise Unreadable(f"not {name}: {where}: save it as {name}") from None


def _pieces(suffix: str, text: str, reading: Reading) -> Iterator[Piece]:
    if suffix == ".ipynb":
        from sphinx_kerasshape.audit.formats import notebook

        try:
            yield from notebook.pieces(text, reading.add)
        except notebook.Broken as error:
            raise Unreadable(str(error)) from None
        return
    lines = _without_mark(lines_of(text, reading.add(Text(text))))
    if suffix == ".py":
        from sphinx_kerasshape.audit.formats import script

        yield from script.pieces(lines)
    elif suffix == ".rst":
        from sphinx_kerasshape.audit.formats import rest

        yield from rest.pieces(lines)
    else:
        from sphinx_kerasshape.audit.formats import markdown

        yield from markdown.pieces(lines)


def _without_mark(lines: list[Line]) -> list[Line]:
    """Return lines without the mark that some editors put at the start of a file."""
    return [lines[0].part(1), *lines[1:]] if lines[0].text.startswith("\ufeff") else lines
