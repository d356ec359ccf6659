"""Code that misbehaves, each on a page of its own, in one build: nothing else is lost or late."""

from __future__ import annotations

import functools
import re
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.faults import CONF, FAULTS, GOOD, HANGING, LEFT_BEHIND, TIMEOUT
from tests.support.projects import Built, Project, processes
from tests.support.tiers import asked, tiered

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="processes left behind are found in /proc"),
]

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


QUICK = [
    *("hard-exit", "segfault", "recursion", "memory-at-once", "daemon", "shared-memory", "bytes"),
    *("closed-stdio", "forged-failure", "deleted-directory", "modules", "builtins", "repr", "class-lies"),
    "active-name",
]
"""Some of each group but those that hang until a deadline, or bring down the process that runs all models."""
Tried = pytest.mark.parametrize("name", tiered(FAULTS, QUICK))
EachBuild = pytest.mark.parametrize("hanging", tiered([False, True], quick={False}))


def page(name: str, code: str = "") -> str:
    number = 100 + list(FAULTS).index(name)
    return PAGE.format(name=name, number=number, code=code or FAULTS[name].code)


@dataclass(frozen=True)
class Misbehaved:
    """A project, and a build of it in which all its faults happen."""

    project: Project
    built: Built
    left: dict[int, str]
    """Processes that are there after the build, and should not be."""
    files: list[str]
    """Temporary files and shared memory that are."""
    pages: dict[str, str]
    """The text of the page of each fault that was tried, by name."""

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


Build = Callable[[bool], Misbehaved]


@pytest.fixture(scope="module")
def build(make_project: Callable[..., Project], request: pytest.FixtureRequest) -> Build:
    """Return a function that builds the faults that are tried, either those that hang or all others."""
    names = asked(request, "name")

    @functools.cache
    def built(hanging: bool) -> Misbehaved:
        # Only where code hangs there is a deadline that a busy machine might miss otherwise.
        conf = f"kerasshape_timeout = {TIMEOUT}\n" if hanging else ""
        return misbehave(make_project, [name for name in names if (name in HANGING) == hanging], conf)

    return built


def misbehave(make_project: Callable[..., Project], names: list[str], conf: str) -> Misbehaved:
    mark = f"KERASSHAPE_MARK={time.time_ns()}"
    pages = {f"{name}.md": page(name) for name in names}
    project = make_project(pages, f"{CONF}{conf}kerasshape_environment = [{mark!r}]\n")
    for path in shared_memory():
        path.unlink()  # of tests that were killed
    temporary = project.folder / "temporary"
    temporary.mkdir()
    built = project.run("text", TMPDIR=str(temporary))
    left = left_behind(mark)
    files = [str(path) for path in (*temporary.iterdir(), *shared_memory())]
    return Misbehaved(project, built, left, files, {name: built.page(f"{name}.txt") for name in names})


@Tried
def test_only_the_fault_is_reported(name: str, build: Build) -> None:
    fault = FAULTS[name]
    found = build(name in HANGING).warnings(name)
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


@Tried
def test_everything_else_is_complete(name: str, build: Build) -> None:
    text, number = build(name in HANGING).pages[name], 100 + list(FAULTS).index(name)
    assert re.search(rf"\| dense +\| \(None, {number}\) +\| {5 * number} ", text)
    assert re.search(rf"\| lstm +\| \(None, 8\) +\| {4 * 8 * (number + 8 + 1):,} ", text)
    assert "The second has (None, 8)." in " ".join(text.split())


@Tried
def test_the_page_shows_the_code_and_its_answer_or_problem(name: str, build: Build) -> None:
    text = build(name in HANGING).pages[name]
    words = " ".join(text.split())
    assert " ".join(FAULTS[name].code.split()) in words
    if FAULTS[name].says:
        assert FAULTS[name].says.partition(" [kerasshape.")[0][:60] in words
    else:
        assert re.search(r"dense +\| \(None, 3\) +\| 15 ", text)


@EachBuild
def test_nothing_else_is_wrong_and_nothing_is_left(
    hanging: bool, build: Build, record_property: Callable[[str, object], None]
) -> None:
    misbehaved = build(hanging)
    named = [text for name in misbehaved.pages for text in misbehaved.warnings(name)]
    unlocated = [text for text in misbehaved.built.warnings if text not in named]
    survived = sum(1 for name in misbehaved.pages if not FAULTS[name].says)
    lost = [
        name
        for name, text in misbehaved.pages.items()
        if "The second has (None, 8)" not in " ".join(text.split())
    ]
    record_property(
        "figure",
        f"{len(misbehaved.pages)} faults of code tried: {len(named)} models failed with a located message, "
        f"{survived} were answered all the same; {len(misbehaved.left)} processes and "
        f"{len(misbehaved.files)} files left behind, "
        f"{len(lost)} pages lost, {len(unlocated)} messages without a place",
    )
    assert unlocated == []
    assert misbehaved.built.status == 0
    assert misbehaved.left == {}
    assert misbehaved.files == []
    assert lost == []


@EachBuild
def test_mended_pages_are_as_if_nothing_had_happened(
    hanging: bool, build: Build, make_project: Callable[..., Project]
) -> None:
    misbehaved = build(hanging)
    good = {f"{name}.md": page(name, GOOD) for name in misbehaved.pages}
    for name, text in good.items():
        misbehaved.project.write(name, text)
    mended = misbehaved.project.build("html", "-E", "-W", "-n", "--keep-going")
    project = make_project(good)
    shutil.copy(misbehaved.project.folder / "source" / "conf.py", project.folder / "source")
    fresh = project.build("html", "-W", "-n")
    assert (mended.warnings, fresh.warnings) == ([], [])
    assert html(mended.out) == html(fresh.out)


def html(folder: Path) -> dict[str, bytes]:
    kept = (".html", ".js", ".inv")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.name.endswith(kept)
    }
