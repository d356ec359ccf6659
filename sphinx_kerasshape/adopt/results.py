"""What becomes of documents, as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sphinx_kerasshape.audit.audit import Audited
from sphinx_kerasshape.audit.document import Document
from sphinx_kerasshape.audit.planning import Planned
from sphinx_kerasshape.messages.report import Answer
from sphinx_kerasshape.messages.request import Request

MODEL, CODE, SUMMARY = "keras:model", "keras:code", "keras:summary"
BLOCK, STATEMENT = "block", "statement"


class Remark(NamedTuple):
    """What became of a place of a document."""

    line: int
    what: str
    """The directive or the role that it is now; ``block`` or ``statement`` if it is left as it is."""
    text: str
    is_false: bool = False
    """Whether TensorFlow contradicts what is stated there."""

    @property
    def is_left(self) -> bool:
        """Whether it is left as it is."""
        return self.what in (BLOCK, STATEMENT)


class Adopted(NamedTuple):
    """A document with directives and roles."""

    path: str
    data: bytes = b""
    new: bytes = b""
    remarks: tuple[Remark, ...] = ()
    refused: Mapping[int, str] = {}
    """Blocks whose markup can't be changed after all, each with the reason; then nothing is changed."""
    unreadable: str = ""


class Judged(NamedTuple):
    """A document, and what TensorFlow says of it as it is."""

    audited: Audited
    plans: list[Planned]
    answers: Mapping[Request, Answer]

    @property
    def document(self) -> Document:
        """The document."""
        assert self.audited.document is not None
        return self.audited.document
