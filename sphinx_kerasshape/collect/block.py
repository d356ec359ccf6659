"""The base of all directives: the page's record, locations, the code block, names and keys."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.directives.code import CodeBlock
from sphinx.util.docutils import SphinxDirective

from sphinx_kerasshape.collect.options import AnyOption, Options, Unusable, in_range, parse_options
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.pages.domain import KerasDomain, domain_of
from sphinx_kerasshape.pages.placeholder import View, keras_part, mark
from sphinx_kerasshape.pages.records import Block, Finding, Page, absolute
from sphinx_kerasshape.pages.shown_code import shown_lines
from sphinx_kerasshape.text import quoted

if TYPE_CHECKING:
    from sphinx_kerasshape.pages.context import BuildContext


class BlockDirective(SphinxDirective):
    """A directive whose body is code, or what code has printed."""

    has_content = True
    required_arguments = 0
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = AnyOption()
    takes_name = True
    body = "code"
    """What the body is, in messages."""

    @property
    def _context(self) -> BuildContext:
        return self._domain.context

    @property
    def _domain(self) -> KerasDomain:
        return domain_of(self.env)

    @property
    def _page(self) -> Page:
        return self._domain.page(self.env.docname)

    @property
    def _page_path(self) -> str:
        return str(self.env.doc2path(self.env.docname))

    def _location(self) -> str:
        return absolute(self.get_location(), self._page_path)

    def _report(self, problem: Problem, message: str) -> None:
        """Record a problem of this directive."""
        self._page.findings.append(Finding(problem, message, self._location()))

    def _options(self, directive: str) -> Options:
        """Return the values of the options; report options that can't be used."""
        options, problems = parse_options(self.options, directive)
        for option in _repeated(self._source_lines()):
            problems.append(f":{option}: is given more than once, and the last one counts: keep one")
        for problem in problems:
            self._report(Problem.OPTION, problem)
        return options

    def _name(self) -> str:
        """Return the name. Raises ``Unusable`` if reST took code for it, since a blank line is missing."""
        lines = self.arguments[0].split("\n") if self.arguments else []
        is_below = self.block_text.partition("\n")[0].rstrip().endswith("::")
        is_alone = len(lines) == 1 and not (self.content or self.options)
        has_name = not is_below or (self.takes_name and not is_alone)
        if code := lines[has_name:]:
            self.content = StringList([*code, *self.content], source=self._page_path)
            option = re.match(r":([a-z-]+):?\s*(.*)", code[0])
            if option:
                written = f":{option[1]}: {option[2]}".rstrip()
                raise Unusable(f"{quoted(code[0])} is not an option: write {quoted(written)}")
            mend = "put a blank line above it"
            if self.takes_name:
                mend += ", or write the whole name on the first line"
            raise Unusable(f"{quoted(code[0])} is neither an option nor {self.body}: {mend}")
        return " ".join(lines[0].split()) if lines else ""

    def _refusal(self, options: Options, problem: Problem, message: str) -> list[nodes.Node]:
        """Report why there is no block; return the nodes of its code and of that message."""
        code = self._code_block("\n".join(self.content), options) if self.content else []
        return [*code, self._error(problem, message)]

    def _error(self, problem: Problem, message: str) -> nodes.error:
        """Report a problem of this directive; return the node that shows it."""
        self._report(problem, message)
        paragraph = nodes.paragraph("", message, support_smartquotes=False)
        return nodes.error("", paragraph, classes=["kerasshape-error"])

    def _option_location(self, option: str) -> str:
        """Return the ``file:line`` of an option; the directive's, if the option can't be found."""
        file, _, line = self._location().rpartition(":")
        for number, text in enumerate(self._source_lines()):
            if text.strip().lstrip(":").startswith(f"{option}:"):
                return f"{file}:{int(line) + number}"
        return f"{file}:{line}"

    def _source_lines(self) -> list[str]:
        """Return the directive's lines. MyST before 5 leaves the options out of ``block_text``."""
        lines = self.block_text.splitlines()
        if lines and lines[0].lstrip().startswith(("..", "```", "~~~", ":::")):
            return lines
        file, _, line = self._location().rpartition(":")
        return _lines_from(file, int(line))

    def _key(self, name: str) -> str:
        """Return the name, with a number if another block of the page has it already."""
        key, number = name, 1
        while key in self._page.blocks:
            number += 1
            key = f"{name} ({number})"
        return key

    def _code_place(self) -> tuple[str, int]:
        """Return file and line of the first line of code; the file is empty if there is no code.

        reST gives the absolute line; MyST gives offsets relative to the fence.
        """
        if not self.content:
            return "", 0
        file, offset = self.content.items[0]
        line = offset + 1 if offset else self.lineno + self.content_offset + 1
        file, _, _ = absolute(f"{file or ''}:{line}", self._page_path).rpartition(":")
        return file, line

    def _earlier(self, session: str) -> list[Block]:
        """Return the earlier blocks of a session on this page."""
        return [block for block in self._page.blocks.values() if session and block.session == session]

    def _part(self, block: Block, part: str) -> keras_part:
        node = keras_part()
        mark(node, View(self.env.docname, block.key, part))
        return node

    def _code_of(self, block: Block, options: Options) -> list[nodes.Node]:
        """Return a block's code as readers see it; with hints, as a placeholder."""
        found = self._code_block(block.request.code, options)
        for code in found if options.annotate else ():
            if isinstance(code, nodes.literal_block):
                mark(code, View(self.env.docname, block.key, "hints"))
        return found

    def _code_block(self, code: str, options: Options) -> list[nodes.Node]:
        """Return the code block that Sphinx's own directive makes; nothing if all lines are hidden."""
        lines = [line for _, line in shown_lines(code)]
        if code.strip() and not any(line.strip() for line in lines):
            return []
        directive = CodeBlock(
            self.name,
            ["python"],
            self._code_block_options(options, len(lines)),
            StringList(lines, source=self.get_source_info()[0] or ""),
            self.lineno,
            self.content_offset,
            self.block_text,
            self.state,
            self.state_machine,
        )
        return directive.run()

    def _code_block_options(self, options: Options, count: int) -> dict[str, Any]:
        """Return the options for Sphinx's directive of a code block with ``count`` lines."""
        values: dict[str, Any] = {"linenos": None} if options.linenos else {}
        if options.lineno_start is not None:
            values["lineno-start"] = options.lineno_start
        emphasized = options.emphasize_lines
        if emphasized and not re.fullmatch(r"[\d\s,-]+", emphasized):
            message = f":emphasize-lines: must be line numbers, such as 2,4-6, not {quoted(emphasized)}"
            self._report(Problem.OPTION, message)
        elif emphasized and not in_range(emphasized, count):
            lines = "has only one line" if count == 1 else f"has {count:,} lines"
            message = f":emphasize-lines: {quoted(emphasized)} has other lines than the code, which {lines}"
            self._report(Problem.OPTION, message)
        elif emphasized:
            values["emphasize-lines"] = emphasized
        return values


def _repeated(lines: list[str]) -> list[str]:
    """Return the options that a MyST directive has more than once; docutils refuses such a reST directive."""
    if not lines or lines[0].lstrip().startswith(".."):
        return []
    if lines[1:2] and lines[1].startswith("---"):
        yaml = itertools.takewhile(lambda line: not line.startswith("---"), lines[2:])
        options = textwrap.dedent("\n".join(yaml)).splitlines()
        matches = [re.match(r"([\w-]+):(?!\S)", line) for line in options]
    else:
        options = list(itertools.takewhile(lambda line: line.lstrip()[:1] == ":", lines[1:]))
        matches = [re.match(r"\s*:([\w-]+):(?!\S)", line) for line in options]
    names = Counter(match[1] for match in matches if match)
    return [name for name, times in names.items() if times > 1]


def _lines_from(file: str, first: int) -> list[str]:
    """Return the lines of a file from its line ``first`` on; none if it can't be read."""
    try:
        return Path(file).read_text(encoding="utf-8-sig").splitlines()[first - 1 :]
    except (OSError, UnicodeDecodeError):
        return []
