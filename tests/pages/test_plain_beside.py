"""What plain code is run with besides itself: modules and files beside the page, and present spellings."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.pages.test_plain import CHECK, drift, told
from tests.support.projects import Project, command_line

HELPER = "import keras\n\n\ndef head(size):\n    return keras.layers.Dense(size)\n"
BESIDE = """\
import keras
from helper import head

units = int(open("units.txt").read())
x = head(units)(keras.Input((4,)))  # (None, 2)
"""
OLD = """\
import keras
from keras.layers.core import Dense

x = Dense(5, init="uniform")(keras.Input((4,)))  # (None, 8)
"""
CRASHING = """\
import os
import keras

units = os._exit(3)
w = keras.layers.Dense(3)(keras.Input((4,)))  # (None, 7)
"""


def page(code: str, markup: str) -> str:
    if markup == "md":
        return f"# Page\n\n```python\n{code}```\n"
    lines = "".join(f"   {line}\n" if line else "\n" for line in code.split("\n"))
    return f"Page\n====\n\n.. code-block:: python\n\n{lines}"


@pytest.mark.parametrize("markup", ["md", "rst"])
def test_what_lies_beside_a_page(make_project: Callable[..., Project], markup: str) -> None:
    """The lock has it too, wherever the project is; what comes, goes or changes runs again."""
    name, first = (f"part/page.{markup}", 3 if markup == "md" else 5)
    index = "# Index\n\n```{toctree}\npart/page\n```\n"
    project = make_project({"index.md": index, name: page(BESIDE, markup)}, CHECK)
    assert told(project.build()) == []
    project.write("part/helper.py", HELPER)
    assert told(project.build()) == []
    project.write("part/units.txt", "3")
    expected = [drift(f"{name}:{first + 5}", "(None, 2)", "(None, 3)")]
    assert told(project.build()) == expected
    assert project.build("kerasshape-lock").status == 0
    moved = replace(project, folder=project.folder / "moved")
    shutil.copytree(project.folder / "source", moved.folder / "source")
    assert told(moved.build("html", "-D", "kerasshape_execution=locked")) == expected
    (project.folder / "source" / "kerasshape.lock.json").unlink()
    project.write("part/units.txt", "2")
    assert told(project.build()) == []
    project.write("part/helper.py", HELPER.replace("size)\n", "size + 1)\n"))
    assert told(project.build()) == expected


@pytest.mark.parametrize("markup", ["md", "rst"])
def test_more_runs_that_answers_call_for(make_project: Callable[..., Project], markup: str) -> None:
    """Old spellings, and code that ends its process: warm builds, the lock and ``fix`` know these answers."""
    project = make_project({f"index.{markup}": page(OLD, markup)}, CHECK)
    line = 6 if markup == "md" else 8
    core = "keras.layers.Dense in place of keras.layers.core.Dense"
    spelled = f" (with stand-ins: {core}, kernel_initializer in place of init)"
    cold = told(project.build())
    assert cold[1:] == [drift(f"index.{markup}:{line + 1}", "(None, 8)", "(None, 5)", spelled)]
    assert cold[0].startswith(
        f"index.{markup}:{line - 1}: WARNING: the plain code fails: ModuleNotFoundError: "
        "No module named 'keras.layers.core': now keras.layers "
    )
    assert project.build("kerasshape-lock").status == 0
    assert told(project.build("html", "-D", "kerasshape_execution=locked")) == cold
    project.write(f"dies.{markup}", ":orphan:\n\n" * (markup == "rst") + page(CRASHING, markup))
    died = [text for text in told(project.build()) if text.startswith("dies") and "toctree" not in text]
    assert [text for text in died if "the page states" in text] == [
        drift(f"dies.{markup}:{line + 2 + 2 * (markup == 'rst')}", "(None, 7)", "(None, 3)")
    ]
    done = command_line(project.folder, "fix", "source")
    assert "(None, 8) -> (None, 5)" in done.stdout
    assert "(None, 7) -> (None, 3)" in done.stdout
