"""Code that misbehaves, each on a page of its own, in one build: nothing else is lost or late."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.faults import CONF, FAULTS, GOOD, LEFT_BEHIND
from tests.support.projects import Built, Project, processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes left behind are found in /proc")

PAGE = """\
# Page {number}

```{{keras:model}} {name}-before
model = keras.Sequential([keras.Input((4,)), layers.Dense({number})])
```

```{{keras:model}} {name}
{code}
```

```{{keras:model}} {name}-after
model = keras.Sequential([keras.Input((None, {number})), layers.LSTM(8)])
```

The second has {{keras:shape}}`(None, 8) <{name}-after.output>`.
"""


def page(name: str, code: str = "") -> str:
    number = 100 + list(FAULTS).index(name)
    return PAGE.format(name=name, number=number, code=code or FAULTS[name].code)


@dataclass(frozen=True)
class Misbehaved:
    """The project, and a build of it in which all faults happen."""

    project: Project
    built: Built
    left: dict[int, str]
    """Processes that are there after the build, and should not be."""
    files: list[str]
    """Temporary files and shared memory that are."""
    pages: dict[str, str]
    """The text of each page, by name."""

    def warnings(self, name: str) -> list[str]:
        return [text for text in self.built.warnings if text.startswith(f"{name}.md:")]


def left_behind(mark: str) -> dict[int, str]:
    """Return the processes of a build that are still there, by pid."""
    found = dict.fromkeys(processes(mark), "marked")
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if f"sleep\0{LEFT_BEHIND}\0" in command:
                found[int(entry.name)] = command
    return found


def shared_memory() -> list[Path]:
    return list(Path("/dev/shm").glob(f"*{LEFT_BEHIND}*"))


@pytest.fixture(scope="module")
def misbehaved(make_project: Callable[..., Project], once: Callable[..., Misbehaved]) -> Misbehaved:
    return once("misbehaved", lambda: misbehave(make_project))


def misbehave(make_project: Callable[..., Project]) -> Misbehaved:
    mark = f"KERASSHAPE_MARK={time.time_ns()}"
    pages = {f"{name}.md": page(name) for name in FAULTS}
    project = make_project(pages, f"{CONF}kerasshape_environment = [{mark!r}]\n")
    for path in shared_memory():
        path.unlink()  # of tests that were killed
    temporary = project.folder / "temporary"
    temporary.mkdir()
    built = project.build("text", TMPDIR=str(temporary))
    left = left_behind(mark)
    files = [str(path) for path in (*temporary.iterdir(), *shared_memory())]
    return Misbehaved(project, built, left, files, {name: built.page(f"{name}.txt") for name in FAULTS})


@pytest.mark.parametrize("name", FAULTS)
def test_only_the_fault_is_reported(name: str, misbehaved: Misbehaved) -> None:
    fault = FAULTS[name]
    found = misbehaved.warnings(name)
    if not fault.says:
        assert found == []
        return
    (warning,) = found
    where, _, said = warning.partition(f": WARNING: model '{name}': ")
    lines = page(name).count("\n")
    assert re.fullmatch(rf"{name}\.md:\d+", where)
    assert 7 <= int(where.rpartition(":")[2]) < lines
    assert said.startswith(fault.says)
    assert said.isprintable() or set(re.sub(r"[^\x00-\x1f]", "", said)) == {"\n"}


@pytest.mark.parametrize("name", FAULTS)
def test_everything_else_is_complete(name: str, misbehaved: Misbehaved) -> None:
    text = misbehaved.pages[name]
    number = 100 + list(FAULTS).index(name)
    assert re.search(rf"\| dense +\| \(None, {number}\) +\| {5 * number} ", text)
    assert re.search(rf"\| lstm +\| \(None, 8\) +\| {4 * 8 * (number + 8 + 1):,} ", text)
    assert "The second has (None, 8)." in " ".join(text.split())


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if not fault.says])
def test_what_is_survived_is_answered(name: str, misbehaved: Misbehaved) -> None:
    assert re.search(r"dense +\| \(None, 3\) +\| 15 ", misbehaved.pages[name])


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.says])
def test_the_page_shows_code_and_problem(name: str, misbehaved: Misbehaved) -> None:
    words = " ".join(misbehaved.pages[name].split())
    assert " ".join(FAULTS[name].code.split()) in words
    said = FAULTS[name].says.partition(" [kerasshape.")[0]
    assert said[:60] in words


def test_nothing_else_is_wrong_and_nothing_is_left(
    misbehaved: Misbehaved, record_property: Callable[[str, object], None]
) -> None:
    named = [text for name in FAULTS for text in misbehaved.warnings(name)]
    unlocated = [text for text in misbehaved.built.warnings if text not in named]
    survived = sum(1 for fault in FAULTS.values() if not fault.says)
    lost = [
        name
        for name, text in misbehaved.pages.items()
        if "The second has (None, 8)" not in " ".join(text.split())
    ]
    record_property(
        "figure",
        f"{len(FAULTS)} faults of code tried: {len(named)} models failed with a located message, "
        f"{survived} were answered all the same; {len(misbehaved.left)} processes and "
        f"{len(misbehaved.files)} files left behind, "
        f"{len(lost)} pages lost, {len(unlocated)} messages without a place",
    )
    assert unlocated == []
    assert misbehaved.built.status == 0
    assert misbehaved.left == {}
    assert misbehaved.files == []
    assert lost == []


def test_mended_pages_are_as_if_nothing_had_happened(
    misbehaved: Misbehaved, make_project: Callable[..., Project]
) -> None:
    good = {f"{name}.md": page(name, GOOD) for name in FAULTS}
    for name, text in good.items():
        misbehaved.project.write(name, text)
    mended = misbehaved.project.build("html", "-E", "-W", "-n", "--keep-going")
    fresh = make_project(good, CONF).build("html", "-W", "-n")
    assert (mended.warnings, fresh.warnings) == ([], [])
    assert html(mended.out) == html(fresh.out)


def html(folder: Path) -> dict[str, bytes]:
    kept = (".html", ".js", ".inv")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.name.endswith(kept)
    }
