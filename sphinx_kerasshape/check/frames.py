"""Lines of the author's code in messages: where they are, and how they are written."""

from __future__ import annotations

import os
from collections.abc import Iterable

from sphinx_kerasshape.messages.report import Frame
from sphinx_kerasshape.pages.records import Block
from sphinx_kerasshape.text import excerpt


def text(block: Block, frame: Frame) -> str:
    """Return a frame as a line: ``train.py:7, in build: raise ValueError``."""
    file, line = place(block, frame)
    inside = f", in {frame.function}" if frame.function not in ("", "<module>") else ""
    is_option = block.imported and not frame.file and not frame.block
    # The code that is made of :from: is on no page. A syntax error at the end of the code has no line of it.
    text = f":from: {excerpt(block.imported)}" if is_option else frame.text
    text = f": {text}" if text else ""
    return f"{os.path.basename(file)}:{line}{inside}{text}"


def location(block: Block, frames: Iterable[Frame]) -> str:
    """Return the first of some lines that is in the block; the directive's, if the code is elsewhere."""
    for frame in frames:
        if not frame.file and not frame.block and block.code_file:
            file, line = place(block, frame)
            return f"{file}:{line}"
    return block.location


def place(block: Block, frame: Frame) -> tuple[str, int]:
    """Return file and line of a frame."""
    if frame.file:
        return frame.file, frame.line
    if 0 < frame.block <= len(block.blocks) and block.blocks[frame.block - 1][0]:
        file, first = block.blocks[frame.block - 1]
        return file, first + frame.line - 1
    if block.code_file:
        return block.code_file, block.code_line + frame.line - 1
    file, _, line = block.location.rpartition(":")
    return file, int(line or 1)
