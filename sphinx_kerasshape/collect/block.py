"""What directives with code have in common: the page's record, the code as a block, earlier blocks."""

from __future__ import annotations

import ast
import itertools
import re
import textwrap
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.directives.code import CodeBlock
from sphinx.util.docutils import SphinxDirective

from sphinx_kerasshape.collect import options as reading
from sphinx_kerasshape.collect.options import AnyOption, Options
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.pages.placeholder import View, keras_part, mark
from sphinx_kerasshape.pages.records import Block, Finding, Page, absolute
from sphinx_kerasshape.settings.settings import Settings
from sphinx_kerasshape.text import quoted

if TYPE_CHECKING:
    from sphinx_kerasshape.pages.domain import KerasDomain

_HIDDEN = re.compile(r"(?:^|\s)#\s*hide\s*$")
"""What marks a line of code that is run, but not shown."""


class BlockDirective(SphinxDirective):
    """A directive whose body is code."""

    has_content = True
    required_arguments = 0
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = AnyOption()
    takes_name = False

    @property
    def _domain(self) -> KerasDomain:
        return cast("KerasDomain", self.env.domains["keras"])

    @property
    def _page(self) -> Page:
        return self._domain.page(self.env.docname)

    @property
    def _settings(self) -> Settings:
        return self._domain.context.settings

    def _location(self) -> str:
        return absolute(self.get_location(), str(self.env.doc2path(self.env.docname)))

    def _trouble(self, problem: Problem, message: str) -> str:
        self._page.findings.append(Finding(problem, message, self._location()))
        return message

    def _given(self, directive: str) -> Options:
        """Return the options; what is wrong with them is told."""
        given, problems = reading.parse(self.options, directive)
        for option in _repeated(self._lines()):
            problems.append(f":{option}: is there more than once, and the last one counts: leave one")
        for problem in problems:
            self._trouble(Problem.OPTION, problem)
        return given

    def _name(self) -> str:
        """Return the name; what reST took for more of it becomes code.

        There, all is the name that stands above the first blank line.
        """
        lines = self.arguments[0].split("\n") if self.arguments else []
        below = bool(lines) and _has_nothing_beside(self.block_text)
        is_named = bool(lines) and (not below or (self.takes_name and bool(self.content)))
        name = " ".join(lines.pop(0).split()) if is_named else ""
        if lines and (name or not self.takes_name):
            hint = "; an option is written as ':depth: 2'" if lines[0].startswith(":") else ""
            problem = f"a blank line is missing between the name (and options) and {quoted(lines[0])}{hint}"
            self._trouble(Problem.OPTION, problem)
        self._put_above(lines, below + is_named)
        return name

    def _put_above(self, lines: list[str], down: int) -> None:
        """Put lines, which begin so many below the directive's, above the code: not what can't be code."""
        may_be_more_of_the_name = self.content or "".join(lines).startswith(":")
        if not lines or (may_be_more_of_the_name and not _is_python([*lines, *self.content])):
            return
        file, _, line = self._location().rpartition(":")
        first = int(line) - 1 + down
        _, then = self.content.items[0] if self.content else ("", None)
        lines += [""] * max(1, (then or 0) - first - len(lines))
        items = [(file, first + number) for number in range(len(lines))]
        self.content = StringList([*lines, *self.content], items=[*items, *self.content.items])

    def _refused(self, given: Options, message: str) -> list[nodes.Node]:
        """Show the code, if any, and what is wrong."""
        code = self._code_block("\n".join(self.content), given) if self.content else []
        return [*code, nodes.error("", nodes.paragraph("", message), classes=["kerasshape-error"])]

    def _option_location(self, option: str) -> str:
        """Return ``file:line`` of an option."""
        file, _, line = self._location().rpartition(":")
        found = [
            n for n, text in enumerate(self._lines()) if text.strip().lstrip(":").startswith(f"{option}:")
        ]
        return f"{file}:{int(line) + found[0]}" if found else f"{file}:{line}"

    def _lines(self) -> list[str]:
        """Return the directive's lines, of which MyST before 5 leaves options out of ``block_text``."""
        lines = self.block_text.splitlines()
        if lines and _is_markup(lines[0]):
            return lines
        file, _, line = self._location().rpartition(":")
        return _lines_from(file, int(line))

    def _key(self, name: str) -> str:
        taken = self._page.blocks
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
        line = offset + 1 if offset else self.lineno + self.content_offset + 1
        file, _, _ = absolute(f"{file or ''}:{line}", str(self.env.doc2path(self.env.docname))).rpartition(
            ":"
        )
        return file, line

    def _place(self) -> tuple[str, int]:
        return self._first_line() if self.content else ("", 0)

    def _earlier(self, session: str) -> list[Block]:
        """Return the blocks of a session that stand on the page already."""
        return [entry for entry in self._page.blocks.values() if session and entry.session == session]

    def _part(self, block: Block, part: str) -> keras_part:
        node = keras_part()
        mark(node, View(self.env.docname, block.key, part))
        return node

    def _code_block(self, code: str, given: Options) -> list[nodes.Node]:
        """Let Sphinx's own directive make the block; of code that is all hidden there is none."""
        lines = shown(code).splitlines()
        if code.strip() and not any(line.strip() for line in lines):
            return []
        block = CodeBlock(
            self.name,
            ["python"],
            self._for_sphinx(given, len(lines)),
            StringList(lines, source=self.get_source_info()[0] or ""),
            self.lineno,
            self.content_offset,
            self.block_text,
            self.state,
            self.state_machine,
        )
        return block.run()

    def _for_sphinx(self, given: Options, count: int) -> dict[str, Any]:
        """Return the options of Sphinx's code block, for a block of so many lines."""
        handed_on: dict[str, Any] = {"linenos": None} if given.linenos else {}
        if given.lineno_start is not None:
            handed_on["lineno-start"] = given.lineno_start
        marked = given.emphasize_lines
        if marked and not reading.in_range(marked, count):
            problem = f":emphasize-lines: {quoted(marked)} is not of lines 1 to {count}"
            self._trouble(Problem.OPTION, problem)
        elif marked:
            handed_on["emphasize-lines"] = marked
        return handed_on


