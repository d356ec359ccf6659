"""How a build comes to its answers: it runs the models, asks the lock, or does without. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from sphinx_kerasshape.cache import Result, Surroundings
from sphinx_kerasshape.codec import listed, shortened
from sphinx_kerasshape.config import Settings
from sphinx_kerasshape.messages import Answer, Failure, Report, Request, Versions, content
from sphinx_kerasshape.problems import REMEDY, Problem
from sphinx_kerasshape.records import Entry, Trouble

if TYPE_CHECKING:
    from sphinx_kerasshape.lock import Lock

LINES = 10
"""How many differences between a model and its lock are said."""

_INSTALL = (
    "TensorFlow is not installed{where}, so no model can be run: "
    "pip install sphinx-kerasshape[tensorflow-cpu], or commit a {lock} that was written "
    "where it is installed (sphinx-build -b kerasshape-lock)"
)
_OFF = Failure("", "kerasshape_execution is 'off': nothing is run")


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
    bad: Trouble | None = None
    """What is wrong with the lock itself."""

    @property
    def is_off(self) -> bool:
        """Whether nothing is run because the project wants it so."""
        return not self.runs and self.lock is None and self.bad is None and not self.failure.problem

    def answers(self, entries: Iterable[Entry]) -> dict[Request, Answer]:
        """Return the answers of a build that runs nothing."""
        entries = list(entries)
        found: dict[Request, Answer] = {}
        if self.lock is not None:
            from sphinx_kerasshape import lock

            found.update(lock.answers(self.lock, ((one.name, one.request) for one in entries), self.root))
        for entry in entries:
            if entry.request not in found:
                found[entry.request] = self._unknown(entry)
        return found

    def drifts(self, results: Iterable[tuple[Entry, Result]]) -> Iterator[Trouble]:
        """Give what is wrong with the lock, and its differences from the answers of models that were run."""
        if self.bad is not None:
            message = f"{self.bad.message} (to start over: delete it, and {REMEDY})"
            yield Trouble(Problem.LOCK, message, self.bad.location)
        if not self.runs or self.lock is None:
            return
        names = set()
        for entry, result in results:
            if entry.name not in names and result.failure is None:
                lines = self._model_drifts(self.lock, entry, result)
                if len(lines) > LINES:
                    lines[LINES - 1 :] = [f"and {len(lines) - LINES + 1} more differences"]
                for line in lines:
                    yield Trouble(Problem.LOCK, f"{entry.title}: {line}", entry.location)
            names.add(entry.name)
        yield from self._strangers(self.lock, names)

    def _strangers(self, known: Lock, names: set[str]) -> Iterator[Trouble]:
        """Give the models of the lock that are on no page."""
        strange = [(name, locked.line) for name, locked in known.models.items() if name not in names]
        for number, (name, line) in enumerate(strange[:LINES], 1):
            more = f", like {len(strange) - number} more" if number == LINES < len(strange) else ""
            message = f"model {shortened(name)!r} is in {self.path.name}, but on no page{more}: {REMEDY}"
            yield Trouble(Problem.LOCK, message, f"{self.path}:{line}")

    def _model_drifts(self, known: Lock, entry: Entry, result: Result) -> list[str]:
        locked = known.models.get(entry.name)
        if locked is None:
            return [f"it is not in {self.path.name}: {REMEDY}"]
        # Cached results are not decoded where they are the same.
        same = content(locked.report) == result.content
        from sphinx_kerasshape import drift  # slow to import, and only a lock needs it

        lines = [] if same else drift.differences(locked.report, cast("Report", result.answer))
        change = self._change(entry)
        return [f"{change}: {REMEDY}", *lines] if change else lines

    def _change(self, entry: Entry) -> str:
        """Say what is other than when the model's report was locked; empty if nothing is."""
        locked = self.lock.models.get(entry.name) if self.lock is not None else None
        if locked is None:
            return f"it is not in {self.path.name}"
        from sphinx_kerasshape import lock

        if locked.code != lock.code_digest(entry.request, self.root):
            return f"its code, options or prelude are not those of {self.path.name}"
        files = locked.changed_files(self.root)
        return f"{listed(files)} changed since {self.path.name} was written" if files else ""

    def _unknown(self, entry: Entry) -> Failure:
        if self.lock is None:
            return self.failure
        return Failure(Problem.LOCK, f"{self._change(entry)}: {REMEDY}")


def make(settings: Settings, around: Surroundings, path: Path, root: Path) -> Plan:
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
        return Plan(not locked, path, root, None, Failure("", bad.message), versions, bad)
    if not locked:
        return Plan(True, path, root, found, versions=versions)
    return _locked(settings, found, path, root)


def _locked(settings: Settings, found: Lock | None, path: Path, root: Path) -> Plan:
    """Return the plan of a build that must not, or can't, run anything."""
    if found is not None:
        why = (
            "kerasshape_execution is 'locked'" if settings.execution == "locked" else "there is no TensorFlow"
        )
        return Plan(False, path, root, found, Failure("", why), found.versions)
    if settings.execution == "locked":
        message = f"kerasshape_execution is 'locked', but there is no {path.name}: {REMEDY}"
        return Plan(runs=False, path=path, root=root, failure=Failure(Problem.TENSORFLOW, message))
    where = f" for {settings.python} (kerasshape_python)" if settings.python else ""
    failure = Failure(Problem.TENSORFLOW, _INSTALL.format(where=where, lock=path.name))
    return Plan(runs=False, path=path, root=root, failure=failure)


def _read(path: Path) -> tuple[Lock | None, Trouble | None]:
    """Read the lock, if there is one; the second value says what is wrong with it."""
    if not os.path.lexists(path):
        return None, None
    from sphinx_kerasshape import lock  # slow to import, and not every project has one

    try:
        return lock.read(path), None
    except lock.BadLock as bad:
        return None, Trouble(Problem.LOCK, str(bad), f"{path}:{bad.line}")
