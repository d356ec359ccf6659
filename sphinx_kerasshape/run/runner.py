"""Requests in, results out: from the cache where it knows, else from the worker.

This file owns the policy (what runs, how often, for how long); it does not know
Sphinx, nor how processes are started.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sphinx_kerasshape.messages.codec import decode
from sphinx_kerasshape.messages.problems import OF_CODE, Problem
from sphinx_kerasshape.messages.report import Answer, Failure, Report
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.messages.result import Result
from sphinx_kerasshape.store.cache import Cache

if TYPE_CHECKING:
    from sphinx_kerasshape.run.worker_process import Run, Worker

Progress = Callable[[Iterator[Request], int], Iterable[Request]]
"""Passes the requests on as they are answered, of which there are so many, and shows it."""
Chain = tuple[Request, ...]
"""Requests that share a namespace, in order: a session, or a single one."""


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
                self.cache.store(request, answer, results[request].fingerprint)
        return results

    def _find(self, request: Request) -> Result | None:
        return None if self.fresh else self.cache.find(request)

    def _run(self, requests: list[Request], results: dict[Request, Result]) -> Iterator[Request]:
        from sphinx_kerasshape.run.worker_process import Broken  # only builds that run something need it

        wanted = set(requests)
        try:
            for chain, answers in self._answers(sessions(requests)):
                for request, answer in zip(chain, answers, strict=True):
                    if request in wanted:
                        results[request] = Result.of(answer)
                        yield request
        except Broken as broken:
            failure = broken.failure
        except OSError as error:  # such as that no temporary file can be made
            why = error.strerror or error
            failure = Failure(Problem.WORKER, f"the process that runs models can't be started: {why}")
        else:
            return
        for request in requests:
            if request not in results:
                results[request] = Result.of(failure)
                yield request

    def _answers(
        self, chains: list[tuple[Request, ...]]
    ) -> Iterator[tuple[tuple[Request, ...], list[Answer]]]:
        """Run sessions, weightless first; give each with its answers, in the order that they come."""
        runs = [self._first(number, chain) for number, chain in enumerate(chains)]
        ends: dict[int, dict[str, Any]] = {}
        """How a session ended whose beginning runs again."""
        while runs:
            by_id = {run.id: run for run in runs}
            again = []
            for message in self.worker().run(runs):
                run = by_id[message["id"]]
                repeated = None if run.real else self._repeated(run, message)
                if repeated is None:
                    said = message["answers"]
                    if run.id in ends and "report" in said[-1]:
                        said = [*said, ends[run.id]]
                    later = [_LATER] * (len(chains[run.id]) - len(said))
                    yield chains[run.id], [*(self._answer(one, run) for one in said), *later]
                else:
                    again.append(repeated)
                    if repeated.requests != run.requests:
                        ends[run.id] = message["answers"][-1]
            runs = again

    def _first(self, number: int, chain: tuple[Request, ...]) -> Run:
        # Where an error is expected, only real weights show plain TensorFlow's own.
        real = any(request.weights == "real" or request.raises or request.file for request in chain)
        from sphinx_kerasshape.run.worker_process import Run

        return Run(number, chain, real, float(self.timeout))

    def _repeated(self, run: Run, message: dict[str, Any]) -> Run | None:
        """Return the run to make, with real weights, where a weightless one did not work out."""
        if "again" not in message:
            problem = message["answers"][-1].get("failure", {}).get("problem")
            if problem in _FINAL:
                # A session's other answers are lost with it. What hangs or swells is not tried again.
                whole = message["done"] > 0
                return run._replace(requests=run.requests[: message["done"]], real=True) if whole else None
            if problem != Problem.CRASH:
                return None
        # A session's blocks have their time each, a single one what is left of it.
        spent = message["seconds"] if len(run.requests) == 1 else 0
        return run._replace(real=True, timeout=max(1.0, self.timeout - spent))

    def _answer(self, message: dict[str, Any], run: Run) -> Answer:
        try:
            if "report" in message:
                return decode(Report, message["report"])
            failure = decode(Failure, message["failure"])
            if failure.problem not in OF_CODE:
                raise ValueError(f"no problem is called {failure.problem!r}")  # noqa: TRY301
        except (KeyError, TypeError, ValueError) as error:
            # The code can change what its process says, by replacing what Keras is, for one.
            return Failure(Problem.CRASH, f"the process that ran the code gave no usable answer: {error}")
        if failure.problem == Problem.TIMEOUT:
            twice = ", without weights first and then with real ones," if run.timeout < self.timeout else ""
            text = f"the code ran for more than {self.timeout} s (kerasshape_timeout){twice} and was stopped"
            return failure._replace(message=text)
        return failure


_FINAL = (Problem.TIMEOUT, Problem.LIMIT)
_LATER = Failure(Problem.SESSION, "an earlier block of its session failed")


def sessions(requests: Iterable[Request]) -> list[Chain]:
    """Put requests of one session together: each tuple is a session up to the last one asked for."""
    found: list[Chain] = []
    covered: set[Request] = set()
    order = {request: number for number, request in enumerate(requests)}
    for request in sorted(order, key=lambda one: -len(one.earlier)):
        if request not in covered:
            found.append(request.session() if request.earlier else (request,))
            covered.update(found[-1])
    return sorted(found, key=lambda chain: order[chain[-1]])
