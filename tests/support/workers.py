"""Workers that run models for tests, without a build around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar
from unittest import mock

from sphinx_kerasshape.build import Build
from sphinx_kerasshape.messages.report import Answer
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.run.forking import Forking
from sphinx_kerasshape.run.launch import launch
from sphinx_kerasshape.run.runner import Runner
from sphinx_kerasshape.run.spawning import Spawning
from sphinx_kerasshape.run.worker_process import Launch, Outcome, Run, Worker
from sphinx_kerasshape.settings.settings import PRELUDE, Settings


def make_worker(**options: object) -> Worker:
    settings = Settings(**options)  # type: ignore[arg-type]
    return Spawning(launch(settings)) if settings.executor == "spawn" else Forking(launch(settings))


OURS = launch(Settings()).path
"""The folders that the tests themselves have on ``sys.path``."""


class Pool:
    """Workers that have TensorFlow ready, one for each way to start them; the last few are kept."""

    MOST = 2

    def __init__(self) -> None:
        self._workers: dict[Launch, Forking] = {}

    def worker(self, settings: Settings) -> Worker:
        """Return a worker for these settings, whose owner can't close it."""
        how = launch(settings)
        own, how = [folder for folder in how.path if folder not in OURS], replace(how, path=OURS)
        found = self._workers.pop(how, None) or Forking(how)
        self._workers[how] = found
        while len(self._workers) > self.MOST:
            self._workers.pop(next(iter(self._workers))).close()
        return Borrowed(found, own)

    def close(self) -> None:
        while self._workers:
            self._workers.popitem()[1].close()


class Borrowed:
    """A worker that outlives the builds that use it; the project's folders come with each request."""

    _interrupted: ClassVar[set[Worker]] = set()
    """Workers that may still be at runs whose outcomes nobody has waited for."""

    def __init__(self, worker: Forking, path: list[str]) -> None:
        self._worker = worker
        # On the prelude's first line, so that its lines keep their numbers.
        self._begin = f"__import__('sys').path[:0] = {path!r}; " if path else ""

    def start(self) -> None:
        self._worker.start()

    def warm(self) -> None:
        self._worker.warm()

    def run(self, runs: Sequence[Run]) -> Iterator[Outcome]:
        if self._worker in self._interrupted:
            self._worker._end()
        self._interrupted.add(self._worker)
        yield from self._worker.run(
            [run._replace(requests=tuple(map(self._here, run.requests))) for run in runs]
        )
        self._interrupted.remove(self._worker)

    def close(self) -> None: ...

    def _here(self, request: Request) -> Request:
        return request._replace(prelude=self._begin + request.prelude)


POOL = Pool()


@contextmanager
def shared() -> Iterator[None]:
    """Have the builds within take their workers from the pool."""

    def worker(build: Build) -> Worker:
        settings = build.context.settings
        assert settings.executor != "spawn", "a build that spawns must be run in a process of its own"
        return POOL.worker(settings)

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


def request(code: str, **more: str) -> Request:
    return Request(code=code, prelude=PRELUDE, **more)
