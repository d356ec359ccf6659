"""Directives: text of a page into a request and a placeholder. Nothing is run here.

``keras:model`` leaves this in the doctree, each part only if ``:show:`` names it::

    target                                (anchor of the model)
    container.kerasshape
        literal_block                     (the code, by Sphinx's own code block)
        table keras-model="KEY" …         (caption and names; the body comes later)
            title?
            tgroup
        keras_part keras-part="totals"    (replaced by stock nodes later)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.directives.code import CodeBlock
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_id

from sphinx_kerasshape import options as reading
from sphinx_kerasshape.config import Settings, settings
from sphinx_kerasshape.messages import Request
from sphinx_kerasshape.options import AnyOption, Options, Unusable
from sphinx_kerasshape.problems import Problem
from sphinx_kerasshape.records import Claim, Entry, Page, Trouble, absolute

if TYPE_CHECKING:
    from sphinx_kerasshape.domain import KerasDomain


class keras_part(nodes.General, nodes.Element):  # noqa: N801
    """A part of a model's view whose stock nodes are made when the report is there."""


class ModelDirective(SphinxDirective):
    """``keras:model``: a model's code, with what TensorFlow says of it."""

    has_content = True
    required_arguments = 0
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = AnyOption()

    def run(self) -> list[nodes.Node]:
        """Record the request, and return the placeholder."""
        given, problems = reading.parse(self.options)
        for problem in problems:
            self._trouble(Problem.OPTION, problem)
        if not self.arguments:
            problem = "keras:model needs a name, such as 'keras:model lstm-demo'"
            return self._refused(self._trouble(Problem.NAME, problem))
        if set(self.arguments[0]) & set("/[]\"'"):
            problem = f"the name {self.arguments[0]!r} can't have slashes, brackets or quotes"
            return self._refused(self._trouble(Problem.NAME, problem))
        try:
            code, origin = self._source(given)
        except Unusable as unusable:
            problem = Problem.FILE if given.file else Problem.OPTION
            return self._refused(self._trouble(problem, str(unusable)))
        entry = self._entry(given, code, origin)
        self._page.models[entry.key] = entry
        self._page.claims.extend(self._expectations(given, entry))
        target = nodes.target("", "", ids=[entry.anchor])
        self.state.document.note_explicit_target(target)
        return [target, self._container(given, entry)]

    @property
    def _page(self) -> Page:
        domain = cast("KerasDomain", self.env.domains["keras"])
        return domain.page(self.env.docname)

    @property
    def _settings(self) -> Settings:
        return settings(self.config)[0]

    def _trouble(self, problem: Problem, message: str) -> str:
        self._page.troubles.append(Trouble(problem, message, absolute(self.get_location())))
        return message

    def _refused(self, message: str) -> list[nodes.Node]:
        """Show the code, if any, and what is wrong."""
        shown = self._code_block("\n".join(self.content)) if self.content else []
        return [*shown, nodes.error("", nodes.paragraph("", message), classes=["kerasshape-error"])]

    def _source(self, given: Options) -> tuple[str, str]:
        """Return the code, and the file that it is from; raises ``Unusable``."""
        sources = {
            "a body": any(line.strip() for line in self.content),
            ":from:": given.source,
            ":file:": given.file,
        }
        present = [name for name, there in sources.items() if there]
        if len(present) != 1:
            what = " and ".join(present) or "no code"
            raise Unusable(f"the model has {what}: give it one of a body, :from: or :file:")
        if given.source:
            try:
                return reading.imported_code(given.source), ""
            except Unusable as unusable:
                raise Unusable(f":from: {unusable}") from None
        if given.file:
            return self._file(given.file)
        return "\n".join(self.content), ""

    def _file(self, name: str) -> tuple[str, str]:
        relative, absolute = self.env.relfn2path(name)
        if Path(name).suffix != ".py":
            raise Unusable(f":file: {name} isn't a Python file (.py)")
        inside = Path(self.env.srcdir).resolve()
        if not Path(absolute).resolve().is_relative_to(inside):
            raise Unusable(f":file: {name} is outside of the documentation's folder; move it there")
        self.env.note_dependency(relative)
        try:
            return Path(absolute).read_text(encoding="utf-8").rstrip("\n"), str(absolute)
        except FileNotFoundError:
            raise Unusable(
                f":file: {name} does not exist; the path is relative to this page, "
                "or to the documentation's folder if it starts with '/'"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise Unusable(f":file: {name} can't be read: {error}") from None

    def _entry(self, given: Options, code: str, origin: str) -> Entry:
        name = " ".join(self.arguments[0].split())
        request = Request(
            code=code,
            prelude=self._settings.prelude,
            origin=origin,
            model=given.model,
            axes=given.axes,
            input=given.input,
            raises=given.raises,
            # Output that readers see has to be that of real weights.
            weights="real" if "output" in given.show else self._settings.weights,
        )
        file, line = self._first_line() if self.content else ("", 0)
        return Entry(
            key=self._key(name),
            name=name,
            anchor=make_id(self.env, self.state.document, "keras-model", name),
            request=request,
            location=absolute(self.get_location()),
            code_file=file,
            code_line=line,
            depth=given.depth if "table" in given.show and not given.raises else 0,
            imported=given.source,
        )

    def _expectations(self, given: Options, entry: Entry) -> Iterator[Claim]:
        for attribute in ("input", "output", "params", "axes"):
            stated = getattr(given, f"expect_{attribute}")
            if stated:
                whole = attribute in ("params", "axes")
                kind, dot = (attribute, "") if whole else ("shape", f".{attribute}")
                location = self._option_location(f"expect-{attribute}")
                yield Claim(kind, f'"{entry.name}"{dot}', stated, location)

    def _option_location(self, option: str) -> str:
        """Return ``file:line`` of an option, which MyST before 5 leaves out of ``block_text``."""
        file, _, line = absolute(self.get_location()).rpartition(":")
        lines = self.block_text.splitlines()
        if not (lines and _is_markup(lines[0])):
            lines = _lines_from(file, int(line))
        found = [n for n, text in enumerate(lines) if text.strip().lstrip(":").startswith(f"{option}:")]
        return f"{file}:{int(line) + found[0]}" if found else f"{file}:{line}"

    def _key(self, name: str) -> str:
        taken = self._page.models
        key, number = name, 1
        while key in taken:
            number += 1
            key = f"{name} ({number})"
        return key

    def _first_line(self) -> tuple[str, int]:
        """Return file and line of the body's first line.

        reST gives the absolute line; MyST none, but offsets relative to the fence.
        """
        file, offset = self.content.items[0]
        return os.path.abspath(str(file)), offset + 1 if offset else self.lineno + self.content_offset + 1

    def _container(self, given: Options, entry: Entry) -> nodes.container:
        container = nodes.container("", classes=["kerasshape", *given.classes])
        self.set_source_info(container)
        if given.raises:
            shown = [part for part in given.show if part == "code"] + ["error"]
        else:
            shown = list(given.show)
        for part in shown:
            if part == "code":
                container += self._code_block(entry.request.code)
            elif part == "table":
                container += self._table(given, entry)
            elif not (part == "totals" and self._totals_in_table(given)):
                container += self._part(entry, part)
        if "table" not in shown:
            container += self._part(entry, "problem")
            self._misses_table(given)
        return container

    def _part(self, entry: Entry, part: str) -> keras_part:
        model = {"keras-page": self.env.docname, "keras-model": entry.key}
        return keras_part("", **model, **{"keras-part": part})

    def _totals_in_table(self, given: Options) -> bool:
        """Whether the totals stand as last rows of the table: if they follow it, and can be there."""
        columns = given.columns or self._settings.columns
        pairs = zip(given.show, given.show[1:], strict=False)
        return ("table", "totals") in pairs and (not columns or "params" in columns)

    def _misses_table(self, given: Options) -> None:
        for option, value in (("caption", given.caption), ("name", given.name)):
            if value:
                message = f":{option}: belongs to the table, which :show: or :raises: leaves out"
                self._trouble(Problem.OPTION, message)

    def _code_block(self, code: str) -> list[nodes.Node]:
        """Let Sphinx's own directive make the block."""
        lines = code.splitlines()
        handed_on = {
            option: read(self.options[option])
            for option, read in _CODE_BLOCK.items()
            if option in self.options
        }
        marked = handed_on.get("emphasize-lines")
        if marked is not None and not reading.in_range(marked, len(lines)):
            del handed_on["emphasize-lines"]
            problem = f":emphasize-lines: {marked!r} is not of lines 1 to {len(lines)}"
            self._trouble(Problem.OPTION, problem)
        block = CodeBlock(
            self.name,
            ["python"],
            handed_on,
            StringList(lines, source=self.get_source_info()[0] or ""),
            self.lineno,
            self.content_offset,
            self.block_text,
            self.state,
            self.state_machine,
        )
        return block.run()

    def _table(self, given: Options, entry: Entry) -> nodes.table:
        table = nodes.table("", classes=["kerasshape-table"])
        self.set_source_info(table)
        if given.caption:
            children, messages = self.parse_inline(given.caption, lineno=self.lineno)
            title = nodes.title(given.caption, "", *children, *messages)
            self.set_source_info(title)
            table += title
        tgroup = nodes.tgroup("", cols=1)
        tgroup += [nodes.colspec("", colwidth=1), nodes.tbody()]
        table += tgroup
        if given.align:
            table["align"] = given.align
        if given.width:
            table["width"] = given.width
        # A page may be part of a larger document when its placeholders are filled.
        table["keras-page"] = self.env.docname
        table["keras-model"] = entry.key
        table["keras-columns"] = " ".join(given.columns or self._settings.columns)
        table["keras-depth"] = given.depth
        table["keras-totals"] = int(self._totals_in_table(given))
        if given.name:
            table["names"].append(nodes.fully_normalize_name(given.name))
            self.state.document.note_explicit_target(table, table)
        return table


def _is_markup(line: str) -> bool:
    """Whether a line begins a directive, rather than its options or body."""
    return line.lstrip().startswith(("..", "```", "~~~", ":::"))


def _lines_from(file: str, first: int) -> list[str]:
    """Return the lines of a file from a line on."""
    try:
        return Path(file).read_text(encoding="utf-8-sig").splitlines()[first - 1 :]
    except (OSError, UnicodeDecodeError):
        return []


_CODE_BLOCK: dict[str, Any] = {
    "linenos": lambda _: None,
    "lineno-start": lambda text: int(text) if text.strip().lstrip("-").isdecimal() else 1,
    "emphasize-lines": lambda text: text,
}
