"""The records of a page, as plain data: our part of Sphinx's environment."""

import os
import zlib
from typing import NamedTuple

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import SCHEMA, Model
from sphinx_kerasshape.messages.request import Inside, Look, Piece, Request, Step
from sphinx_kerasshape.text import quoted, truncated


def absolute(location: str, page: str) -> str:
    """Return a ``file:line`` of docutils with an absolute path; later builds may run in another folder.

    Text that a program generated is in no file, so its location names the page.
    """
    file, _, line = location.rpartition(":")
    is_in_file = file[:1] not in ("", "<")
    return f"{os.path.abspath(file) if is_in_file else f'{page}:generated text'}:{line or 1}"


class Finding(NamedTuple):
    """A mistake on a page, whatever TensorFlow reports."""

    problem: Problem
    message: str
    location: str
    reported: bool = False
    """Whether docutils has already reported it, in the build that read the page."""


class Block(NamedTuple):
    """A directive on a page, with a model or with code that only runs: its request and its location."""

    key: str
    """Its name, made unique within the page."""
    name: str
    anchor: str
    request: Request
    location: str
    """``file:line`` of the directive."""
    code_file: str
    """The file of the page that has the code; empty if the code is not on the page."""
    code_line: int
    """The number of the first line of code in this file."""
    depth: int
    """Levels of layers that have a row, which can be linked to; 0 without a table."""
    imported: str = ""
    """The option ``:from:``; empty without it."""
    session: str = ""
    only: tuple[str, ...] = ()
    """The conditions of the directives ``only`` around it; known when the whole page has been parsed."""
    blocks: tuple[tuple[str, int], ...] = ()
    """``code_file`` and ``code_line`` of the earlier blocks of the session."""
    is_annotated: bool = False
    """Whether readers see the shapes behind its lines."""
    is_off: bool = False
    """Whether the comments of its code are no claims."""
    unseen: int = 0
    """The line of the code, inside of a function, whose output readers don't see; 0 if there is none."""

    @property
    def is_code(self) -> bool:
        """Whether this is code that only runs, and not a model."""
        return self.request.kind != "model"

    def unseen_output(self, line: int) -> Finding:
        """Return the finding about a line of its code that prints what readers don't see."""
        mend = "add ':show: code, table, output', remove it, or name other parts with :show:"
        message = f"{self.title}: readers don't see what this line prints: {mend}"
        return Finding(Problem.OPTION, message, f"{self.code_file}:{self.code_line + line - 1}")

    @property
    def title(self) -> str:
        """The name of the block in messages."""
        if self.request.kind == "document":
            return "plain code"
        return "keras:code" if self.is_code else f"model {quoted(self.name)}"


class Summary(NamedTuple):
    """A directive that shows the table of a model, perhaps in place of a printed summary."""

    model: str
    text: str
    """What ``model.summary()`` has printed; empty if the page does not have that."""
    location: str
    """``file:line`` of the directive."""
    text_location: str
    """``file:line`` of the first line of the text."""


class Reference(NamedTuple):
    """A role on a page that refers to a model or a layer."""

    kind: str
    target: str
    location: str


VALUES = ("shape", "params", "dtype", "bytes", "axes", "type", "layers", "connected")
"""The kinds of values that a page can state, each with a role of that name."""
LINKS = ("model", "layer")
"""The kinds of references, likewise."""


class Claim(NamedTuple):
    """A value that a page states, or has inserted; ``stated`` is empty if it is inserted."""

    kind: str
    """One of ``VALUES``; of a link that is looked for in its file, one of ``LINKS``; of a row or total of a
    printed summary, ``summary``; of a comment in code, ``comment``."""
    target: str
    stated: str
    location: str
    """``file:line`` of the statement itself."""


Title = tuple[str | Claim, ...]
"""The text of a title or caption: pieces of text, and the values between them."""


class Mention(NamedTuple):
    """A shape or a count in prose that no role covers."""

    kind: str
    """``shape`` or ``params``."""
    text: str
    location: str
    before: str = ""
    """The sentence before it."""
    after: str = ""
    in_code: bool = False
    """Whether the page's code has this shape."""


OFF = "kerasshape-off"
"""The class of blocks that nothing is checked in or beside."""
PLAIN_FIELD = "kerasshape-plain"
"""The field of a page's front matter, or docinfo, that has the page's own value of ``kerasshape_plain``."""


