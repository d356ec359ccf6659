"""``fix`` in projects with ``kerasshape_plain``: what stands beside plain code becomes true."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.builds.test_fix import contents, fix, run
from tests.support.projects import Project, command_line

MYST = """\
# Page

```python
import keras

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
x = model(keras.Input((4,)))  #  -> (None, 9)
model.summary()
```

```
 Layer (type)                Output Shape              Param #
=================================================================
 dense (Dense)               (None, 3)                 16
=================================================================
Total params: 16
```

```{keras:model} ours
:annotate:

a = keras.Input((4,))
b = layers.Dense(2)(a)  # (None, 8)
keras.Model(a, b)
```

It has {keras:params}`11 <ours>` parameters.
"""
REST = """\
:orphan:

Page
====

>>> import keras
>>> keras.layers.Dense(5)(keras.Input((4,))).shape
(None, 6)
"""
FALSE = (
    ("-> (None, 9)", "-> (None, 3)"),
    ("              16\n", "              15\n"),
    ("params: 16", "params: 15"),
    ("# (None, 8)", "# (None, 2)"),
    ("`11 <", "`10 <"),
    ("(None, 6)", "(None, 5)"),
)


def mended(text: str) -> str:
    for false, true in FALSE:
        text = text.replace(false, true)
    return text


@pytest.mark.parametrize("mode", ["check", pytest.param("show", marks=pytest.mark.slow)])
def test_statements_beside_plain_code_become_true(make_project: Callable[..., Project], mode: str) -> None:
    pages = {
        "index.md": MYST,
        "rest.rst": REST,
        "left.md": "---\norphan: true\nkerasshape-plain: off\n---\n" + MYST,
    }
    pages["left.md"] = pages["left.md"].split("```{keras")[0].replace("# Page", "# Left")
    project = make_project(pages, f"kerasshape_plain = {mode!r}\n")
    project.build()
    before = contents(project)
    dry = run(project, "--check")
    assert (dry.returncode, contents(project)) == (1, before)
    assert dry.stdout.endswith("6 statements would be rewritten\n"), dry.stdout + dry.stderr
    diff = run(project, "--diff")
    assert diff.stdout.count("\n-") - diff.stdout.count("\n---") == 6
    done = run(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "source/index.md:7: (None, 9) -> (None, 3)\n" in done.stdout
    assert "source/index.md:23: (None, 8) -> (None, 2)\n" in done.stdout
    after = contents(project)
    assert after["index.md"].decode() == mended(MYST)
    assert after["rest.rst"].decode() == mended(REST)
    assert after["left.md"] == before["left.md"]
    assert project.build().warnings == []
    assert run(project).stdout.splitlines()[-1].endswith("statements hold")


def test_only_named_files_are_rewritten(make_project: Callable[..., Project]) -> None:
    project = make_project({"index.md": MYST, "rest.rst": REST}, "kerasshape_plain = 'check'\n")
    project.build()
    done = fix(project, "source/rest.rst")
    assert done.stdout == "source/rest.rst:8: (None, 6) -> (None, 5)\n1 statement was rewritten\n"
    assert contents(project)["rest.rst"].decode() == mended(REST)
    assert contents(project)["index.md"].decode() == MYST


@pytest.mark.slow
def test_a_summary_that_lacks_a_row_is_said(make_project: Callable[..., Project]) -> None:
    row = " dense (Dense)               (None, 3)                 16\n"
    text = MYST.replace(row, "").replace("16", "15").split("```{keras")[0].replace("9)", "3)")
    text = text.replace("keras.layers.Dense(3)]", "keras.layers.Dense(3), keras.layers.Dense(3)]")
    kept = " dense_1 (Dense)             (None, 3)                 12\n"
    text = text.replace("====\nTotal", f"====\n{kept}====\nTotal").replace("====\n====", "====")
    project = make_project({"index.md": text}, "kerasshape_plain = 'check'\n")
    warnings = project.build().warnings
    done = run(project)
    assert warnings
    assert done.returncode == 1, done.stdout
    assert "can't be rewritten" in done.stderr


def test_cells_of_notebooks_are_rewritten(make_project: Callable[..., Project]) -> None:
    code = ["import keras\n", "x = keras.layers.Dense(5)(keras.Input((4,)))  # (None, 6)"]
    cell = {"cell_type": "code", "source": code, "metadata": {}, "outputs": [], "execution_count": None}
    title = {"cell_type": "markdown", "source": ["# Page\n"], "metadata": {}}
    notebook = {"cells": [title, cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    text = json.dumps(notebook, indent=1)
    conf = "extensions = ['myst_nb', 'sphinx_kerasshape']\nnb_execution_mode = 'off'\n"
    pytest.importorskip("myst_nb")
    project = make_project({"index.ipynb": text}, conf + "kerasshape_plain = 'show'\n")
    shown = project.build("text").page("index.txt")
    assert "# (None, 5)" in shown
    assert run(project).returncode == 0
    assert contents(project)["index.ipynb"].decode() == text.replace("(None, 6)", "(None, 5)")


NARROW = """\
# Page

```python
import keras

x = keras.layers.Dense(3)(keras.Input((4,)))  # (None, 9)
model = keras.Sequential([
    keras.Input((4,)),
    keras.layers.Dense(3, name="first"),
    keras.layers.Dense(3, name="a_name_that_is_longer_than_the_column"),
    keras.layers.Dense(3, name="last"),
])
model.summary()
```

```
 Layer (type)           Output Shape      Param #
==================================================
 first (Dense)          (None, 3)         15
 last (Dense)           (None, 3)         12
==================================================
Total params: 39
```
"""


def test_a_row_without_room_hinders_no_other_repair(make_project: Callable[..., Project]) -> None:
    project = make_project({"index.md": NARROW}, "kerasshape_plain = 'check'\n")
    done = command_line(project.folder, "fix", "source")
    assert done.returncode == 1
    assert contents(project)["index.md"].decode() == NARROW.replace("(None, 9)", "(None, 3)")
    (problem,) = (line for line in done.stderr.splitlines() if "running models" not in line)
    assert problem.endswith(
        "index.md:20: last (Dense)  (None, 3)  12 can't be rewritten: before it, the model has "
        "a_name_that_is_longer_than_the_column (Dense)"
    )
