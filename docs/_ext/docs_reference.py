"""Reference lists that are made from the extension's own declarations.

``settings-reference`` gives an entry for each field of ``Settings``; ``warnings-reference``
a table of ``problems.HELP``; ``faults-reference`` tables of what ``tests/support/faults.py`` tries;
``tests-reference`` one of what a file of tests says of its tests; ``mistakes-reference`` one of
``docs/examples/mistakes.toml``; ``recognition-reference`` one of ``tests/support/recognition.toml``.
All write Markdown and let the page parse it.

``complete`` holds a table that is written by hand against the names that have to be in it.
"""

from __future__ import annotations

import ast
import io
import re
import runpy
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util.docutils import SphinxDirective

from sphinx_kerasshape import __main__ as command_line
from sphinx_kerasshape.check.diagnostics import TYPE
from sphinx_kerasshape.collect import options
from sphinx_kerasshape.messages import report
from sphinx_kerasshape.messages.problems import HELP
from sphinx_kerasshape.settings.checks import Setting
from sphinx_kerasshape.settings.settings import COLUMNS, PREFIX, PRELUDE, declarations

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

MISTAKES = Path(__file__).parents[1] / "examples" / "mistakes.toml"
TESTS = Path(__file__).parents[2] / "tests"
FAULTS = TESTS / "support" / "faults.py"
RECOGNITION = TESTS / "support" / "recognition.toml"
_KINDS = {
    bool: "`True` or `False`",
    type(None): "`True`, `False` or `None`",
    int: "whole number",
    str: "string",
    tuple: "list of strings",
}


class SettingsReference(SphinxDirective):
    """An entry for each option of ``conf.py``."""

    def run(self) -> list[nodes.Node]:
        """Write a ``confval`` for each field, and parse it."""
        text = "\n".join(line for option in declarations() for line in _entry(*option))
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


class MistakesReference(SphinxDirective):
    """A table of messages, their causes and how to mend them."""

    def run(self) -> list[nodes.Node]:
        """Write a row for each mistake, and parse it."""
        self.env.note_dependency(str(MISTAKES))
        mistakes = tomllib.loads(MISTAKES.read_text("utf-8")).values()
        rows = [f"| `{one['message']}` | {one['cause']} | {one['mend']} |" for one in mistakes]
        head = ["| The build says | Cause | Mend |", "| --- | --- | --- |"]
        return self.parse_text_to_nodes("\n".join([*head, *rows]))


class RecognitionReference(SphinxDirective):
    """A table of what an audit recognises, each row tested in each of its formats."""

    def run(self) -> list[nodes.Node]:
        """Write a row for each example, and parse it."""
        self.env.note_dependency(str(RECOGNITION))
        examples = tomllib.loads(RECOGNITION.read_text("utf-8")).values()
        rows = [
            f"| {one['what']} | {', '.join(one['in'])} | `{_false_line(one)}` | `{one['says']}` |"
            for one in examples
        ]
        head = ["| Statement | In | For example | The audit says |", "| --- | --- | --- | --- |"]
        return self.parse_text_to_nodes("\n".join([*head, *rows]))


def _false_line(one: dict[str, Any]) -> str:
    """Return the line of an example that states something false."""
    text = "\n".join(one.get(part, "") for part in ("prose", "printed", "examples", "code"))
    (first, *_) = (line for line in text.split("\n") if one["false"].split("\n")[0] in line)
    return re.sub(r" {2,}", "  ", first.strip()).replace("`", "").replace("|", r"\|")


class Complete(SphinxDirective):
    """Tables and lists that have to name all of something, in any order, and nothing else."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Compare the names of first columns, and of terms, with those that there are; parse the text."""
        wanted, found = set(NAMES[self.arguments[0]]), set(_terms(self.content))
        if wanted != found:
            missing, unknown = (", ".join(sorted(one)) or "none" for one in (wanted - found, found - wanted))
            raise self.error(f"{self.arguments[0]}: missing here: {missing}; unknown: {unknown}")
        return self.parse_content_to_nodes()


def _terms(lines: Iterable[str]) -> Iterator[str]:
    lines = list(lines)
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("| `") or (line.startswith("`") and after.startswith(": ")):
            for name in re.findall(r"`([^`]+)`", line.split(" | ")[0]):
                yield name.strip(":").split()[0]


def _options_of(name: str) -> set[str]:
    """Return the arguments of a command, as its help names them."""
    text = io.StringIO()
    with redirect_stdout(text), suppress(SystemExit):
        command_line.main([name, "--help"])
    found = re.findall(r"^  (-{0,2}[a-z][\w-]*)", text.getvalue(), re.IGNORECASE | re.MULTILINE)
    return {name if name.startswith("-") else name.upper() for name in found} - {"-h"}


def _named_in_the_lock(record: Any) -> list[str]:
    return [name for name in record._fields if (record, name) not in _NOT_IN_THE_LOCK]


_NOT_IN_THE_LOCK = (
    (report.Report, "versions"),
    (report.Report, "sources"),
    (report.Report, "unread"),
    (report.Report, "observations"),
    (report.Report, "failed"),
    (report.Report, "warnings"),
    (report.Report, "saved"),
    (report.Model, "ingredients"),
)
NAMES: dict[str, Iterable[str]] = {
    "fix": _options_of("fix"),
    "audit": _options_of("audit"),
    "adopt": _options_of("adopt"),
    "columns": COLUMNS,
    "parts": options.PARTS,
    "options": options._OPTIONS.keys() - {"from", "file"},
    "code-options": options._OF_CODE,
    "summary-options": options._OF_SUMMARIES,
    **{
        record.__name__: _named_in_the_lock(record)
        for record in (
            *(report.Versions, report.Report, report.Model, report.LayerRow, report.LayerCall),
            *(report.TensorSpec, report.Weight, report.Axis, report.Error),
        )
    },
}
"""What the tables of ``complete`` have to name."""


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


def _entry(name: str, default: Any, setting: Setting) -> Iterator[str]:
    yield f"```{{confval}} {PREFIX}{name}"
    yield f":type: {_kind(default, setting)}"
    yield f":default: {_default(default)}"
    yield ""
    yield setting.help
    yield "```"


def _kind(default: Any, setting: Setting) -> str:
    if setting.choices:
        return " or ".join(f"`{choice!r}`" for choice in setting.choices)
    kind = _KINDS[type(default)]
    return f"{kind}, {setting.least} to {setting.most:,}" if setting.most else kind


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
    app.add_directive("mistakes-reference", MistakesReference)
    app.add_directive("recognition-reference", RecognitionReference)
    app.add_directive("complete", Complete)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
