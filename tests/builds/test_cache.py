"""Builds after builds: what is kept from one to the next, and when it does not count any more."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from unittest import mock

import pytest

from tests.support.projects import Built, Project

# Builds, one after the other, of one project.

CONF = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
kerasshape_provenance = True
"""
MODULE = """\
import keras


def tower():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
"""
PAGES = {
    "block.rst": """\
Block
=====

.. keras:model:: block

   keras.Sequential([keras.Input((None, 50)), layers.LSTM(64)])
""",
    "imported.md": """\
# Imported

```{keras:model} imported
:from: bricks:tower()
```
""",
    "error.rst": """\
Error
=====

.. keras:model:: error
   :raises: ValueError

   keras.Sequential([keras.Input((None, 50)), layers.Flatten(), layers.Dense(1)])
""",
    "prose.rst": "Prose\n=====\n\nNo model, but a link: :keras:layer:`block/lstm`.\n",
}
OUTPUT = ["block.html", "imported.html", "error.html", "prose.html"]


@dataclass(frozen=True)
class Step:
    """A build, how many models ran in it, and the pages that it wrote."""

    built: Built
    runs: int
    written: list[str]
    pages: dict[str, str]


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the metadata of another TensorFlow."""
    folder = tmp_path_factory.mktemp("newer")
    (folder / "tensorflow-99.0.dist-info").mkdir()
    metadata = "Metadata-Version: 2.1\nName: tensorflow\nVersion: 99.0\n"
    (folder / "tensorflow-99.0.dist-info" / "METADATA").write_text(metadata)
    return folder


@pytest.fixture(scope="module")
def steps(make_project: Callable[..., Project], newer: Path) -> dict[str, Step]:
    """Build after build, each after one change."""
    project = make_project(PAGES, CONF)
    project.write("bricks.py", MODULE)
    done: dict[str, Step] = {}

    def times() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in project.folder.glob("html/*.html")}

    def step(name: str, *arguments: str) -> None:
        before = times()
        built = project.build(*(arguments or ("html",)), "-nW", "--keep-going")
        after = times()
        written = [page for page in OUTPUT if before.get(page) != after.get(page)]
        pages = {page: (project.folder / "html" / page).read_text(encoding="utf-8") for page in OUTPUT}
        done[name] = Step(built, len(re.findall(r"running models\.\.\. \[", built.said)), written, pages)

    step("cold")
    step("warm")
    project.write("prose.rst", PAGES["prose.rst"] + "\nMore prose.\n")
    step("prose")
    step("text", "text")
    with mock.patch.object(sys, "path", [str(newer), *sys.path]):
        step("newer")
    step("older")
    project.write("bricks.py", MODULE.replace("Dense(3)", "Dense(7)"))
    step("module")
    step("real", "html", "-D", "kerasshape_weights=real")
    return done


@pytest.mark.parametrize("name", ["cold", "warm", "prose", "text", "newer", "older", "module", "real"])
def test_nothing_is_wrong(name: str, steps: dict[str, Step]) -> None:
    assert steps[name].built.warnings == []
    assert steps[name].built.status == 0


@pytest.mark.parametrize(
    ("name", "runs", "written"),
    [
        ("cold", 3, OUTPUT),
        ("warm", 0, []),
        ("prose", 0, ["prose.html"]),
        ("text", 0, []),
        # All models run again, but give what is shown already.
        ("newer", 3, []),
        # The answers of before are still there.
        ("older", 0, []),
        ("module", 1, ["imported.html"]),
    ],
)
def test_step(name: str, runs: int, written: list[str], steps: dict[str, Step]) -> None:
    assert steps[name].runs == runs
    assert steps[name].written == written


def test_the_answers_are_shared_with_another_builder(steps: dict[str, Step]) -> None:
    text = steps["text"].built.page("block.txt")
    assert re.search(r"\| lstm +\| \(None, 64\) +\| 29,440 ", text)


def test_only_the_page_of_a_changed_module_is_written_and_none_is_read(steps: dict[str, Step]) -> None:
    assert "0 added, 0 changed, 0 removed" in steps["module"].built.said
    texts = {name: re.sub("<[^>]*>", "", steps[name].pages["imported.html"]) for name in ("older", "module")}
    assert "(None, 3)" in texts["older"]
    assert "(None, 7)" in texts["module"]


def installed_tensorflow() -> str:
    for name in ("tensorflow", "tensorflow-cpu"):
        with contextlib.suppress(PackageNotFoundError):
            return version(name)
    raise LookupError


def test_provenance_is_what_tensorflow_says(steps: dict[str, Step]) -> None:
    """The faked metadata makes models run again; what ran is still the real one."""
    real = f"TensorFlow {installed_tensorflow()}, Keras {version('keras')}"
    for name in ("cold", "newer"):
        assert real in steps[name].pages["block.html"]
        assert "99.0" not in steps[name].pages["block.html"]


def test_the_expected_error_is_shown(steps: dict[str, Step]) -> None:
    assert "ValueError: " in steps["warm"].pages["error.html"]


def test_real_weights_give_the_same_pages(steps: dict[str, Step]) -> None:
    assert steps["real"].runs == 3
    assert steps["real"].pages == steps["module"].pages


# Where imports are looked for: an answer from another module than would be found now is no answer.

ZOO = """\
import keras


