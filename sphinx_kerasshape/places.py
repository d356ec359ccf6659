"""Where a claim, or another role, stands in its file: Sphinx knows the first line of its paragraph only.

The place is found by the text itself, which is looked for from that line on. In docstrings
``FILE:docstring of OBJECT:LINE`` counts from the docstring's first line. Pure.
"""

from __future__ import annotations

import ast
import bisect
import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sphinx_kerasshape.records import Claim

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_END = r"(?>\r\n|\r|\n)"
_DOCSTRING = ":docstring of "
_GAP = r"\s+(?:[>|]\s+)*"
"""White space in a role; with a line break come the marks of quotes and of grid tables."""


@dataclass(frozen=True)
class Location:
    """A location as Sphinx writes it."""

    file: str
    line: int
    docstring: str = ""
    """The documented object, where the line is one of its docstring."""

    def __str__(self) -> str:
        inside = f"{_DOCSTRING}{self.docstring}" if self.docstring else ""
        return f"{self.file}{inside}:{self.line}"


@dataclass(frozen=True)
class Place:
    """A statement in a text: the offsets of what is stated, and the line on which it begins."""

    start: int
    end: int
    line: int


def location(text: str) -> Location | None:
    """Read a location; ``None`` where it has no line."""
    path, _, line = text.rpartition(":")
    file, inside, docstring = path.partition(_DOCSTRING)
    return Location(file, int(line), docstring if inside else "") if line.isdecimal() and file else None


class Placed:
    """Claims that have their places, as a list that grows: how many equal ones there are, and where."""

    def __init__(self, claims: list[Claim] | None = None) -> None:
        self.claims: list[Claim] = [] if claims is None else claims
        self._read = 0
        self._lines: dict[tuple[str, ...], list[int]] = {}

    def count(self, claim: Claim, first: int, last: int) -> int:
        """Return the number of claims that are equal to one, from a line of its file to another."""
        for one in self.claims[self._read :]:
            if (there := location(one.location)) is not None:
                bisect.insort(self._lines.setdefault(_key(one, there), []), there.line)
        self._read = len(self.claims)
        here = location(claim.location)
        lines = self._lines.get(_key(claim, here), []) if here else []
        return bisect.bisect_right(lines, last) - bisect.bisect_left(lines, first)


def place(claim: Claim, text: str, earlier: Placed | None = None) -> Place | None:
    """Find a claim in the text of its file.

    Of equal ones in a paragraph it is the next after those in ``earlier``.
    """
    here = location(claim.location)
    if here is None:
        return None
    start, end = _docstring(text, here.docstring) if here.docstring else (0, len(text))
    lines = _line_starts(text, start, end)
    first = lines[min(here.line, len(lines)) - 1]
    option = _option(claim, text, first) if claim.stated else None
    if option is not None:
        return Place(*option, here.line)
    whole = _roles(claim[:3], text, *_paragraph(text, first, start, end))
    found = whole[bisect.bisect_left(whole, (first, first)) :] or _only(whole)
    found = found or _only(_roles(claim[:3], text, start, end))
    if not found:
        return None
    number = 0
    if earlier is not None and len(found) > 1:
        number = earlier.count(claim, _line(lines, found[0][0]), _line(lines, found[-1][0]))
    span = found[number % len(found)]
    return Place(*span, _line(lines, span[0]))


def own_location(claim: Claim, text: str, earlier: Placed | None = None) -> str:
    """Return the location of a claim's own line; the one that it has, where it isn't found."""
    here, found = location(claim.location), place(claim, text, earlier)
    return str(replace(here, line=found.line)) if here and found else claim.location


def _key(claim: Claim, here: Location) -> tuple[str, ...]:
    return (*claim[:3], here.file, here.docstring)


