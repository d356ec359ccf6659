"""Reference lists that are made from the extension's own declarations.

``settings-reference`` gives an entry for each field of ``Settings``; ``warnings-reference``
a table of ``problems.HELP``. Both write Markdown and let the page parse it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, fields
from typing import TYPE_CHECKING, Any

from sphinx.util.docutils import SphinxDirective

from sphinx_kerasshape.config import PREFIX, PRELUDE, Settings
from sphinx_kerasshape.diagnostics import TYPE
from sphinx_kerasshape.problems import HELP

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

_KINDS = {bool: "`True` or `False`", int: "whole number", str: "string", tuple: "list of strings"}


class SettingsReference(SphinxDirective):
    """An entry for each option of ``conf.py``."""

    def run(self) -> list[nodes.Node]:
        """Write a ``confval`` for each field, and parse it."""
        text = "\n".join(line for option in fields(Settings) for line in _entry(option))
        return self.parse_text_to_nodes(text)


class WarningsReference(SphinxDirective):
    """A table of all warnings."""

    def run(self) -> list[nodes.Node]:
        """Write a row for each problem, and parse it."""
        rows = [f"| `{TYPE}.{problem}` | {meaning} |" for problem, meaning in HELP.items()]
        return self.parse_text_to_nodes("\n".join(["| Warning | Meaning |", "| --- | --- |", *rows]))


def _entry(option: Field[Any]) -> Iterator[str]:
    yield f"```{{confval}} {PREFIX}{option.name}"
    yield f":type: {_kind(option)}"
    yield f":default: {_default(option.default)}"
    yield ""
    yield option.metadata["help"]
    yield "```"


def _kind(option: Field[Any]) -> str:
    if option.metadata["choices"]:
        return " or ".join(f"`{choice!r}`" for choice in option.metadata["choices"])
    kind = _KINDS[type(option.default)]
    least = option.metadata["least"]
    return kind if least is None else f"{kind}, at least {least}"


def _default(value: Any) -> str:
    if value == PRELUDE:
        return "the imports of `tf`, `keras` and `layers`"
    return f"`{list(value) if isinstance(value, tuple) else value!r}`"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives."""
    app.add_directive("settings-reference", SettingsReference)
    app.add_directive("warnings-reference", WarningsReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
