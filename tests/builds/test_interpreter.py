"""Interpreters that have no TensorFlow, or are none: one warning."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.projects import Project
from tests.unit.test_interpreter import MUST, program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs are scripts of a shell")


def test_a_lock_is_no_remedy(tmp_path: Path, make_project: Callable[..., Project]) -> None:
    page = "# A\n\n```{keras:model} a\nkeras.Sequential([keras.Input((4,)), layers.Dense(2)])\n```\n"
    project = make_project({"index.md": page})
    assert project.build("kerasshape-lock").warnings == []
    python = program(tmp_path, "echo 5")
    option = ("-D", f"kerasshape_python={python}")
    message = f"{MUST} printed '5' instead of its versions".replace("PYTHON", python)
    built = project.build("text", *option)
    assert built.warnings == [f"index.md:3: WARNING: {message} [kerasshape.worker]"]
    assert "printed '5' instead of its versions" in " ".join(built.page("index.txt").split())
    assert project.build("kerasshape-check", *option).status == 1
    refused = project.build("kerasshape-lock", *option)
    assert refused.warnings[-1] == (
        f"WARNING: kerasshape.lock.json is not written: no model was run: {message} [kerasshape.lock]"
    )


# TensorFlow does not run at all: said once, where it is met first.

SITE = {
    "death": {"keras.py": "import os; os._exit(7)"},
    "talk": {"keras.py": "raise ImportError('no luck')", "sitecustomize.py": "print('Welcome!')"},
}
NO_PYTHON = "kerasshape_python must be a Python that has TensorFlow, but"
NO_LUCK = f"TensorFlow can't be imported by {sys.executable}: no luck"


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    good = "   keras.Sequential([keras.Input((4,)), layers.Dense(1)])\n"
    text = f"Page\n====\n\n.. keras:model:: one\n\n{good}\n.. keras:model:: two\n\n{good}"
    project = make_project({"page.rst": text, "page-md.md": "# Page\n\n```{keras:model} three\n3\n```\n"})
    for folder, files in SITE.items():
        for name, code in files.items():
            project.write(f"../{folder}/{name}", code)
    return project


@pytest.mark.parametrize(
    ("executor", "option", "message"),
    [
        ("fork", "python=/no/python", f"{NO_PYTHON} /no/python can't be started: [Errno 2] No such file"),
        ("spawn", "python=/no/python", f"{NO_PYTHON} /no/python can't be started: [Errno 2] No such file"),
        ("fork", "python=false", f"{NO_PYTHON} false ended with exit status 1"),
        (
            "fork",
            "environment=PYTHONPATH=FOLDER/death",
            "the process that runs TensorFlow ended with exit status 7",
        ),
        ("fork", "environment=PYTHONPATH=FOLDER/talk", NO_LUCK),
        ("spawn", "environment=PYTHONPATH=FOLDER/talk", NO_LUCK),
    ],
)
def test_no_tensorflow(executor: str, option: str, message: str, project: Project) -> None:
    option = option.replace("FOLDER", str(project.folder))
    settings = ("-D", f"kerasshape_{option}", "-D", f"kerasshape_executor={executor}")
    build = project.run if executor == "spawn" else project.build
    built = build("text", "-E", *settings)
    assert built.status == 0
    (text,) = built.warnings
    assert text.startswith(f"page.rst:4: WARNING: {message}")
    assert text.endswith(" [kerasshape.worker]")
    for name in ("page", "page-md"):
        assert message in " ".join(built.page(f"{name}.txt").split())
