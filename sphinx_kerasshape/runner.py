"""Requests in, results out: from the cache where it knows, else from the worker.

This file owns the policy (what runs, how often, for how long); it does not know
Sphinx, nor how processes are started.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sphinx_kerasshape.cache import Cache, Result
from sphinx_kerasshape.codec import build
from sphinx_kerasshape.messages import Answer, Failure, Report, Request

if TYPE_CHECKING:
    from sphinx_kerasshape.process import Run, Worker

Progress = Callable[[Iterator[Request], int], Iterable[Request]]
"""Passes the requests on as they are answered, of which there are so many, and shows it."""


@dataclass
class Runner:
    """Answers the requests of one build; ``timeout`` in seconds of run time, each."""

    cache: Cache
    worker: Callable[[], Worker]
    """Gives the worker, which is not there before something must be run."""
    timeout: int
    fresh: bool = False
    """Whether all are run, whatever the cache knows; it learns of their answers."""

    def is_known(self, request: Request) -> bool:
        """Whether the answer to a request is there without running anything."""
        return self._find(request) is not None

    def results(self, requests: Iterable[Request], progress: Progress) -> dict[Request, Result]:
        """Return the result of each request; identical ones run once."""
        results: dict[Request, Result] = {}
        missing = []
        for request in dict.fromkeys(requests):
            found = self._find(request)
            if found is None:
                missing.append(request)
            else:
                results[request] = found
        for request in progress(self._run(missing, results), len(missing)) if missing else ():
            answer = results[request].answer
            if isinstance(answer, Report):
                self.cache.store(request, answer, results[request].content)
        return results

    def _find(self, request: Request) -> Result | None:
        return None if self.fresh else self.cache.find(request)

    def _run(self, requests: list[Request], results: dict[Request, Result]) -> Iterator[Request]:
        from sphinx_kerasshape.process import Broken, Run  # only builds that run something need it

        try:
            runs = [self._first(number, request) for number, request in enumerate(requests)]
            while runs:
                again = []
                real = {run.id for run in runs if run.real}
                for message in self.worker().run(runs):
                    request = requests[message["id"]]
                    if message["id"] not in real and self._must_repeat(message):
                        seconds = max(1.0, self.timeout - message["seconds"])
                        again.append(Run(message["id"], request, True, seconds))
                        continue
                    results[request] = Result.of(self._answer(message))
                    yield request
                runs = again
        except Broken as broken:
            for request in requests:
                if request not in results:
                    results[request] = Result.of(broken.failure)
                    yield request

    def _first(self, number: int, request: Request) -> Run:
        # Where an error is expected, only real weights show plain TensorFlow's own.
        real = request.weights == "real" or bool(request.raises)
        from sphinx_kerasshape.process import Run

        return Run(number, request, real, float(self.timeout))

    def _must_repeat(self, message: dict[str, Any]) -> bool:
        """Whether a weightless run did not work out: an error must be TensorFlow's own."""
        return "again" in message or message.get("failure", {}).get("problem") == "crash"

    def _answer(self, message: dict[str, Any]) -> Answer:
        if "report" in message:
            return build(Report, message["report"])
        failure = build(Failure, message["failure"])
        if failure.problem == "timeout":
            text = f"the code ran for more than {self.timeout} s (kerasshape_timeout) and was stopped"
            return failure._replace(message=text)
        return failure
