"""``kerasshape_python`` may name anything: what has no TensorFlow, or is no Python, is one warning, soon."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from sphinx_kerasshape.messages.report import Failure
from sphinx_kerasshape.run.interpreter import interpreter
from tests.support.projects import DEADLINE, Project, eventually, processes
from tests.support.workers import answers, make_worker, request

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs are scripts of a shell")

MUST = "kerasshape_python must be a Python that has TensorFlow, but PYTHON"
PROGRAMS = {
    # what the program does; what is said of it
    "says nothing": ("true", "printed '' instead of its versions"),
    "fails": ("echo 'usage: x' >&2; exit 3", "ended with exit status 3: usage: x"),
    "is killed": (
        "kill -9 $$",
        "was killed by SIGKILL: it killed itself, or the system ran out of memory",
    ),
    "says a word": ("echo hello", "printed 'hello' instead of its versions"),
    "says a number": ("echo 5", "printed '5' instead of its versions"),
    "says a list": ("echo '[1, {}]'", "printed '[1, {}]' instead of its versions"),
    "says too much": ("yes", "ended with exit status 141"),
    "says odd characters": (
        r"printf '\033[31m\377'",
        "printed '\\\\x1b[31m\ufffd' instead of its versions",
    ),
    "nests": (
        "head -c 200000 /dev/zero | tr '\\0' '['",
        "printed '" + 60 * "[" + "' instead of its versions",
    ),
    "hangs": ("sleep 1000", "did not report its versions within 2 s"),
    "hangs, whatever comes": (
        "trap '' TERM; while :; do sleep 1; done",
        "did not report its versions within 2 s",
    ),
    "leaves a daemon": (
        "setsid sleep 30 & echo hello",
        "did not report its versions within 2 s",
    ),
    "reads": ("cat", "printed '' instead of its versions"),
}


def program(folder: Path, does: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_python(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    does, says = PROGRAMS[name]
    mark = f"KERASSHAPE_TEST={os.getpid()}-{time.monotonic_ns()}"
    monkeypatch.setenv(*mark.split("="))
    python = program(tmp_path, does)
    found = interpreter(python, 2 if "within 2 s" in says else DEADLINE)
    assert found.version == found.installed("tensorflow") == ""
    assert found.problem == f"{MUST} {says}".replace("PYTHON", python)
    if name == "leaves a daemon":
        assert processes(mark)
    else:
        assert eventually(lambda: not processes(mark))


def test_what_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("")
    for path, says in ((tmp_path, 13), (tmp_path / "text", 13), (tmp_path / "nowhere", 2)):
        assert f"{path} can't be started: [Errno {says}]" in interpreter(str(path)).problem


def test_a_greeting(tmp_path: Path) -> None:
    found = interpreter(program(tmp_path, f'echo Welcome; exec {sys.executable} "$@"'))
    assert found.problem == ""
    assert found.version == platform.python_version()
    assert found.installed("Sphinx") == version("sphinx")
    assert found.installed("nothing-of-that-name") == ""


def test_odd_versions(tmp_path: Path) -> None:
    found = interpreter(program(tmp_path, """echo '["3", {"keras": [1], "A_b": "7"}]'"""))
    assert [found.version, found.installed("keras"), found.installed("a.b")] == ["3", "", "7"]


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


@pytest.mark.parametrize("executor", ["fork", "spawn"])
def test_an_interpreter_that_is_gone_when_it_is_needed(executor: str) -> None:
    worker = make_worker(python="/no/python", executor=executor)
    (failure,) = answers(worker, [request("3")])
    worker.close()
    assert isinstance(failure, Failure)
    assert failure.problem == "worker"
    assert failure.message.startswith("the interpreter /no/python can't be started: [Errno 2] No such file")


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
