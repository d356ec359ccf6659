"""Fixtures: projects in folders of their own, and a worker that has TensorFlow ready."""

from __future__ import annotations

import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sphinx_kerasshape.run.worker_process import Worker
from sphinx_kerasshape.settings.settings import Settings
from tests.support.comparison import Plain
from tests.support.projects import CONF, Project
from tests.support.workers import POOL, SANDBOX, Borrowed

# Examples of properties: few or many, and the same each time, so that a run fails for what has changed.
# A profile without ``derandomize`` looks for new ones.
_PATIENT = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
settings.register_profile("quick", _PATIENT, max_examples=30, derandomize=True)
settings.register_profile("thorough", _PATIENT, max_examples=200, derandomize=True)
settings.load_profile("quick")


# A shell that starts the tests in its background has them ignore Ctrl-C, and all builds as well.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write the expected files anew")


ROOMS = ("slow", "worker", "hostile", "builds", "pages", "unit")
"""Folders whose files take long, first: so that no process is left with such a file in the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: ROOMS.index(item.path.parent.name))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have measured, whichever process they ran in; what was compared adds up."""
    reports = [one for outcome in terminalreporter.stats.values() for one in outcome]
    measured = [pair for one in reports for pair in getattr(one, "user_properties", ())]
    figures = [text for name, text in measured if name == "figure"]
    compared = dict(value for name, value in measured if name == "compared")
    if compared:
        total = sum(map(Counter, compared.values()), Counter())
        counts = ", ".join(f"{count} {name}" for name, count in total.items())
        parts = ", ".join(f"{counts['models']} {name}" for name, counts in compared.items())
        figures.append(f"compared with plain TensorFlow: {counts} (models: {parts})")
    if figures:
        terminalreporter.section("figures")
        for text in dict.fromkeys(figures):
            terminalreporter.line(text)


@pytest.fixture(scope="session")
def tensorflow() -> Iterator[Plain]:
    """A process that runs programs in plain TensorFlow."""
    plain = Plain()
    yield plain
    plain.close()


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
def worker() -> Worker:
    """A worker that has TensorFlow ready; shared by all tests of a process."""
    return Borrowed(Settings(sandbox=SANDBOX))


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
