"""Shapes and counts that prose states outside of roles, found while a page is read (``kerasshape_lint``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from docutils import nodes

from sphinx_kerasshape import numerals
from sphinx_kerasshape.pages.placeholder import is_placeholder
from sphinx_kerasshape.pages.records import Mention

_SIZE = r"\s*+(?:None|\d++)\s*+"
_SHAPE = re.compile(rf"\({_SIZE}(?:,{_SIZE})*,?\s*+\)")
_IN_CODE = re.compile(rf"[(\[]({_SIZE}(?:,{_SIZE})*),?\s*+[)\]]")
_INTEGER = re.compile(r"(?<![\w.])\d{1,9}(?![\w.])")
_NUMBER = (
    r"(?:~\s?|≈\s?|(?i:about|around|approximately|roughly|etwa|rund|environ|unos|aproximadamente)\s)?"
    rf"(?:\d{{1,3}}(?:[{numerals.SPACES}]\d{{3}})+|\d[\d.,_'’]*)(?:[kKMBT]\b|\s[kKMBT]\b|[eE]\d{{1,2}}\b)?"
)
_COUNT = re.compile(
    rf"(?<![\w.,/–-])(?P<number>{_NUMBER})(?P<words>(?:\s[^\W\d][\w.-]*){{0,2}})\s"
    r"(?i:par[aá]m(?:s|eters?|etern|ètres?|etros?)?)\b(?![-/])"
)
_LONGEST_SENTENCE = 400
"""Characters around a mention that are kept."""
_MASK = "§"


def mentions(document: nodes.document, codes: Iterable[str], language: str) -> Iterator[Mention]:
    """Yield the shapes and counts that the prose of a page states outside of roles and code.

    ``codes`` are the codes of its models; ``language`` is that of the page.
    """
    literals = [node.astext() for node in document.findall(nodes.literal)]
    blocks = [node.astext() for node in document.findall(nodes.literal_block)]
    inline = [text for text in literals if not _SHAPE.fullmatch(text)]
    in_code = _sizes_in_code("\n".join([*codes, *blocks, *inline]))
    for element in document.findall(nodes.TextElement):
        if isinstance(element.parent, nodes.TextElement) or isinstance(element, nodes.literal_block):
            continue
        text, masked, spans = _prose(element)
        for literal, start in spans:
            shape = literal.astext().replace("\N{NO-BREAK SPACE}", " ")
            if _is_plain(literal) and _SHAPE.fullmatch(shape) and "," in shape:
                before, after = _sentence(text, start, start + len(shape))
                sizes = tuple(re.findall(r"None|\d+", shape))
                is_known = sizes in in_code or (len(set(sizes)) == 1 and sizes[:1] in in_code)
                yield Mention("shape", shape, _location(literal, document), before, after, is_known)
        for match in _COUNT.finditer(masked):
            if (stated := _stated(match, language)) is not None:
                before, after = _sentence(text, match.start(), match.end())
                yield Mention("params", stated, _location(element, document), before, after)


def _sizes_in_code(code: str) -> set[tuple[str, ...]]:
    """Return the tuples and integers that stand in code."""
    tuples = {tuple(re.findall(r"None|\d+", found[1])) for found in _IN_CODE.finditer(code)}
    return tuples | {(found[0],) for found in _INTEGER.finditer(code)}


def _is_plain(literal: nodes.literal) -> bool:
    return "unchecked" not in literal["classes"] and "xref" not in literal["classes"]


def _stated(match: re.Match[str], language: str) -> str | None:
    """Return the number with its unit; ``None`` if the words behind it don't belong to parameters."""
    number, words = match["number"].rstrip(".,"), match["words"].split()
    if len(number) < len(match["number"]):
        return None  # a sentence ends there
    notation = numerals.numerals(language)
    if words and notation.unit(words[0]) is not None:
        return f"{number} {words[0]}"
    return number if len(words) < 2 else None


def _prose(element: nodes.Element) -> tuple[str, str, list[tuple[nodes.literal, int]]]:
    """Return the text of an element, the same with code masked, and its literals with their offsets."""
    text, masked = "", ""
    literals: list[tuple[nodes.literal, int]] = []

    def add(node: nodes.Node) -> None:
        nonlocal text, masked
        if isinstance(node, nodes.Text):
            text += node.astext().replace("\n", " ")
            masked += node.astext().replace("\n", " ")
        elif is_placeholder(node):
            text += f" {_MASK} "
            masked += f" {_MASK} "
        elif isinstance(node, nodes.literal):
            literals.append((node, len(text)))
            text += node.astext().replace("\n", " ")
            masked += _MASK * len(node.astext())
        elif isinstance(node, nodes.Element):
            for child in node.children:
                add(child)

    add(element)
    return text, masked, literals


def _sentence(text: str, start: int, end: int) -> tuple[str, str]:
    """Return the parts of a sentence before and after a mention."""
    before, after = text[max(0, start - _LONGEST_SENTENCE) : start], text[end : end + _LONGEST_SENTENCE]
    return re.split(r"[.!?;]\s+(?=\S)", before)[-1], re.split(r"[.!?;](?:\s|$)", after)[0]


def _location(node: nodes.Node | None, document: nodes.document) -> str:
    while node is not None and (node.line is None or node.source is None):
        node = node.parent
    return f"{node.source}:{node.line}" if node is not None else str(document.get("source", ""))