class Statement(NamedTuple):
    """Something that stands in or beside the plain code of a page, and what TensorFlow says of it."""

    kind: str
    """``summary``, a row or a total of it; ``shape``, ``comment`` or ``count``."""
    stated: str
    location: str
    verdict: str
    """``holds``, ``drifted`` or ``unchecked``."""
    actual: str = ""
    """The true value, if it is known."""
    reason: str = ""
    """What differs, or why it can't be checked."""
    stand_ins: tuple[str, ...] = ()
    """What was replaced to find that out."""

    @property
    def holds(self) -> bool:
        """Whether TensorFlow confirms it."""
        return self.verdict == "holds"

    @property
    def is_drifted(self) -> bool:
        """Whether TensorFlow contradicts it."""
        return self.verdict == "drifted"

    def said(self, version: str) -> str:
        """Return what a version of TensorFlow says instead, as the end of a sentence."""
        actual, reason = truncated(self.actual, 200), truncated(self.reason, 200)
        text = f"TensorFlow {truncated(version)} says {actual}" if actual else reason
        text += f" ({reason})" if actual and reason else ""
        return text + (f" (with stand-ins: {', '.join(self.stand_ins)})" if self.stand_ins else "")


class Plain(NamedTuple):
    """The plain code of a page, in no directive of ours: what runs so that statements can be checked."""

    file: str
    """The file of the page."""
    format: str
    """A name of a file in the format of the page."""
    omits_prose: bool
    """Whether prose is left alone, since the page has markup of ours: roles or the lint check it."""
    blocks: tuple[Block, ...]
    """The requests, each with a name in the lock."""
    is_shown: bool = False
    """Whether readers see the truth in place of what the page states."""


class Truth(NamedTuple):
    """What readers see in place of a line, or of a printed summary, if ``kerasshape_plain`` is ``show``."""

    line: int
    """The number of the line, as Sphinx has it; of a summary, of its first."""
    old: str
    new: str
    """The true line; of a summary, its lines in the page."""
    model: Model | None = None
    """The model that a summary is of."""
    is_gone: bool = False
    """Whether readers see nothing instead: it is a part of a summary that has a table elsewhere."""


class Judged(NamedTuple):
    """What the answers to the requests of a page's plain code say."""

    answers: tuple[str, ...]
    """The fingerprints of these answers; with others, it has to be judged again."""
    statements: tuple[Statement, ...]
    failures: tuple[Finding, ...]
    truths: tuple[Truth, ...] = ()
    """What readers see instead, if they are to see it."""
    again: tuple[Block, ...] = ()
    """What has run besides, since the answers called for it: without what ends a run, say."""


_VERSION = 6
"""Raise it if records or placeholders get another meaning while their fields stay the same."""


def version() -> int:
    """Return a number that stands for the fields of all records; if it changes, Sphinx reads all pages again.

    Sphinx's environment keeps records as tuples, and would put old values into new fields.
    """
    of_requests = (Request, Step, Look, Piece, Inside)
    kinds = (Block, Summary, Reference, Claim, Mention, Finding, Plain, Statement, Judged, Truth)
    return zlib.crc32(repr([_VERSION, SCHEMA, *(kind._fields for kind in (*of_requests, *kinds))]).encode())


class Page:
    """The record of one page."""

    def __init__(self) -> None:
        self.blocks: dict[str, Block] = {}
        self.summaries: list[Summary] = []
        self.references: list[Reference] = []
        self.claims: list[Claim] = []
        self.mentions: list[Mention] = []
        self.findings: list[Finding] = []
        self.plain: Plain | None = None
        self.reading: object = None
        """What the audit has read of its plain code; ``None`` once that is judged."""
        self.judged: Judged | None = None
        self.titles: dict[str, Title] = {}
        """The titles with values, by the anchors of what they are the titles of."""
        self.labels: dict[str, str] = {}
        """The anchors of those titles that Sphinx has the text of, by the names of its labels."""
        self.slugs: dict[str, str] = {}
        """Likewise, by the slugs of headings that MyST has the text of."""
        self.shown: object = None
        """What copies of these titles show now; ``None`` if still what they showed after reading."""

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What stands beside its plain code, as far as that has been judged."""
        return self.judged.statements if self.judged is not None else ()

    def plain_blocks(self) -> tuple[Block, ...]:
        """Return what runs of its plain code, as far as that is known."""
        if self.plain is None:
            return ()
        return (*self.plain.blocks, *(self.judged.again if self.judged is not None else ()))

    def every_block(self) -> tuple[Block, ...]:
        """Return all that runs: the directives, and plain code."""
        return (*self.blocks.values(), *self.plain_blocks())
