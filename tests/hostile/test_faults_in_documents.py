"""Code that misbehaves in documents that are audited: each fault is a part of a value that is stated.

All faults are there by ``audit``, in Markdown, reST and notebooks by turns, and every third of them by
``kerasshape_plain``, which has the same runs.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from tests.hostile.test_misbehaving_code import left_behind, shared_memory
from tests.support.faults import CONF, FAULTS, LEFT_BEHIND, TIMEOUT
from tests.support.projects import DEADLINE, Project
from tests.support.tiers import asked, slow, tiered

pytest.importorskip("myst_nb")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is left behind is found in /proc")

QUICK = ["hard-exit", "memory-absurd", "daemon", "forged-failure", "error-lies", "traceback-raises"]
"""Some that end in different ways, none at a deadline."""
EachWay = pytest.mark.parametrize("kind", tiered(["audit", "plain"], quick=["audit"]))
PLAIN = [*FAULTS][::3]
Tried = pytest.mark.parametrize(
    ("name", "kind"),
    [(name, "audit") if name in QUICK else slow(name, "audit") for name in FAULTS]
    + [slow(name, "plain") for name in PLAIN],
)
BEHAVED = ("(None, 3)", "(None, 7)")
STATED = ("(None, 2)", "(None, 6)")


def code(name: str) -> str:
    """Return code whose first value is there once all of a fault has run; the second needs nothing of it."""
    lines = "".join(
        f"    {line!r}\n" for line in (FAULTS[name].code + "\nunits = 3\n").splitlines(keepends=True)
    )
    return (
        "import keras\nimport tensorflow as tf\nfrom keras import layers\n\n"
        f"SOURCE = (\n{lines})\n\n\ndef run(source):\n"
        "    names = {'keras': keras, 'layers': layers, 'tf': tf}\n"
        "    return (exec(source, names), names['units'])[1]\n\n\n"
        "units = run(SOURCE)\n"
        f"x = layers.Dense(units)(keras.Input((4,)))  # {STATED[0]}\n"
        f"y = layers.Dense(7)(keras.Input((4,)))  # {STATED[1]}\n"
    )


def page(name: str) -> tuple[str, str]:
    """Return a document with a fault: the end of its name, and its text."""
    form = ("md", "rst", "ipynb")[list(FAULTS).index(name) % 3]
    if form == "md":
        return form, f"# Page\n\n```python\n{code(name)}```\n"
    if form == "rst":
        return form, f"Page\n====\n\n.. code-block:: python\n\n{indent(code(name), '   ')}"
    cell = {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": code(name), "outputs": []}
    title = {"cell_type": "markdown", "metadata": {}, "source": "# Page\n"}
    return form, json.dumps({"cells": [title, cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


@dataclass(frozen=True)
class Statement:
    """What is said of a statement, in an audit or in a build."""

    stated: str
    actual: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What was said of all faults, by their names, and what was left behind."""

    said: dict[str, list[Statement]]
    status: int
    errors: str
    left: list[object]
    changed: list[str]


Way = Callable[[str], Outcome]


def tried(
    folder: Path, command: list[str], mark: str, report: Callable[[str], list[dict[str, Any]]]
) -> Outcome:
    """Run a command in a folder; ``report`` returns the statements that it reports, each with its path."""
    for path in shared_memory():
        path.unlink()  # of tests that were killed
    temporary = folder.parent / "temporary"
    temporary.mkdir()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    environment = {**os.environ, "TMPDIR": str(temporary)}
    environment.update([mark.split("=")])
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    said: dict[str, list[Statement]] = {}
    for one in report(done.stdout):
        statement = Statement(one["stated"], one["actual"] or "", one["reason"])
        said.setdefault(Path(one["path"]).stem, []).append(statement)
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    left = [*left_behind(mark).items(), *temporary.iterdir(), *shared_memory()]
    changed = [str(path) for path in before.keys() | after if before.get(path) != after.get(path)]
    return Outcome(said, done.returncode, done.stderr, left, changed)


@pytest.fixture(scope="module")
def way(make_project: Callable[..., Project], request: pytest.FixtureRequest) -> Way:
    """Return a function that has the faults tried in one of two ways."""
    names = asked(request, "name")

    def audit(folder: Path) -> list[str]:
        cache = str(folder.parent / "cache")
        options = ["--format", "json", "--timeout", str(TIMEOUT), "--cache-dir", cache]
        return [sys.executable, "-m", "sphinx_kerasshape", "audit", "--sandbox", "off", *options, "."]

    @functools.cache
    def found(kind: str) -> Outcome:
        mark = f"KERASSHAPE_MARK={time.time_ns()}"
        pages = {
            f"{name}.{page(name)[0]}": page(name)[1] for name in names if kind == "audit" or name in PLAIN
        }
        conf = (
            f"{CONF}kerasshape_timeout = {TIMEOUT}\nkerasshape_plain = 'check'\n"
            f"extensions = ['myst_nb', 'sphinx_kerasshape']\nnb_execution_mode = 'off'\n"
        )
        project = make_project(pages, conf)
        folder = project.folder / "source"
        if kind == "audit":
            (folder / "conf.py").unlink()
            documents = lambda text: json.loads(text)["documents"]  # noqa: E731
            return tried(
                folder,
                audit(folder),
                mark,
                lambda text: [
                    {**one, "path": document["path"]}
                    for document in documents(text)
                    for one in document["statements"]
                ],
            )
        out = project.folder / "out"
        command = [
            sys.executable,
            "-m",
            "sphinx",
            "-q",
            "-b",
            "kerasshape-check",
            "-d",
            str(out / "d"),
            ".",
            str(out),
        ]
        return tried(
            folder,
            command,
            mark,
            lambda _: [
                {**one, "path": one["location"].rpartition(":")[0]}
                for one in json.loads((out / "report.json").read_text("utf-8"))["statements"]
            ],
        )

    return found


@Tried
def test_each_fault_loses_only_what_needs_it(name: str, kind: str, way: Way) -> None:
    first, second = way(kind).said[name]
    assert (second.stated, second.actual) == (STATED[1], BEHAVED[1])
    assert first.stated == STATED[0]
    if first.actual:
        assert first.actual == BEHAVED[0]
    else:
        assert first.reason.isprintable()
        assert "Stopped" not in first.reason
    if not FAULTS[name].says and name != "configuration":
        assert first.actual == BEHAVED[0], first.reason


@EachWay
def test_nothing_is_left_and_nothing_written(kind: str, way: Way) -> None:
    found = way(kind)
    assert (found.status, found.left, found.changed) == (1, [], [])
    assert "Traceback" not in found.errors
    assert LEFT_BEHIND not in found.errors
