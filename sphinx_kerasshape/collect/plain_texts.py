"""Values where Sphinx keeps plain text: in terms of glossaries, and in what can't have roles at all."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

from docutils import nodes
from sphinx import addnodes

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.pages.placeholder import above, values
from sphinx_kerasshape.pages.records import LINKS, VALUES, Claim, Finding, absolute
from sphinx_kerasshape.text import quoted

_NAMES = "|".join((*LINKS, *VALUES, "unchecked"))
_ROLE = re.compile(rf"(?:\{{keras:(?:{_NAMES})\}}|:keras:(?:{_NAMES}):)`[^`]+`")

_GLOSSARY = re.compile(r"\.\. glossary::|\{glossary\}")


def may_have_roles(node: nodes.Node) -> bool:
    """Whether a node may have a role of ours in its plain text."""
    if isinstance(node, addnodes.toctree | addnodes.index | nodes.image | nodes.meta):
        return "keras:" in str(node.attributes)
    return isinstance(node, addnodes.glossary)


def plain_texts(document: nodes.document, path: str, claims: Iterable[Claim]) -> Iterator[Finding]:
    """Yield the values of a page, at ``path``, that readers never see, or that a name would need.

    ``claims`` are all that the page has.
    """
    for term, claim in _inserted_into_terms(document, claims):
        message = (
            f"the index, the search and references show the term as {quoted(term)}, since no value can be "
            f"inserted into a name: state it, as in `VALUE <{claim.target}>`"
        )
        yield Finding(Problem.REF, message, claim.location)
    for element in document.findall(may_have_roles):
        for place, text in _texts(element):
            for role in _ROLE.finditer(text):
                message = f"{quoted(role[0])} is shown as it is in {place}, which is plain text"
                line = f"{getattr(element, 'source', '') or ''}:{getattr(element, 'line', 0) or 1}"
                yield Finding(Problem.REF, f"{message}: write the value", absolute(line, path))


def _inserted_into_terms(document: nodes.document, claims: Iterable[Claim]) -> Iterator[tuple[str, Claim]]:
    """Yield terms of glossaries with the values that are inserted into them."""
    # Equal claims are in the same order, and only the recorded ones have a line of their own.
    recorded: dict[Claim, list[Claim]] = {}
    for claim in claims:
        recorded.setdefault(claim._replace(location=""), []).append(claim)
    for node, claim in values(document):
        located = recorded[claim].pop(0) if recorded.get(claim) else claim
        places = list(above(node))
        term = next((place for place in places if isinstance(place, nodes.term)), None)
        is_in_glossary = any(isinstance(place, addnodes.glossary) for place in places)
        if term is not None and is_in_glossary and not claim.stated:
            yield term.astext(), _at_its_line(located)


def _at_its_line(claim: Claim) -> Claim:
    """Return a claim of a glossary at its line, which MyST counts from the beginning of the glossary."""
    from sphinx_kerasshape.collect.unparsed import lines  # few pages need it

    file, _, line = claim.location.rpartition(":")
    texts = enumerate(lines(file), 1)
    inside = itertools.dropwhile(lambda numbered: not _GLOSSARY.search(numbered[1]), texts)
    found = [number for number, text in inside if f"keras:{claim.kind}" in text and claim.target in text]
    number = int(line) if int(line) in found or not found else found[0]
    return claim._replace(location=f"{file}:{number}")


def _texts(node: nodes.Node) -> Iterator[tuple[str, str]]:
    """Yield the plain texts of a node, each with what it is."""
    match node:
        case addnodes.toctree():
            yield "the caption of a toctree", node.get("caption") or ""
            for title, _ in node["entries"]:
                yield "the entry of a toctree", title or ""
        case addnodes.index():
            for entry in node["entries"]:
                yield "an entry of the index", entry[1]
        case nodes.image():
            yield "the text for an image", node.get("alt") or ""
        case nodes.meta():
            yield "a meta tag", node.get("content") or ""
