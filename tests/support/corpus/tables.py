"""Summaries as versions of Keras print them, from rows and totals."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, NamedTuple

import rich.console
import rich.markup
import rich.table

STYLES = ("keras1", "keras2", "tf20", "tf26", "tf213", "keras3", "keras3wide")
_SNAKE = re.compile(r"([a-z0-9])([A-Z])")
_OLD_TYPES = {"Functional": "Model"}
_BREAKS = ("),", "},", "],", "',")
LABELS = ("Total", "Trainable", "Non-trainable", "Optimizer")


class Row(NamedTuple):
    name: str
    type: str
    output: str
    params: int
    sources: tuple[tuple[str, int, int], ...] = ()
    trainable: bool | None = None
    depth: int = 0


class Table(NamedTuple):
    title: str
    rows: tuple[Row, ...]
    counts: tuple[int, ...]
    """Total, trainable, non-trainable and of the optimizer."""
    sizes: tuple[float, ...]
    """Their bytes."""
    is_graph: bool

    def total_names(self, style: str) -> tuple[str, ...]:
        """Return which totals are printed."""
        return LABELS if self.counts[3] and style.startswith("keras3") else LABELS[:3]


class Written(NamedTuple):
    """A printed summary, and the first and last line of each row and each total."""

    text: str
    spans: tuple[tuple[int, int], ...]


def table(data: dict[str, Any]) -> Table:
    """Return a table from what the truth says of a model."""
    rows = tuple(
        Row(**{**row, "sources": tuple(tuple(source) for source in row["sources"])}) for row in data["rows"]
    )
    return Table(data["title"], rows, tuple(data["counts"]), tuple(data["sizes"]), data["is_graph"])


def renumbered(one: Table, style: str, more: int = 0) -> Table:
    """Return a table whose names are counted as a version does, or as after other models of a session."""
    start = more + (style in ("keras1", "keras2"))
    if not start:
        return one
    names: dict[str, str] = {}
    for row in one.rows:
        base = "input" if row.type == "InputLayer" else _snake(row.type)
        counter = re.fullmatch(rf"{re.escape(_snake(row.type))}(?:_(\d+))?", row.name)
        if counter is not None:
            names[row.name] = f"{base}_{int(counter[1] or 0) + start}"
    rows = tuple(
        row._replace(
            name=names.get(row.name, row.name),
            sources=tuple((names.get(name, name), node, index) for name, node, index in row.sources),
        )
        for row in one.rows
    )
    return one._replace(rows=rows)


def _snake(name: str) -> str:
    return _SNAKE.sub(r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()


def written(one: Table, style: str) -> Written:
    """Return a summary in a style."""
    if style.startswith("keras3"):
        return _boxes(one, is_wide=style == "keras3wide")
    return _columns(one, style)


# Keras 3


def _boxes(one: Table, *, is_wide: bool) -> Written:
    length = (108 if one.is_graph else 88) if is_wide else 76
    shares = [0.3, 0.56, 0.74, 1.0] if one.is_graph else [0.45, 0.80, 1.0]
    ends = [int(share * length) for share in shares]
    widths = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    names = ["Layer (type)", "Output Shape", "Param #", "Connected to"]
    columns = [
        rich.table.Column(name, justify="right" if name == "Param #" else "left", width=width)
        for name, width in zip(names, widths, strict=False)
    ]
    grid = rich.table.Table(*columns, width=length, show_lines=True)
    for row in one.rows:
        prefix = "   " * row.depth + "└ " if row.depth else ""
        cells = [f"{prefix}{row.name} ({row.type})", row.output, f"{row.params:,}"]
        if one.is_graph:
            cells.append(", ".join(f"{name}[{node}][{index}]" for name, node, index in row.sources) or "-")
        grid.add_row(*map(rich.markup.escape, cells))
    console = rich.console.Console(
        highlight=False, force_terminal=False, color_system=None, width=200 if is_wide else 80
    )
    with console.capture() as capture:
        console.print(f'Model: "{rich.markup.escape(one.title)}"')
        console.print(grid)
    lines = capture.get().split("\n")[:-1]
    edges = [number for number, line in enumerate(lines) if line[:1] in "┡├└"]
    spans = [(start + 1, end - 1) for start, end in pairwise(edges)]
    for label, count, size in zip(one.total_names("keras3"), one.counts, one.sizes, strict=False):
        spans.append((len(lines), len(lines)))
        lines.append(f" {label} params: {count:,} ({memory(size, 'B')})")
    return Written("\n".join(lines), tuple(spans))


def memory(size: float, byte: str) -> str:
    """Return a number of bytes as Keras prints it."""
    units = [byte, "KB", "MB", "GB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{size:.2f} {units[0]}"


# Keras 1 and 2


def _columns(one: Table, style: str) -> Written:
    is_old, wraps = style in ("keras1", "keras2", "tf20"), style in ("tf26", "tf213")
    is_graph = one.is_graph or style == "keras1"
    length = 100 if style == "keras1" else 98 if is_graph else 65
    shares = [0.33, 0.55, 0.67, 1.0] if is_graph else [0.45, 0.85, 1.0]
    positions = [int(share * length) for share in shares]
    header = ["Layer (type)", "Output Shape", "Param #", "Connected to"][: len(positions)]
    lines = [f'Model: "{one.title}"'] if style not in ("keras1", "keras2") else []
    lines += ["_" * length, *_line(header, positions, 0, wraps=wraps), "=" * length]
    spans = []
    for number, row in enumerate(one.rows):
        printed = _row(row, style, positions, wraps=wraps)
        spans.append((len(lines), len(lines) + len(printed) - 1))
        lines += printed
        last = number == len(one.rows) - 1
        if wraps:
            lines.append(" " * length)
        if is_old or last:
            lines.append(("=" if last else "_") * length)
    for label, count, size in zip(one.total_names(style), _old_counts(one), _old_sizes(one), strict=False):
        spans.append((len(lines), len(lines)))
        text = f"{count:,}" if style != "tf213" else f"{count} ({memory(size, 'Byte')})"
        lines.append(f"{label} params: {text}")
    return Written("\n".join([*lines, "_" * length]), tuple(spans))


def _old_counts(one: Table) -> tuple[int, ...]:
    """Return the totals without the optimizer, whose weights older versions don't count."""
    return (one.counts[0] - one.counts[3], *one.counts[1:3])


