"""The position of a claim, or of another role, in its file.

Sphinx knows only the first line of a role's paragraph, and counts the lines of a docstring from its own
first line (``FILE:docstring of OBJECT:LINE``). So a file is scanned once for all its roles, and a claim
is looked up among them by its kind, target and stated value.
"""

from __future__ import annotations

import ast
import bisect
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sphinx_kerasshape.pages.records import LINKS, VALUES, Claim

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_END = r"(?>\r\n|\r|\n)"
_DOCSTRING = ":docstring of "
_GAP = re.compile(r"\s+(?:[>|]\s+|\"[ \t]*\r?\n[ \t]*\")*")
"""White space in a role. After a line break it includes the marks of quotes and of grid tables.

In a .po file, it includes the quotes around lines.
"""
_NAME = rf"(?:keras:)?(?P<{{}}>{'|'.join((*LINKS, *VALUES))})"
# A role after another backtick is inside code.
_ROLE = re.compile(
    rf"(?<!`)(?::{_NAME.format('rst')}:|\{{{_NAME.format('myst')}\}})(?P<tick>`+)(?P<content>.+?)(?<!`)(?P=tick)(?!`)"
    rf"|(?<!`)`(?P<suffixed>[^`]+)`:{_NAME.format('suffix')}:",
    re.DOTALL,
)
_TITLE = re.compile(rf"(?P<stated>.+?)(?:{_GAP.pattern})?<(?P<target>[^<]*)>\s*", re.DOTALL)
_EXPECTATION = re.compile(r"[\s>|]*:?expect-(?P<name>\w+):[\s>|]*[\"']?")
Span = tuple[int, int]
"""The offsets of the beginning and the end of a piece of text."""


@dataclass(frozen=True)
class Location:
    """A location as Sphinx writes it."""

    file: str
    line: int
    docstring: str = ""
    """The documented object, if the line is counted in its docstring."""

    def __str__(self) -> str:
        inside = f"{_DOCSTRING}{self.docstring}" if self.docstring else ""
        return f"{self.file}{inside}:{self.line}"


@dataclass(frozen=True)
class Position:
    """The position of a claim in a text: the offsets of the stated value, and the line on which it begins."""

    start: int
    end: int
    line: int


def parse_location(text: str) -> Location | None:
    """Return a location as an object; ``None`` if it has no line."""
    path, _, line = text.rpartition(":")
    file, inside, docstring = path.partition(_DOCSTRING)
    return Location(file, int(line), docstring if inside else "") if line.isdecimal() and file else None


class LocatedClaims:
    """A growing list of claims with exact locations, which counts equal claims between two lines."""

    def __init__(self, claims: list[Claim] | None = None) -> None:
        self.claims: list[Claim] = [] if claims is None else claims
        self._read = 0
        self._lines: dict[tuple[str, ...], list[int]] = {}

    def count(self, claim: Claim, first: int, last: int) -> int:
        """Return the number of equal claims between two lines of the claim's file."""
        for earlier in self.claims[self._read :]:
            if (location := parse_location(earlier.location)) is not None:
                bisect.insort(self._lines.setdefault(_claim_in_file(earlier, location), []), location.line)
        self._read = len(self.claims)
        location = parse_location(claim.location)
        lines = self._lines.get(_claim_in_file(claim, location), []) if location else []
        return bisect.bisect_right(lines, last) - bisect.bisect_left(lines, first)


def position_of(claim: Claim, text: str, earlier: LocatedClaims, before: int = 0) -> Position | None:
    """Return the position of a claim in the text of its file; ``None`` if it can't be found.

    Of several equal claims in a paragraph, it is the first that is not in ``earlier``. ``before`` is the
    number of the line before the text.
    """
    location = parse_location(claim.location)
    if location is None:
        return None
    start, end = _docstring(text, location.docstring) if location.docstring else (0, len(text))
    line_starts = _line_starts(text, start, end)
    first = line_starts[min(location.line - before, len(line_starts)) - 1]
    option = _option(claim, text, first) if claim.stated else None
    if option is not None:
        return Position(*option, location.line)
    spans = _roles(text).get(_key(claim.kind, claim.target, claim.stated), ())
    paragraph = _paragraph(text, first, start, end)
    below = _between(spans, max(first, paragraph[0]), paragraph[1])
    candidates = below or _only(_between(spans, *paragraph)) or _only(_between(spans, start, end))
    if not candidates:
        return None
    number = 0
    if len(candidates) > 1:
        lines = [before + _line(line_starts, spans[candidates[index]][0]) for index in (0, -1)]
        number = earlier.count(claim, *lines)
    span = spans[candidates[number % len(candidates)]]
    return Position(*span, before + _line(line_starts, span[0]))


def roles_of(text: str) -> Mapping[tuple[str, str, str], Sequence[Span]]:
    """Return the offsets of the stated value of each role, by its kind, target and stated value."""
    return _roles(text)


