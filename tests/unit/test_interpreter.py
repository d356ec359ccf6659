"""``kerasshape_python`` may name anything: a program that is no Python says so, and soon."""

from __future__ import annotations

import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from sphinx_kerasshape.messages.report import Failure
from sphinx_kerasshape.run.interpreter import interpreter
from tests.support.projects import DEADLINE, eventually, processes
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


def test_the_working_folder_has_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an interpreter is asked with is its own, whatever a stranger has put into the working folder."""
    for name in ("json", "platform", "importlib"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    assert interpreter(sys.executable).installed("pytest")


def test_a_greeting(tmp_path: Path) -> None:
    found = interpreter(program(tmp_path, f'echo Welcome; exec {sys.executable} "$@"'))
    assert found.problem == ""
    assert found.version == platform.python_version()
    assert found.installed("Sphinx") == version("sphinx")
    assert found.installed("nothing-of-that-name") == ""


def test_odd_versions(tmp_path: Path) -> None:
    found = interpreter(program(tmp_path, """echo '["3", {"keras": [1], "A_b": "7"}]'"""))
    assert [found.version, found.installed("keras"), found.installed("a.b")] == ["3", "", "7"]


@pytest.mark.parametrize("executor", ["fork", "spawn"])
def test_an_interpreter_that_is_gone_when_it_is_needed(executor: str) -> None:
    worker = make_worker(python="/no/python", executor=executor)
    (failure,) = answers(worker, [request("3")])
    worker.close()
    assert isinstance(failure, Failure)
    assert failure.problem == "worker"
    assert failure.message.startswith("the interpreter /no/python can't be started: [Errno 2] No such file")
