"""Directives and roles of ours that a parser takes for text or for a comment, and so doesn't report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.pages.records import LINKS, VALUES, Finding, absolute
from sphinx_kerasshape.text import quoted

_NAMES = "|".join((*LINKS, *VALUES, "unchecked"))
_MYST_ROLE = re.compile(rf"\{{(keras:(?:{_NAMES}))\}}(`[^`]+`)")
_RST_ROLE = re.compile(rf":(keras:(?:{_NAMES})):$")
_RST_DIRECTIVE = re.compile(r"\.\. (keras:(?:model|code))::[ \t]*(.*)")
_ONE_COLON = re.compile(r"(keras:(?:model|code)):(?!:)[ \t]*(.*)")
_ELSEWHERE = (nodes.literal, nodes.comment, nodes.FixedTextElement, nodes.reference, pending_xref)
"""Nodes whose text is shown as it is, or not at all, or is a copy of a title's source."""


def unparsed(document: nodes.document, path: str) -> Iterator[Finding]:
    """Yield what a page, whose file is ``path``, has of the other markup or with one colon too few."""
    yield from _comments(document, path)
    for text in document.findall(nodes.Text):
        if "keras:" in text and not any(isinstance(node, _ELSEWHERE) for node in _above(text)):
            for offset, problem, message in _of_text(text):
                yield Finding(problem, message, _location(text, offset, path))


def _above(node: nodes.Node) -> Iterator[nodes.Node]:
    while node.parent is not None:
        node = node.parent
        yield node


def _of_text(text: nodes.Text) -> Iterator[tuple[int, Problem, str]]:
    """Yield the offset of each piece of the other markup in a text, with the message about it."""
    for role in _MYST_ROLE.finditer(text):
        message = f"{quoted(role[0])} is Markdown in a reST text: write {quoted(f':{role[1]}:{role[2]}')}"
        yield role.start(), Problem.REF, message
    after = text.next_node(descend=False, siblings=True)
    # In reST, a role with two backticks is a literal, too.
    found = _RST_ROLE.search(text)
    if found and isinstance(after, nodes.literal) and not after.rawsource.startswith("``"):
        content = f"`{after.astext()}`"
        mend = quoted(f"{{{found[1]}}}{content}")
        message = f"{quoted(found[0] + content)} is reST in a Markdown text: write {mend}"
        yield found.start(), Problem.REF, message
    if directive := _RST_DIRECTIVE.match(text):
        mend = quoted(f"```{{{directive[1]}}} {directive[2]}".rstrip())
        message = f"{quoted(directive[0].rstrip())} is reST in a Markdown text: write {mend}"
        yield 0, Problem.OPTION, message


def _location(text: nodes.Text, offset: int, path: str) -> str:
    """Return the line of a text; docutils knows that of its paragraph, to which each line break adds one."""
    element = text.parent
    while element.line is None and element.parent is not None:
        element = element.parent
    before = ""
    for other in element.findall(nodes.Text):
        if other is text:
            break
        before += str(other)
    lines = f"{before}{text[:offset]}".count("\n")
    return absolute(f"{element.source or ''}:{(element.line or 1) + lines}", path)


def _comments(document: nodes.document, path: str) -> Iterator[Finding]:
    seen: Counter[str] = Counter()
    for comment in document.findall(nodes.comment):
        first = comment.astext().partition("\n")[0].rstrip()
        if directive := _ONE_COLON.match(first):
            seen[first] += 1
            mend = quoted(f".. {directive[1]}:: {directive[2]}".rstrip())
            message = f"{quoted(f'.. {first}')} is a comment, so nothing is run or shown: write {mend}"
            line = _line(path, f".. {first}", seen[first]) or comment.line or 1
            yield Finding(Problem.OPTION, message, absolute(f"{path}:{line}", path))


def _line(path: str, text: str, times: int) -> int:
    """Return the line that has a text the given time; 0 if none. Docutils knows at best where it ends."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return 0
    found = [number for number, line in enumerate(lines, 1) if line.strip() == text]
    return found[times - 1] if len(found) >= times else 0
