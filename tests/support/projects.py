"""Documentation projects that tests write and build.

:meth:`Project.build` builds within the process of the tests and has models run by a worker that
the tests share, so that TensorFlow is imported once for many builds. :meth:`Project.run` builds
as an author does, in a process of its own: it is for tests of processes, environments and limits.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from subprocess import CompletedProcess
from types import CodeType
from unittest import mock

import jinja2
import pytest
import sphinx.locale
from packaging.version import Version
from sphinx.cmd.build import build_main
from sphinx.jinja2glue import BuiltinTemplateLoader
from sphinx.pycode import ModuleAnalyzer

from sphinx_kerasshape.__main__ import main
from tests.support import workers

REPOSITORY = Path(__file__).parents[2]
OLD_KERAS = pytest.mark.skipif(
    Version(version("keras")) < Version("3.4"),
    reason="Keras 3.3 does not refuse a kernel that is longer than its input, as the example says",
)
OLD_MYST = Version(version("myst-parser")) < Version("5")
"""Whether included Markdown has line numbers that are one too high."""
OLD_SPHINX = Version(version("sphinx")) < Version("8")
DEADLINE = 600
"""Seconds after which a process that a test has started is taken for hanging."""
# Sphinx writes colours where CI is set.
PLAIN = {"NO_COLOR": "1", "NO_COLOUR": "1"}
# Types are shown by default from Sphinx 8 on only.
CONF = (
    "extensions = ['myst_parser', 'sphinx_kerasshape']\nshow_warning_types = True\n"
    f"kerasshape_sandbox = {workers.SANDBOX!r}\n"
)


@dataclass(frozen=True)
class Built:
    """What a build left: its exit status, its warnings (one item each), its output."""

    status: int
    warnings: list[str]
    said: str
    out: Path

    def page(self, name: str) -> str:
        return (self.out / name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Project:
    """A documentation project in a folder of its own."""

    folder: Path

    def write(self, name: str, text: str) -> Path:
        path = self.folder / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def command(self, builder: str, *options: str) -> list[str]:
        source, out, doctrees = (self.folder / name for name in ("source", builder, "doctrees"))
        warnings = self.folder / "warnings.txt"
        command = [sys.executable, "-m", "sphinx", "-b", builder, "-d", doctrees, "-w", warnings]
        return [*map(str, command), *options, str(source), str(out)]

    def start(self, builder: str = "html", *options: str, **environment: str) -> subprocess.Popen[str]:
        """Start a build, and do not wait for it."""
        return subprocess.Popen(
            self.command(builder, *options),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **PLAIN, **environment},
        )

    def build(self, builder: str = "html", *options: str, **environment: str) -> Built:
        """Build within this process, with a worker that other builds share."""
        said = io.StringIO()
        with _as_if_alone(self.folder, environment), redirect_stdout(said), redirect_stderr(said):
            status = build_main(self.command(builder, *options)[3:])
        return self._built(builder, status, said.getvalue())

    def run(self, builder: str = "html", *options: str, **environment: str) -> Built:
        """Build in a process of its own, as an author does."""
        done = subprocess.run(
            self.command(builder, *options),
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            env={**os.environ, **PLAIN, **environment},
            timeout=DEADLINE,
            check=False,
        )
        return self._built(builder, done.returncode, done.stdout + done.stderr)

    def _built(self, builder: str, status: int, said: str) -> Built:
        text = (self.folder / "warnings.txt").read_text(encoding="utf-8")
        text = text.replace(f"{self.folder}{os.sep}source{os.sep}", "")
        found = [part for part in re.split(r"\n(?=\S)", text.strip("\n")) if part]
        return Built(status, found, said, self.folder / builder)

    @property
    def cache(self) -> Path:
        return self.folder / ".kerasshape"


_compile = jinja2.Environment.compile
_compiled: dict[tuple[object, ...], CodeType | str] = {}


def _compile_once(environment: jinja2.Environment, source: str, *names: str | None) -> CodeType | str:
    """Compile a template of a theme, which takes longer than the rest of a small build, only once."""
    if not isinstance(environment.loader, BuiltinTemplateLoader):
        return _compile(environment, source, *names)
    key = (tuple(environment.extensions), source, *names)
    if key not in _compiled:
        _compiled[key] = _compile(environment, source, *names)
    return _compiled[key]


def command_line(folder: Path, *arguments: str, **environment: str) -> CompletedProcess[str]:
    """Run ``python -m sphinx_kerasshape`` in a folder, but within this process, as :meth:`Project.build`."""
    out, errors = io.StringIO(), io.StringIO()
    with _as_if_alone(folder, environment), redirect_stdout(out), redirect_stderr(errors):
        status = _status(main, folder, arguments)
    return CompletedProcess(arguments, status, out.getvalue(), errors.getvalue())


def terminal(folder: Path, *command: str, **environment: str) -> CompletedProcess[str]:
    """Run ``sphinx-build …`` or ``python -m sphinx_kerasshape …`` so, with one stream for all it prints."""
    program, arguments = (build_main, command[1:]) if command[0] == "sphinx-build" else (main, command[3:])
    said = io.StringIO()
    with _as_if_alone(folder, environment), redirect_stdout(said), redirect_stderr(said):
        status = _status(program, folder, arguments)
    return CompletedProcess(command, status, said.getvalue())


def _status(program: Callable[[list[str]], int], folder: Path, arguments: Iterable[str]) -> int:
    with contextlib.chdir(folder):
        try:
            return program(list(arguments))
        except SystemExit as ended:
            return int(ended.code or 0)


@contextmanager
def _as_if_alone(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """Hide from a build what earlier ones in this process have left, and undo what it changes itself."""
    path, modules = list(sys.path), set(sys.modules)
    sphinx.locale.translators.clear()
    ModuleAnalyzer.cache.clear()
    variables = mock.patch.dict(os.environ, {**PLAIN, **environment})
    templates = mock.patch.object(jinja2.Environment, "compile", _compile_once)
    try:
        with variables, templates, workers.shared(), warnings.catch_warnings(action="ignore"):
            yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
                del sys.modules[name]


def eventually(condition: Callable[[], object]) -> bool:
    """Wait for a condition, as long as a machine that is busy with other things may need."""
    until = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def processes(mark: str) -> dict[int, int]:
    """Return the resident bytes of each process whose environment has ``mark``, by pid (Linux)."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if mark.encode() in (entry / "environ").read_bytes():
                    pages = int((entry / "statm").read_text().split()[1])
                    found[int(entry.name)] = pages * os.sysconf("SC_PAGE_SIZE")
            except (OSError, IndexError):
                continue
    return found
