"""The runner answers requests: from the cache if it has the answer, else by the worker."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from typing import TYPE_CHECKING

from sphinx_kerasshape.messages.report import Failure, Report
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.messages.result import Result
from sphinx_kerasshape.store.cache import Cache

if TYPE_CHECKING:
    from sphinx_kerasshape.run.worker_process import Worker

Progress = Callable[[Iterator[Request], int], Iterable[Request]]
"""Takes requests as they are answered, and their number; shows the progress and passes them on."""


class Runner:
    """Answers the requests of one build.

    ``worker`` returns the worker, and is called only if something must run. ``timeout`` is in seconds for
    each request. With ``fresh``, all requests run, whatever the cache has; their answers are stored.
    """

    def __init__(
        self, cache: Cache, worker: Callable[[], Worker], timeout: int, *, fresh: bool = False
    ) -> None:
        self.cache = cache
        self.worker = worker
        self.timeout = timeout
        self.fresh = fresh

    def is_known(self, request: Request) -> bool:
        """Whether the cache has the answer to a request."""
        return self._find(request) is not None

    def results(
        self, requests: Iterable[Request], progress: Progress, unread: Container[Request] = ()
    ) -> dict[Request, Result]:
        """Return the result of each request; equal requests run once.

        Stored answers of the requests in ``unread`` are not read yet, since the build may not need them.
        """
        results: dict[Request, Result] = {}
        missing = []
        for request in dict.fromkeys(requests):
            result = self._find(request, read=request not in unread)
            if result is None:
                missing.append(request)
            else:
                results[request] = result
        if missing:
            self._run(missing, results, progress)
        return results

    def _find(self, request: Request, *, read: bool = True) -> Result | None:
        result = None if self.fresh else self.cache.find(request)
        # Somebody may have forged a stored answer: its request runs again.
        return None if result is not None and read and isinstance(result.answer, Failure) else result

    def _run(self, missing: list[Request], results: dict[Request, Result], progress: Progress) -> None:
        from sphinx_kerasshape.run.execution import Execution  # only builds that run something need it

        execution = Execution(self.worker, self.timeout)
        for request in progress(execution.run(missing, results), len(missing)):
            result = results[request]
            if isinstance(result.answer, Report):
                self.cache.store(request, result.answer, result.fingerprint)