def _option(claim: Claim, text: str, start: int) -> tuple[int, int] | None:
    """Find an expectation in the line that starts here."""
    name = claim.target.rpartition(".")[2] if claim.kind == "shape" else claim.kind
    found = re.compile(
        rf"[\s>|]*:?expect-{re.escape(name)}:[\s>|]*[\"']?({_flexible(claim.stated)})(?=[\"'\s]|\Z)"
    ).match(text, start)
    return found.span(1) if found else None


# Of a paragraph with many equal claims, or of a page with many, each asks the same again.
@functools.lru_cache(maxsize=16)
def _roles(claim: tuple[str, str, str], text: str, start: int, end: int) -> Sequence[tuple[int, int]]:
    """Find the roles with a kind, target and statement; without one, the target is all that they have.

    What is in code, behind another backtick, is none.
    """
    kind, target, stated = claim
    name = rf"(?:keras:)?{kind}"
    content = rf"\s*({_flexible(stated or target)})\s*"
    if stated:
        content = rf"\s*({_flexible(stated)})(?:{_GAP})?<\s*{_flexible(target)}\s*>\s*"
    before = rf"(?<!`)(?::{name}:|\{{{name}\}})(?P<tick>`+){content}(?P=tick)(?!`)"
    behind = rf"(?<!`)`{content}`:{name}:"
    return [
        found.span(2 if found["tick"] else 3)
        for found in re.compile(f"{before}|{behind}").finditer(text, start, end)
    ]


def _flexible(text: str) -> str:
    """Return a pattern of a text with any white space in the place of its own."""
    return _GAP.join(re.escape(word) for word in re.split(r"[ \t\r\n]+", text))


def _only(found: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    return found if len(found) == 1 else ()


def _paragraph(text: str, offset: int, start: int, end: int) -> tuple[int, int]:
    """Return where the lines without an empty one around an offset begin and end, between two others."""
    blanks = _blanks(text)
    number = bisect.bisect_left(blanks, offset)
    before, after = blanks[number - 1 : number] if number else [], blanks[number : number + 1]
    return max([start, *before]), min([end, *after])


@functools.lru_cache(maxsize=4)
def _blanks(text: str) -> Sequence[int]:
    """Return the ends of lines that have an empty one behind them."""
    return [found.start() for found in re.finditer(rf"{_END}(?=[ \t]*{_END})", text)]


@functools.lru_cache(maxsize=4)
def _line_starts(text: str, start: int, end: int) -> Sequence[int]:
    starts = [found.start() for found in _LINE.finditer(text, start, end)]
    return starts or [start]


def _line(starts: Sequence[int], offset: int) -> int:
    return bisect.bisect_right(starts, offset)


@functools.lru_cache(maxsize=16)
def _docstring(text: str, name: str) -> tuple[int, int]:
    """Return where the docstring of an object begins, without empty lines, and where it ends."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return 0, len(text)
    parts = name.split(".")
    found: ast.expr | None = None
    for number in range(len(parts) + 1):
        found = found or _documentation(tree, parts[number:])
    if found is None or found.end_lineno is None:
        return 0, len(text)
    starts = _line_starts(text, 0, len(text))
    start, end = starts[found.lineno - 1], starts[min(found.end_lineno, len(starts) - 1)]
    quotes = re.compile(r"\s*[rRuU]?(?:\"\"\"|'''|\"|')(?:[ \t]*(?:\r\n|\r|\n))*").match(text, start)
    return (quotes.end() if quotes else start), end


def _documentation(tree: ast.AST, names: Sequence[str]) -> ast.expr | None:
    """Return the docstring of a module, class or function by the names that lead to it."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for name in names:
        inside = [node for node in getattr(tree, "body", []) if isinstance(node, kinds)]
        named = [node for node in inside if node.name == name]
        if not named:
            return None
        tree = named[-1]
    body = getattr(tree, "body", [])
    first = body[0] if body and isinstance(body[0], ast.Expr) else None
    return first.value if first and isinstance(first.value, ast.Constant) else None
