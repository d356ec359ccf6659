"""Projects, builds and workers for the tests: real Sphinx, real TensorFlow."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

from sphinx_kerasshape.messages.report import Answer
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.run.forking import Forking
from sphinx_kerasshape.run.launch import launch
from sphinx_kerasshape.run.runner import Runner
from sphinx_kerasshape.run.spawning import Spawning
from sphinx_kerasshape.run.worker_process import Worker
from sphinx_kerasshape.settings.settings import PRELUDE, Settings

HERE = Path(__file__).parent
REPOSITORY = HERE.parent
OLD_KERAS = pytest.mark.skipif(
    Version(version("keras")) < Version("3.4"),
    reason="Keras 3.3 does not refuse a kernel that is longer than its input, as the example says",
)
OLD_MYST = Version(version("myst-parser")) < Version("5")
"""Whether included Markdown has line numbers that are one too high."""
OLD_SPHINX = Version(version("sphinx")) < Version("8")
# Sphinx writes colours where CI is set.
PLAIN = {"NO_COLOR": "1", "NO_COLOUR": "1"}
# Types are shown by default from Sphinx 8 on only.
CONF = "extensions = ['myst_parser', 'sphinx_kerasshape']\nshow_warning_types = True\n"


# A shell that starts the tests in its background has them ignore Ctrl-C, and all builds as well.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write the expected files anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that share one costly build, so that no two processes get some of them each."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/test_faults.py"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests have measured, whichever process they ran in."""
    reports = [one for outcome in terminalreporter.stats.values() for one in outcome]
    figures = [
        text for one in reports for name, text in getattr(one, "user_properties", ()) if name == "figure"
    ]
    if figures:
        terminalreporter.section("figures")
        for text in dict.fromkeys(figures):
            terminalreporter.line(text)


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
        done = subprocess.run(
            self.command(builder, *options),
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**os.environ, **PLAIN, **environment},
            timeout=300,
            check=False,
        )
        text = (self.folder / "warnings.txt").read_text(encoding="utf-8")
        text = text.replace(f"{self.folder}{os.sep}source{os.sep}", "")
        warnings = [part for part in re.split(r"\n(?=\S)", text.strip("\n")) if part]
        return Built(done.returncode, warnings, done.stdout + done.stderr, self.folder / builder)

    @property
    def cache(self) -> Path:
        return self.folder / ".kerasshape"


@pytest.fixture(scope="session")
def make_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Project]:
    """Return a function that makes a project: pages by name, and lines for its conf.py."""

    def make(pages: dict[str, str] | None = None, conf: str = "", *, copy: Path | None = None) -> Project:
        project = Project(tmp_path_factory.mktemp("project"))
        if copy is not None:
            shutil.copytree(copy, project.folder / "source")
            return project
        project.write("conf.py", CONF + conf)
        for name, text in (pages or {}).items():
            project.write(name, text)
        if not any(name.startswith("index.") for name in pages or {}):
            names = sorted(Path(name).stem for name in pages or {} if name.endswith((".md", ".rst")))
            toctree = "".join(f"   {name}\n" for name in names)
            project.write("index.rst", f"Index\n=====\n\n.. toctree::\n\n{toctree}")
        return project

    return make


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[], object]], object]:
    """Return a function that makes a costly value once, for all processes that run tests side by side."""

    def made(name: str, make: Callable[[], object]) -> object:
        if "PYTEST_XDIST_WORKER" not in os.environ:
            return make()
        folder = tmp_path_factory.getbasetemp().parent
        path, claimed = folder / f"{name}.pickle", folder / f"{name}.claimed"
        try:
            claimed.mkdir()
        except FileExistsError:
            until = time.monotonic() + 600
            while not path.exists() and time.monotonic() < until:
                time.sleep(0.2)
        else:
            whole = path.with_suffix(".part")
            whole.write_bytes(pickle.dumps(make()))
            whole.replace(path)
        return pickle.loads(path.read_bytes())

    return made


def make_worker(**options: object) -> Worker:
    settings = Settings(**options)  # type: ignore[arg-type]
    return Spawning(launch(settings)) if settings.executor == "spawn" else Forking(launch(settings))


class NoCache:
    """Knows nothing, keeps nothing."""

    problem = ""

    def find(self, request: Request) -> None: ...

    def store(self, request: Request, report: object, shown: str = "") -> None: ...


def answers(worker: Worker, requests: Iterable[Request], timeout: int = 60) -> list[Answer]:
    """Run requests without a cache."""
    requests = list(requests)
    runner = Runner(NoCache(), lambda: worker, timeout)  # type: ignore[arg-type]
    results = runner.results(requests, lambda items, _count: items)
    return [results[request].answer for request in requests]


def request(code: str, **more: str) -> Request:
    return Request(code=code, prelude=PRELUDE, **more)


@pytest.fixture(scope="session")
def worker() -> Iterable[Worker]:
    """A worker that has TensorFlow ready; shared by all tests of a process."""
    shared = make_worker()
    yield shared
    shared.close()


@pytest.fixture
def expected(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Return a function that compares a text with a file, or writes it with --regenerate."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--regenerate"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


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
