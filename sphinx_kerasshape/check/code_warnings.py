"""The warnings that the code of models causes, where projects want to hear of them."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_kerasshape.check import frames
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import CodeWarning
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.records import Block, Finding


def findings(context: BuildContext) -> Iterator[Finding]:
    """Yield a finding for each warning; one for all that have the same line and text.

    Several blocks of a session may call a function of an earlier one, and several models import a module.
    """
    found = set()
    for _, block in context.blocks():
        for warning in context.results[block.request].warnings:
            one = (frames.place(block, warning.frame), str(warning))
            if one not in found:
                yield _finding(block, warning)
            found.add(one)


def _finding(block: Block, warning: CodeWarning) -> Finding:
    """Return the finding at the line of the page; if that is in a file, at the directive, with the line."""
    file, line = frames.place(block, warning.frame)
    message = f"{block.title}: {warning}".replace("\n", "\n  ")
    if warning.frame.file:
        message += f"\n  {frames.text(block, warning.frame)}"
        return Finding(Problem.CODE_WARNING, message, block.location)
    return Finding(Problem.CODE_WARNING, message, f"{file}:{line}")
