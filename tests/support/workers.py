"""Workers that run models for tests, without a build around them."""

from __future__ import annotations

from collections.abc import Iterable

from sphinx_kerasshape.messages.report import Answer
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.run.forking import Forking
from sphinx_kerasshape.run.launch import launch
from sphinx_kerasshape.run.runner import Runner
from sphinx_kerasshape.run.spawning import Spawning
from sphinx_kerasshape.run.worker_process import Worker
from sphinx_kerasshape.settings.settings import PRELUDE, Settings


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
