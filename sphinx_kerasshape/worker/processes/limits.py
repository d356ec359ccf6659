"""How much a model's code may use, and whether it does."""

from __future__ import annotations

from typing import Any, NamedTuple

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Failure
from sphinx_kerasshape.worker.processes import tree

_MIB = 1 << 20
LOOK_SECONDS = 0.05
"""How often it is looked; a process fills some hundred megabytes in this time."""


class Limits(NamedTuple):
    """The limits of one run, over its whole tree of processes."""

    memory: int
    """MiB of resident memory."""
    processes: int
    """Processes at a time, the first one included."""
    output: int
    """KiB of output that are kept; the rest is read and thrown away."""

    @staticmethod
    def of(settings: dict[str, Any]) -> Limits:
        """Return the limits among the settings that a worker is started with."""
        return Limits(*(int(settings[name]) for name in Limits._fields))

    @property
    def output_bytes(self) -> int:
        """How many bytes of output are kept."""
        return self.output << 10

    def exceeded(self, pid: int) -> Failure | None:
        """Return the failure of a run that uses too much, if it does."""
        family = list(tree.family(pid)) if tree.IS_KNOWN else []
        if len(family) > self.processes:
            what = f"the code had more than {self.processes} processes at a time (kerasshape_processes)"
            return Failure(Problem.LIMIT, f"{what} and was stopped")
        # The exact number takes time, and forked processes share most of their memory.
        most = self.memory * _MIB
        if sum(map(tree.resident, family)) > most and sum(map(tree.proportional, family)) > most:
            what = f"the code used more than {self.memory:,} MB of memory (kerasshape_memory)"
            return Failure(Problem.LIMIT, f"{what} and was stopped")
        return None