def _old_sizes(one: Table) -> tuple[float, ...]:
    return (one.sizes[0] - one.sizes[3], *one.sizes[1:3])


def _row(row: Row, style: str, positions: list[int], *, wraps: bool) -> list[str]:
    type_ = row.type if style in ("tf20", "tf26", "tf213") else _OLD_TYPES.get(row.type, row.type)
    output = row.output
    if row.type == "InputLayer":
        type_, output = "InputLayer", f"[{output}]" if style in ("tf20", "tf26", "tf213") else output
    fields = [f"{row.name} ({type_})", output, str(row.params)]
    sources = [f"{name}[{node}][{index}]" for name, node, index in row.sources]
    if len(positions) < 4:
        return _line(fields, positions, row.depth, wraps=wraps)
    if wraps:
        return _line([*fields, str(sources)], positions, row.depth, wraps=True)
    first, *more = sources or [""]
    lines = _line([*fields, first], positions, 0, wraps=False)
    return lines + [line for one in more for line in _line(["", "", "", one], positions, 0, wraps=False)]


def _line(fields: list[str], positions: list[int], depth: int, *, wraps: bool) -> list[str]:
    if wraps:
        return _wrapped(fields, positions, depth)
    line = ""
    for number, (field, end) in enumerate(zip(fields, positions, strict=True)):
        line = f"{line[:-1]} " if number else line
        line = (line + field)[:end].ljust(end)
    return [line]


def _wrapped(fields: list[str], positions: list[int], depth: int) -> list[str]:
    """Return a row as versions from 2.6 on print it."""
    left, lines = list(fields), []
    while any(left):
        line = ""
        for number, end in enumerate(positions):
            start = positions[number - 1] if number else 0
            space = 2 if number < len(positions) - 1 else 0
            cutoff = end - start - space
            part = left[number][:cutoff]
            breaks = [part.find(sign) + len(sign) for sign in _BREAKS if sign in part]
            cutoff = min(breaks, default=cutoff)
            line += "|" * depth + " " if not number else ""
            line += part[:cutoff] + " " * space
            left[number] = left[number][cutoff:]
            line += " " * (end - len(line) - depth)
        lines.append(line + "|" * depth)
    return lines
