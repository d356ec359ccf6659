"""Stories in the formats of documents. Where each value stands is noted while a document is made."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from textwrap import indent
from typing import NamedTuple

from tests.support.corpus.story import SENTINEL, Piece, Story

SUFFIXES = {
    "md": ".md",
    "pasted": ".md",
    "prompt": ".md",
    "myst": ".md",
    "cell": ".md",
    "rst": ".rst",
    "rstprompt": ".rst",
    "ipynb": ".ipynb",
    "percent": ".py",
    "module": ".py",
}

SHOW_PRINTED = ("prompt", "rstprompt", "module", "ipynb", "md")
"""Formats in which it is clear which code has printed a value."""


class Where(NamedTuple):
    """The place of a line: the cell and its output are 0 and ``None`` outside of notebooks."""

    cell: int
    output: int | None
    line: int


class Rendered(NamedTuple):
    """A document, and the line at which each value begins."""

    data: bytes
    places: dict[int, Where]


def rendered(story: Story, format_: str, values: Mapping[int, str]) -> Rendered:
    """Return a story in a format, with the values of its markers."""
    pieces = [_filled(piece, values) for piece in story.pieces if piece.kind != "python truth"]
    if format_ == "ipynb":
        return _notebook(pieces)
    text, places = _settled(_WRITERS[format_](pieces))
    lines = text.split("\n")
    # As editors leave it.
    text = "\n".join(line.rstrip() for line in lines)
    return Rendered(text.encode(), {number: Where(0, None, line) for number, line in places.items()})


def _filled(piece: Piece, values: Mapping[int, str]) -> Piece:
    """Return a piece with the values behind their sentinels."""

    def value(match: re.Match[str]) -> str:
        return match[0] + values[int(match[1])]

    kind = "python" if piece.kind == "python shown" else piece.kind
    return Piece(kind, SENTINEL.sub(value, piece.text))


def _settled(text: str) -> tuple[str, dict[int, int]]:
    """Return a text without sentinels, and the lines that they were on."""
    places = {
        int(match[1]): line
        for line, content in enumerate(text.split("\n"), 1)
        for match in SENTINEL.finditer(content)
    }
    return SENTINEL.sub("", text), places


def _markdown(pieces: Sequence[Piece], code: str = "```python", output: str = "```") -> str:
    parts = []
    for piece in pieces:
        if piece.kind == "prose":
            parts.append(piece.text)
        else:
            opening = code if piece.kind == "python" else output
            parts.append(f"{opening}\n{piece.text}\n```")
    return "\n\n".join(parts) + "\n"


def _myst(pieces: Sequence[Piece]) -> str:
    return _markdown(pieces, "```{code-block} python", "```{code-block} text")


def _cells(pieces: Sequence[Piece]) -> str:
    head = (
        "---\njupytext:\n  text_representation:\n    format_name: myst\nkernelspec:\n  name: python3\n---\n\n"
    )
    return head + _markdown(pieces, "```{code-cell} ipython3", "```text")


def _pasted(pieces: Sequence[Piece]) -> str:
    """Return Markdown whose fences have below their code what it printed."""
    return _markdown([Piece(kind, text) for kind, text in _grouped(pieces, "\n".join)])


def _prompted(pieces: Sequence[Piece]) -> str:
    return _markdown(_with_prompts(pieces), "```pycon")


def _rst(pieces: Sequence[Piece]) -> str:
    parts = []
    for piece in pieces:
        if piece.kind == "prose":
            parts.append(_rst_prose(piece.text))
        elif piece.kind == "python":
            parts.append(f".. code-block:: python\n\n{indent(piece.text, '   ')}")
        else:
            parts.append(f"::\n\n{indent(piece.text, '   ')}")
    return "\n\n".join(parts) + "\n"


def _rst_prompted(pieces: Sequence[Piece]) -> str:
    parts = [
        _rst_prose(piece.text) if piece.kind == "prose" else piece.text for piece in _with_prompts(pieces)
    ]
    return "\n\n".join(parts) + "\n"


def _rst_prose(text: str) -> str:
    text = re.sub(r"`([^`]+)`", r"``\1``", text)

    def heading(match: re.Match[str]) -> str:
        return f"{match[1]}\n{'=' * len(match[1])}"

    return re.sub(r"^# (.+)$", heading, text, flags=re.MULTILINE)


def _module(pieces: Sequence[Piece]) -> str:
    text = _rst_prompted(pieces)
    code = 'VERSION = "1.0"\n\n\ndef version():\n    """Return the version."""\n    return VERSION\n'
    return f'"""{text}"""\n\n{code}'


def _percent(pieces: Sequence[Piece]) -> str:
    parts = []
    for piece in pieces:
        if piece.kind == "prose":
            parts.append(f"# %% [markdown]\n{_comment(piece.text)}\n")
        elif piece.kind == "python":
            parts.append(f"# %%\n{piece.text}\n")
        else:
            parts[-1] += f"{_comment(piece.text)}\n"
    return "\n".join(parts)


def _comment(text: str) -> str:
    return "\n".join(f"# {line}" for line in text.split("\n"))


def _grouped(pieces: Sequence[Piece], join: Callable[[list[str]], str]) -> list[tuple[str, str]]:
    """Return pieces, of which code and what it printed is one."""
    found: list[tuple[str, list[str]]] = []
    for piece in pieces:
        if piece.kind in ("output", "value"):
            found[-1][1].append(piece.text)
        else:
            found.append((piece.kind, [piece.text]))
    return [(kind, join(texts)) for kind, texts in found]


def _with_prompts(pieces: Sequence[Piece]) -> list[Piece]:
    """Return pieces whose code has prompts, with what it printed below."""
    prompted = [
        one
        if one.kind == "prose"
        else Piece("python", _prompts(one.text))
        if one.kind == "python"
        else Piece(one.kind, re.sub(r"^ *$", "<BLANKLINE>", one.text, flags=re.MULTILINE))
        for one in pieces
    ]
    return [Piece(kind, text) for kind, text in _grouped(prompted, "\n".join)]


def _prompts(code: str) -> str:
    lines = code.split("\n")
    starts = [
        min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
        for node in ast.parse(SENTINEL.sub("", code)).body
    ]
    found = []
    for start, end in pairwise([*starts, len(lines) + 1]):
        first, *others = [line for line in lines[start - 1 : end - 1] if line.strip()]
        found += [f">>> {first}", *(f"... {line}" for line in others)]
        if others and others[-1].startswith(" "):
            found.append("...")
    return "\n".join(found)


def _notebook(pieces: Sequence[Piece]) -> Rendered:
    cells: list[dict[str, object]] = []
    places: dict[int, Where] = {}

    def settled(text: str, output: int | None) -> list[str]:
        clean, lines = _settled(text)
        cell = len(cells) + (output is None)
        places.update({number: Where(cell, output, line) for number, line in lines.items()})
        return clean.splitlines(keepends=True)

    for piece in pieces:
        if piece.kind in ("prose", "python"):
            kind = "markdown" if piece.kind == "prose" else "code"
            cell: dict[str, object] = {"cell_type": kind, "metadata": {}, "source": settled(piece.text, None)}
            cells.append(cell | ({"execution_count": 1, "outputs": []} if kind == "code" else {}))
            continue
        outputs = cells[-1]["outputs"]
        assert isinstance(outputs, list)
        outputs.append(_output(piece.kind, settled(piece.text, len(outputs))))
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 2}
    return Rendered((json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode(), places)


def _output(kind: str, lines: list[str]) -> dict[str, object]:
    if kind == "output":
        lines = [*lines[:-1], lines[-1] + "\n"]
        return {"name": "stdout", "output_type": "stream", "text": lines}
    data = {"text/plain": lines}
    return {"data": data, "execution_count": 1, "metadata": {}, "output_type": "execute_result"}


_WRITERS: dict[str, Callable[[Sequence[Piece]], str]] = {
    "md": _markdown,
    "pasted": _pasted,
    "prompt": _prompted,
    "myst": _myst,
    "cell": _cells,
    "rst": _rst,
    "rstprompt": _rst_prompted,
    "percent": _percent,
    "module": _module,
}
