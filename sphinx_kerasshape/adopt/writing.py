"""Edits that write directives and roles into a text; all else stays as it is."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple

from sphinx_kerasshape.adopt.markup import DIRECTIVE, FENCE, INDENTED, LITERAL, Lines, Markup
from sphinx_kerasshape.adopt.roles import Role

Change = tuple[int, int, str]
"""Start and end of some characters, and what stands there instead."""
_KNOWN = {
    "model": ("caption", "name", "class", "linenos", "lineno-start", "emphasize-lines"),
    "code": ("class", "linenos", "lineno-start", "emphasize-lines"),
    "raises": ("class", "linenos", "lineno-start", "emphasize-lines"),
    "summary": ("caption", "name", "class"),
}
"""The options of code blocks that our directives have too."""
_HARMLESS = ("force", "language")


class Directive(NamedTuple):
    """A directive that takes the place of a block's markup."""

    kind: str
    """``model``, ``code`` or ``summary``."""
    name: str = ""
    options: tuple[str, ...] = ()
    """Lines such as ``:session: page``."""
    hidden: tuple[str, ...] = ()
    """Lines of code that stand before the block's own."""


def problem(markup: Markup, kind: str) -> str:
    """Return why a block's markup can't become a directive of a kind; empty if it can."""
    if markup.problem:
        return markup.problem
    for option in markup.options:
        if option.name not in (*_KNOWN[kind], *_HARMLESS):
            head = "keras:model with an error" if kind == "raises" else f"keras:{kind}"
            return f"{head} has no option :{option.name}:"
    return ""


class Writer:
    """Writes directives and roles into a text."""

    def __init__(self, lines: Lines, *, is_rest: bool) -> None:
        self._lines = lines
        self._is_rest = is_rest

    def directive(
        self, markup: Markup, directive: Directive, dropped: Container[int] = ()
    ) -> Iterator[Change]:
        """Yield the changes that make a block a directive; its ``dropped`` lines go by other changes."""
        head = self._head(directive)
        indent = self._indent(markup)
        options = [f"{indent}{option}" for option in directive.options]
        hidden = [f"{indent}{line}  # hide" for line in directive.hidden]
        if markup.kind == FENCE:
            yield self._marked(markup, head)
            yield from self._of_fence(markup, options, hidden)
        elif markup.kind == DIRECTIVE:
            yield from self._of_directive(markup, head, options, hidden)
        elif markup.kind == LITERAL:
            block = ["", "", f"{markup.prefix}{head}", *options]
            yield self._marked(markup, lines_text(block, self._eol(markup)).removesuffix(self._eol(markup)))
            yield self._at(markup, markup.first, hidden)
        elif self._is_rest:
            eol, place = self._eol(markup), self._lines.start(markup.first) + len(markup.prefix)
            yield place, place, eol.join([head, *options, "", *hidden, indent])
            kept = [number for number in range(markup.first + 1, markup.last + 1) if number not in dropped]
            yield from self._shifted(markup, kept, 0, "   ")
        else:
            marks = self._marks(markup)
            block = [
                f"{markup.prefix}{marks}{head}",
                *options,
                *([markup.prefix.rstrip()] if options else []),
                *hidden,
            ]
            yield self._at(markup, markup.first, block)
            kept = [number for number in range(markup.first, markup.last + 1) if number not in dropped]
            yield from self._shifted(markup, kept, 4, "")
            end = self._lines.end(markup.last)
            yield end, end, f"{self._eol(markup)}{markup.prefix}{marks}"

    def summary(self, markup: Markup, name: str, texts: Sequence[str]) -> Change:
        """Return the change that puts a summary, which stood in a block, into a directive below it."""
        eol, end = self._eol(markup), self._lines.end(markup.closing)
        head, indent = self._head(Directive("summary", name)), markup.prefix
        if self._is_rest:
            block = ["", "", f"{indent}{head}", "", *(f"{indent}   {text}".rstrip() for text in texts)]
        else:
            block = ["", "", f"{indent}```{head}", *(f"{indent}{text}" for text in texts), f"{indent}```"]
        return end, end, lines_text(block, eol).removesuffix(eol)

    def role(self, role: Role, place: tuple[int, int]) -> Change:
        """Return the change that puts a statement into a role, without the marks of code around it."""
        start, end = place
        text = self._lines.text
        if text[start - 1 : start] == "\\":
            start -= 1
        for _ in range(3):
            if text[start - 1 : start] == "`" == text[end : end + 1]:
                start, end = start - 1, end + 1
        name = f"keras:{role.kind}"
        sign = f":{name}:" if self._is_rest else f"{{{name}}}"
        return start, end, f"{sign}`{role.stated} <{role.target}>`"

    def _head(self, directive: Directive) -> str:
        name = f"keras:{directive.kind}"
        sign = f".. {name}::" if self._is_rest else f"{{{name}}}"
        return f"{sign} {directive.name}".rstrip()

    def _eol(self, markup: Markup) -> str:
        return self._lines.eol(markup.opening)

    def _marked(self, markup: Markup, text: str) -> Change:
        start = self._lines.start(markup.opening)
        return start + markup.mark[0], start + markup.mark[1], text

    def _at(self, markup: Markup, number: int, block: Sequence[str]) -> Change:
        """Return the change that puts lines before one."""
        start = self._lines.start(number)
        return start, start, lines_text(block, self._eol(markup))

    def _of_directive(
        self, markup: Markup, head: str, options: list[str], hidden: list[str]
    ) -> Iterator[Change]:
        before = self._lines.line(markup.opening)[: markup.mark[0]].rstrip()
        head = head.removeprefix(".. ") if before.endswith("..") else head
        if markup.options:
            yield self._marked(markup, head)
            yield self._at(markup, markup.options[0].line, options)
        else:
            yield self._marked(markup, self._eol(markup).join([head, *options]))
        yield from self._dropped(markup)
        yield self._at(markup, markup.first, hidden)

    def _of_fence(self, markup: Markup, options: list[str], hidden: list[str]) -> Iterator[Change]:
        yield from self._dropped(markup)
        is_blank = self._lines.line(markup.first).strip(" \t>") == ""
        if markup.is_yaml:
            written = [re.sub(r":([\w-]+):", r"\1:", line, count=1) for line in options]
            yield self._at(markup, markup.first - 1, written)
        elif markup.options:
            yield self._at(markup, markup.options[0].line, options)
        elif options:
            blank = [] if is_blank and not hidden else [markup.prefix.rstrip()]
            hidden = [*options, *blank, *hidden]
        yield self._at(markup, markup.first, hidden)

    def _dropped(self, markup: Markup) -> Iterator[Change]:
        """Yield the removal of options that mean nothing to our directives."""
        for option in markup.options:
            if option.name in _HARMLESS:
                yield self._lines.start(option.line), self._lines.start(option.line + 1), ""

    def _shifted(self, markup: Markup, numbers: Iterable[int], width: int, blanks: str) -> Iterator[Change]:
        """Yield the changes of the indentation of some lines."""
        for number in numbers:
            line = self._lines.line(number)
            place = self._lines.start(number) + len(markup.prefix)
            if line.strip():
                is_tab = line[len(markup.prefix) :].startswith("\t")
                yield place, place + (1 if width and is_tab else width), blanks

    def _marks(self, markup: Markup) -> str:
        marks = "```"
        texts = [self._lines.line(number) for number in range(markup.first, markup.last + 1)]
        while any(marks in text for text in texts):
            marks += "`"
        return marks

    def _indent(self, markup: Markup) -> str:
        """Return what stands before the options of a directive, and before lines of code at its top."""
        if not self._is_rest:
            return markup.prefix
        if markup.kind == INDENTED:
            return markup.prefix + "   "
        first = markup.piece.lines[0]
        return self._lines.line(markup.first)[: first.at[0] - self._lines.start(markup.first)]


