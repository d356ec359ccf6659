"""Lines of a document's texts, of which each character knows its place.

A line that a reader has cut out of its text, without a prefix, a prompt or ANSI codes, still knows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.document import CodeLine, Place

_END = re.compile(r"\r\n|\r|\n")
_ANSI = re.compile(r"\x1b(?:\[[0-9;:?]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_TAG = re.compile(r"<[^<>]*>")


class Line(NamedTuple):
    """A line, or a part of one."""

    text: str
    source: int
    """The text of the document that has it."""
    at: Sequence[int]
    """Where each of its characters is in that text, and where it ends."""

    def part(self, start: int, end: int | None = None) -> Line:
        """Return some of its characters."""
        end = len(self.text) if end is None else min(end, len(self.text))
        start = min(start, end)
        return Line(self.text[start:end], self.source, self.at[start : end + 1])

    def stripped(self) -> Line:
        """Return it without blanks around it."""
        start = len(self.text) - len(self.text.lstrip())
        return self.part(start, max(start, len(self.text.rstrip())))

    def place(self, start: int = 0, end: int | None = None) -> Place:
        """Return the place of some of its characters."""
        end = len(self.text) if end is None else end
        if end <= start:
            return Place(self.source, self.at[start], self.at[start])
        return Place(self.source, self.at[start], self.at[end - 1] + 1)

    def coded(self, code: str | None = None) -> CodeLine:
        """Return it as a line of a block, perhaps with other code."""
        return CodeLine(self.text if code is None else code, self.at[0])


def line(text: str, source: int, start: int) -> Line:
    """Return a line whose characters stand side by side."""
    return Line(text, source, range(start, start + len(text) + 1))


def lines_of(text: str, source: int) -> list[Line]:
    """Return the lines of a whole text, without their ends."""
    lines, start = [], 0
    for match in _END.finditer(text):
        lines.append(line(text[start : match.start()], source, start))
        start = match.end()
    if start < len(text) or not lines:
        lines.append(line(text[start:], source, start))
    return lines


def joined(lines: Iterable[Line]) -> str:
    """Return the text of lines."""
    return "\n".join(one.text for one in lines)


def flowed(lines: Sequence[Line]) -> Line:
    """Return lines of prose as one line."""
    at: list[int] = []
    for one in lines:
        at.extend(one.at)
    return Line(" ".join(one.text for one in lines), lines[0].source, at)


def without_ansi(one: Line) -> Line:
    """Return a line without the codes that colour it in a terminal."""
    return _without(one, _ANSI) if "\x1b" in one.text else one


def without_tags(one: Line) -> Line:
    """Return a line without the tags of HTML."""
    return _without(one, _TAG) if "<" in one.text else one


def _without(one: Line, pattern: re.Pattern[str]) -> Line:
    text, end = "", 0
    at: list[int] = []
    for match in pattern.finditer(one.text):
        text += one.text[end : match.start()]
        at.extend(one.at[end : match.start()])
        end = match.end()
    return Line(text + one.text[end:], one.source, (*at, *one.at[end:]))


def dedented(lines: Sequence[Line]) -> list[Line]:
    """Return lines without the indentation that all of them have."""
    margin = min(
        (len(one.text) - len(one.text.lstrip()) for one in lines if one.text.strip()),
        default=0,
    )
    return [one.part(margin) for one in lines]
