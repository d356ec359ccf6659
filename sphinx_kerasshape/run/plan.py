"""The plan of a build: whether it runs the models, uses the lock, or has no answers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sphinx_kerasshape import store
from sphinx_kerasshape.messages.codec import fingerprint
from sphinx_kerasshape.messages.problems import REMEDY, Problem
from sphinx_kerasshape.messages.report import Answer, Failure, Report, Versions
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.messages.result import Result, fingerprint_of
from sphinx_kerasshape.pages.records import Block, Finding
from sphinx_kerasshape.settings.settings import PRELUDE, Settings
from sphinx_kerasshape.store.cache import RunEnvironment
from sphinx_kerasshape.text import listed, truncated

if TYPE_CHECKING:
    from sphinx_kerasshape.store.lock import Lock

LINES = 10
"""The number of differences between a model and the lock that are reported."""
_INSTALL = (
    "TensorFlow is not installed{where}, so no model can run: "
    "run pip install 'sphinx-kerasshape[tensorflow-cpu]', or commit a {lock} that was written "
    "where TensorFlow is installed (sphinx-build -b kerasshape-lock)"
)
_EARLIER = Failure(None, "an earlier block of its session has changed since the lock was written")
_OFF = Failure(None, "kerasshape_execution is 'off'")


class Plan(NamedTuple):
    """The way in which one build gets its answers."""

    runs: bool
    """Whether models run at all."""
    path: Path
    """The path of the lock, which need not exist."""
    root: Path
    """The source folder."""
    lock: Lock | None = None
    failure: Failure = _OFF
    """The reason why nothing runs, if so; without a lock, it is the answer of all models."""
    versions: Versions = Versions()
    """The versions that give, or gave, the answers."""
    lock_problem: Finding | None = None
    """The problem of the lock itself."""
    prelude: str = PRELUDE

    @property
    def prelude_digest(self) -> str:
        """The digest of the prelude; empty for the default."""
        return fingerprint(self.prelude) if self.prelude != PRELUDE else ""

    @property
    def is_off(self) -> bool:
        """Whether nothing runs because the project has turned execution off."""
        return not self.runs and self.lock is None and self.lock_problem is None and not self.failure.problem

    def answers(self, blocks: Iterable[Block]) -> dict[Request, Answer]:
        """Return the answers of a build that runs nothing."""
        blocks = list(blocks)
        answers: dict[Request, Answer] = {}
        if self.lock is not None:
            requests = ((block.name, block.request) for block in blocks)
            answers.update(store.lock.answers(self.lock, requests, self.root))
        sessions: set[tuple[str, int]] = set()  # those with a block that has no answer
        causes: set[object] = set()
        for block in blocks:
            if block.request not in answers:
                first = _first_of_session(block)
                is_first = self.lock is None or first is None or first not in sessions
                failure = self._missing(block) if is_first else _EARLIER
                cause = self._cause(block)
                answers[block.request] = failure._replace(problem=None) if cause in causes else failure
                sessions |= {first} if first else set()
                causes |= {cause} if self.lock is not None else set()
        return answers

    def drifts(self, results: Iterable[tuple[Block, Result]]) -> Iterator[Finding]:
        """Yield the problem of the lock, and its differences from the answers of models that have run."""
        if self.lock_problem is not None:
            message = f"{self.lock_problem.message} (to start over: delete it, and {REMEDY})"
            yield Finding(Problem.LOCK, message, self.lock_problem.location)
        if not self.runs or self.lock is None:
            return
        names = set()
        found: dict[object, tuple[Block, list[str]]] = {}
        for block, result in results:
            lines = []
            if block.name not in names and result.failure is None:
                lines = self._model_drifts(self.lock, block, result)
            if lines:
                first, others = found.setdefault(self._cause(block), (block, lines))
                others += [f"{block.title}: {line}" for line in lines[1:]] if first is not block else []
            names.add(block.name)
        for block, lines in found.values():
            if len(lines) > LINES:
                lines[LINES - 1 :] = [f"and {len(lines) - LINES + 1} more differences"]
            yield Finding(Problem.LOCK, f"{block.title}: " + "\n  ".join(lines), block.location)
        yield from self._extra_models(self.lock, names)

    def _extra_models(self, lock: Lock, names: set[str]) -> Iterator[Finding]:
        """Yield a finding for each model of the lock that is on no page."""
        extra = [(name, locked.line) for name, locked in lock.models.items() if name not in names]
        for number, (name, line) in enumerate(extra[:LINES], 1):
            more = f"; so are {len(extra) - number} more" if number == LINES < len(extra) else ""
            message = f"model {truncated(name)!r} is in {self.path.name}, but on no page{more}: {REMEDY}"
            yield Finding(Problem.LOCK, message, f"{self.path}:{line}")

    def _model_drifts(self, lock: Lock, block: Block, result: Result) -> list[str]:
        """Return what has changed and how to mend it, then the values that differ; empty if none does."""
        locked = lock.models.get(block.name)
        if locked is None:
            return [f"it is not in {self.path.name}: {REMEDY}"]
        # A cached result with the same fingerprint is not decoded.
        is_same = fingerprint_of(locked.report) == result.fingerprint
        lines = []
        if not is_same and isinstance(result.answer, Report):
            lines = store.lock_diff.differences(locked.report, result.answer)
            if block.request.kind == "document":
                lines = ["what was looked at in it has another value"]
        change = self._change(block)
        if change:
            return [f"{change}: {REMEDY}", *lines]
        mend = f"check them, then {REMEDY}"
        return [f"TensorFlow gives other values than {self.path.name} has: {mend}", *lines] if lines else []

    def _cause(self, block: Block) -> object:
        """Return what blocks have in common whose answers have changed: prelude, session, or files."""
        locked = self.lock.models.get(block.name) if self.lock is not None else None
        if locked is None or not self._change(block):
            return block.key, block.location
        if self._has_other_prelude(block):
            return "prelude"
        if locked.code == store.lock.code_digest(block.request, self.root):
            return tuple(locked.changed_files(self.root))
        return _first_of_session(block) or (block.key, block.location)

    def _change(self, block: Block) -> str:
        """Return what has changed since the model's report was locked; empty if nothing has."""
        locked = self.lock.models.get(block.name) if self.lock is not None else None
        if locked is None:
            return f"it is not in {self.path.name}"
        if self._has_other_prelude(block):
            return f"kerasshape_prelude has changed since {self.path.name} was written"
        if locked.code != store.lock.code_digest(block.request, self.root):
            return f"its code or options have changed since {self.path.name} was written"
        files = locked.changed_files(self.root)
        return f"{listed(files)} changed since {self.path.name} was written" if files else ""

    def _has_other_prelude(self, block: Block) -> bool:
        """Return whether the model begins with a prelude that the project did not have then."""
        is_own = block.request.prelude == self.prelude  # plain code has none
        return is_own and self.lock is not None and self.lock.prelude != self.prelude_digest

    def _missing(self, block: Block) -> Failure:
        """Return the answer of a model that the lock has no valid report of."""
        if self.lock is None:
            return self.failure
        return Failure(Problem.LOCK, f"{self._change(block)}: {REMEDY}")


