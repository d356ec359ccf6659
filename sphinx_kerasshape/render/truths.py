"""Pages with ``kerasshape_plain = "show"``: true values where a page's plain blocks state others.

A block is found by its text, at the line that the parser gave to it or below: options and fences stand above
the code.
"""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from docutils import nodes

from sphinx_kerasshape.messages.report import Model
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.records import Truth
from sphinx_kerasshape.render import columns, parts, table
from sphinx_kerasshape.render.style import Style
from sphinx_kerasshape.settings.settings import can_have_totals

_TAG = re.compile(r"<[^<>]*>")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
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
            if truth.model is None and not truth.is_gone:
                _rewrite(node, number, truth)
        tables: dict[int, list[tuple[Truth, Spot]]] = {}
        for truth, spot in spots:
            if truth.is_gone or (truth.model is not None and not _is_inside_code(spot[0])):
                tables.setdefault(id(spot[0]), []).append((truth, spot))
        for some in tables.values():
            _replace(some, lambda model: _table(model, context, style))


def _is_block(node: nodes.Node) -> bool:
    """Whether a node is a block of plain text, or an output of a notebook as HTML."""
    if isinstance(node, nodes.raw):
        return node.get("format") == "html" and "output" in node["classes"]
    is_block = isinstance(node, (nodes.literal_block, nodes.doctest_block))
    return is_block and all(isinstance(child, nodes.Text) for child in node.children)


def _spots(truths: Iterable[Truth], blocks: Iterable[nodes.TextElement]) -> Iterator[tuple[Truth, Spot]]:
    """Yield what stands in one of the blocks, with its line there."""
    lines: dict[str, list[tuple[int, Spot]]] = {}
    for node in blocks:
        for number, line in enumerate(_text(node).split("\n")):
            if line.strip():
                lines.setdefault(line.strip(), []).append(((node.line or 0) + number, (node, number)))
    used: set[tuple[int, int]] = set()
    for truth in truths:
        # A line of a block quote, say, has marks of its own before it.
        found = lines.get(truth.old.strip()) or [
            spot for line, spots in lines.items() if truth.old.rstrip().endswith(line) for spot in spots
        ]
        near = [
            (line, (node, number))
            for line, (node, number) in found
            if 0 <= truth.line - line <= _BEFORE and (id(node), number) not in used
        ]
        if near:
            _, (node, number) = max(near, key=lambda spot: spot[0])
            used.add((id(node), number))
            yield truth, (node, number)


def _text(node: nodes.TextElement) -> str:
    """Return what readers see of a block."""
    text = node.astext()
    return html.unescape(_TAG.sub("", text)) if isinstance(node, nodes.raw) else _ANSI.sub("", text)


def _rewrite(node: nodes.TextElement, number: int, truth: Truth) -> None:
    """Put the true line in place of a line of a block, without what stands before it in the page."""
    if isinstance(node, nodes.raw):
        return
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


def _replace(found: Sequence[tuple[Truth, Spot]], table_of: Callable[[Model], nodes.container]) -> None:
    """Put tables in place of the summaries in a block; what stands around them stays in blocks."""
    node = found[0][1][0]
    lines, end = _text(node).split("\n"), 0
    new: list[nodes.Node] = []
    for truth, (_, number) in sorted(found, key=lambda one: one[1][1]):
        new += _part(node, lines[end:number], is_before=True, is_behind=end > 0)
        new += [table_of(truth.model)] if truth.model is not None else []
        end = number + 1 + truth.new.count("\n")
    new += _part(node, lines[end:], is_before=False, is_behind=True)
    if new:
        node.replace_self(new)
    else:
        node.parent.remove(node)


def _is_frame(line: str) -> bool:
    """Whether a line is a rule or the title of a summary."""
    return not any(map(str.isalnum, line)) or line.strip().startswith("Model:")


def _part(
    node: nodes.TextElement, lines: list[str], *, is_before: bool, is_behind: bool
) -> list[nodes.TextElement]:
    """Return a block like another one of some of its lines, without the frames of summaries; or nothing."""
    while is_before and lines and _is_frame(lines[-1]):
        lines.pop()
    while is_behind and lines and _is_frame(lines[0]):
        lines.pop(0)
    if not any(map(str.strip, lines)):
        return []
    part = nodes.literal_block(classes=["output"]) if isinstance(node, nodes.raw) else node.copy()
    part["ids"], part["names"] = [], []
    part.rawsource = "\n".join(lines)
    part += nodes.Text(part.rawsource)
    return [part]


def _table(model: Model, context: BuildContext, style: Style) -> nodes.container:
    """Return the table of a model as ``keras:summary`` has it."""
    names = columns.names(context.settings.columns, model)
    has_totals = can_have_totals(names)
    live = nodes.table("", nodes.tgroup("", cols=1), classes=["kerasshape-table"])
    container = nodes.container("", live, classes=["kerasshape"])
    table.fill(live, table.Rows(model, names, 1, has_totals, (), style))
    container += parts.needs(model, style)
    container += [] if has_totals else parts.totals(model, style)
    return container
