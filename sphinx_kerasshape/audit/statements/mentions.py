"""Shapes and counts that the prose of a document states."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_kerasshape import prose
from sphinx_kerasshape.audit.document import Mention
from sphinx_kerasshape.audit.pieces import Prose


def mentions(paragraph: Prose, language: str, block: int) -> Iterator[Mention]:
    """Yield what a paragraph states; ``block`` is the last block before it."""
    line = paragraph.line
    masked = line.text
    for start, end in paragraph.literals:
        masked = masked[:start] + prose.MASK * (end - start) + masked[end:]
        if prose.is_shape(line.text[start:end]) and "," in line.text[start:end]:
            yield _mention("shape", paragraph, (start, end, end), block, is_code=True)
    for start, end in prose.shapes(masked):
        yield _mention("shape", paragraph, (start, end, end), block)
    for count in prose.counts(masked, language):
        yield _mention("count", paragraph, (count.start, count.end, count.end_of_noun), block)


def _mention(
    kind: str, paragraph: Prose, span: tuple[int, int, int], block: int, *, is_code: bool = False
) -> Mention:
    start, end, end_of_noun = span
    text = paragraph.line.text
    before, after = prose.sentence(text, start, end_of_noun)
    return Mention(kind, paragraph.line.place(start, end), text[start:end], before, after, block, is_code)
