"""Pieces of reStructuredText, of which nothing is known but docutils' syntax.

Directives and roles of any extension are taken as what they contain, and faults are passed over.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from docutils import frontend, nodes, utils
from docutils.parsers.rst import Directive, Parser
from sphinx.util.docutils import CustomReSTDispatcher

from sphinx_kerasshape.audit.lines import Line, flowed
from sphinx_kerasshape.audit.pieces import Code, Piece, Prose, Remark
from sphinx_kerasshape.pages.records import OFF

_CODE = frozenset(
    (
        *("code", "code-block", "code-cell", "sourcecode", "parsed-literal", "literal", "highlight-code"),
        *(
            "ipython",
            "jupyter-execute",
            "exec_code",
            "testcode",
            "testsetup",
            "doctest",
            "testoutput",
            "plot",
        ),
        *("keras:model", "keras:code", "model"),
    )
)
_OURS = ("keras:model", "keras:code", "model")
_WITH_ARGUMENT_AS_LANGUAGE = ("code", "code-block", "sourcecode")
_SHOWS_TEXT = ("parsed-literal", "literal", "testoutput")
_ADMONITIONS = frozenset(
    (
        *(
            "note",
            "tip",
            "hint",
            "important",
            "warning",
            "caution",
            "attention",
            "danger",
            "error",
            "seealso",
        ),
        *("todo", "epigraph", "pull-quote", "highlights", "compound", "centered"),
    )
)
"""Directives whose text may begin on their first line."""
_OPAQUE = frozenset(
    (
        *("raw", "math", "image", "include", "literalinclude", "toctree", "csv-table", "graphviz", "mermaid"),
        *("index", "contents", "bibliography", "digraph", "meta", "default-role"),
        "keras:summary",
    )
)
"""Directives whose content is no text of the page."""
_OTHER_BREAKS = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")
_LONGEST_LINE = 10_000


class _AnyOptions(dict[str, Any]):
    """Takes any option of a directive."""

    def __bool__(self) -> bool:
        return True

    def __missing__(self, name: str) -> Any:
        return str


class _Section(Directive):
    """A directive whose content is text of the page."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[Any] = _AnyOptions()

    def run(self) -> list[nodes.Node]:
        if self.name == "highlight":
            return [nodes.comment("", "", highlight=" ".join(self.arguments))]
        if self.name in _OPAQUE:
            return []
        is_off = self.name in ("class", "rst-class", "cssclass") and OFF in " ".join(self.arguments).split()
        if is_off and not self.content:
            return [nodes.comment("", "kerasshape: off")]
        section = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, section, match_titles=True)
        for block in section.findall(nodes.FixedTextElement) if is_off else ():
            block["kerasshape_is_off"] = True
        return [section]


class _Admonition(_Section):
    """A directive whose content may begin on its first line."""

    optional_arguments = 0
    option_spec: ClassVar[Any] = None


class _Code(_Section):
    """A directive whose content is code."""

    def run(self) -> list[nodes.Node]:
        text = "\n".join(self.content)
        line = self.content.items[0][1] + 1 if self.content else self.lineno
        language = self._language()
        if self.name not in _WITH_ARGUMENT_AS_LANGUAGE and not text and self.arguments:
            return []
        block = nodes.literal_block(
            text, text, kerasshape_language=language, kerasshape_is_ours=self.name in _OURS
        )
        block["kerasshape_is_off"] = OFF in str(self.options.get("class") or "").split()
        block.line = line
        return [block]

    def _language(self) -> str:
        if self.name in _WITH_ARGUMENT_AS_LANGUAGE:
            return self.arguments[0].split(maxsplit=1)[0].lower() if self.arguments else ""
        return "text" if self.name in _SHOWS_TEXT else "python"


class _Dispatcher(CustomReSTDispatcher):
    """Gives each directive and role a meaning, whether its extension is known or not."""

    def directive(self, directive_name: str, language_module: Any, document: Any) -> Any:
        name = directive_name.lower()
        if name in _CODE:
            return _Code, []
        return (_Admonition if name in _ADMONITIONS else _Section), []

    def role(self, role_name: str, language_module: Any, lineno: int, reporter: Any) -> Any:
        return _role, []


def _role(name: str, rawtext: str, text: str, *_: Any, **__: Any) -> Any:
    """Return the text of a role: as code if it marks code, else as something that is no prose."""
    kind = nodes.literal if name in ("code", "literal", "samp", "python") else nodes.inline
    return [kind(rawtext, text)], []


def pieces(lines: Sequence[Line]) -> Iterator[Piece]:
    """Yield the pieces of a text in reStructuredText."""
    yield from _pieces(tree(lines), lines)


