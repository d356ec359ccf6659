"""The runner answers requests: from the cache if it has the answer, else by the worker."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from typing import TYPE_CHECKING

from sphinx_kerasshape.messages.report import Answer, Failure, Report
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.messages.result import Result
from sphinx_kerasshape.store.cache import Cache

if TYPE_CHECKING:
    from sphinx_kerasshape.run.execution import Execution
    from sphinx_kerasshape.run.worker_process import Worker

Progress = Callable[[Iterator[Request], int], Iterable[Request]]
"""Takes requests as they are answered, and their number; shows the progress and passes them on."""


def has_constructor(answer: Answer) -> bool:
    """Whether an answer has the constructor's view of its model, and not a comment that says why not."""
    model = answer.model if isinstance(answer, Report) else None
    return model is not None and bool(model.constructor) and not model.constructor.startswith("#")


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
        self, requests: Iterable[Request], progress: Progress, deferred: Container[Request] = ()
    ) -> dict[Request, Result]:
        """Return the result of each request; equal requests run once.

        Stored answers of the requests in ``deferred`` are not read yet, since the build may not need them.
        """
        results: dict[Request, Result] = {}
        missing = []
        for request in dict.fromkeys(requests):
            result = self._find(request, read=request not in deferred)
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
        written = []
        for request in progress(execution.run(missing, results), len(missing)):
            result = results[request]
            if has_constructor(result.answer):
                written.append(request)
            elif isinstance(result.answer, Report):
                self.cache.store(request, result.answer, result.fingerprint)
        if written:
            self._check_constructors(execution, written, results)

    def _check_constructors(
        self, execution: Execution, requests: list[Request], results: dict[Request, Result]
    ) -> None:
        """Run the constructor's view of models, and keep it where it builds the same model."""
        from sphinx_kerasshape.run.rebuilt import checked, is_lasting, rebuilding

        rebuilt: dict[Request, Result] = {}
        again = {request: rebuilding(request, results[request].answer) for request in requests}
        for _ in execution.run([*again.values()], rebuilt):
            pass
        for request in requests:
            answer = rebuilt[again[request]].answer
            report = checked(results[request].answer, answer)
            results[request] = Result.of(report)
            if is_lasting(answer):
                self.cache.store(request, report, results[request].fingerprint)
