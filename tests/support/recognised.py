"""Documents as the audit recognises them, in lines of text for tests."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence

from sphinx_kerasshape.audit.document import Cell, Document, Mention, Place, Stated, Subject, Summary
from sphinx_kerasshape.audit.recognise import recognise


def recognised(path: str, text: str) -> str:
    """Return what is recognised in a text, a line each: where it is, and what it is.

    Fails if a place has not the text that is stated there.
    """
    return rendered(recognise(path, text.encode()))


def rendered(document: Document) -> str:
    lines = [
        (block.text, block.lines[0].start, f"block {number}: {_code(block.code)}")
        for number, block in enumerate(document.blocks)
    ]
    for one in document.statements:
        place = one.place
        lines.append((place.text, place.start, "\n".join(_statement(document, one))))
    found = [f"{_where(document, Place(text, start, start))}: {line}" for text, start, line in sorted(lines)]
    return "\n".join([*found, *(f"define {name} = {value}" for name, value in document.defines)])


def notebook(*cells: tuple[str, str] | tuple[str, str, list[dict[str, object]]]) -> str:
    """Return a notebook of cells: their kind, source and outputs."""
    return json.dumps({"cells": list(map(_cell, cells)), "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def stream(text: str) -> dict[str, object]:
    """Return an output that was printed."""
    return {"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}


def value(text: str) -> dict[str, object]:
    """Return an output that is the value of the last expression."""
    return {
        "output_type": "execute_result",
        "data": {"text/plain": text},
        "metadata": {},
        "execution_count": 1,
    }


def _cell(cell: Sequence[object]) -> dict[str, object]:
    kind, source, *outputs = cell
    found: dict[str, object] = {"cell_type": kind, "id": "a", "metadata": {}, "source": source}
    return found | (
        {"outputs": outputs[0] if outputs else [], "execution_count": 1} if kind == "code" else {}
    )


def _where(document: Document, place: Place) -> str:
    text = document.texts[place.text]
    starts = [0, *(number + 1 for number, sign in enumerate(text.text) if sign == "\n")]
    line = bisect_right(starts, place.start)
    cell = f"cell {text.cell} " if text.cell else ""
    return f"{cell}output {text.output} line {line}" if text.output is not None else f"{cell}line {line}"


def _code(code: str) -> str:
    return " | ".join(line for line in code.split("\n") if line.strip())


def _statement(document: Document, one: Summary | Stated | Mention) -> list[str]:
    if isinstance(one, Summary):
        return _summary(document, one)
    there = _at(document, one.place)
    assert " ".join(there.split()) == " ".join(one.text.split()), (there, one.text)
    if isinstance(one, Stated):
        return [f"{one.kind} {one.text} of {_subject(one.subject)}"]
    code = " as code" if one.is_code else ""
    return [f"prose {one.kind} {one.text}{code} after block {one.block}: {one.before}§{one.after}"]


def _summary(document: Document, one: Summary) -> list[str]:
    kind = ("boxed " if one.is_boxed else "") + ("partial " if one.is_partial else "")
    sure = "of" if one.is_linked else "perhaps of"
    subjects = ", ".join(map(_subject, one.subjects)) or "nothing"
    lines = [f"{kind}summary {one.title.text or '-'} {sure} {subjects}"]
    for row in one.rows:
        cells = (row.name, row.type, row.output, row.params, row.connected, row.trainable)
        texts = [_cell_text(document, cell) for cell in cells]
        lines.append(f"  {'> ' * row.depth}{' | '.join(text for text in texts if text)}")
    for total in one.totals:
        size = f" ({total.size.text})" if total.size.text else ""
        lines.append(f"  {total.kind}: {_cell_text(document, total.count)}{size}")
    return lines


def _cell_text(document: Document, cell: Cell) -> str:
    there = "".join(_at(document, place) for place in cell.places)
    assert _bare(there) == _bare(cell.text), (there, cell.text)
    return cell.text + ("~" if cell.is_cut else "")


def _bare(text: str) -> str:
    return "".join(re.sub(r"\x1b\[[\d;]*m|,", "", text).split())


def _at(document: Document, place: Place) -> str:
    return document.texts[place.text].text[place.start : place.end]


def _subject(subject: Subject) -> str:
    return f"{subject.expression or 'the value'} after block {subject.block} line {subject.line}"
