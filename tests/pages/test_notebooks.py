"""Notebooks of MyST-NB: what is said has the line that MyST-NB itself gives to it."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence

import pytest

from tests.support.projects import DEADLINE, Built, Project

pytestmark = pytest.mark.skipif(not importlib.util.find_spec("myst_nb"), reason="MyST-NB is not installed")
MODEL = """\
```{keras:model} m
:colums: layer

keras.Sequential([keras.Input((4,)), layers.Dense(3)])
```
"""
CELLS = [
    ("markdown", "# Title\n\nIt has {keras:params}`14 <m>` params; {doc}`lost-1`.\n"),
    ("code", "print(1)\nprint(2)\n"),
    (
        "markdown",
        f"Text\n\n{MODEL}\n{{doc}}`lost-2`,\n{{keras:params}}`14 <m>`\nand {{keras:params}}`14 <m>`\n",
    ),
    (
        "markdown",
        "```{keras:model} broken\nunits = 3\n1 / 0\n```\n\nA\n{keras:model}`nowhere`.\n\n{doc}`lost-3`\n",
    ),
]


def notebook(contents: Sequence[tuple[str, str]] = CELLS) -> str:
    """Return a notebook, whose cells have their lines as Jupyter writes them."""
    code = {"outputs": [], "execution_count": None}
    cells = [
        {
            "cell_type": kind,
            "id": f"cell-{number}",
            "metadata": {},
            "source": text.splitlines(keepends=True),
            **(code if kind == "code" else {}),
        }
        for number, (kind, text) in enumerate(contents)
    ]
    metadata = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1)


@pytest.fixture(scope="module")
def built(make_project: Callable[..., Project]) -> Built:
    conf = "extensions = ['myst_nb', 'sphinx_kerasshape']\nnb_execution_mode = 'off'\n"
    project = make_project({"index.md": "# Index\n\n```{toctree}\nbook\n```\n"}, conf)
    project.write("book.ipynb", notebook())
    # MyST-NB can't be used in a process that has built with MyST alone.
    return project.run("text")


def told(built: Built, subtype: str) -> list[tuple[int, int]]:
    """Return cell and line of each warning of a subtype."""
    texts = [text for text in built.warnings if f"[{subtype}]" in text]
    found = [re.match(r"book\.ipynb:(\d)(\d{4}): WARNING", text) for text in texts]
    return sorted((int(one[1]), int(one[2])) for one in found if one)


def test_each_warning_is_at_the_line_that_the_notebook_has_for_sphinx(built: Built) -> None:
    places = told(built, "ref.doc")
    (first, title), (third, text), (fourth, last) = places
    assert (first, third, fourth) == (1, 3, 4)
    assert told(built, "kerasshape.claim") == [(1, title), (3, text + 1), (3, text + 2)]
    assert told(built, "kerasshape.option") == [(3, text - 6)]
    assert told(built, "kerasshape.code") == [(4, last - 6)]
    assert told(built, "kerasshape.ref") == [(4, last - 2)]
    assert len(built.warnings) == 3 + 3 + 1 + 1 + 1


def test_they_count_from_the_first_line_of_the_cell(built: Built) -> None:
    """MyST-NB adds one to each."""
    assert told(built, "kerasshape.claim") == [(1, 4), (3, 11), (3, 12)]


SUMMARY = """\
```{keras:summary} m
 Layer (type)                Output Shape              Param #
=================================================================
 dense (Dense)               (None, 3)                 14
=================================================================
Total params: 14
```
"""


@pytest.mark.slow
def test_fix_rewrites_each_statement_at_its_own_place(make_project: Callable[..., Project]) -> None:
    """Equal ones in one cell, in several, and in the rows of a summary."""
    project = make_project({}, "extensions = ['myst_nb', 'sphinx_kerasshape']\nnb_execution_mode = 'off'\n")
    cells = [*CELLS[:3], ("markdown", f"{SUMMARY}\nIt is {{keras:params}}`14 <m>`.")]
    path = project.write("index.ipynb", notebook(cells).replace(":colums:", ":columns:"))
    before = path.read_text(encoding="utf-8")
    command = [sys.executable, "-m", "sphinx_kerasshape", "fix", str(path.parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert path.read_text(encoding="utf-8") == before.replace("14", "15")
    assert done.stdout.endswith("\n6 statements were rewritten\n")
    assert done.returncode == 0
