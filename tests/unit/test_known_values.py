"""What the stored outputs of a notebook say of values."""

from __future__ import annotations

import json

import pytest

from sphinx_kerasshape.audit import known_values
from sphinx_kerasshape.audit.recognise import recognise

Cell = tuple[str, str]
"""The code of a cell, and what it prints."""


def values(*cells: Cell) -> dict[str, str]:
    found = [
        {
            "cell_type": "code",
            "metadata": {},
            "execution_count": 1,
            "source": code,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": output}] if output else [],
        }
        for code, output in cells
    ]
    notebook = {"cells": found, "metadata": {}, "nbformat": 4, "nbformat_minor": 2}
    return known_values.values(recognise("a.ipynb", json.dumps(notebook).encode()))


LOADED = ("x = load()", "")


@pytest.mark.parametrize(
    ("code", "output", "expected"),
    [
        ("x.shape", "(7, 28)", {"x.shape": "(7, 28)", "len(x)": "7"}),
        ("print(x.shape)", "(7,)", {"x.shape": "(7,)", "len(x)": "7"}),
        ("print('Shape:', x.shape)", "Shape: (7, 2)", {"x.shape": "(7, 2)", "len(x)": "7"}),
        ("print('Found %s words.' % len(x))", "Found 88 words.", {"len(x)": "88"}),
        ("print(f'{len(x)} in all')\nprint('done')", "12 in all\ndone", {"len(x)": "12"}),
        ("n = len(x)\nprint(n)\nprint(x.shape)", "7\n(7, 2)", {"n": "7", "x.shape": "(7, 2)", "len(x)": "7"}),
        ("print(x.shape, len(x))", "(7, 2) 7", {}),
        ("print(x.shape)\nprint('done')\nprint(other())", "(7, 2)\ndone", {}),
        ("print(x.shape)", "(None, 2)", {}),
        ("x.mean()", "7", {}),
        ("print(len(x))", "7.5", {}),
        ("print(f'{len(x):,} words')", "1,200 words", {}),
    ],
)
def test_printed_values(code: str, output: str, expected: dict[str, str]) -> None:
    assert values(LOADED, (code, output)) == expected


@pytest.mark.parametrize(
    ("before", "after", "is_known"),
    [
        ("", "x = x.astype('float32')", True),
        ("", "x /= 255", True),
        ("", "y = x.shape[1]", True),
        ("", "x = x.reshape(-1, 4)", False),
        ("", "for x in y:\n    pass", False),
        ("", "x.resize((4, 7))", False),
        ("", "def f(x):\n    return x.shape", False),
        ("y = x.shape\nx = cut(x)", "", False),
        ("x = cut(x)\ny = x.shape", "", True),
    ],
)
def test_names_that_mean_one_thing(before: str, after: str, is_known: bool) -> None:
    """What a name is elsewhere in the document must be what is printed."""
    found = values(LOADED, (before or "1", ""), ("x.shape", "(7, 2)"), (after or "1", ""))
    assert ("x.shape" in found) == is_known
