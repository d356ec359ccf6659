"""Edits of a document's texts in its bytes, which stay the same everywhere else."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sphinx_kerasshape.audit.document import Document, Place, Text
from sphinx_kerasshape.audit.rewriting import json_strings
from sphinx_kerasshape.audit.rewriting.json_strings import Decoded, Token

Edit = tuple[Place, str]
"""What stands at a place instead."""


class Unwritable(ValueError):
    """Edits that can't be made; the message says why."""


def rewrite(document: Document, edits: Iterable[Edit], data: bytes) -> bytes:
    """Return the bytes of a document after edits. Raises :class:`Unwritable`.

    Edits must not overlap. In a notebook only the strings of the edited cells and outputs change.
    """
    by_text: dict[int, list[Edit]] = {}
    for edit in edits:
        by_text.setdefault(edit[0].text, []).append(edit)
    if not by_text:
        return data
    text = data.decode(document.encoding)
    found_changes = [
        change
        for number, found in by_text.items()
        for change in changes(document.texts[number], _in_order(found), text)
    ]
    return _encoded(_changed(text, sorted(found_changes)), data, document.encoding)


def _in_order(edits: list[Edit]) -> list[Edit]:
    edits = sorted(edits)
    for (one, _), (other, _) in itertools.pairwise(edits):
        if one.end > other.start:
            raise Unwritable("two edits overlap")
    return edits


def _encoded(text: str, data: bytes, encoding: str) -> bytes:
    if encoding != "utf-16":
        try:
            return text.encode(encoding)
        except UnicodeEncodeError as error:
            raise Unwritable(f"{text[error.start]!r} is no character of {encoding}") from None
    is_little = data.startswith(b"\xff\xfe")
    return data[:2] + text.encode("utf-16-le" if is_little else "utf-16-be")


Change = tuple[int, int, str]
"""Start and end of some characters of a file, and what stands there instead."""


def _changed(text: str, changes: Sequence[Change]) -> str:
    parts, end = [], 0
    for start, stop, new in changes:
        parts += [text[end:start], new]
        end = stop
    return "".join([*parts, text[end:]])


def changes(text: Text, edits: Sequence[Edit], whole: str) -> Iterator[Change]:
    """Yield the changes of a file that edits of one of its texts are. Raises :class:`Unwritable`."""
    if not text.cell:
        if text.text != whole:
            raise Unwritable("the file has changed since it was read")
        yield from ((place.start, place.end, new) for place, new in edits)
        return
    tokens = [json_strings.decoded(whole, token) for token in _tokens(whole, text)]
    if "".join(token.value for token in tokens) != text.text:
        raise Unwritable(f"cell {text.cell} is written in another way than it was read")
    for place, new in edits:
        written = json.dumps(new, ensure_ascii=whole.isascii())[1:-1]
        yield from _in_tokens(tokens, place, written)


def _in_tokens(tokens: Sequence[Decoded], place: Place, new: str) -> Iterator[Change]:
    """Yield the changes of the strings that an edit reaches into; the first takes the new text."""
    offset = 0
    for token in tokens:
        end_of_token = offset + len(token.value)
        start, end = max(place.start, offset), min(place.end, end_of_token)
        if start < end or place.start == place.end == start < end_of_token:
            yield token.at[start - offset], token.at[end - offset], new
            new = ""
        offset = end_of_token


def _tokens(whole: str, text: Text) -> list[Token]:
    """Return the strings of a notebook that hold a text, in order."""
    cells = _cells(whole)
    cell = cells[text.cell - 1] if text.cell <= len(cells) else {}
    if text.output is None:
        return _strings(cell.get("input" if "input" in cell else "source"))
    outputs = cell.get("outputs")
    output = outputs[text.output] if isinstance(outputs, list) and text.output < len(outputs) else {}
    data = output.get("data") if isinstance(output, Mapping) else None
    if isinstance(data, Mapping):
        return _strings(data.get("text/html" if text.is_html else "text/plain"))
    return _strings(output.get("html" if text.is_html else "text")) if isinstance(output, Mapping) else []


@functools.lru_cache(maxsize=2)
def _cells(whole: str) -> Sequence[Mapping[str, object]]:
    """Return the cells of a notebook of any version."""
    notebook = json_strings.parsed(whole)
    if not isinstance(notebook, Mapping):
        return []
    sheets = notebook.get("worksheets")
    parts = sheets if isinstance(sheets, list) else [notebook]
    cells = [part.get("cells") for part in parts if isinstance(part, Mapping)]
    return [cell for one in cells if isinstance(one, list) for cell in one if isinstance(cell, Mapping)]


def _strings(found: object) -> list[Token]:
    parts = found if isinstance(found, list) else [found]
    return [part for part in parts if isinstance(part, Token)]
