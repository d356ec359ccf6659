"""The directives, literal blocks and doctest blocks of reStructuredText."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx_kerasshape.adopt.markup import (
    DIRECTIVE,
    INDENTED,
    LANGUAGE,
    LITERAL,
    OPTION,
    SHOWS_CODE,
    Lines,
    Markup,
    Option,
)
from sphinx_kerasshape.audit.formats import rest
from sphinx_kerasshape.audit.lines import Line
from sphinx_kerasshape.audit.pieces import Code

_DIRECTIVE = re.compile(
    r"\ufeff?(?P<before>.*?)\.\.[ \t]+(?P<mark>(?P<name>[\w:.+-]+)::[ \t]*(?P<argument>.*?))\s*"
)
_MARKER = re.compile(r"(?:[\s|]|[-+*•](?=\s)|\(?(?:\d{1,9}|[a-zA-Z#])[.)](?=\s))*")


def markups(lines: Lines, code_lines: list[Line]) -> Iterator[Markup]:
    """Yield the markup of each block."""
    for piece in rest.pieces(code_lines):
        if isinstance(piece, Code) and piece.lines:
            yield _markup(piece, lines)


def _markup(piece: Code, lines: Lines) -> Markup:
    first, last = lines.number(piece.lines[0].at[0]), lines.number(piece.lines[-1].at[0])
    number = first - 1
    while number >= 0 and not lines.line(number).strip():
        number -= 1
    options = list[Option]()
    above = number
    while (option := OPTION.fullmatch(lines.line(above))) is not None:
        options.append(Option(option[1], option[2].strip(), above))
        above -= 1
    found = _DIRECTIVE.fullmatch(lines.line(above)) if above >= 0 else None
    if found is not None and _MARKER.fullmatch(found["before"]):
        prefix = _blank(found["before"])
        name, argument = found["name"].lower(), found["argument"]
        problem = ""
        if name not in SHOWS_CODE:
            problem = f"{name} runs or shows it in a way of its own"
        elif not LANGUAGE.fullmatch(argument):
            problem = f"its language is no word: {argument}"
        mark = found.span("mark")
        return Markup(
            *(piece, DIRECTIVE, above, first, last, last, prefix, mark),
            *(tuple(options[::-1]), False, problem),
        )
    return _unmarked(piece, first, last, number, lines)


def _unmarked(piece: Code, first: int, last: int, above: int, lines: Lines) -> Markup:
    """Return the markup of a literal block, or of a doctest block."""
    text = lines.line(above).rstrip() if above >= 0 else ""
    content = lines.line(first)
    margin = content[: piece.lines[0].at[0] - lines.start(first)]
    if text.endswith("::") and margin.strip() == "" and margin:
        marker = _MARKER.match(text)
        prefix = _blank(marker[0] if marker else "")
        if text.strip() == "::":
            mark = len(text) - 2, len(text)
            return Markup(piece, DIRECTIVE, above, first, last, last, text[:-2], mark)
        mark = (len(text[:-2].rstrip()) if text[-3:-2].isspace() else len(text) - 1), len(text)
        return Markup(piece, LITERAL, above, first, last, last, prefix, mark)
    problem = "" if content.lstrip().startswith(">>>") else "it stands in a way that no directive can replace"
    return Markup(piece, INDENTED, first, first, last, last, margin, problem=problem)


def _blank(text: str) -> str:
    """Return blanks in the place of a marker, such as that of a list."""
    return re.sub(r"[^\s]", " ", text)
