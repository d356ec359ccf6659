"""The markup around the code blocks of a document: where it stands, and what it says."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.lines import Line, lines_of
from sphinx_kerasshape.audit.pieces import Code

FENCE, DIRECTIVE, LITERAL, INDENTED = "fence", "directive", "literal", "indented"
OPTION = re.compile(r"\s*:([\w-]+):\s?(.*)")
LANGUAGE = re.compile(r"[\w.+#-]*")
SHOWS_CODE = frozenset(("code", "code-block", "sourcecode"))
"""The names of the directive that shows code and does no more."""


class Option(NamedTuple):
    """An option of a directive."""

    name: str
    value: str
    line: int
    """The number of its line, from 0."""


class Markup(NamedTuple):
    """A block of code or text with the lines of its markup, which count from 0."""

    piece: Code
    kind: str
    """``fence``; ``directive``, of reST; ``literal``, a block behind ``::``; ``indented``, without a mark."""
    opening: int
    """The line of the fence, the directive or the paragraph above; of an indented block its first."""
    first: int
    """The first line of its content."""
    last: int
    """The last line of its content."""
    closing: int
    """The last line of it all."""
    prefix: str = ""
    """What its containers put before lines of markup, such as ``> ``."""
    mark: tuple[int, int] = (0, 0)
    """Where in the opening line the mark is that a directive takes the place of."""
    options: tuple[Option, ...] = ()
    is_yaml: bool = False
    """Whether the options stand between ``---``."""
    problem: str = ""
    """Why it can't become a directive."""


class Lines:
    """The lines of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.all: Sequence[Line] = lines_of(text, 0)
        self._starts = [one.at[0] for one in self.all]

    def __len__(self) -> int:
        return len(self.all)

    def number(self, offset: int) -> int:
        """Return the number of the line that has a character."""
        return bisect_right(self._starts, offset) - 1

    def start(self, number: int) -> int:
        """Return where a line starts; behind the last one, where the text ends."""
        return self._starts[number] if number < len(self._starts) else len(self.text)

    def end(self, number: int) -> int:
        """Return where a line ends, before its end mark."""
        return self.all[number].at[-1]

    def line(self, number: int) -> str:
        """Return a line; empty before the first and behind the last."""
        return self.all[number].text if 0 <= number < len(self.all) else ""

    def eol(self, number: int) -> str:
        """Return the mark at the end of a line, or of the lines before it."""
        for one in range(number, -1, -1):
            found = self.text[self.end(one) : self.start(one + 1)]
            if found:
                return found
        return "\n"