def shown(code: str) -> str:
    """Return the code without the lines that end in ``# hide``, nor blank ones at its ends then."""
    lines = code.split("\n")
    kept = [line for line in lines if not _HIDDEN.search(line)]
    return code if len(kept) == len(lines) else "\n".join(kept).strip("\n")


def _repeated(lines: list[str]) -> list[str]:
    """Return the options that a directive of MyST has more than once; those of reST never come so far."""
    if not lines or lines[0].lstrip().startswith(".."):
        return []
    if lines[1:2] and lines[1].startswith("---"):
        block = itertools.takewhile(lambda line: not line.startswith("---"), lines[2:])
        lines = textwrap.dedent("\n".join(block)).splitlines()
        found = [re.match(r"([\w-]+):(?!\S)", line) for line in lines]
    else:
        block = itertools.takewhile(lambda line: line.lstrip()[:1] == ":", lines[1:])
        found = [re.match(r"\s*:([\w-]+):(?!\S)", line) for line in block]
    names = Counter(one[1] for one in found if one)
    return [name for name, times in names.items() if times > 1]


def _has_nothing_beside(block: str) -> bool:
    """Whether reST has nothing behind the directive's ``::``, so that the name begins below it."""
    first = block.partition("\n")[0].strip()
    return first.startswith("..") and first.endswith("::")


def _is_python(lines: list[str]) -> bool:
    try:
        ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def _is_markup(line: str) -> bool:
    """Whether a line begins a directive, rather than its options or body."""
    return line.lstrip().startswith(("..", "```", "~~~", ":::"))


def _lines_from(file: str, first: int) -> list[str]:
    """Return the lines of a file from a line on."""
    try:
        return Path(file).read_text(encoding="utf-8-sig").splitlines()[first - 1 :]
    except (OSError, UnicodeDecodeError):
        return []
