"""What a page says of models, as plain records: the part of Sphinx's environment that is ours."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass, field
from typing import NamedTuple

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.request import Request, Step
from sphinx_kerasshape.text import quoted


def absolute(location: str, page: str) -> str:
    """Return a ``file:line`` of Docutils, which may be relative to today's working folder, for good.

    Text that a program has made for a page is in no file.
    """
    file, _, line = location.rpartition(":")
    is_in_file = file[:1] not in ("", "<")
    return f"{os.path.abspath(file) if is_in_file else f'{page}:generated text'}:{line or 1}"


class Block(NamedTuple):
    """A model on a page, or code that is run: its request, and where it stands."""

    key: str
    """Its name, made unique within the page."""
    name: str
    anchor: str
    request: Request
    location: str
    """``file:line`` of the directive."""
    code_file: str
    """The page's file that the code stands in; empty where it is from elsewhere."""
    code_line: int
    """The line of that file which is the code's first."""
    depth: int
    """Levels of layers that have a row of their own to link to; 0 without a table."""
    imported: str = ""
    """The ``:from:`` option, where the model is from there."""
    session: str = ""
    blocks: tuple[tuple[str, int], ...] = ()
    """``code_file`` and ``code_line`` of the earlier blocks of its session."""

    @property
    def is_code(self) -> bool:
        """Whether this is code that is only run, and no model."""
        return self.request.kind == "code"

    @property
    def title(self) -> str:
        """What messages call it."""
        return "code" if self.is_code else f"model {quoted(self.name)}"


class Reference(NamedTuple):
    """A role on a page that refers to a model or a layer."""

    kind: str
    target: str
    location: str


VALUES = ("shape", "params", "dtype", "bytes", "axes")
"""The kinds of values that a page can state, each with a role of that name."""
LINKS = ("model", "layer")
"""The kinds of references, likewise."""


class Claim(NamedTuple):
    """A value that a page states, or has inserted: then ``stated`` is empty."""

    kind: str
    """One of ``VALUES``; of a link that is looked for in its file, one of ``LINKS``."""
    target: str
    stated: str
    location: str
    """``file:line`` of the statement itself."""


class Mention(NamedTuple):
    """A shape or a count in prose that no role covers."""

    kind: str
    """``shape`` or ``params``."""
    text: str
    location: str


class Finding(NamedTuple):
    """Something on a page that is wrong, whatever TensorFlow says."""

    problem: Problem
    message: str
    location: str
    reported: bool = False
    """Whether docutils has said it already, in the build that read the page."""


_VERSION = 3
"""To be raised where records or placeholders mean something else, though their fields are the same."""


def layout() -> int:
    """Return a number for the fields of all records: pages with others must be read anew.

    Sphinx's environment keeps records as tuples, and would fill new fields with old values.
    """
    kinds = (Request, Step, Block, Reference, Claim, Mention, Finding)
    return zlib.crc32(repr([_VERSION, *(kind._fields for kind in kinds)]).encode())


@dataclass
class Page:
    """All that one page says."""

    blocks: dict[str, Block] = field(default_factory=dict)
    references: list[Reference] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
