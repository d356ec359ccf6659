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

Make = Callable[..., Project]

PAGE = """\
# Page

```{keras:model} dense
model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
```

It gives {keras:shape}`(None × 3) <dense.output>`, and {keras:shape}`dense.input`.
"""


def test_warnings_may_be_errors(make_project: Make) -> None:
    """Python's warnings as errors: none is ours."""
    built = make_project({"index.md": PAGE}).run("html", PYTHONWARNINGS="error")
    assert (built.status, built.warnings) == (0, [])


@pytest.mark.parametrize(
    "name",
    [
        b"with space",
        "été".encode(),
        b"new\nline",
        b"'quotes\"",
        b"100%#&?",
        b"-dash",
        b"\xff\xfe",
        "\u202eleft\u200b".encode(),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="such names are for Linux")
def test_folders_of_any_name(name: bytes, make_project: Make) -> None:
    """Folders with spaces, quotes, line ends, marks of direction, or no UTF-8 in their names: builds as any
    other.
    """
    if OLD_SPHINX and name.startswith(b"\xff"):
        pytest.skip("Sphinx 7 itself does not take names that are no UTF-8")
    made = make_project({"index.md": PAGE})
    project = Project(made.folder / os.fsdecode(name))
    project.folder.mkdir()
    (made.folder / "source").rename(project.folder / "source")
    built = subprocess.run(
        project.command("html", "-W", "-q"), capture_output=True, env={**os.environ, **PLAIN}, check=False
    )
    assert (built.returncode, built.stderr) == (0, b"")
    again = subprocess.run(
        project.command("html", "-W", "-E"), capture_output=True, env={**os.environ, **PLAIN}, check=False
    )
    assert b"running models" not in again.stdout


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
