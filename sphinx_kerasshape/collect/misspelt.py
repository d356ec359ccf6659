"""Directives and roles of the ``keras`` domain that do not exist: a warning says which was meant."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

from sphinx_kerasshape.collect.names import DIRECTIVES, ROLES
from sphinx_kerasshape.collect.options import AnyOption
from sphinx_kerasshape.collect.unparsed import lines
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.pages.domain import domain_of
from sphinx_kerasshape.pages.positions import parse_location
from sphinx_kerasshape.pages.records import Finding, absolute
from sphinx_kerasshape.text import hint, quoted


class MisspeltDirective(SphinxDirective):
    """A directive with a wrong name, of which nothing is shown."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = AnyOption()

    def run(self) -> list[nodes.Node]:
        """Record the mistake."""
        _record(self, self.name, "directive", [*DIRECTIVES], self.get_location())
        return []


class MisspeltRole(SphinxRole):
    """A role with a wrong name, which is shown as it is written."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Record the mistake, and return the text."""
        location = parse_location(self.get_location().replace(":<translated>", ""))
        file, line = (location.file, location.line) if location else ("", 1)
        written = re.compile(rf"(?:\{{{self.name}\}}|:{self.name}:)`+{re.escape(self.text)}", re.IGNORECASE)
        # Sphinx knows only the first line of the paragraph.
        found = (number for number, text in enumerate(lines(file)[line - 1 :], line) if written.search(text))
        _record(self, self.name, "role", [*ROLES], f"{file}:{next(found, line)}")
        return [nodes.literal(self.rawtext, self.rawtext)], []


def _record(markup: Any, name: str, kind: str, names: list[str], location: str) -> None:
    domain = domain_of(markup.env)
    choices = [f"keras:{choice}" for choice in names]
    problem = Problem.OPTION if kind == "directive" else Problem.REF
    message = f"unknown {kind} {quoted(name)}{hint(name, choices)}"
    place = absolute(location, str(markup.env.doc2path(markup.env.docname)))
    finding = Finding(problem, message, place)
    # Sphinx parses each translation twice.
    if finding not in domain.page(markup.env.docname).findings:
        domain.page(markup.env.docname).findings.append(finding)
