"""``keras:code``: a container of its code, and of a ``keras_part`` for what it prints."""

from __future__ import annotations

from docutils import nodes

from sphinx_kerasshape.collect.block import BlockDirective
from sphinx_kerasshape.collect.options import Options
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.pages.records import Block


class CodeDirective(BlockDirective):
    """``keras:code``: code that is run, in a session or by itself, and shown with what it prints."""

    def run(self) -> list[nodes.Node]:
        """Record the request, and return the placeholder."""
        given = self._given("keras:code")
        if self._name():
            problem = "keras:code has no name; ':session: NAME' is for the session that it is part of"
            self._trouble(Problem.OPTION, problem)
        code = "\n".join(self.content)
        if not code.strip():
            return self._refused(given, self._trouble(Problem.OPTION, "keras:code has no code"))
        earlier = self._earlier(given.session)
        number = 1 + sum(entry.is_code for entry in self._page.blocks.values())
        name = f"{self.env.docname}#code-{number}"
        request = Request(
            code=code,
            prelude=self._settings.prelude,
            raises=given.raises,
            weights="real" if "output" in given.show else self._settings.weights,
            kind="code",
            earlier=tuple(entry.request.step() for entry in earlier),
        )
        location = self._location()
        places = tuple((entry.code_file, entry.code_line) for entry in earlier)
        entry = Block(name, name, "", request, location, *self._place(), 0, "", given.session, places)
        self._page.blocks[entry.key] = entry
        return [self._container(given, entry)]

    def _container(self, given: Options, entry: Block) -> nodes.container:
        container = nodes.container("", classes=["kerasshape", *given.classes])
        self.set_source_info(container)
        if "code" in given.show:
            container += self._code_block(entry.request.code, given)
        parts = [part for part in given.show if part == "output"]
        container += [self._part(entry, part) for part in (*parts, "error", "problem")]
        return container
