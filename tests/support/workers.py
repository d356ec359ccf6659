"""Workers that run models for tests, without a build around them."""

from __future__ import annotations

import getpass
import importlib.util
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from unittest import mock

import pytest

from sphinx_kerasshape.build import Build
from sphinx_kerasshape.messages.report import Answer, Report
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.run.forking import Forking
from sphinx_kerasshape.run.launch import launch
from sphinx_kerasshape.run.runner import Runner
from sphinx_kerasshape.run.spawning import Spawning
from sphinx_kerasshape.run.worker_process import Launch, Outcome, Run, Worker
from sphinx_kerasshape.settings.settings import PRELUDE, Settings

SANDBOX = os.environ.get("KERASSHAPE_TEST_SANDBOX", "auto")
"""How the tests confine code: ``KERASSHAPE_TEST_SANDBOX=on`` for the strict way."""


def make_worker(**options: object) -> Worker:
    settings = Settings(**{"sandbox": SANDBOX, **options})  # type: ignore[arg-type]
    return Spawning(launch(settings)) if settings.executor == "spawn" else Forking(launch(settings))


def require_keras_2() -> None:
    """Skip a test that needs Keras 2, where it is not installed for this TensorFlow."""
    if importlib.util.find_spec("tf_keras") is None:
        pytest.skip("tf-keras is not installed")
    if version("tf-keras").split(".")[:2] != tf_version():
        pytest.skip(f"tf-keras {version('tf-keras')} is for another TensorFlow")


def tf_version() -> list[str]:
    name = "tensorflow-cpu" if importlib.util.find_spec("tensorflow") else "tensorflow"
    try:
        return version(name).split(".")[:2]
    except ModuleNotFoundError:
        return version("tensorflow").split(".")[:2]


PROJECTS = [f"{tempfile.gettempdir()}/pytest-of-{getpass.getuser()}"]
"""Where all projects of the tests are: what their code may read."""
OURS = launch(Settings(sandbox=SANDBOX)).path
"""The folders that the tests themselves have on ``sys.path``."""


class Pool:
    """Workers that have TensorFlow ready: the usual one, and that of the last other way to start them."""

    USUAL = replace(launch(Settings(sandbox=SANDBOX), PROJECTS), path=OURS)

    def __init__(self) -> None:
        self._workers: dict[Launch, Forking] = {}
        self._interrupted: set[Launch] = set()
        """Those that may still be at runs whose outcomes nobody has waited for."""

    def run(self, how: Launch, runs: Sequence[Run]) -> Iterator[Outcome]:
        """Run all; the project's folders come with each run, so that projects can share a worker."""
        # The custom objects of a saved model are imported without any code of the project's before them.
        if not any(request.custom_objects for run in runs for request in run.requests):
            how, runs = _with_folders(how, runs)
        worker = self._worker(how)
        if how in self._interrupted:
            worker._end()
        self._interrupted.add(how)
        yield from worker.run(runs)
        self._interrupted.remove(how)

    def _worker(self, how: Launch) -> Forking:
        if how not in self._workers:
            self._workers[how] = Forking(how)
        for other in self._workers.keys() - {how, self.USUAL}:
            self._interrupted.discard(other)
            self._workers.pop(other).close()
        return self._workers[how]

    def close(self) -> None:
        while self._workers:
            self._workers.popitem()[1].close()


def _with_folders(how: Launch, runs: Sequence[Run]) -> tuple[Launch, Sequence[Run]]:
    """Return a way to start that projects have in common, and runs that begin with what they have not."""
    own, how = [folder for folder in how.path if folder not in OURS], replace(how, path=OURS)
    # On the prelude's first line, so that its lines keep their numbers.
    begin = f"__import__('sys').path[:0] = {own!r}; " if own else ""

    def here(request: Request) -> Request:
        return request._replace(prelude=begin + request.prelude)

    return how, [run._replace(requests=tuple(map(here, run.requests))) for run in runs]


class Borrowed:
    """A worker of the pool, which outlives the builds that use it."""

    def __init__(self, settings: Settings) -> None:
        self._launch = launch(settings, PROJECTS)
        self.sandbox = ""

    def start(self) -> None: ...

    def warm(self) -> None: ...

    def run(self, runs: Sequence[Run]) -> Iterator[Outcome]:
        return POOL.run(self._launch, runs)

    def close(self) -> None: ...


POOL = Pool()


@contextmanager
def shared() -> Iterator[None]:
    """Have the builds within take their workers from the pool."""

    def worker(build: Build) -> Worker:
        settings = build.context.settings
        assert settings.executor != "spawn", "a build that spawns must be run in a process of its own"
        return Borrowed(settings)

    with mock.patch.object(Build, "worker", property(worker)):
        yield


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


def run_in(folder: Path, code: str) -> None:
    """Run a program in a folder, as plain TensorFlow would, without the time that its import takes."""
    worker = Borrowed(Settings(sandbox="off"))
    begin = f"import os, sys\nos.chdir({str(folder)!r})\nsys.path.insert(0, '.')\n"
    (answer,) = answers(worker, [request(begin + code, weights="real", kind="code")])
    assert isinstance(answer, Report), answer


def request(code: str, **more: str) -> Request:
    return Request(code=code, prelude=PRELUDE, **more)
