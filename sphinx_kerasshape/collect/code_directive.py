"""``keras:code``: code that runs, in a session or by itself, and is shown with its output.

The directive returns a container of the code and of placeholders for output, error and problem.
"""

from __future__ import annotations

from docutils import nodes

from sphinx_kerasshape.collect.block import BlockDirective
from sphinx_kerasshape.collect.options import Options, Unusable
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.pages.records import OFF, Block


class CodeDirective(BlockDirective):
    """The directive ``keras:code``."""

    takes_name = False

    def run(self) -> list[nodes.Node]:
        """Record the block, and return its placeholders."""
        options = self._options("keras:code")
        try:
            if self._name():
                message = "keras:code takes no name; write ':session: NAME' to make it part of a session"
                self._report(Problem.OPTION, message)
        except Unusable as unusable:
            return self._refusal(options, Problem.OPTION, str(unusable))
        if not any(line.strip() for line in self.content):
            return self._refusal(options, Problem.OPTION, "keras:code has no code")
        block = self._block(options)
        self._page.blocks[block.key] = block
        return [self._container(options, block)]

    def _block(self, options: Options) -> Block:
        earlier = self._earlier(options.session)
        number = 1 + sum(block.is_code for block in self._page.blocks.values())
        name = f"{self.env.docname}#code-{number}"
        file, line = self._code_place()
        return Block(
            key=name,
            name=name,
            anchor="",
            request=Request(
                code="\n".join(self.content),
                prelude=self._context.settings.prelude,
                raises=options.raises,
                weights="real" if "output" in options.show else self._context.settings.weights,
                kind="code",
                earlier=tuple(block.request.step() for block in earlier),
            ),
            location=self._location(),
            code_file=file,
            code_line=line,
            depth=0,
            session=options.session,
            blocks=tuple((block.code_file, block.code_line) for block in earlier),
            is_annotated=options.annotate,
            is_off=OFF in options.classes,
        )

    def _container(self, options: Options, block: Block) -> nodes.container:
        container = nodes.container("", classes=["kerasshape", *options.classes])
        self.set_source_info(container)
        if "code" in options.show:
            container += self._code_of(block, options)
        output = ["output"] if "output" in options.show else []
        container += [self._part(block, part) for part in (*output, "error", "problem")]
        return container
