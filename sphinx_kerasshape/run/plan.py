"""How a build comes to its answers: it runs the models, asks the lock, or does without. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from sphinx_kerasshape.messages.problems import REMEDY, Problem
from sphinx_kerasshape.messages.report import Answer, Failure, Report, Versions
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.messages.result import Result, fingerprint_of
from sphinx_kerasshape.pages.records import Block, Finding
from sphinx_kerasshape.settings.settings import Settings
from sphinx_kerasshape.store.cache import RunEnvironment
from sphinx_kerasshape.text import listed, truncated

if TYPE_CHECKING:
    from sphinx_kerasshape.store.lock import Lock

LINES = 10
"""How many differences between a model and its lock are said."""

_INSTALL = (
    "TensorFlow is not installed{where}, so no model can be run: "
    "pip install sphinx-kerasshape[tensorflow-cpu], or commit a {lock} that was written "
    "where it is installed (sphinx-build -b kerasshape-lock)"
)
_OFF = Failure(None, "kerasshape_execution is 'off': nothing is run")


class Plan(NamedTuple):
    """What is done for the answers of one build."""

    runs: bool
    """Whether models are run at all."""
    path: Path
    """The lock's, whether there is one or not."""
    root: Path
    """The source folder."""
    lock: Lock | None = None
    failure: Failure = _OFF
    """Why nothing is run, where it is not; the answer of all models, where there is no lock either."""
    versions: Versions = Versions()
    """Those that the answers are from."""
    bad: Finding | None = None
    """What is wrong with the lock itself."""

    @property
    def is_off(self) -> bool:
        """Whether nothing is run because the project wants it so."""
        return not self.runs and self.lock is None and self.bad is None and not self.failure.problem

    def answers(self, blocks: Iterable[Block]) -> dict[Request, Answer]:
        """Return the answers of a build that runs nothing."""
        blocks = list(blocks)
        found: dict[Request, Answer] = {}
        if self.lock is not None:
            from sphinx_kerasshape.store import lock

            found.update(lock.answers(self.lock, ((one.name, one.request) for one in blocks), self.root))
        for block in blocks:
            if block.request not in found:
                found[block.request] = self._unknown(block)
        return found

    def drifts(self, results: Iterable[tuple[Block, Result]]) -> Iterator[Finding]:
        """Give what is wrong with the lock, and its differences from the answers of models that were run."""
        if self.bad is not None:
            message = f"{self.bad.message} (to start over: delete it, and {REMEDY})"
            yield Finding(Problem.LOCK, message, self.bad.location)
        if not self.runs or self.lock is None:
            return
        names = set()
        for block, result in results:
            if block.name not in names and result.failure is None:
                lines = self._model_drifts(self.lock, block, result)
                if len(lines) > LINES:
                    lines[LINES - 1 :] = [f"and {len(lines) - LINES + 1} more differences"]
                for line in lines:
                    yield Finding(Problem.LOCK, f"{block.title}: {line}", block.location)
            names.add(block.name)
        yield from self._strangers(self.lock, names)

    def _strangers(self, known: Lock, names: set[str]) -> Iterator[Finding]:
        """Give the models of the lock that are on no page."""
        strange = [(name, locked.line) for name, locked in known.models.items() if name not in names]
        for number, (name, line) in enumerate(strange[:LINES], 1):
            more = f", like {len(strange) - number} more" if number == LINES < len(strange) else ""
            message = f"model {truncated(name)!r} is in {self.path.name}, but on no page{more}: {REMEDY}"
            yield Finding(Problem.LOCK, message, f"{self.path}:{line}")

    def _model_drifts(self, known: Lock, block: Block, result: Result) -> list[str]:
        locked = known.models.get(block.name)
        if locked is None:
            return [f"it is not in {self.path.name}: {REMEDY}"]
        # Cached results are not decoded where they are the same.
        same = fingerprint_of(locked.report) == result.fingerprint
        from sphinx_kerasshape.store import lock_diff  # slow to import, and only a lock needs it

        lines = [] if same else lock_diff.differences(locked.report, cast("Report", result.answer))
        change = self._change(block)
        return [f"{change}: {REMEDY}", *lines] if change else lines

    def _change(self, block: Block) -> str:
        """Say what is other than when the model's report was locked; empty if nothing is."""
        locked = self.lock.models.get(block.name) if self.lock is not None else None
        if locked is None:
            return f"it is not in {self.path.name}"
        from sphinx_kerasshape.store import lock

        if locked.code != lock.code_digest(block.request, self.root):
            return f"its code, options or prelude are not those of {self.path.name}"
        files = locked.changed_files(self.root)
        return f"{listed(files)} changed since {self.path.name} was written" if files else ""

    def _unknown(self, block: Block) -> Failure:
        if self.lock is None:
            return self.failure
        return Failure(Problem.LOCK, f"{self._change(block)}: {REMEDY}")


def make(settings: Settings, around: RunEnvironment, path: Path, root: Path) -> Plan:
    """Decide how a build comes to its answers."""
    if settings.execution == "off":
        return Plan(runs=False, path=path, root=root)
    versions = around.versions
    locked = settings.execution == "locked" or versions.tensorflow == ""
    found, bad = _read(path)
    if around.problem:
        # A mistake in conf.py, for which the lock is no remedy.
        return Plan(False, path, root, None, Failure(Problem.WORKER, around.problem), versions, bad)
    if bad is not None:
        return Plan(not locked, path, root, None, Failure(None, bad.message), versions, bad)
    if not locked:
        return Plan(True, path, root, found, versions=versions)
    return _locked(settings, found, path, root)


def _locked(settings: Settings, found: Lock | None, path: Path, root: Path) -> Plan:
    """Return the plan of a build that must not, or can't, run anything."""
    if found is not None:
        why = (
            "kerasshape_execution is 'locked'" if settings.execution == "locked" else "there is no TensorFlow"
        )
        return Plan(False, path, root, found, Failure(None, why), found.versions)
    if settings.execution == "locked":
        message = f"kerasshape_execution is 'locked', but there is no {path.name}: {REMEDY}"
        return Plan(runs=False, path=path, root=root, failure=Failure(Problem.TENSORFLOW, message))
    where = f" for {settings.python} (kerasshape_python)" if settings.python else ""
    failure = Failure(Problem.TENSORFLOW, _INSTALL.format(where=where, lock=path.name))
    return Plan(runs=False, path=path, root=root, failure=failure)


def _read(path: Path) -> tuple[Lock | None, Finding | None]:
    """Read the lock, if there is one; the second value says what is wrong with it."""
    if not os.path.lexists(path):
        return None, None
    from sphinx_kerasshape.store import lock  # slow to import, and not every project has one

    try:
        return lock.read(path), None
    except lock.BadLock as bad:
        return None, Finding(Problem.LOCK, str(bad), f"{path}:{bad.line}")
