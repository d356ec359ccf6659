"""``keras:model``: a model's code, with what TensorFlow reports about it. Nothing runs here.

The directive returns these nodes, each part only if ``:show:`` names it::

    target                   (anchor of the model)
    container.kerasshape
        literal_block        (the code, by Sphinx's own code block)
        table                (a placeholder with caption and names; the body comes later)
            title?
            tgroup
        keras_part           (a placeholder, replaced by stock nodes later)
"""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes
from sphinx.util.nodes import make_id

from sphinx_kerasshape.collect.model_source import ModelSource, model_source
from sphinx_kerasshape.collect.options import MAX_NAME_LENGTH, Options, Unusable
from sphinx_kerasshape.collect.table import TableDirective
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.pages.records import OFF, Block, Claim
from sphinx_kerasshape.pages.shown_code import called_printing_line, printing_line
from sphinx_kerasshape.text import quoted


class ModelDirective(TableDirective):
    """The directive ``keras:model``."""

    def run(self) -> list[nodes.Node]:
        """Record the block and its expectations, and return its placeholders."""
        options = self._options("keras:model")
        try:
            name = self._model_name()
            body = "\n".join(self.content)
            source = model_source(options, body, self.env, self._context.file_folders)
        except Unusable as unusable:
            return self._refusal(options, unusable.problem, str(unusable))
        block = self._block(name, options, source)
        self._page.blocks[block.key] = block
        self._page.claims.extend(self._expectations(options, block))
        self._report_unseen_output(options, block)
        target = nodes.target("", "", ids=[block.anchor])
        self.state.document.note_explicit_target(target)
        return [target, self._container(options, block)]

    def _model_name(self) -> str:
        """Return the name of the model. Raises ``Unusable``."""
        name = self._name()
        if not name:
            raise Unusable("keras:model needs a name, such as 'keras:model lstm-demo'", Problem.NAME)
        if len(name) > MAX_NAME_LENGTH:
            message = f"the name has {len(name):,} characters; {MAX_NAME_LENGTH} are allowed"
            raise Unusable(message, Problem.NAME)
        if set(name) & set("/[]\"'"):
            message = f"the name {quoted(name)} can't have slashes, brackets or quotes"
            raise Unusable(message, Problem.NAME)
        return name

    def _block(self, name: str, options: Options, source: ModelSource) -> Block:
        earlier = self._earlier(options.session)
        file, line = self._code_place()
        return Block(
            key=self._key(name),
            name=name,
            anchor=make_id(self.env, self.state.document, "keras-model", name),
            request=self._request(options, source, earlier),
            location=self._location(),
            code_file=file,
            code_line=line,
            depth=options.depth if "table" in options.show and not options.raises else 0,
            imported=options.source,
            session=options.session,
            blocks=tuple((block.code_file, block.code_line) for block in earlier),
            is_annotated=options.annotate,
            is_off=OFF in options.classes,
            unseen=self._unseen(options, source, file),
        )

    def _request(self, options: Options, source: ModelSource, earlier: list[Block]) -> Request:
        settings = self._context.settings
        return Request(
            code=source.code,
            prelude=settings.prelude,
            origin=source.origin,
            file=source.saved,
            custom_objects=options.custom_objects,
            constructor="constructor" in options.show,
            flops=options.flops_at or "batch" if self._shows_flops(options) else "",
            source=source.callee if "source" in options.show else "",
            model=options.model,
            axes=options.axes,
            input=options.input,
            raises=options.raises,
            # Output that readers see has to be that of real weights.
            weights="real" if "output" in options.show else settings.weights,
            earlier=tuple(block.request.step() for block in earlier),
        )

    def _expectations(self, options: Options, block: Block) -> Iterator[Claim]:
        for attribute in ("input", "output", "params", "axes", "type", "layers"):
            stated = getattr(options, f"expect_{attribute}")
            if stated:
                is_shape = attribute in ("input", "output")
                kind, suffix = ("shape", f".{attribute}") if is_shape else (attribute, "")
                location = self._option_location(f"expect-{attribute}")
                name = f'"{block.name}"' if "." in block.name else block.name
                yield Claim(kind, f"{name}{suffix}", stated, location)

    def _container(self, options: Options, block: Block) -> nodes.container:
        container = nodes.container("", classes=["kerasshape", *options.classes])
        self.set_source_info(container)
        parts = options.show
        if options.raises:
            parts = (*(part for part in parts if part == "code"), "error")
        for part in parts:
            if part == "code":
                container += self._code_of(block, options) if block.request.code else []
            elif part == "table":
                container += self._table(options, self.env.docname, block.key)
            elif not (part == "totals" and self._has_total_rows(options)):
                container += self._part(block, part)
        if "table" not in parts:
            container += self._part(block, "problem")
            self._report_options_of_table(options)
        return container

    def _shows_flops(self, options: Options) -> bool:
        return "table" in options.show and "flops" in self._columns(options)

    def _report_unseen_output(self, options: Options, block: Block) -> None:
        """Warn where readers see code that prints, but not what it prints; with :show:, that is meant."""
        if "show" in self.options or options.raises or not block.code_file:
            return
        if line := printing_line(block.request.code):
            self._page.findings.append(block.unseen_output(line))

    def _unseen(self, options: Options, source: ModelSource, file: str) -> int:
        """Return the line in a function that prints what readers don't see, should it be called."""
        if "show" in self.options or options.raises or not file or printing_line(source.code):
            return 0
        return called_printing_line(source.code)

    def _report_options_of_table(self, options: Options) -> None:
        for option, value in (("caption", options.caption), ("name", options.name)):
            if value:
                mend = "a model with :raises: has none, so" if options.raises else "add 'table' to :show:, or"
                self._report(Problem.OPTION, f":{option}: belongs to the table: {mend} remove :{option}:")