def tree(lines: Sequence[Line]) -> nodes.document:
    """Return what docutils makes of a text, with directives and roles of any extension."""
    texts = [one.text if len(one.text) < _LONGEST_LINE else "" for one in lines]
    document = utils.new_document("document", _settings())
    with _Dispatcher():
        Parser().parse(_OTHER_BREAKS.sub(" ", "\n".join(texts)), document)
    return document


@functools.cache
def _settings() -> Any:
    """Return the settings of a parser that tells nobody of faults and opens no other file."""
    settings = frontend.get_default_settings(Parser)
    settings.report_level = settings.halt_level = 5
    settings.warning_stream = False
    settings.file_insertion_enabled = settings.raw_enabled = False
    return settings


def _pieces(document: nodes.document, lines: Sequence[Line]) -> Iterator[Piece]:
    language = ""
    for node in document.findall():
        if isinstance(node, nodes.comment):
            language = node.get("highlight", language)
            yield Remark(node.astext())
        elif isinstance(node, (nodes.literal_block, nodes.doctest_block)):
            if not isinstance(node.parent, nodes.system_message):
                yield from _code(node, lines, language)
        elif isinstance(node, nodes.TextElement) and not isinstance(node.parent, nodes.TextElement):
            yield from _text(node, lines)


def _code(node: nodes.TextElement, lines: Sequence[Line], language: str) -> Iterator[Code]:
    found = _located(node.astext().split("\n"), lines, node.line)
    if found is not None:
        default = "pycon" if isinstance(node, nodes.doctest_block) else language
        named = node.get("kerasshape_language", default) or default
        is_ours, is_off = (node.get(f"kerasshape_is_{name}", False) for name in ("ours", "off"))
        yield Code(tuple(found), named, is_ours=is_ours, is_off=is_off)


def _located(texts: Sequence[str], lines: Sequence[Line], guess: int | None) -> list[Line] | None:
    """Return lines of a block where they are in the document, which is near a line."""
    if guess is None or not texts:
        return None
    for away in range(len(texts) + 4):
        for start in {guess - 1 + away, guess - 1 - away}:
            if 0 <= start <= len(lines) - len(texts):
                found = [_cut(text, lines[start + number]) for number, text in enumerate(texts)]
                if all(line is not None for line in found):
                    return [line for line in found if line is not None]
    return None


def _cut(text: str, line: Line) -> Line | None:
    """Return the part of a line that a text is; ``None`` if it has other text."""
    if not text.strip():
        return line.part(len(line.text)) if not line.text.strip() else None
    end = len(line.text.rstrip())
    start = end - len(text.rstrip())
    if start >= 0 and line.text[start:end] == text.rstrip():
        return line.part(start, end)
    start = line.text.find(text.strip())
    return line.part(start, start + len(text.strip())) if start >= 0 else None


def _text(node: nodes.TextElement, lines: Sequence[Line]) -> Iterator[Prose]:
    raw = node.rawsource or node.astext()
    line = node.line if node.line is not None else node.parent.line if node.parent is not None else None
    if "(" not in raw and "param" not in raw.lower() and "parám" not in raw:
        return
    found = _located(raw.split("\n"), lines, line)
    if found is not None:
        yield _prose(node, flowed(found))


def _prose(node: nodes.TextElement, line: Line) -> Prose:
    """Return the text of an element without its marks."""
    text: list[str] = []
    at: list[int] = []
    literals: list[tuple[int, int]] = []
    cursor = 0
    for child in node.findall(lambda one: isinstance(one, (nodes.Text, nodes.literal, nodes.inline))):
        is_mark = isinstance(child, nodes.Element)
        if not is_mark and isinstance(child.parent, (nodes.literal, nodes.inline)):
            continue
        raw = (child.rawsource if isinstance(child, nodes.Element) else child.astext()).replace("\n", " ")
        found = _characters(raw, line, cursor)
        if not found:
            continue
        cursor = found[-1] + 1
        if isinstance(child, nodes.literal):
            inner = child.astext().replace("\n", " ")
            start = raw.find(inner)
            raw, found = inner, found[start : start + len(inner)]
            literals.append((len(at), len(at) + len(inner)))
        elif is_mark:
            raw, found = " ", found[:1]
        text.append(raw)
        at.extend(line.at[index] for index in found)
    at.append(line.at[min(cursor, len(line.text))])
    return Prose(Line("".join(text), line.source, at), tuple(literals))


def _characters(text: str, line: Line, cursor: int) -> Sequence[int]:
    """Return where the characters of a text are in a line, in which some may be escaped."""
    start = line.text.find(text, cursor)
    if start >= 0 or "\\" not in line.text[cursor:]:
        return range(start, start + len(text)) if start >= 0 and text else ()
    found = []
    for sign in text:
        while cursor < len(line.text) and line.text[cursor] != sign:
            cursor += 1
        if cursor == len(line.text):
            return ()
        found.append(cursor)
        cursor += 1
    return found
