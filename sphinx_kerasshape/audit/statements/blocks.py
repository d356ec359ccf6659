"""Which pieces are code that may be run, and the code that Python sees of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.document import CodeLine, Summary
from sphinx_kerasshape.audit.lines import Line, dedented, joined
from sphinx_kerasshape.audit.pieces import Code
from sphinx_kerasshape.audit.statements.python_code import (
    Example,
    has_prompts,
    is_likely_python,
    parsed,
    without_magics,
    without_prompts,
)
from sphinx_kerasshape.audit.tables.summaries import summaries

_PYTHON = frozenset(
    (
        "python",
        "py",
        "python3",
        "py3",
        "python2",
        "ipython",
        "ipython3",
        "ipythonconsole",
        "pycon",
        "pycon3",
        "python-console",
        "python-repl",
        "doctest",
        "default",
    )
)


class Source(NamedTuple):
    """Lines of code, and what is shown among them."""

    lines: tuple[CodeLine, ...]
    examples: tuple[Example, ...] = ()
    pasted: tuple[Summary, ...] = ()
    """Summaries that stand in the code as they were printed."""

    @property
    def code(self) -> str:
        """The code, as Python parses it."""
        return "".join(f"{line.code}\n" for line in self.lines)


def source(piece: Code) -> Source | None:
    """Return the code of a piece; ``None`` if it is something else."""
    if piece.language and piece.language not in _PYTHON:
        return None
    lines = list(piece.lines) if piece.is_run or piece.is_module else dedented(piece.lines)
    found = _source(lines)
    if found is None or (found.pasted and not found.code.strip()):
        return None
    if piece.language or has_prompts(lines):
        return found
    return found if is_likely_python(found.code) else None


def _source(lines: Sequence[Line]) -> Source | None:
    if _is_prompted(lines):
        code, examples = without_prompts(lines)
        plain = without_magics(code)
        return None if plain is None else Source(plain, examples)
    plain = without_magics([line.coded() for line in lines])
    if plain is None:
        return None
    found = Source(plain)
    if "Param" in found.code and parsed(found.code) is None:
        return _without_pasted(lines, found)
    return found


def _is_prompted(lines: Sequence[Line]) -> bool:
    """Whether lines are what an interpreter shows, and not code with such a text in a string."""
    first = next((line for line in lines if line.text.strip()), lines[0])
    return has_prompts([first]) or (has_prompts(lines) and parsed(joined(lines) + "\n") is None)


def _without_pasted(lines: Sequence[Line], source: Source) -> Source:
    """Return code without the summaries that were pasted below it."""
    code, pasted = list(source.lines), []
    for found in summaries(lines):
        pasted.append(found.summary)
        for number in range(found.first, found.last + 1):
            code[number] = CodeLine("", code[number].start)
    return Source(tuple(code), (), tuple(pasted))
