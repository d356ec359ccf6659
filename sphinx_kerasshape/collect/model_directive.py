"""Directives: text of a page into a request and a placeholder. Nothing is run here.

``keras:code`` leaves a container of its code and of ``keras_part`` for what it prints.

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
from typing import NamedTuple

from docutils import nodes
from sphinx.util.nodes import make_id

from sphinx_kerasshape import files
from sphinx_kerasshape.collect.block import BlockDirective
from sphinx_kerasshape.collect.from_option import imported_code
from sphinx_kerasshape.collect.options import LONGEST_NAME, Options, Unusable
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.pages.placeholder import View, mark
from sphinx_kerasshape.pages.records import Block, Claim
from sphinx_kerasshape.text import excerpt, quoted

SAVED = (".keras", ".h5", ".hdf5", ".tflite")
"""How the files of saved models end; a SavedModel is a folder."""


class Source(NamedTuple):
    """Where a model comes from: code, the file that this is from, or a file that has the model itself."""

    code: str = ""
    called: str = ""
    """Of an imported model: what makes it."""
    origin: str = ""
    saved: str = ""


class ModelDirective(BlockDirective):
    """``keras:model``: a model's code, with what TensorFlow says of it."""

    takes_name = True

    def run(self) -> list[nodes.Node]:
        """Record the request, and return the placeholder."""
        given, name = self._given("keras:model"), self._name()
        if not name:
            problem = "keras:model needs a name, such as 'keras:model lstm-demo'"
            return self._refused(given, self._trouble(Problem.NAME, problem))
        if len(name) > LONGEST_NAME:
            problem = f"the name has {len(name):,} characters, {LONGEST_NAME} at most"
            return self._refused(given, self._trouble(Problem.NAME, problem))
        if set(name) & set("/[]\"'"):
            problem = f"the name {quoted(name)} can't have slashes, brackets or quotes"
            return self._refused(given, self._trouble(Problem.NAME, problem))
        try:
            source = self._source(given)
        except Unusable as unusable:
            problem = Problem.FILE if given.file else Problem.OPTION
            return self._refused(given, self._trouble(problem, str(unusable)))
        entry = self._entry(name, given, source)
        self._page.blocks[entry.key] = entry
        self._page.claims.extend(self._expectations(given, entry))
        target = nodes.target("", "", ids=[entry.anchor])
        self.state.document.note_explicit_target(target)
        return [target, self._container(given, entry)]

    def _source(self, given: Options) -> Source:
        """Return where the model comes from; raises ``Unusable``."""
        sources = {
            "a body": any(line.strip() for line in self.content),
            ":from:": given.source,
            ":file:": given.file,
        }
        present = [name for name, there in sources.items() if there]
        if len(present) != 1:
            what = " and ".join(present) or "no code"
            raise Unusable(f"the model has {what}: give it one of a body, :from: or :file:")
        if "source" in given.show and not given.source:
            raise Unusable(":show: source is for a model that :from: imports; 'code' shows others")
        if given.custom_objects and not given.file:
            raise Unusable(":custom-objects: is for a saved model, which :file: names")
        if given.source:
            try:
                return Source(*imported_code(given.source))
            except Unusable as unusable:
                raise Unusable(f":from: {unusable}") from None
        return self._file(given.file) if given.file else Source("\n".join(self.content))

    def _file(self, name: str) -> Source:
        """Return the file that ``:file:`` names; raises ``Unusable``."""
        shown = f":file: {excerpt(name)}"
        try:
            return self._read_file(name, shown)
        except FileNotFoundError:
            raise Unusable(
                f"{shown} does not exist; the path is relative to this page, "
                "or to the documentation's folder if it starts with '/'"
            ) from None
        except UnicodeDecodeError:
            raise Unusable(f"{shown} can't be read: save it as UTF-8") from None
        except (OSError, RuntimeError) as error:
            # Python 3.12 and older call a link that leads to itself a RuntimeError.
            why = getattr(error, "strerror", None) or str(error).partition(" from ")[0]
            raise Unusable(f"{shown} can't be read: {why}") from None

    def _read_file(self, name: str, shown: str) -> Source:
        relative, absolute = self.env.relfn2path(name)
        path = Path(absolute)
        if not self._may_use(path):
            raise Unusable(
                f"{shown} is outside of the documentation's folder: move it there, "
                "or add its folder to kerasshape_file_folders in conf.py"
            )
        if path.suffix not in (".py", *SAVED) and not path.is_dir():
            known = ", ".join(SAVED)
            raise Unusable(f"{shown} is neither Python (.py) nor a saved model ({known}, or a folder)")
        self.env.note_dependency(f"{relative}/saved_model.pb" if path.is_dir() else relative)
        if path.suffix == ".py":
            return Source(files.text(path).rstrip("\n"), origin=str(absolute))
        if path.is_dir() and not (path / "saved_model.pb").is_file():
            raise Unusable(f"{shown} is a folder without a saved_model.pb")
        if not path.is_dir():
            files.opened(path).close()
        return Source(saved=str(absolute))

    def _may_use(self, path: Path) -> bool:
        """Whether a file is, links followed, in a folder that the project takes files from."""
        folders = self._domain.context.file_folders
        real = Path(os.path.realpath(path))
        return any(real.is_relative_to(os.path.realpath(folder)) for folder in folders)

    def _entry(self, name: str, given: Options, source: Source) -> Block:
        earlier = self._earlier(given.session)
        request = Request(
            code=source.code,
            prelude=self._settings.prelude,
            origin=source.origin,
            file=source.saved,
            custom_objects=given.custom_objects,
            constructor="constructor" in given.show,
            flops=given.flops_at or "batch" if "flops" in (given.columns or self._settings.columns) else "",
            source=source.called if "source" in given.show else "",
            model=given.model,
            axes=given.axes,
            input=given.input,
            raises=given.raises,
            # Output that readers see has to be that of real weights.
            weights="real" if "output" in given.show else self._settings.weights,
            earlier=tuple(entry.request.step() for entry in earlier),
        )
        file, line = self._place()
        return Block(
            key=self._key(name),
            name=name,
            anchor=make_id(self.env, self.state.document, "keras-model", name),
            request=request,
            location=self._location(),
            code_file=file,
            code_line=line,
            depth=given.depth if "table" in given.show and not given.raises else 0,
            imported=given.source,
            session=given.session,
            blocks=tuple((entry.code_file, entry.code_line) for entry in earlier),
        )

    def _expectations(self, given: Options, entry: Block) -> Iterator[Claim]:
        for attribute in ("input", "output", "params", "axes"):
            stated = getattr(given, f"expect_{attribute}")
            if stated:
                whole = attribute in ("params", "axes")
                kind, dot = (attribute, "") if whole else ("shape", f".{attribute}")
                location = self._option_location(f"expect-{attribute}")
                yield Claim(kind, f'"{entry.name}"{dot}', stated, location)

    def _container(self, given: Options, entry: Block) -> nodes.container:
        container = nodes.container("", classes=["kerasshape", *given.classes])
        self.set_source_info(container)
        if given.raises:
            shown = [part for part in given.show if part == "code"] + ["error"]
        else:
            shown = list(given.show)
        for part in shown:
            if part == "code":
                container += self._code_block(entry.request.code, given) if entry.request.code else []
            elif part == "table":
                container += self._table(given, entry)
            elif not (part == "totals" and self._totals_in_table(given)):
                container += self._part(entry, part)
        if "table" not in shown:
            container += self._part(entry, "problem")
            self._misses_table(given)
        return container

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

    def _table(self, given: Options, entry: Block) -> nodes.table:
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
        columns = given.columns or self._settings.columns
        totals = self._totals_in_table(given)
        mark(table, View(self.env.docname, entry.key, "table", columns, given.depth, totals))
        if given.name:
            table["names"].append(nodes.fully_normalize_name(given.name))
            self.state.document.note_explicit_target(table, table)
        return table