def _first_of_session(block: Block) -> tuple[str, int] | None:
    """Return the place of the first code of a block's session; ``None`` if it has no session."""
    return (*block.blocks, (block.code_file, block.code_line))[0] if block.session else None


def make(settings: Settings, environment: RunEnvironment, path: Path, root: Path) -> Plan:
    """Return the plan of a build."""
    plan = Plan(runs=False, path=path, root=root, prelude=settings.prelude)
    if settings.execution == "off":
        return plan
    versions = environment.versions
    is_chosen = settings.execution == "locked"
    is_locked = is_chosen or versions.tensorflow == ""
    lock, problem = _read(path)
    if environment.problem:
        # A mistake in conf.py, which the lock must not hide.
        failure = Failure(Problem.WORKER, environment.problem)
        return plan._replace(failure=failure, versions=versions, lock_problem=problem)
    if problem is not None:
        failure = Failure(None, problem.message)
        return plan._replace(runs=not is_locked, failure=failure, versions=versions, lock_problem=problem)
    if not is_locked:
        return plan._replace(runs=True, lock=lock, versions=versions)
    if lock is None:
        return plan._replace(failure=_no_lock(settings, path.name))
    reason = "kerasshape_execution is 'locked'" if is_chosen else "TensorFlow is not installed"
    return plan._replace(lock=lock, failure=Failure(None, reason), versions=lock.versions)


def _no_lock(settings: Settings, name: str) -> Failure:
    """Return the failure of all models where nothing must or can run, and there is no lock."""
    if settings.execution == "locked":
        message = f"kerasshape_execution is 'locked', but there is no {name}: {REMEDY}"
    else:
        where = f" for {settings.python} (kerasshape_python)" if settings.python else ""
        message = _INSTALL.format(where=where, lock=name)
    return Failure(Problem.TENSORFLOW, message)


def _read(path: Path) -> tuple[Lock | None, Finding | None]:
    """Return the lock, if there is a valid one, and its problem, if it has one."""
    if not os.path.lexists(path):
        return None, None
    try:
        return store.lock.read(path), None
    except store.lock.BadLock as bad:
        return None, Finding(Problem.LOCK, str(bad), f"{path}:{bad.line}")
