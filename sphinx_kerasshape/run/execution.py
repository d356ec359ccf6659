"""The policy of running: which requests share a process, when weights are needed, what is tried twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.protocol import Answered, NeedsWeights, Stopped
from sphinx_kerasshape.messages.report import Answer, Failure
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.messages.result import Result
from sphinx_kerasshape.run.worker_process import Outcome, Run, Worker, WorkerFailed

Chain = tuple[Request, ...]
"""Requests that share a namespace, in order: a session, or a single one."""
_NOT_REACHED = Failure(Problem.SESSION, "an earlier block of its session failed")
_NONSENSE = Failure(Problem.CRASH, "the code wrote to the channel for its answer")


class Execution:
    """Runs requests, ``timeout`` seconds each."""

    def __init__(self, worker: Callable[[], Worker], timeout: int) -> None:
        self.worker = worker
        self.timeout = timeout

    def run(self, requests: list[Request], results: dict[Request, Result]) -> Iterator[Request]:
        """Put the result of each request into ``results``, and yield the requests as they are answered."""
        wanted = set(requests)
        try:
            for chain, answers in self._answers(sessions(requests)):
                for request, answer in zip(chain, answers, strict=True):
                    if request in wanted:
                        results[request] = Result.of(answer)
                        yield request
        except WorkerFailed as failed:
            failure = failed.failure
        except OSError as error:  # such as that no temporary file can be made
            why = error.strerror or error
            failure = Failure(Problem.WORKER, f"the process that runs models can't be started: {why}")
        else:
            return
        for request in requests:
            if request not in results:
                results[request] = Result.of(failure)
                yield request

    def _answers(self, chains: list[Chain]) -> Iterator[tuple[Chain, list[Answer]]]:
        """Run sessions, weightless first; yield each with its answers, in the order that they come."""
        runs = [self._first(number, chain) for number, chain in enumerate(chains)]
        endings: dict[int, Failure] = {}
        """The failure that ended a session whose beginning runs again."""
        while runs:
            by_id = {run.id: run for run in runs}
            runs = []
            for outcome in self.worker().run(list(by_id.values())):
                run = by_id[outcome.run]
                again = self._second(run, outcome)
                if again is None:
                    answers = self._answers_of(run, outcome, endings.get(run.id))
                    missing = len(chains[run.id]) - len(answers)
                    yield chains[run.id], [*answers, *[_NOT_REACHED] * missing]
                    continue
                if isinstance(outcome, Stopped) and again.requests != run.requests:
                    endings[run.id] = self._timed(outcome.failure, run)
                runs.append(again)

    def _first(self, number: int, chain: Chain) -> Run:
        # Where an error is expected, only real weights show plain TensorFlow's own.
        real = any(request.weights == "real" or request.raises or request.file for request in chain)
        return Run(number, chain, real, float(self.timeout))

    def _second(self, run: Run, outcome: Outcome) -> Run | None:
        """Return the run with real weights that follows a weightless one that did not work out."""
        if run.real or isinstance(outcome, Answered):
            return None
        if isinstance(outcome, Stopped):
            if outcome.failure.problem in (Problem.TIMEOUT, Problem.LIMIT):
                # Code that hangs or swells is not tried again, but the answers before it are lost with it.
                before = run.requests[: outcome.done]
                return run._replace(requests=before, real=True) if before else None
            if outcome.failure.problem != Problem.CRASH:
                return None
        # A session's blocks have their time each, a single one what is left of it.
        spent = outcome.seconds if len(run.requests) == 1 else 0
        return run._replace(real=True, timeout=max(1.0, self.timeout - spent))

    def _answers_of(self, run: Run, outcome: Outcome, ending: Failure | None) -> list[Answer]:
        if isinstance(outcome, NeedsWeights):  # though it had them: its process lies
            return [_NONSENSE]
        answers: list[Answer] = [*outcome.reports]
        if isinstance(outcome, Stopped):
            answers.append(self._timed(outcome.failure, run))
        elif ending is not None:
            answers.append(ending)
        return answers

    def _timed(self, failure: Failure, run: Run) -> Failure:
        """Say of a timeout how long the code ran."""
        if failure.problem != Problem.TIMEOUT:
            return failure
        twice = ", without weights first and then with real ones," if run.timeout < self.timeout else ""
        text = f"the code ran for more than {self.timeout} s (kerasshape_timeout){twice} and was stopped"
        return failure._replace(message=text)


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
