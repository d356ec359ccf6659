"""The state of one build, made by :mod:`sphinx_kerasshape.build` and handed to all who need it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from sphinx_kerasshape.messages.report import Report
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.messages.result import Result
from sphinx_kerasshape.pages.records import Block, Page
from sphinx_kerasshape.settings.settings import Settings
from sphinx_kerasshape.text import hint, quoted


@dataclass(frozen=True, eq=False, repr=False)
class BuildContext:
    """The state of a build.

    The context of the read phase has no results; :meth:`with_results` makes that of the write phase.
    """

    settings: Settings = field(default_factory=Settings)
    language: str = "en"
    """The language that the project is written in."""
    output_format: str = ""
    """The format that the build writes. Sphinx 9 deprecates all ways to ask for it in a transform."""
    has_tags: Callable[[str], bool] = bool
    """Whether the condition of a directive ``only`` is true in this build."""
    file_folders: tuple[Path, ...] = ()
    """Folders that ``:file:`` may take files from."""
    conf_folder: Path = Path()
    """The folder of ``conf.py``."""
    pages: Mapping[str, Page] = field(default_factory=dict)
    """The records of pages by document name, in alphabetical order."""
    results: Mapping[Request, Result] = field(default_factory=dict)

    def with_results(self, pages: Mapping[str, Page], results: Mapping[Request, Result]) -> BuildContext:
        """Return the context of the write phase."""
        return replace(self, pages=dict(sorted(pages.items())), results=results)

    @cached_property
    def models(self) -> Mapping[str, tuple[str, Block]]:
        """The block of each model by its name, with its page; the first, if several models have the name."""
        models: dict[str, tuple[str, Block]] = {}
        blocks = [(docname, block) for docname, block in self.blocks() if not block.is_code]
        # What "only" leaves out of this output is no target of links, if there is another view of the model.
        for docname, block in sorted(blocks, key=lambda place: not self.is_written(place[1])):
            models.setdefault(block.name, (docname, block))
        return models

    def is_written(self, block: Block) -> bool:
        """Whether the output of this build has a block, as far as the directive ``only`` decides."""
        return all(map(self.has_tags, block.only))

    def blocks(self) -> Iterator[tuple[str, Block]]:
        """Yield all blocks with their pages, in an order that does not depend on the order of reading."""
        for docname, page in self.pages.items():
            for block in page.blocks.values():
                yield docname, block

    def plain_blocks(self) -> Iterator[tuple[str, Block]]:
        """Yield what runs of plain code, likewise."""
        for docname, page in self.pages.items():
            for block in page.plain_blocks():
                yield docname, block

    def every_block(self) -> Iterator[tuple[str, Block]]:
        """Yield all that runs, page by page."""
        for docname, page in self.pages.items():
            for block in page.every_block():
                yield docname, block

    def report(self, name: str) -> Report | None:
        """Return the report of a model; ``None`` if it failed. Raises ``KeyError`` for an unknown model."""
        _, block = self.models[name]
        result = self.results.get(block.request)
        return result.answer if result is not None and isinstance(result.answer, Report) else None

    def request(self, name: str) -> Request:
        """Return the request of a model. Raises ``KeyError`` for an unknown model."""
        return self.models[name][1].request

    def unknown(self, name: str) -> str:
        """Return the message about a model that no page has; empty if one has it."""
        return "" if name in self.models else f"unknown model {quoted(name)}{hint(name, list(self.models))}"

    def without_table(self, name: str) -> str:
        """Return why pages can't show the table of a model; empty if they can, unless the model fails."""
        unknown = self.unknown(name)
        if not unknown and self.request(name).raises:
            return f"the code of {quoted(name)} is meant to fail (:raises:), so it has no table"
        return unknown

    def layers(self, block: Block) -> tuple[str, ...]:
        """Return the paths of a model's layers; none if the model failed."""
        result = self.results.get(block.request)
        return result.layers if result is not None else ()
