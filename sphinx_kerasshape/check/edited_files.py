"""Files of pages, and the edits that are made to them."""

from __future__ import annotations

import difflib
import hashlib
import io
import json
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sphinx_kerasshape.files import write_atomically


@dataclass(frozen=True)
class Source:
    """A file as it was read; ``file`` is its real path."""

    file: str
    text: str
    encoding: str
    digest: str


@dataclass(frozen=True)
class Edit:
    """The replacement of the text between two offsets of a file; of whole lines, with their ends."""

    file: str
    line: int
    start: int
    end: int
    old: str
    new: str
    is_part: bool = False
    """Whether another edit stands for the same statement."""

    @property
    def is_shown(self) -> bool:
        """Whether it is more than lines and blanks around something else."""
        return any(map(str.isalnum, self.old + self.new))


class Unfixable(ValueError):
    """A statement that can't be rewritten; the message says why."""


def read(file: str, encoding: str) -> Source:
    """Return a file with its line ends. Raises what ``open`` and ``decode`` do, or ``SyntaxError``."""
    data = Path(file).read_bytes()
    if file.endswith(".py"):
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    if encoding.replace("_", "-").lower() == "utf-8-sig":
        encoding = "utf-8"  # so that a byte order mark stays a character of the text
    return Source(file, data.decode(encoding), encoding, _digest(data))


def applied(text: str, changes: Iterable[Edit]) -> str:
    """Return a text after its edits."""
    pieces, end = [], 0
    for edit in sorted(changes, key=lambda edit: (edit.start, edit.end)):
        pieces += [text[end : edit.start], edit.new]
        end = edit.end
    return "".join(pieces) + text[end:]


def diff(source: Source, changes: Iterable[Edit]) -> str:
    """Return the edits of a file as a unified diff."""
    before = source.text.splitlines(keepends=True)
    after = applied(source.text, changes).splitlines(keepends=True)
    lines = difflib.unified_diff(before, after, source.file, source.file)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def shown(edit: Edit) -> tuple[str, str]:
    """Return what an edit replaces, and by what, as readers of the page see it."""
    if edit.file.endswith(".ipynb"):
        return json.loads(f'"{edit.old}"'), json.loads(f'"{edit.new}"')
    return edit.old, edit.new


def write(source: Source, changes: Iterable[Edit]) -> None:
    """Replace a file atomically. Raises :class:`Unfixable` if it has changed since it was read."""
    path = Path(source.file).resolve()
    data = applied(source.text, changes).encode(source.encoding)
    if _digest(path.read_bytes()) != source.digest:
        raise Unfixable(f"{source.file} has changed in the meantime and was not rewritten: run fix again")
    write_atomically(path, data)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
