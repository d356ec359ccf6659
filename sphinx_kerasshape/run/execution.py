"""The policy of running: which requests share a process, which need weights, and which run twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.protocol import FORGED, Answered, NeedsWeights, Stopped
from sphinx_kerasshape.messages.report import Answer, Failure, Report
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.messages.result import Result
from sphinx_kerasshape.run.worker_process import Outcome, Run, Worker, WorkerFailed

Chain = tuple[Request, ...]
"""The requests that share a namespace, in order: those of a session, or a single one."""
_NOT_REACHED = Failure(Problem.SESSION, "an earlier block of its session failed")
_FORGED = Failure(Problem.CRASH, FORGED)


class Execution:
    """Runs requests, ``timeout`` seconds each."""

    def __init__(self, worker: Callable[[], Worker], timeout: int) -> None:
        self.worker = worker
        self.timeout = timeout

    def run(self, requests: list[Request], results: dict[Request, Result]) -> Iterator[Request]:
        """Put the result of each request into ``results``; yield each request as soon as it has one."""
        wanted = set(requests)
        try:
            for chain, answers in self._answers(sessions(requests)):
                for request, answer in zip(chain, answers, strict=True):
                    if request in wanted:
                        unread = answer.unread if isinstance(answer, Report) else None
                        results[request] = Result.of(unread or answer)
                        yield request
        except WorkerFailed as failed:
            failure = failed.failure
        except OSError as error:  # for example, no temporary file can be made
            reason = error.strerror or error
            failure = Failure(Problem.WORKER, f"the process that runs models can't be started: {reason}")
        else:
            return
        for request in requests:
            if request not in results:
                results[request] = Result.of(failure)
                yield request

    def _answers(self, chains: list[Chain]) -> Iterator[tuple[Chain, list[Answer]]]:
        """Run sessions, weightless first; yield each with its answers, in the order in which they arrive."""
        runs = [self._first_run(number, chain) for number, chain in enumerate(chains)]
        endings: dict[int, Failure] = {}
        """For each session whose first requests run again, the failure that ended it."""
        while runs:
            by_id = {run.id: run for run in runs}
            runs = []
            for outcome in self.worker().run(list(by_id.values())):
                run = by_id[outcome.run]
                next_run = self._second_run(run, outcome)
                if next_run is None:
                    answers = self._answers_of(run, outcome, endings.get(run.id))
                    missing = len(chains[run.id]) - len(answers)
                    yield chains[run.id], [*answers, *[_NOT_REACHED] * missing]
                    continue
                if isinstance(outcome, Stopped) and next_run.requests != run.requests:
                    endings[run.id] = self._with_seconds(outcome.failure, run)
                runs.append(next_run)

    def _first_run(self, number: int, chain: Chain) -> Run:
        # An expected error must be TensorFlow's own, which only real weights make certain.
        real = any(request.weights == "real" or request.raises or request.file for request in chain)
        return Run(number, chain, real, float(self.timeout))

    def _second_run(self, run: Run, outcome: Outcome) -> Run | None:
        """Return the run with real weights that follows a weightless run without all answers, if one does."""
        if run.real or isinstance(outcome, Answered):
            return None
        if isinstance(outcome, Stopped):
            if outcome.failure.problem in (Problem.TIMEOUT, Problem.LIMIT):
                # Code that exceeds a limit does not run again; the blocks before it do, since their answers
                # are lost.
                before = run.requests[: outcome.done]
                return run._replace(requests=before, real=True) if before else None
            if outcome.failure.problem != Problem.CRASH:
                return None
        # Each block of a session has its own time; a single request has what the first run left.
        spent = outcome.seconds if len(run.requests) == 1 else 0
        return run._replace(real=True, timeout=max(1.0, self.timeout - spent))

    def _answers_of(self, run: Run, outcome: Outcome, ending: Failure | None) -> list[Answer]:
        if isinstance(outcome, NeedsWeights):  # It had weights, so the code forged this.
            return [_FORGED]
        answers: list[Answer] = [*outcome.reports]
        if isinstance(outcome, Stopped):
            answers.append(self._with_seconds(outcome.failure, run))
        elif ending is not None:
            answers.append(ending)
        return answers

    def _with_seconds(self, failure: Failure, run: Run) -> Failure:
        """Return a failure; if it is a timeout, with the time that the code had."""
        if failure.problem != Problem.TIMEOUT:
            return failure
        twice = ", without weights first and then with real ones," if run.timeout < self.timeout else ""
        text = f"the code ran for more than {self.timeout} s (kerasshape_timeout){twice} and was stopped"
        mend = ": make it faster, or set a higher kerasshape_timeout in conf.py"
        return failure._replace(message=text, mend=mend)


def sessions(requests: Iterable[Request]) -> list[Chain]:
    """Return requests grouped by session; each group ends with the last request that is given."""
    chains: list[Chain] = []
    covered: set[Request] = set()
    order = {request: number for number, request in enumerate(requests)}
    for request in sorted(order, key=lambda request: -len(request.earlier)):
        if request not in covered:
            chains.append(request.session() if request.earlier else (request,))
            covered.update(chains[-1])
    return sorted(chains, key=lambda chain: order[chain[-1]])
