"""Pieces of Markdown: of CommonMark with tables, and of MyST."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from sphinx_kerasshape.audit.lines import Line, flowed, joined, without_tags
from sphinx_kerasshape.audit.pieces import Code, Piece, Prose, Remark
from sphinx_kerasshape.pages.records import OFF

_DIRECTIVE = re.compile(r"\{([\w:.+-]+)\}\s*(.*)", re.DOTALL)
_CODE_DIRECTIVES = frozenset(
    (
        "code",
        "code-block",
        "code-cell",
        "sourcecode",
        "ipython",
        "ipython3",
        "jupyter-execute",
        "exec_code",
        "testcode",
        "doctest",
        "testoutput",
        "literal",
        "parsed-literal",
        "keras:model",
        "keras:code",
        "model",
        "try_on_line_magic",
    )
)
_IS_OPAQUE = frozenset(
    (
        "math",
        "raw",
        "figure",
        "image",
        "toctree",
        "csv-table",
        "mermaid",
        "graphviz",
        "include",
        "literalinclude",
        "bibliography",
        "index",
        "contents",
        "glossary-ref",
        "keras:summary",
    )
)
"""Directives whose content is no Markdown."""
_OURS = ("keras:model", "keras:code", "model")
_COMMENT = re.compile(r"<!--\s{,20}(kerasshape:[^\n]{,400}?)-->")
_COLONS = re.compile(r"\s*(:{3,})\{([\w:.+-]+)\}")
"""The first line of a directive in a fence of colons."""
_OFF = re.compile(r"%\s*(kerasshape:\s*off)\s*")
"""A comment of MyST, a line that is a paragraph elsewhere."""
_HAS_OFF = re.compile(rf"[^{{}}]*\{{[^{{}}]*\.{OFF}(?![\w-])[^{{}}]*\}}\s*")
"""Attributes with the class, in a line above a block or behind the language of a fence."""
_CLASSES = re.compile(r":?class:(.*)")
_MAY_STATE = re.compile(r"\((?:None|\d)|(?i:par[aá]m)|<!--")
_LONGEST_PARAGRAPH = 10_000
_ROLE = re.compile(r"\{[\w:.+-]+\}$")
_LANGUAGE = re.compile(r"[\w.+#-]+")
_VERBATIM = re.compile(r"\s*<(?:pre|script|style|textarea|!|\?)", re.IGNORECASE)
"""HTML that may have a line of a fence in it as text."""
_FENCE = re.compile(r"\s{,3}(?:```|~~~)")


class _Span(NamedTuple):
    rule: str
    start: int
    end: int


def pieces(lines: Sequence[Line]) -> Iterator[Piece]:
    """Yield the pieces of a text in Markdown."""
    skipped = _front_matter(lines)
    yield from _pieces(lines[skipped:])


def _front_matter(lines: Sequence[Line]) -> int:
    """Return the number of lines that the head of a document has."""
    if not lines or lines[0].text.rstrip() != "---":
        return 0
    ends = (number for number, one in enumerate(lines[1:], 2) if one.text.rstrip() in ("---", "..."))
    return next(ends, 0)


def _pieces(lines: Sequence[Line]) -> Iterator[Piece]:
    parser = _parser()
    for token in parser.parse(_with_fences(joined(lines))):
        if token.map is None:
            continue
        first, last = token.map
        if token.type == "fence":
            yield from _of_fence(token, lines[first + 1 : last])
        elif token.type == "code_block":
            yield Code(tuple(_contents(token.content, lines[first:last])))
        elif token.type == "html_block":
            yield from _of_html(token.content, lines[first:last])
        elif token.type == "inline" and (off := _OFF.fullmatch(token.content)):
            yield Remark(off[1])
        elif token.type == "inline" and _HAS_OFF.fullmatch(token.content):
            yield Remark("kerasshape: off")
        elif token.type == "inline" and _MAY_STATE.search(token.content):
            contents = _contents(token.content, lines[first:last])
            yield from _of_text(parser, token.content, contents)


def _with_fences(text: str) -> str:
    """Return a text whose fences of colons are such of tildes, where their content is no Markdown."""
    if ":::{" not in text:
        return text
    lines, colons = text.split("\n"), ""
    for number, line in enumerate(lines):
        opening = _COLONS.match(line)
        if colons and line.strip() == colons:
            lines[number] = line.replace(":", "~")
            colons = ""
        elif not colons and opening and opening[2].lower() in _CODE_DIRECTIVES | _IS_OPAQUE:
            colons = opening[1]
            lines[number] = line.replace(colons, "~" * len(colons), 1)
    return "\n".join(lines)


def _contents(content: str, lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a block's content, without what its containers put before them."""
    found = []
    for text, one in zip(content.split("\n"), lines, strict=False):
        start = max(0, one.text.rfind(text.strip())) if text.strip() else len(one.text)
        indent = len(text) - len(text.lstrip())
        start = max(0, start - indent)
        found.append(one.part(start, start + len(text)))
    return found


