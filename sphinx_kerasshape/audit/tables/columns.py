"""Tables of summaries as Keras 1 and 2 draw them, in columns under a line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sphinx_kerasshape.audit.document import Place, Row
from sphinx_kerasshape.audit.lines import Line
from sphinx_kerasshape.audit.tables import cells
from sphinx_kerasshape.audit.tables.cells import COLUMNS, PARAMS, Table

_HEADER = re.compile(
    r"\s*(?P<name>Layer \((?:type|name)\))\s+(?P<output>Output Shape)\s+(?P<params>Param ?#)"
)
_MORE = re.compile(r"(?P<connected>Connected to)|(?P<trainable>Trainable)")
_RULE = re.compile(r"\s*\|*[_=¯\-─]{5,}\|*\s*$")
_END = re.compile(r"\s*={5,}\s*$")
_IS_ELLIPSIS = re.compile(r"(?=.*[.…:⋮])\s*[\[(]?[.…:⋮ ]+[\])]?\s*$")
_LOOSE = re.compile(
    r"[\s|]*(?P<name>\S.*?)\s+(?P<output>[(\[{].*?[)\]}]|multiple|\?|--)\s+"
    r"(?P<params>[\d,]+(?: \(unbuilt\))?)(?=\s|$)(?P<connected>.*)$"
)


def is_header(text: str) -> bool:
    """Whether a line has the headers of the columns."""
    return "Param" in text and _HEADER.match(text) is not None


def table(lines: Sequence[Line], number: int) -> Table | None:
    """Return the table whose header is a line; ``None`` if it has no rows."""
    starts = _starts(lines[number].text)
    groups: list[list[dict[str, Line]]] = []
    last, is_partial, is_row = number, False, False
    for below in range(number + 1, len(lines)):
        text = lines[below].text
        if _RULE.match(text) or not text.strip(" |\t"):
            if _END.match(text) and groups:
                return Table(_rows(groups), below, is_partial, is_closed=True)
            is_row = False
            last = below if _RULE.match(text) else last
            continue
        parts = _parts(lines[below], starts)
        if PARAMS.match(parts["params"].text.strip()):
            groups.append([parts])
            is_row = True
        elif _IS_ELLIPSIS.match(text):
            is_partial = True
        elif is_row and not parts["params"].text.strip():
            groups[-1].append(parts)
        else:
            break
        last = below
    return Table(_rows(groups), last, is_partial) if groups else None


def _starts(header: str) -> dict[str, int]:
    """Return where each column starts."""
    match = _HEADER.match(header)
    assert match is not None
    starts = {name: match.start(name) for name in ("name", "output", "params")}
    for more in _MORE.finditer(header, match.end()):
        starts.update({name: more.start() for name, text in more.groupdict().items() if text})
    return starts


def _parts(line: Line, starts: dict[str, int]) -> dict[str, Line]:
    """Return the part of a line in each column."""
    text = line.text
    if text.startswith("|") and text.endswith("|"):
        line = line.part(0, len(text) - 1)
    bounds = [0, *(_bound(text, start) for name, start in starts.items() if name != "name"), len(line.text)]
    parts = {name: line.part(bounds[index], bounds[index + 1]) for index, name in enumerate(starts)}
    params = parts["params"].text.strip()
    if not PARAMS.match(params) and (params or ")" in parts["name"].text):
        loose = _LOOSE.match(text)
        if loose is not None:
            return {name: line.part(*loose.span(name)) for name in starts if name in loose.groupdict()}
    return parts


def _bound(text: str, start: int) -> int:
    """Return where a column starts in a line: rows of nested models are shifted a little."""
    for bound in (start, start - 1, start - 2, start + 1):
        if bound <= 0 or bound >= len(text) or (text[bound - 1] == " " and text[bound : bound + 1] != " "):
            return bound
    return start


def _rows(groups: Sequence[Sequence[dict[str, Line]]]) -> tuple[Row, ...]:
    return tuple(_row(group) for group in groups)


def _row(lines: Sequence[dict[str, Line]]) -> Row:
    parts = {name: [line[name] for line in lines if name in line] for name in COLUMNS}
    depth = len(parts["name"][0].text) - len(parts["name"][0].text.lstrip("|"))
    names = [_bare(part) for part in parts["name"]]
    is_clipped = "(" not in "".join(part.text for part in names)
    name, type_ = cells.named(names, is_clipped=is_clipped)
    return Row(
        _place(lines),
        name,
        type_,
        cells.cell(parts["output"]),
        cells.params(parts["params"]),
        cells.cell(parts["connected"]),
        cells.cell(parts["trainable"]),
        depth,
    )


def _bare(part: Line) -> Line:
    """Return a part of a name without the edge of a nested model."""
    return part.part(len(part.text) - len(part.text.lstrip("|"))).stripped()


def _place(lines: Sequence[dict[str, Line]]) -> Place:
    parts = [part.stripped() for line in lines for part in line.values()]
    parts = [part for part in parts if part.text]
    return Place(parts[0].source, parts[0].at[0], parts[-1].place().end)
