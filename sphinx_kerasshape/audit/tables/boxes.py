"""Tables of summaries as Keras 3 draws them, with boxes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sphinx_kerasshape.audit.document import Place, Row
from sphinx_kerasshape.audit.lines import Line
from sphinx_kerasshape.audit.tables import cells
from sphinx_kerasshape.audit.tables.cells import COLUMNS, Table

_BAR = re.compile(r"[│┃]")
_START = re.compile(r"\s*┏━")
_LINE = re.compile(r"\s*[┏┡├└╰┣┗][━─]*")
_IS_ELLIPSIS = re.compile(r"[\s.…:⋮]+$")


def is_start(text: str) -> bool:
    """Whether a line is the upper edge of a box."""
    return _START.match(text) is not None


def table(lines: Sequence[Line], number: int) -> Table | None:
    """Return the table whose upper edge is a line; ``None`` if it is not that of a summary."""
    groups: list[list[Line]] = [[]]
    last, is_partial, is_closed = number, False, False
    for below in range(number + 1, len(lines)):
        line = lines[below]
        text = line.text.strip()
        if is_start(text):
            break
        if _BAR.match(text):
            groups[-1].append(line)
        elif _LINE.match(text):
            groups.append([])
        elif text and _IS_ELLIPSIS.match(text):
            is_partial = True
        else:
            break
        last += 1
        if text[0] in "└╰┗":
            is_closed = True
            break
    names = _columns(groups[0])
    if "name" not in names or "params" not in names:
        return None
    rows = tuple(row for group in groups[1:] for row in _rows(group, names))
    return Table(rows, last, is_partial, is_closed)


def _columns(header: Sequence[Line]) -> list[str]:
    """Return which column each cell of the header is that of."""
    split = [[part.text.strip() for part in _split(line)[0]] for line in header]
    count = max(map(len, split), default=0)
    return [
        cells.column(" ".join(parts[index] for parts in split if index < len(parts)).strip())
        for index in range(count)
    ]


def _split(line: Line) -> tuple[list[Line], bool]:
    """Return the cells of a line, and whether the last one has no edge: the line was cut off."""
    bars = [match.start() for match in _BAR.finditer(line.text)]
    is_clipped = bool(line.text[bars[-1] + 1 :].strip()) if bars else False
    ends = [*bars[1:], len(line.text)] if is_clipped else bars[1:]
    return [line.part(start + 1, end) for start, end in zip(bars, ends, strict=False)], is_clipped


def _rows(lines: Sequence[Line], names: Sequence[str]) -> list[Row]:
    """Return the rows between two rules: one, unless the rules were lost."""
    groups: list[list[Line]] = []
    place = names.index("params")
    for line in lines:
        parts = _split(line)[0]
        if not groups or (place < len(parts) and cells.PARAMS.match(parts[place].text.strip())):
            groups.append([])
        groups[-1].append(line)
    return [row for group in groups if (row := _row(group, names)) is not None]


def _row(lines: Sequence[Line], names: Sequence[str]) -> Row | None:
    parts: dict[str, list[Line]] = {name: [] for name in COLUMNS}
    clipped = set()
    for line in lines:
        split, is_clipped = _split(line)
        for column, part in zip(names, split, strict=False):
            parts.setdefault(column, []).append(part)
        if is_clipped and len(split) <= len(names):
            clipped.add(names[len(split) - 1])
    if not parts["params"] or not parts["name"]:
        return None
    depth, parts["name"] = _unnested(parts["name"])
    name, type_ = cells.named(parts["name"])
    place = Place(lines[0].source, lines[0].stripped().at[0], lines[-1].stripped().at[-1])
    return Row(
        place,
        name,
        type_,
        cells.cell(parts["output"], is_clipped="output" in clipped),
        cells.params(parts["params"]),
        cells.cell(parts["connected"], is_clipped="connected" in clipped),
        cells.cell(parts["trainable"]),
        depth,
    )


def _unnested(parts: Sequence[Line]) -> tuple[int, list[Line]]:
    """Return how deep a layer is, and its name without the sign for it."""
    start = parts[0].text.find("└")
    if start < 0:
        return 0, [part.stripped() for part in parts]
    first = parts[0].part(start + 1)
    return max(1, (start - 1) // 3), [part.stripped() for part in (first, *parts[1:])]
