"""Placeholders: nodes that the read phase puts into a doctree, and the write phase fills."""

from collections.abc import Iterator
from typing import NamedTuple

from docutils import nodes

from sphinx_kerasshape.pages.records import Claim

_ATTRIBUTE = "kerasshape"


class keras_part(nodes.General, nodes.Element):  # noqa: N801
    """A part of a model's view, which stock nodes replace in the write phase."""


class View(NamedTuple):
    """The part of a model's view that a placeholder stands for."""

    page: str
    """The page of the block. Its doctree may become part of a larger one before it is filled.

    Empty if the model may be on any page.
    """
    block: str
    """The key of the block on that page; the name of the model, if it may be on any."""
    part: str
    """``table``, one of the other parts of ``:show:``, ``hints``, ``error`` or ``problem``."""
    columns: tuple[str, ...] = ()
    depth: int = 1
    totals: bool = False
    """Whether the totals are the last rows of the table."""


def above(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield what a node is in, from the inside out."""
    while node.parent is not None:
        node = node.parent
        yield node


def mark(node: nodes.Element, placeholder: View | Claim) -> None:
    """Make a node a placeholder."""
    node[_ATTRIBUTE] = placeholder


def is_placeholder(node: nodes.Node) -> bool:
    """Whether a node is a placeholder."""
    return isinstance(node, nodes.Element) and _ATTRIBUTE in node.attributes


def values(tree: nodes.Element) -> Iterator[tuple[nodes.Element, Claim]]:
    """Yield the placeholders of values in a tree, and leave them placeholders."""
    for node in list(tree.findall(is_placeholder)):
        assert isinstance(node, nodes.Element)
        if isinstance(claim := node.attributes[_ATTRIBUTE], Claim):
            yield node, claim


def views(tree: nodes.Element) -> Iterator[View]:
    """Yield the views that the placeholders in a tree stand for, and leave them placeholders."""
    for node in tree.findall(is_placeholder):
        assert isinstance(node, nodes.Element)
        if isinstance(view := node.attributes[_ATTRIBUTE], View):
            yield view


def keep(node: nodes.Element, claim: Claim) -> None:
    """Make a node a placeholder, also after it is filled, but its copies ordinary nodes."""
    setattr(node, _ATTRIBUTE, claim)


def kept(tree: nodes.Element) -> Iterator[tuple[nodes.Element, Claim]]:
    """Yield the placeholders of values in a tree, and make their copies ordinary nodes."""
    for node in list(tree.findall(lambda node: is_placeholder(node) or hasattr(node, _ATTRIBUTE))):
        assert isinstance(node, nodes.Element)
        claim = node.attributes.pop(_ATTRIBUTE, None) or getattr(node, _ATTRIBUTE)
        keep(node, claim)
        yield node, claim


def placeholders(document: nodes.document) -> Iterator[tuple[nodes.Element, View | Claim]]:
    """Yield the placeholders of a document, and make each an ordinary node."""
    for node in list(document.findall(is_placeholder)):
        assert isinstance(node, nodes.Element)
        yield node, node.attributes.pop(_ATTRIBUTE)
