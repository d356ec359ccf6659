"""What is wrong with a notebook whose parts have other types than all versions of the format give them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def fault(text: str) -> str:
    """Return what is wrong with a notebook; empty if it is no JSON, or if all parts are what they must be."""
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return next(_faults(notebook), "")


def _faults(notebook: Any) -> Iterator[str]:
    if not isinstance(notebook, dict):
        yield "it is no JSON object"
        return
    if not isinstance(notebook.get("nbformat"), int):
        yield "its nbformat is no whole number"
    if not isinstance(notebook.get("metadata", {}), dict):
        yield "its metadata is no object"
    sheets = notebook.get("worksheets", [])
    if not _is_list(sheets, dict):
        yield "its worksheets are no list of objects"
        return
    number = 0
    for part in sheets or [notebook]:
        cells = part.get("cells", [])
        if not isinstance(cells, list):
            yield "its cells are no list"
            return
        for cell in cells:
            number += 1
            yield from (f"cell {number}: {found}" for found in _of_cell(cell))


def _of_cell(cell: Any) -> Iterator[str]:
    if not isinstance(cell, dict):
        yield "it is no object"
        return
    if not isinstance(cell.get("cell_type"), str):
        yield "its cell_type is no text"
    if not all(_is_text(cell.get(name, "")) for name in ("source", "input")):
        yield "its source is no text"
    if not isinstance(cell.get("metadata", {}), dict):
        yield "its metadata is no object"
    outputs = cell.get("outputs", [])
    if not _is_list(outputs, dict):
        yield "its outputs are no list of objects"
        return
    for number, output in enumerate(outputs, 1):
        yield from (f"output {number}: {found}" for found in _of_output(output))


def _of_output(output: dict[str, Any]) -> Iterator[str]:
    if not isinstance(output.get("output_type"), str):
        yield "its output_type is no text"
    data = output.get("data", {})
    if not isinstance(data, dict) or not isinstance(output.get("metadata", {}), dict):
        yield "its data or metadata is no object"
    elif not all(_is_text(one) for one in (output.get("text", ""), data.get("text/plain", ""))):
        yield "its text is no text"


def _is_list(value: object, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(one, kind) for one in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) or _is_list(value, str)