def lines_text(lines: Sequence[str], eol: str) -> str:
    """Return lines as a text."""
    return "".join(f"{line}{eol}" for line in lines)


def is_in_directive(place: tuple[int, int], lines: Lines) -> bool:
    """Whether a place of Markdown is on a line of a directive that is no text, such as an option."""
    line = lines.line(lines.number(place[0]))
    return re.match(r"[\s>]*(?::[\w-]+:(?:\s|$)|[:`~]{3,}\s*\{)", line) is not None


def is_in_table(place: tuple[int, int], lines: Lines) -> bool:
    """Whether a place is in a table of reST, whose columns have their widths."""
    number = lines.number(place[0])
    text = lines.line(number)
    if re.fullmatch(r"\s*\|.*\|\s*", text):
        return True
    above = [lines.line(one) for one in range(max(0, number - 40), number)]
    while above and above[-1].strip():
        if re.fullmatch(r"\s*={2,}(?:\s+={2,})+\s*", above.pop()):
            return True
    return False


def underlined(changes: Sequence[Change], lines: Lines) -> Iterator[Change]:
    """Yield the changes that keep the lines around changed titles of reST as long as these."""
    grown: dict[int, int] = {}
    for start, end, new in changes:
        number = lines.number(start)
        grown[number] = grown.get(number, 0) + len(new) - (end - start)
    for number, more in grown.items():
        title = lines.line(number).rstrip()
        for rule in (number - 1, number + 1):
            text = lines.line(rule).rstrip()
            if more > 0 and re.fullmatch(r"([!-/:-@\[-`{-~])\1+", text) and len(text) + 2 >= len(title) > 0:
                end = lines.start(rule) + len(text)
                yield end, end, text[0] * more
