"""Pages with ``kerasshape_plain = "show"``: true values where a page's plain blocks state others.

A block is found by its text, at the line that the parser gave to it or below: options and fences stand above
the code.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from docutils import nodes

from sphinx_kerasshape.messages.report import Model
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.records import Truth
from sphinx_kerasshape.render import columns, parts, table
from sphinx_kerasshape.render.style import Style

_BEFORE = 30
"""Lines of options that may stand between the line of a block and its code."""
Spot = tuple[nodes.TextElement, int]
"""A line of a block, by its number from 0."""


def show(document: nodes.document, context: BuildContext, style: Style) -> None:
    """Put the truth into the plain blocks of a document, which may have been made of several pages."""
    truths = {
        page.plain.file: page.judged.truths
        for page in context.pages.values()
        if page.plain is not None and page.judged is not None and page.judged.truths
    }
    if not truths:
        return
    blocks: dict[str, list[nodes.TextElement]] = {}
    for node in document.findall(_is_block):
        assert isinstance(node, nodes.TextElement)
        blocks.setdefault(node.source or document.get("source", ""), []).append(node)
    for file, found in truths.items():
        spots = list(_spots(found, blocks.get(file, ())))
        for truth, (node, number) in spots:
            if truth.model is None:
                _rewrite(node, number, truth)
        for truth, (node, number) in spots:
            if truth.model is not None and not _is_inside_code(node):
                _replace(node, number, truth, _table(truth.model, context, style))


def _is_block(node: nodes.Node) -> bool:
    """Whether a node is a block of plain text."""
    is_block = isinstance(node, (nodes.literal_block, nodes.doctest_block))
    return is_block and all(isinstance(child, nodes.Text) for child in node.children)


def _spots(truths: Iterable[Truth], blocks: Iterable[nodes.TextElement]) -> Iterator[tuple[Truth, Spot]]:
    """Yield what stands in one of the blocks, with its line there."""
    lines: dict[str, list[tuple[int, Spot]]] = {}
    for node in blocks:
        for number, line in enumerate(node.astext().split("\n")):
            if line.strip():
                lines.setdefault(line.strip(), []).append(((node.line or 0) + number, (node, number)))
    for truth in truths:
        # A line of a block quote, say, has marks of its own before it.
        found = lines.get(truth.old.strip()) or [
            spot for line, spots in lines.items() if truth.old.rstrip().endswith(line) for spot in spots
        ]
        near = [spot for spot in found if 0 <= truth.line - spot[0] <= _BEFORE]
        if near:
            yield truth, max(near, key=lambda spot: spot[0])[1]


def _rewrite(node: nodes.TextElement, number: int, truth: Truth) -> None:
    """Put the true line in place of a line of a block, without what stands before it in the page."""
    lines = node.astext().split("\n")
    start = truth.old.find(lines[number].strip())
    margin = lines[number][: len(lines[number]) - len(lines[number].lstrip())]
    lines[number] = margin + truth.new[start:].rstrip()
    node.rawsource = "\n".join(lines)
    node.children = []
    node += nodes.Text(node.rawsource)


def _is_inside_code(node: nodes.TextElement) -> bool:
    """Whether a block is Python, so that a summary in it is a text or a comment of the code."""
    try:
        ast.parse(node.astext())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _replace(node: nodes.TextElement, number: int, truth: Truth, live: nodes.container) -> None:
    """Put a table in place of a summary; what the block has before and behind it stays in blocks."""
    lines = node.astext().split("\n")
    before, after = lines[:number], lines[number + 1 + truth.new.count("\n") :]
    while before and _is_frame(before[-1]):
        before.pop()
    while after and _is_frame(after[0]):
        after.pop(0)
    found: list[nodes.Node] = [live]
    if before:
        found.insert(0, _part(node, before))
    if after:
        found.append(_part(node, after))
    node.replace_self(found)


def _is_frame(line: str) -> bool:
    """Whether a line is a rule or the title of a summary."""
    return not any(map(str.isalnum, line)) or line.strip().startswith("Model:")


def _part(node: nodes.TextElement, lines: list[str]) -> nodes.TextElement:
    """Return a block of some lines that is like another one."""
    text = "\n".join(lines)
    part = node.copy()
    part["ids"], part["names"] = [], []
    part.rawsource = text
    part += nodes.Text(text)
    return part


def _table(model: Model, context: BuildContext, style: Style) -> nodes.container:
    """Return the table of a model as ``keras:summary`` has it."""
    names = columns.names(context.settings.columns, model)
    has_totals = "params" in names
    live = nodes.table("", nodes.tgroup("", cols=1), classes=["kerasshape-table"])
    container = nodes.container("", live, classes=["kerasshape"])
    table.fill(live, model, names, 1, has_totals, (), style)
    container += parts.needs(model, style)
    container += [] if has_totals else parts.totals(model, style)
    return container