def tower():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense({units})])
"""
TOWERS = {
    "index.rst": """\
Towers
======

.. keras:model:: imported
   :from: zoo:tower()

.. keras:model:: alone

   keras.Sequential([keras.Input((4,)), layers.Dense(7)])
""",
}


def paths(*folders: str) -> str:
    lines = [f"sys.path.insert(0, os.path.abspath({folder!r}))\n" for folder in reversed(folders)]
    return "".join(["import os, sys\n", *lines])


def test_an_answer_depends_on_where_its_modules_are_found(make_project: Callable[..., Project]) -> None:
    project = make_project(TOWERS)
    conf = (project.folder / "source" / "conf.py").read_text()
    for units, place in ((3, "one/zoo.py"), (5, "two/zoo/__init__.py"), (0, "more/other.py")):
        project.write(f"../{place}", ZOO.format(units=units))
    (project.folder / "late").mkdir()

    def built(*folders: str) -> tuple[list[str], str, int]:
        project.write("conf.py", conf + paths(*folders))
        done = project.build("text")
        found = re.findall(r"running models... \[ *\d+%\]", re.sub(r"\x1b\[[0-9;]*m", "", done.said))
        totals = re.findall(r"Total params[ |]+(\d+)", done.page("index.txt"))
        return done.warnings, " ".join(totals), len(found)

    assert built("../one") == ([], "15 35", 2)
    assert built("../one") == ([], "15 35", 0)
    # Folders that have nothing of the name are nothing to it.
    assert built("../more", "../one") == ([], "15 35", 0)
    assert built("../late", "../one", "../more") == ([], "15 35", 0)
    assert built("../two", "../one") == ([], "25 35", 1)
    assert built("../one", "../two") == ([], "15 35", 1)
    assert built("../late", "../one") == ([], "15 35", 1)
    warnings, totals, runs = built()
    assert totals == "35"
    assert runs == 1
    (warning,) = warnings
    assert "ModuleNotFoundError: No module named 'zoo'" in warning
    assert built() == (warnings, totals, runs)
    assert built("../late", "../one") == ([], "15 35", 0)
    # An earlier folder gets one of the name, later.
    project.write("../late/zoo.py", ZOO.format(units=6))
    assert built("../late", "../one") == ([], "30 35", 1)
    moved = make_project(copy=project.folder / "source")
    for name in ("late", "one", ".kerasshape"):
        shutil.copytree(project.folder / name, moved.folder / name)
    shutil.rmtree(project.folder / "late")
    done = moved.build("text")
    assert (done.warnings, "running models" in done.said) == ([], False)


FORGED = "the stored answer can't be read: delete {} and build again [kerasshape.cache]"


def test_a_forged_answer_is_run_again_or_reported(make_project: Callable[..., Project]) -> None:
    project = make_project({"block.rst": PAGES["block.rst"], "prose.rst": PAGES["prose.rst"]})
    project.build("text")
    (entry,) = project.cache.glob("??/*.json")
    whole = entry.read_bytes()
    head, body = json.loads(whole.partition(b"\n")[0]), b'{"model": 7}'
    forged = json.dumps({**head, "body": hashlib.sha256(body).hexdigest()}).encode() + b"\n" + body
    entry.write_bytes(forged)
    project.write("block.rst", PAGES["block.rst"] + "\nMore prose.\n")
    read = project.build("text")
    assert read.warnings == []
    assert "(None, 64)" in read.page("block.txt")
    assert entry.read_bytes() == whole
    project.build("html")
    entry.write_bytes(forged)
    only_written = project.build("html", "-D", "html_title=new")
    assert only_written.warnings == ["block.rst:4: WARNING: " + FORGED.format(project.cache)]
    assert "the stored answer can" in only_written.page("block.html")
