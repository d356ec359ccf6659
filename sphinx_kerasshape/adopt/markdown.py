"""The fences and indented blocks of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx_kerasshape.adopt.markup import (
    FENCE,
    INDENTED,
    LANGUAGE,
    OPTION,
    SHOWS_CODE,
    Lines,
    Markup,
    Option,
)
from sphinx_kerasshape.audit.formats import markdown
from sphinx_kerasshape.audit.lines import Line
from sphinx_kerasshape.audit.pieces import Code

_OPENING = re.compile(r"\ufeff?(?P<before>.*?)(?P<marks>`{3,}|~{3,}|:{3,})(?P<info>[^`]*)")
_YAML = re.compile(r"\s*([\w-]+):\s?(.*)")
_DIRECTIVE = re.compile(r"\{([\w:.+-]+)\}\s*(.*)")


def markups(lines: Lines, code_lines: list[Line]) -> Iterator[Markup]:
    """Yield the markup of each block; ``code_lines`` are those that Markdown begins with."""
    for piece in markdown.pieces(code_lines):
        if isinstance(piece, Code) and piece.lines:
            yield _markup(piece, lines)


def _markup(piece: Code, lines: Lines) -> Markup:
    first, last = lines.number(piece.lines[0].at[0]), lines.number(piece.lines[-1].at[0])
    opening, is_yaml, options = _opening(first, lines)
    found = _OPENING.fullmatch(lines.line(opening)) if opening >= 0 else None
    if found is None or not _is_container(found["before"]):
        return _indented(piece, first, last, lines)
    closes = re.fullmatch(rf"[\s>]*{found['marks'][0]}{{{len(found['marks'])},}}\s*", lines.line(last + 1))
    prefix = re.sub(r"[^\s>]", " ", found["before"])
    mark = found.end("marks"), found.end()
    problem = _problem(found["info"].strip(), options)
    closing = last + 1 if closes else last
    return Markup(piece, FENCE, opening, first, last, closing, prefix, mark, options, is_yaml, problem)


def _opening(first: int, lines: Lines) -> tuple[int, bool, tuple[Option, ...]]:
    """Return the line above the options before some content, and the options."""
    number, options = first - 1, list[Option]()
    if _content(lines.line(number)) == "---":
        start = number - 1
        while start >= 0 and _content(lines.line(start)) != "---":
            found = _YAML.fullmatch(_content(lines.line(start)))
            if _OPENING.fullmatch(lines.line(start)):
                return number, False, ()
            if found is not None:
                options.append(Option(found[1], found[2], start))
            start -= 1
        return start - 1, True, tuple(options[::-1])
    while (found := OPTION.fullmatch(_content(lines.line(number)))) is not None:
        options.append(Option(found[1], found[2], number))
        number -= 1
    return number, False, tuple(options[::-1])


def _content(line: str) -> str:
    """Return a line without the marks of quotations."""
    return line.lstrip(" \t>").rstrip()


def _is_container(before: str) -> bool:
    return re.fullmatch(r"(?:[\s>]|[-+*](?=\s)|\d{1,9}[.)](?=\s))*", before) is not None


def _problem(info: str, options: tuple[Option, ...]) -> str:
    if LANGUAGE.fullmatch(info):
        return ""
    directive = _DIRECTIVE.fullmatch(info)
    if directive is None or directive[1] in ("python", "python3"):
        return f"its fence has attributes of another program: {info}"
    name, argument = directive[1].lower(), directive[2].strip()
    if name in SHOWS_CODE and LANGUAGE.fullmatch(argument):
        return ""
    if name == "code-cell":
        return "it is a cell, which a notebook's kernel runs"
    return f"{name} runs or shows it in a way of its own"


def _indented(piece: Code, first: int, last: int, lines: Lines) -> Markup:
    texts = [lines.line(number) for number in range(first, last + 1)]
    starts = [one.at[0] - lines.start(first + number) for number, one in enumerate(piece.lines)]
    before = {text[:start] for text, start in zip(texts, starts, strict=False) if text.strip()}
    margin = next(iter(before)) if len(before) == 1 else ""
    prefix = margin.removesuffix("\t") if margin.endswith("\t") else margin.removesuffix("    ")
    problem = "" if prefix != margin else "it stands in a way that only a fence can replace"
    return Markup(piece, INDENTED, first, first, last, last, prefix, problem=problem)
