"""Reference lists that are made from the extension's own declarations.

``settings-reference`` gives an entry for each field of ``Settings``; ``warnings-reference``
a table of ``problems.HELP``; ``faults-reference`` tables of what ``tests/support/faults.py`` tries;
``tests-reference`` one of what a file of tests says of its tests. All write Markdown and let
the page parse it.
"""

from __future__ import annotations

import ast
import runpy
from collections.abc import Iterator
from dataclasses import Field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util.docutils import SphinxDirective

from sphinx_kerasshape.check.diagnostics import TYPE
from sphinx_kerasshape.messages.problems import HELP
from sphinx_kerasshape.settings.settings import PREFIX, PRELUDE, Settings

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

TESTS = Path(__file__).parents[2] / "tests"
FAULTS = TESTS / "support" / "faults.py"
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


class FaultsReference(SphinxDirective):
    """Tables of the code that the tests try, and what a build says of it."""

    def run(self) -> list[nodes.Node]:
        """Write a table for each group, and parse it."""
        self.env.note_dependency(str(FAULTS))
        groups = runpy.run_path(str(FAULTS), run_name="faults")["GROUPS"]
        text = "\n\n".join(_faults(name, group) for name, group in groups.items())
        return self.parse_text_to_nodes(text)


class TestsReference(SphinxDirective):
    """A table of tests whose docstrings say ``what is tried: what happens``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write a row for each such test, and parse it."""
        (file,) = TESTS.glob(f"*/test_{self.arguments[0]}.py")
        self.env.note_dependency(str(file))
        tests = [
            node for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)
        ]
        told = [" ".join((ast.get_docstring(test) or "").split()).partition(": ")[::2] for test in tests]
        rows = [f"| {tried} | {_sentence(happens)} |" for tried, happens in told if happens]
        return self.parse_text_to_nodes("\n".join(["| Tried | What happens |", "| --- | --- |", *rows]))


def _faults(name: str, group: dict[str, Any]) -> str:
    rows = [f"| {_sentence(fault.what)} | {_outcome(fault.says)} |" for fault in group.values()]
    head = [f"```{{rubric}} It {name}", "```", "", "| The code has | The build |", "| --- | --- |"]
    return "\n".join([*head, *rows])


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _outcome(says: str) -> str:
    """Return the message, without the subtype and what is the same all over."""
    if not says:
        return "answers"
    text = says.partition(" [kerasshape.")[0]
    if len(text) > 120:
        text = text[:60].rstrip() + " …"
    return f"says `{text}`"


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
    least, most = option.metadata["least"], option.metadata["most"]
    return kind if least is None else f"{kind}, {least} to {most:,}"


def _default(value: Any) -> str:
    if value == PRELUDE:
        return "the imports of `tf`, `keras` and `layers`"
    return f"`{list(value) if isinstance(value, tuple) else value!r}`"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives."""
    app.add_directive("settings-reference", SettingsReference)
    app.add_directive("warnings-reference", WarningsReference)
    app.add_directive("faults-reference", FaultsReference)
    app.add_directive("tests-reference", TestsReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