def times_stated(claim: Claim, otherwise: int) -> int:
    """Return how often the line of a claim states it; ``otherwise`` if that can't be seen."""
    location = parse_location(claim.location)
    if location is None or location.docstring or location.file.endswith(".ipynb"):
        return otherwise
    try:
        text = Path(location.file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return otherwise
    spans = _roles(text).get(_key(claim.kind, claim.target, claim.stated), ())
    return sum(line_of(text, start)[0] == location.line for start, _ in spans) or otherwise


def _claim_in_file(claim: Claim, location: Location) -> tuple[str, ...]:
    return (*claim[:3], location.file, location.docstring)


def _option(claim: Claim, text: str, start: int) -> Span | None:
    """Return the offsets of an expectation's value in the line that starts at ``start``."""
    name = claim.target.rpartition(".")[2] if claim.kind == "shape" else claim.kind
    option = _EXPECTATION.match(text, start)
    if option is None or option["name"] != name:
        return None
    stated = re.compile(_flexible(claim.stated) + r"(?=[\"'\s]|\Z)").match(text, option.end())
    return stated.span() if stated else None


def _flexible(text: str) -> str:
    """Return a pattern of a text that allows any white space in place of its own."""
    return _GAP.pattern.join(re.escape(word) for word in re.split(r"[ \t\r\n]+", text))


# Cached, since every role of a page looks itself up among the roles of its file.
@functools.lru_cache(maxsize=4)
def _roles(text: str) -> dict[tuple[str, str, str], list[Span]]:
    """Return the offsets of the stated value of each role, in order, by kind, target and stated value.

    For a role without a title, they are the offsets of its target.
    """
    spans: dict[tuple[str, str, str], list[Span]] = {}
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
        spans.setdefault(key, []).append((begin, start + len(stated.rstrip())))
    return spans


def _key(kind: str, target: str, stated: str) -> tuple[str, str, str]:
    return kind, _GAP.sub(" ", target.strip()), _GAP.sub(" ", stated.strip())


def _between(spans: Sequence[Span], start: int, end: int) -> range:
    """Return the indices of the spans that begin between two offsets."""
    return range(bisect.bisect_left(spans, (start, 0)), bisect.bisect_left(spans, (end, 0)))


def _only(indices: range) -> range:
    return indices if len(indices) == 1 else range(0)


def line_of(text: str, offset: int) -> tuple[int, int]:
    """Return the number of the line that an offset is on, and the offset of its first character."""
    starts = _line_starts(text, 0, len(text))
    number = _line(starts, offset)
    return number, starts[number - 1]


def _paragraph(text: str, offset: int, start: int, end: int) -> Span:
    """Return the offsets of the paragraph around an offset, limited to ``start`` and ``end``."""
    blanks = _blanks(text)
    number = bisect.bisect_left(blanks, offset)
    before, after = blanks[number - 1 : number] if number else [], blanks[number : number + 1]
    return max([start, *before]), min([end, *after])


@functools.lru_cache(maxsize=4)
def _blanks(text: str) -> Sequence[int]:
    """Return the ends of lines that an empty line follows."""
    return [match.start() for match in re.finditer(rf"{_END}(?=[ \t]*{_END})", text)]


@functools.lru_cache(maxsize=4)
def _line_starts(text: str, start: int, end: int) -> Sequence[int]:
    return [match.start() for match in _LINE.finditer(text, start, end)] or [start]


def _line(starts: Sequence[int], offset: int) -> int:
    return bisect.bisect_right(starts, offset)


@functools.lru_cache(maxsize=16)
def _docstring(text: str, name: str) -> Span:
    """Return the offsets of an object's docstring, from its first text on; else of the whole file."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return 0, len(text)
    parts = name.split(".")
    # The first parts of the name may be those of the package.
    candidates = (_documentation(tree, parts[number:]) for number in range(len(parts) + 1))
    docstring = next(filter(None, candidates), None)
    if docstring is None or docstring.end_lineno is None:
        return 0, len(text)
    starts = _line_starts(text, 0, len(text))
    start, end = starts[docstring.lineno - 1], starts[min(docstring.end_lineno, len(starts) - 1)]
    quotes = re.compile(r"\s*[rRuU]?(?:\"\"\"|'''|\"|')(?:[ \t]*(?:\r\n|\r|\n))*").match(text, start)
    return (quotes.end() if quotes else start), end


def _documentation(tree: ast.AST, names: Sequence[str]) -> ast.expr | None:
    """Return the docstring of a module, or of the class or function that nested names lead to."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for name in names:
        definitions = [node for node in getattr(tree, "body", []) if isinstance(node, kinds)]
        matches = [node for node in definitions if node.name == name]
        if not matches:
            return None
        tree = matches[-1]
    body = getattr(tree, "body", [])
    first = body[0] if body and isinstance(body[0], ast.Expr) else None
    return first.value if first and isinstance(first.value, ast.Constant) else None
