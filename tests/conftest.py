"""Fixtures: projects in folders of their own, and a worker that has TensorFlow ready."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sphinx_kerasshape.run.worker_process import Worker
from sphinx_kerasshape.settings.settings import Settings
from tests.support.projects import CONF, Project
from tests.support.workers import POOL

# Examples of properties: few and always the same in each change, many and new ones now and then.
_PATIENT = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
settings.register_profile("quick", _PATIENT, max_examples=30, derandomize=True)
settings.register_profile("thorough", _PATIENT, max_examples=400)
settings.load_profile("quick")


# A shell that starts the tests in its background has them ignore Ctrl-C, and all builds as well.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write the expected files anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that share one costly build, so that no two processes get some of them each."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/hostile/test_faults.py"))


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


@pytest.fixture(scope="session")
def worker() -> Worker:
    """A worker that has TensorFlow ready; shared by all tests of a process."""
    return POOL.worker(Settings())


def pytest_unconfigure() -> None:
    POOL.close()


@pytest.fixture
def expected(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Return a function that compares a text with a file, or writes it with --regenerate."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--regenerate"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
