"""Texts inside code that speak to readers: strings that stand alone, and comments."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from contextlib import suppress

from sphinx_kerasshape.audit.document import CodeLine
from sphinx_kerasshape.audit.lines import Line, line

_DEFINE = re.compile(r"kerasshape:\s*define\s+([A-Za-z_][^=\n]*?)\s*=(?!=)\s*(\S[^\n]*)")
_MARK = re.compile(r"#+ ?")
_QUOTES = re.compile(r"""[A-Za-z]*('{3}|"{3}|'|")""")


def defines(text: str) -> list[tuple[str, str]]:
    """Return what comments define: names and values."""
    return [(name, value.strip()) for name, value in _DEFINE.findall(text)] if "kerasshape:" in text else []


def comments(code: str) -> list[tokenize.TokenInfo]:
    """Return the comments of code."""
    if "#" not in code:
        return []
    return [token for token in _tokens(code) if token.type == tokenize.COMMENT]


def _tokens(code: str) -> list[tokenize.TokenInfo]:
    """Return the tokens of code; if it has a fault, those before."""
    found: list[tokenize.TokenInfo] = []
    with suppress(tokenize.TokenError, SyntaxError):
        found.extend(tokenize.generate_tokens(io.StringIO(code).readline))
    return found


def without_texts(code: str) -> str:
    """Return code without its comments and long strings."""
    lines = code.split("\n")
    for token in reversed(_tokens(code)):
        (first, start), (last, end) = token.start, token.end
        if token.type == tokenize.COMMENT or token.string.endswith(('"""', "'''")):
            lines[first - 1 : last] = [lines[first - 1][:start] + lines[last - 1][end:]]
    return "\n".join(lines)


def texts(code: str, tree: ast.Module, lines: Sequence[CodeLine], source: int) -> Iterator[list[Line]]:
    """Yield the strings that stand alone in code, and its comments, if they may have summaries."""
    if "Param" not in code:
        return
    for node in ast.walk(tree):
        alone = node.value if isinstance(node, ast.Expr) else None
        if isinstance(alone, ast.Constant) and isinstance(alone.value, str) and "Param" in alone.value:
            yield string_lines(alone, lines, source)
    yield from _remarks(code, lines, source)


def string_lines(node: ast.Constant, lines: Sequence[CodeLine], source: int) -> list[Line]:
    """Return the lines of a string as they stand between its quotes."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    whole = [line(one.code, source, one.start) for one in lines[first : last + 1]]
    start = _characters(whole[0].text, node.col_offset)
    end = _characters(whole[-1].text, node.end_col_offset or 0)
    quotes = _QUOTES.match(whole[0].text, start)
    if quotes is None:
        return []
    whole[-1] = whole[-1].part(0, end - len(quotes[1]))
    whole[0] = whole[0].part(quotes.end())
    return whole


def _characters(text: str, offset: int) -> int:
    """Return how many characters the first bytes of a text are, as :mod:`ast` counts."""
    return offset if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))


def _remarks(code: str, lines: Sequence[CodeLine], source: int) -> Iterator[list[Line]]:
    """Yield the comments that have lines of their own, those side by side together."""
    group: list[Line] = []
    last = 0
    for token in comments(code):
        number, column = token.start
        if token.line[:column].strip():
            continue
        if number != last + 1 and group:
            yield group
            group = []
        mark = _MARK.match(token.string)
        start = column + (mark.end() if mark else 0)
        one = lines[number - 1]
        group.append(line(one.code, source, one.start).part(start))
        last = number
    if group:
        yield group
