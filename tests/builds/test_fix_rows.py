"""``fix`` inserts, deletes and moves rows of ``keras:summary``, as audits do: the true text comes back."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.support.projects import Project, command_line

MODEL = """\
keras.Sequential([
    keras.Input((3,)),
    layers.Dense(5, name="a"),
    layers.Dropout(0.5, name="drop"),
    layers.Dense(4, name="b"),
    layers.ReLU(name="r"),
    layers.Dense(2, name="c"),
])
"""
RULE = "├────────────────────────────┼─────────────────────┼─────────────┤\n"
BOX_ROWS = {
    "a": "│ a (Dense)                  │ (None, 5)           │          20 │\n",
    "drop": "│ drop (Dropout)             │ (None, 5)           │           0 │\n",
    "b": "│ b (Dense)                  │ (None, 4)           │          24 │\n",
    "r": "│ r (ReLU)                   │ (None, 4)           │           0 │\n",
    "c": "│ c (Dense)                  │ (None, 2)           │          10 │\n",
    "more": "│ more (Dense)               │ (None, 6)           │          77 │\n",
}
LINE_ROWS = {
    "a": " a (Dense)                   (None, 5)                 20\n",
    "drop": " drop (Dropout)              (None, 5)                 0\n",
    "b": " b (Dense)                   (None, 4)                 24\n",
    "r": " r (ReLU)                    (None, 4)                 0\n",
    "c": " c (Dense)                   (None, 2)                 10\n",
    "more": " more (Dense)                (None, 6)                 77\n",
}
TRUE = ("a", "drop", "b", "r", "c")
WRONG = {
    "one missing": ("a", "b", "r", "c"),
    "two missing": ("a", "r", "c"),
    "the last missing": ("a", "drop", "b", "r"),
    "two places": ("a", "b", "c"),
    "one too many": ("a", "drop", "more", "b", "r", "c"),
    "two too many": ("a", "drop", "b", "r", "c", "more", "more"),
    "two swapped": ("a", "b", "drop", "r", "c"),
}


def boxed(rows: tuple[str, ...]) -> str:
    return (
        "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━┓\n"
        "┃ Layer (type)               ┃ Output Shape        ┃     Param # ┃\n"
        "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━┩\n"
        f"{RULE.join(BOX_ROWS[row] for row in rows)}"
        "└────────────────────────────┴─────────────────────┴─────────────┘\n"
        " Total params: 54 (216.00 B)\n"
    )


def lined(rows: tuple[str, ...]) -> str:
    body = "\n".join(LINE_ROWS[row] for row in rows)
    head = " Layer (type)                Output Shape              Param #\n"
    return f"{head}{'=' * 65}\n{body}{'=' * 65}\nTotal params: 54\n"


def indented(text: str, margin: str) -> str:
    return "".join(f"{margin}{line}".rstrip(" ") for line in text.splitlines(keepends=True))


def rst(rows: tuple[str, ...], drawn: Callable[[tuple[str, ...]], str]) -> str:
    return f"Page\n====\n\n* .. keras:summary:: one\n\n{indented(drawn(rows), '     ')}"


def md(rows: tuple[str, ...], drawn: Callable[[tuple[str, ...]], str]) -> str:
    return f"# Page\n\n> ```{{keras:summary}} one\n{indented(drawn(rows), '> ')}> ```\n"


def notebook(rows: tuple[str, ...], drawn: Callable[[tuple[str, ...]], str]) -> str:
    text = f"# Page\n\n```{{keras:summary}} one\n{drawn(rows)}```\n"
    cell = {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}, indent=1)


def fixed(project: Project, form: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run ``fix``; where MyST-NB takes part, in a process of its own."""
    arguments = ("fix", "source", *options)
    if form != "ipynb":
        return command_line(project.folder, *arguments)
    command = [sys.executable, "-m", "sphinx_kerasshape", *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        command, cwd=project.folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("form", ["md", "rst", "ipynb"])
def test_the_true_rows_come_back(make_project: Callable[..., Project], form: str) -> None:
    if form == "ipynb" and not importlib.util.find_spec("myst_nb"):
        pytest.skip("MyST-NB is not installed")
    page = {"md": md, "rst": rst, "ipynb": notebook}[form]
    conf = "extensions = ['myst_nb', 'sphinx_kerasshape']\nnb_execution_mode = 'off'\n" * (form == "ipynb")
    index = f"# Index\n\n```{{keras:model}} one\n{MODEL}```\n"
    project = make_project({"index.md": index}, conf)
    wanted = {}
    for number, (rows, drawn) in enumerate(
        (rows, drawn) for rows in WRONG.values() for drawn in (boxed, lined)
    ):
        name = f"page{number:02}.{form}"
        project.write(name, page(rows, drawn))
        wanted[name] = page(TRUE, drawn)
    done = fixed(project, form)
    noise = ("toctree", "running models")
    assert [line for line in done.stderr.splitlines() if not any(word in line for word in noise)] == []
    for name, true in wanted.items():
        both = [(project.folder / "source" / name).read_text(encoding="utf-8"), true]
        if form == "ipynb":
            both = ["".join(json.loads(text)["cells"][0]["source"]) for text in both]
        assert both[0] == both[1], name
    assert "index.md" not in done.stdout
    assert fixed(project, form, "--check").returncode == 0
