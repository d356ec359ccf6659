"""The position of a claim, or of another role, in its file.

Sphinx knows only the first line of a role's paragraph, and docstrings count from their own first line
(``FILE:docstring of OBJECT:LINE``). So a file is scanned once for its roles, and a claim is
looked up among them by what it says.
"""

from __future__ import annotations

import ast
import bisect
import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sphinx_kerasshape.pages.records import LINKS, VALUES, Claim

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_END = r"(?>\r\n|\r|\n)"
_DOCSTRING = ":docstring of "
_GAP = re.compile(r"\s+(?:[>|]\s+)*")
"""White space in a role; with a line break come the marks of quotes and of grid tables."""
_NAME = rf"(?:keras:)?(?P<{{}}>{'|'.join((*LINKS, *VALUES))})"
# What is in code, behind another backtick, is no role.
_ROLE = re.compile(
    rf"(?<!`)(?::{_NAME.format('rst')}:|\{{{_NAME.format('myst')}\}})(?P<tick>`+)(?P<content>.+?)(?<!`)(?P=tick)(?!`)"
    rf"|(?<!`)`(?P<suffixed>[^`]+)`:{_NAME.format('suffix')}:",
    re.DOTALL,
)
_TITLE = re.compile(rf"(?P<stated>.+?)(?:{_GAP.pattern})?<(?P<target>[^<]*)>\s*", re.DOTALL)


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
class Position:
    """A statement in a text: the offsets of what is stated, and the line on which it begins."""

    start: int
    end: int
    line: int


def parse_location(text: str) -> Location | None:
    """Read a location; ``None`` where it has no line."""
    path, _, line = text.rpartition(":")
    file, inside, docstring = path.partition(_DOCSTRING)
    return Location(file, int(line), docstring if inside else "") if line.isdecimal() and file else None


class LocatedClaims:
    """Claims whose positions are known, as a list that grows: how many equal ones there are, and where."""

    def __init__(self, claims: list[Claim] | None = None) -> None:
        self.claims: list[Claim] = [] if claims is None else claims
        self._read = 0
        self._lines: dict[tuple[str, ...], list[int]] = {}

    def count(self, claim: Claim, first: int, last: int) -> int:
        """Return the number of equal claims between two lines of the claim's file."""
        for earlier in self.claims[self._read :]:
            if (there := parse_location(earlier.location)) is not None:
                bisect.insort(self._lines.setdefault(_claim_in_file(earlier, there), []), there.line)
        self._read = len(self.claims)
        here = parse_location(claim.location)
        lines = self._lines.get(_claim_in_file(claim, here), []) if here else []
        return bisect.bisect_right(lines, last) - bisect.bisect_left(lines, first)


def position_of(claim: Claim, text: str, earlier: LocatedClaims | None = None) -> Position | None:
    """Find a claim in the text of its file.

    Of equal ones in a paragraph it is the next after those in ``earlier``.
    """
    here = parse_location(claim.location)
    if here is None:
        return None
    start, end = _docstring(text, here.docstring) if here.docstring else (0, len(text))
    lines = _line_starts(text, start, end)
    first = lines[min(here.line, len(lines)) - 1]
    option = _option(claim, text, first) if claim.stated else None
    if option is not None:
        return Position(*option, here.line)
    equal = _between(_roles(text).get(_key(claim.kind, claim.target, claim.stated), ()), start, end)
    whole = _between(equal, *_paragraph(text, first, start, end))
    found = whole[bisect.bisect_left(whole, (first, first)) :] or _only(whole) or _only(equal)
    if not found:
        return None
    number = 0
    if earlier is not None and len(found) > 1:
        number = earlier.count(claim, _line(lines, found[0][0]), _line(lines, found[-1][0]))
    span = found[number % len(found)]
    return Position(*span, _line(lines, span[0]))


def exact_location(claim: Claim, text: str, earlier: LocatedClaims | None = None) -> str:
    """Return the location of a claim's own line; the one that it has, where it isn't found."""
    here, found = parse_location(claim.location), position_of(claim, text, earlier)
    return str(replace(here, line=found.line)) if here and found else claim.location


def _claim_in_file(claim: Claim, here: Location) -> tuple[str, ...]:
    return (*claim[:3], here.file, here.docstring)


def _option(claim: Claim, text: str, start: int) -> tuple[int, int] | None:
    """Find an expectation in the line that starts here."""
    name = claim.target.rpartition(".")[2] if claim.kind == "shape" else claim.kind
    found = _EXPECTATION.match(text, start)
    if found is None or found["name"] != name:
        return None
    stated = re.compile(_flexible(claim.stated) + r"(?=[\"'\s]|\Z)").match(text, found.end())
    return stated.span() if stated else None


_EXPECTATION = re.compile(r"[\s>|]*:?expect-(?P<name>\w+):[\s>|]*[\"']?")


def _flexible(text: str) -> str:
    """Return a pattern of a text with any white space in the place of its own."""
    return _GAP.pattern.join(re.escape(word) for word in re.split(r"[ \t\r\n]+", text))


# Each role of a page asks for those of its file.
@functools.lru_cache(maxsize=4)
def _roles(text: str) -> dict[tuple[str, str, str], list[tuple[int, int]]]:
    """Return the offsets of what each role states, in order, by kind, target and statement.

    Of a role without a title this is its target.
    """
    found: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for role in _ROLE.finditer(text):
        kind = role["rst"] or role["myst"] or role["suffix"]
        group = "content" if role["tick"] else "suffixed"
        content, start = role[group], role.start(group)
        titled = _TITLE.fullmatch(content)
        if titled:
            key = _key(kind, titled["target"], titled["stated"])
            stated = titled["stated"]
        else:
            key, stated = _key(kind, content, ""), content
        begin = start + len(stated) - len(stated.lstrip())
        found.setdefault(key, []).append((begin, start + len(stated.rstrip())))
    return found


def _key(kind: str, target: str, stated: str) -> tuple[str, str, str]:
    return kind, _GAP.sub(" ", target.strip()), _GAP.sub(" ", stated.strip())


def _between(spans: Sequence[tuple[int, int]], start: int, end: int) -> Sequence[tuple[int, int]]:
    """Return the spans that begin between two offsets."""
    return spans[bisect.bisect_left(spans, (start, 0)) : bisect.bisect_left(spans, (end, 0))]


def _only(found: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    return found if len(found) == 1 else ()


def _paragraph(text: str, offset: int, start: int, end: int) -> tuple[int, int]:
    """Return where the paragraph around an offset begins and ends, between two others."""
    blanks = _blanks(text)
    number = bisect.bisect_left(blanks, offset)
    before, after = blanks[number - 1 : number] if number else [], blanks[number : number + 1]
    return max([start, *before]), min([end, *after])


@functools.lru_cache(maxsize=4)
def _blanks(text: str) -> Sequence[int]:
    """Return the ends of lines that are followed by an empty one."""
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
