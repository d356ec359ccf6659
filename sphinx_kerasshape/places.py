"""Where a claim stands in its file: Sphinx knows the first line of its paragraph only.

The place is found by the text itself, which is looked for from that line on. In docstrings
``FILE:docstring of OBJECT:LINE`` counts from the docstring's first line. Pure.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sphinx_kerasshape.records import Claim

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
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


def place(claim: Claim, text: str, earlier: Iterable[Claim] = ()) -> Place | None:
    """Find a claim in the text of its file.

    Of equal ones in a paragraph it is the next after those in ``earlier``.
    """
    here = location(claim.location)
    if here is None:
        return None
    start, end = _docstring(text, here.docstring) if here.docstring else (0, len(text))
    lines = _line_starts(text, start, end)
    first = lines[min(here.line, len(lines)) - 1]
    option = _option(claim, text, first)
    if option is not None:
        return Place(*option, here.line)
    found = _roles(claim, text, first, _paragraph_end(text, first, end)) or _only(
        _roles(claim, text, start, end)
    )
    places = [Place(*span, _line(lines, span[0])) for span in found]
    taken = [str(replace(here, line=place.line)) for place in places]
    number = sum(other.location in taken and _same(other, claim) for other in earlier)
    return places[number % len(places)] if places else None


def own_location(claim: Claim, text: str, earlier: Iterable[Claim] = ()) -> str:
    """Return the location of a claim's own line; the one that it has, where it isn't found."""
    here, found = location(claim.location), place(claim, text, earlier)
    return str(replace(here, line=found.line)) if here and found else claim.location


def _same(one: Claim, other: Claim) -> bool:
    return (one.kind, one.target, one.stated) == (other.kind, other.target, other.stated)


def _option(claim: Claim, text: str, start: int) -> tuple[int, int] | None:
    """Find an expectation in the line that starts here."""
    name = claim.target.rpartition(".")[2] if claim.kind == "shape" else claim.kind
    found = re.compile(
        rf"[\s>|]*:?expect-{re.escape(name)}:[\s>|]*[\"']?({_flexible(claim.stated)})(?=[\"'\s]|\Z)"
    ).match(text, start)
    return found.span(1) if found else None


def _roles(claim: Claim, text: str, start: int, end: int) -> Sequence[tuple[int, int]]:
    """Find the roles with this claim. What is in code, behind another backtick, is none."""
    name = rf"(?:keras:)?{claim.kind}"
    content = rf"\s*({_flexible(claim.stated)})(?:{_GAP})?<\s*{_flexible(claim.target)}\s*>\s*"
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


def _paragraph_end(text: str, start: int, end: int) -> int:
    blank = re.compile(r"(?:\r\n|\r|\n)[ \t]*(?:\r\n|\r|\n)").search(text, start, end)
    return blank.start() if blank else end


def _line_starts(text: str, start: int, end: int) -> list[int]:
    starts = [found.start() for found in _LINE.finditer(text, start, end)]
    return starts or [start]


def _line(starts: Sequence[int], offset: int) -> int:
    return sum(start <= offset for start in starts)


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
