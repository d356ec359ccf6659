"""The cells of a Jupyter notebook, with the numbers that MyST-NB gives to their lines."""

from __future__ import annotations

import functools
import json

_PER_CELL = 10_000
"""MyST-NB calls line 7 of cell 3, counted from 1, line 30008 of the notebook."""


def cell(text: str, line: int) -> tuple[str, int]:
    """Return the text of the cell that has a line, and the number of the line before the cell."""
    number = line // _PER_CELL
    cells = _cells(text)
    return (cells[number - 1] if 0 < number <= len(cells) else ""), number * _PER_CELL + 1


def cell_number(line: int) -> int:
    """Return the number of the cell that a line is in."""
    return line // _PER_CELL


def line_number(cell: int, line: int) -> int:
    """Return the number that MyST-NB gives to a line of a cell."""
    return cell * _PER_CELL + 1 + line


@functools.lru_cache(maxsize=4)
def _cells(text: str) -> tuple[str, ...]:
    """Return the text of each cell of a notebook; none if it is no notebook."""
    try:
        return tuple("".join(cell["source"]) for cell in json.loads(text)["cells"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()
