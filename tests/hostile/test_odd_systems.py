"""Builds where the system is set up oddly: names of folders, terminals, limits, warnings as errors."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.projects import OLD_SPHINX, PLAIN, Project
from tests.support.tiers import slow, tiered

Make = Callable[..., Project]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the shell's limits and redirections")

PAGE = """\
# Page

```{keras:model} dense
model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
```

It gives {keras:shape}`(None × 3) <dense.output>`, and {keras:shape}`dense.input`.
"""


NAMES = (
    *(b"with space", "été".encode(), b"new\nline", b"'quotes\"", b"100%#&?", b"-dash", b"\xff\xfe"),
    "\u202eleft\u200b".encode(),
)


@pytest.mark.slow
def test_warnings_may_be_errors(make_project: Make) -> None:
    """Python's warnings as errors: none is ours."""
    built = make_project({"index.md": PAGE}).run("html", PYTHONWARNINGS="error")
    assert (built.status, built.warnings) == (0, [])


@pytest.mark.parametrize(
    ("name", "alone"),
    [
        *((name, False) for name in NAMES),
        *(slow(name, True) for name in (b"new\nline", b"'quotes\"", b"\xff\xfe")),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="such names are for Linux")
def test_folders_of_any_name(name: bytes, alone: bool, make_project: Make) -> None:
    """Folders with spaces, quotes, line ends, marks of direction, or no UTF-8 in their names: builds as any
    other.
    """
    if OLD_SPHINX and name.startswith(b"\xff"):
        pytest.skip("Sphinx 7 itself does not take names that are no UTF-8")
    made = make_project({"index.md": PAGE})
    project = Project(made.folder / os.fsdecode(name))
    project.folder.mkdir()
    (made.folder / "source").rename(project.folder / "source")
    build = project.run if alone else project.build
    built = build("html", "-W", "-q")
    assert (built.status, built.said) == (0, "")
    assert "running models" not in build("html", "-W", "-E").said


@pytest.mark.parametrize("name", ["output.txt", "report.json"])
def test_a_check_that_can_not_be_written(name: str, make_project: Make) -> None:
    """Results of a check that can't be written: one warning, and the check fails."""
    project = make_project({"index.md": PAGE})
    (project.folder / "kerasshape-check" / name).mkdir(parents=True)
    built = project.build("kerasshape-check")
    assert built.status == 1
    assert [re.sub(r"\[Errno.*?\].*\[", "… [", text) for text in built.warnings] == [
        f"WARNING: {name} can't be written: … [kerasshape.cache]"
    ]


def test_a_terminal_of_ascii(make_project: Make) -> None:
    """A terminal that takes ASCII only: other characters become escapes."""
    project = make_project({"index.md": PAGE.replace("× 3", "× 4")})
    project.build("dummy")
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    fixed = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx_kerasshape",
            "fix",
            str(project.folder / "source"),
            "--cache-dir",
            str(project.cache),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, **PLAIN, **ascii_only},
        check=False,
    )
    assert "Traceback" not in fixed.stderr
    assert r"index.md:7: None \xd7 4 -> None \xd7 3" in fixed.stdout.replace("(", "").replace(")", "")
    assert "(None × 3)" in (project.folder / "source" / "index.md").read_text(encoding="utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_output_that_nobody_takes(make_project: Make) -> None:
    """Output to a full disk: files are repaired all the same."""
    project = make_project({"index.md": PAGE.replace("× 3", "× 4")})
    project.build("dummy")
    with Path("/dev/full").open("w") as full:
        fixed = subprocess.run(
            [
                sys.executable,
                "-m",
                "sphinx_kerasshape",
                "fix",
                str(project.folder / "source"),
                "--cache-dir",
                str(project.cache),
            ],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **PLAIN},
            check=False,
        )
    assert "Traceback" not in fixed.stderr
    assert "(None × 3)" in (project.folder / "source" / "index.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_few_descriptors(make_project: Make) -> None:
    """A limit of 64 open files: builds as any other."""
    project = make_project({"index.md": PAGE})

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    done = subprocess.run(
        project.command("text", "-W", "-q"),
        capture_output=True,
        text=True,
        preexec_fn=limit,
        env={**os.environ, **PLAIN},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@LINUX
def test_bare_surroundings(make_project: Make) -> None:
    """No home, no language, no place for temporary files, no open streams: builds as any other."""
    undisturbed = make_project({"index.md": PAGE}).build("html", "-W")
    project = make_project({"index.md": PAGE})
    command = " ".join(project.command("html", "-W"))
    bare = "unset HOME LANG; export LC_ALL=C TMPDIR=/dev/null/where; exec <&- >&- 2>&-; exec "
    assert subprocess.run(["sh", "-c", bare + command], check=False).returncode == 0
    assert (project.folder / "html" / "index.html").read_text() == undisturbed.page("index.html")


@LINUX
@pytest.mark.parametrize("executor", ["fork", "spawn"])
@pytest.mark.parametrize("files", tiered([10, 12], quick={10}))
def test_too_few_open_files(files: int, executor: str, make_project: Make) -> None:
    """A limit of so few open files that no process can be talked to: one warning."""
    project = make_project({"index.md": PAGE})
    command = " ".join(project.command("html", "-D", f"kerasshape_executor={executor}"))
    done = subprocess.run(["sh", "-c", f"ulimit -n {files}; exec {command}"], check=False)
    assert done.returncode == 0
    warnings = (project.folder / "warnings.txt").read_text().splitlines()
    assert len(warnings) == 1 or files > 10  # Some builds need no more.
    assert all(warning.endswith("[kerasshape.worker]") for warning in warnings)


@pytest.mark.parametrize("executor", tiered(["fork", "spawn"], quick={"fork"}))
def test_no_folder_for_temporary_files(executor: str, make_project: Make) -> None:
    """No folder for temporary files: one warning; the page is complete."""
    conf = "import tempfile\ntempfile.tempdir = '/dev/null/where'\n"
    project = make_project({"index.md": PAGE}, conf)
    built = project.run("html", "-D", f"kerasshape_executor={executor}")
    (warning,) = built.warnings
    assert warning.endswith(
        "the process that runs models can't be started: Not a directory [kerasshape.worker]"
    )
    assert built.status == 0