def _of_fence(token: Token, lines: Sequence[Line]) -> Iterator[Piece]:
    contents = _contents(token.content.removesuffix("\n"), lines) if token.content else []
    info = token.info.strip()
    directive = _DIRECTIVE.match(info)
    if directive is None:
        language = _LANGUAGE.match(info)
        is_off = _HAS_OFF.fullmatch(info) is not None
        yield Code(tuple(contents), language[0].lower() if language else "", is_off=is_off)
        return
    name, argument = directive[1].lower(), directive[2].strip().lower()
    if name in ("python", "python3", "ipython3-cell"):  # as Quarto and R Markdown have it
        yield Code(tuple(contents), "python")
    elif name in _CODE_DIRECTIVES:
        code = tuple(_without_options(contents))
        options = contents[: len(contents) - len(code)]
        classes = [found[1].split() for one in options if (found := _CLASSES.match(one.text.strip()))]
        is_off = any(OFF in some for some in classes)
        yield Code(code, _language(name, argument), is_ours=name in _OURS, is_off=is_off)
    elif name == "eval-rst":
        from sphinx_kerasshape.audit.formats import rest

        yield from rest.pieces(contents)
    elif name not in _IS_OPAQUE:
        yield from _pieces(_without_options(contents))


def _language(directive: str, argument: str) -> str:
    if directive in ("code", "code-block", "sourcecode"):
        return argument.split(maxsplit=1)[0] if argument else ""
    return "text" if directive in ("testoutput", "literal", "parsed-literal") else "python"


def _without_options(lines: list[Line]) -> list[Line]:
    """Return the lines of a directive behind its options."""
    if lines and lines[0].text.strip() == "---":
        ends = (number for number, one in enumerate(lines[1:], 2) if one.text.strip() == "---")
        return lines[next(ends, 0) :]
    start = 0
    while start < len(lines) and re.match(r":[\w-]+:", lines[start].text):
        start += 1
    return lines[start:]


def _of_html(content: str, lines: Sequence[Line]) -> Iterator[Piece]:
    yield from (Remark(found) for found in _COMMENT.findall(content))
    if "<pre" in content and "Param #" in content:
        yield Code(tuple(without_tags(one) for one in lines), "text")


def _of_text(parser: MarkdownIt, content: str, lines: list[Line]) -> Iterator[Piece]:
    if len(lines) != content.count("\n") + 1 or len(content) > _LONGEST_PARAGRAPH:
        return
    line = flowed(lines)
    if len(line.text) != len(content):
        return
    env: dict[str, Any] = {"spans": []}
    parser.inline.parse(content, parser, env, [])
    yield _prose(line, env["spans"])
    if "<!--" in content:
        yield from (Remark(found) for found in _COMMENT.findall(content))


def _prose(line: Line, spans: list[_Span]) -> Prose:
    """Return the text of a paragraph without its marks."""
    text: list[str] = []
    at: list[int] = []
    literals, end = [], 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.start < end:
            continue
        text.append(line.text[end : span.start])
        at.extend(line.at[end : span.start])
        end = span.end
        if span.rule == "backticks":
            marks = len(line.text[span.start : end]) - len(line.text[span.start : end].lstrip("`"))
            inner = line.part(span.start + marks, end - marks).stripped()
            if _ROLE.search(line.text[max(0, span.start - 40) : span.start]) or not inner.text:
                continue
            start = len(at)
            literals.append((start, start + len(inner.text)))
            text.append(inner.text)
            at.extend(inner.at[:-1])
        elif span.rule in ("escape", "image", "html_inline", "autolink", "entity"):
            mark = line.text[span.start + 1] if span.rule == "escape" else " "
            text.append(mark)
            at.append(line.at[end - 1])
    text.append(line.text[end:])
    at.extend(line.at[end:])
    return Prose(Line("".join(text), line.source, at), tuple(literals))


def _parser() -> MarkdownIt:
    """Return a parser that notes where each mark of a paragraph is, as ``spans`` of its environment."""
    parser = MarkdownIt("commonmark").enable("table").disable("inline")
    names = parser.inline.ruler.get_active_rules()
    for name, rule in zip(names, parser.inline.ruler.getRules(""), strict=True):
        if name not in ("text", "newline"):
            parser.inline.ruler.at(name, _noting(name, rule))
    names = parser.block.ruler.get_active_rules()
    html = parser.block.ruler.getRules("")[names.index("html_block")]
    parser.block.ruler.at(
        "html_block", _ending_at_fences(html), {"alt": ["paragraph", "reference", "blockquote"]}
    )
    return parser


def _ending_at_fences(rule: Any) -> Any:
    """Return a rule for HTML that ends before a fence, as in Python-Markdown: ``<div>``, then code."""

    def html_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        if not rule(state, start, end, silent):
            return False
        if silent or _VERBATIM.match(state.getLines(start, start + 1, 0, False)):
            return True
        token = state.tokens[-1]
        for line in range(start + 1, state.line):
            if _FENCE.match(state.getLines(line, line + 1, state.blkIndent, False)):
                state.line, token.map = line, [start, line]
                token.content = state.getLines(start, line, state.blkIndent, True)
                break
        return True

    return html_block


def _noting(name: str, rule: Any) -> Any:
    def noting(state: StateInline, silent: bool) -> bool:
        start = state.pos
        delimiters = len(state.delimiters)
        if not rule(state, silent):
            return False
        if silent or (name == "backticks" and set(state.src[start : state.pos]) == {"`"}):
            return True
        if name == "link":
            spans = [_Span(name, start, start + 1), _Span(name, _end_of_label(state, start), state.pos)]
        elif name == "emphasis" and not any(one.open or one.close for one in state.delimiters[delimiters:]):
            spans = []
        else:
            spans = [_Span(name, start, state.pos)]
        state.env["spans"].extend(spans)
        return True

    return noting


def _end_of_label(state: StateInline, start: int) -> int:
    return int(state.md.helpers.parseLinkLabel(state, start, not state.linkLevel))
