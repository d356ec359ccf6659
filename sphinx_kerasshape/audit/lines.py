"""Lines of a document's texts, of which each character knows its place.

A line that a reader has cut out of its text, without a prefix, a prompt or ANSI codes, still knows it.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.document import CodeLine, Place, Text

_END = re.compile(r"\r\n|\r|\n")
_ANSI = re.compile(r"\x1b(?:\[[0-9;:?]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_PREFORMATTED = re.compile(r"<pre\b[^>]*>(?P<shown>.*?)</pre>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,31});")


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
    """Return a line of HTML as readers see it: without tags, and with the characters that entities are."""
    one = _without(one, _TAG) if "<" in one.text else one
    return _without(one, _ENTITY) if "&" in one.text else one


def _without(one: Line, pattern: re.Pattern[str]) -> Line:
    text, end = "", 0
    at: list[int] = []
    for match in pattern.finditer(one.text):
        sign = html.unescape(match[0]) if pattern is _ENTITY else ""
        text += one.text[end : match.start()] + sign
        at.extend([*one.at[end : match.start()], *one.at[match.start() : match.start() + len(sign)]])
        end = match.end()
    return Line(text + one.text[end:], one.source, (*at, *one.at[end:]))


def shown(text: Text, source: int) -> list[Line]:
    """Return the lines of a text as readers see them; of HTML, only what is preformatted."""
    lines = [without_ansi(one) for one in lines_of(text.text, source)]
    if not text.is_html:
        return lines
    spans = [match.span("shown") for match in _PREFORMATTED.finditer(text.text)]
    found = []
    for one in lines:
        first, last = one.at[0], one.at[-1]
        for start, end in spans:
            if start <= last and end >= first:
                part = one.part(bisect_left(one.at, start), bisect_left(one.at, end))
                found.append(without_tags(part))
    return found


def differs(lines: Sequence[Line], others: Sequence[Line]) -> bool:
    """Whether two forms of an output are not the same text."""
    return [one.text.rstrip() for one in lines if one.text.strip()] != [
        one.text.rstrip() for one in others if one.text.strip()
    ]


def dedented(lines: Sequence[Line]) -> list[Line]:
    """Return lines without the indentation that all of them have."""
    margin = min(
        (len(one.text) - len(one.text.lstrip()) for one in lines if one.text.strip()),
        default=0,
    )
    return [one.part(margin) for one in lines]
