"""The limits of a model's code: memory, processes, output."""

from __future__ import annotations

from typing import Any, NamedTuple

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Failure
from sphinx_kerasshape.worker.processes import tree

_MIB = 1 << 20
CHECK_SECONDS = 0.05
"""The time between two checks; a process can fill some hundred megabytes in it."""


class Limits(NamedTuple):
    """The limits of one run, over its whole tree of processes."""

    memory: int
    """MiB of resident memory."""
    processes: int
    """Processes at a time, the first one included."""
    output: int
    """KiB of output to keep; the rest is read and thrown away."""

    @staticmethod
    def of(settings: dict[str, Any]) -> Limits:
        """Return the limits among the settings that a worker is started with."""
        return Limits(*(int(settings[name]) for name in Limits._fields))

    @property
    def output_bytes(self) -> int:
        """The bytes of output to keep."""
        return self.output << 10

    def exceeded(self, pid: int) -> Failure | None:
        """Return the failure of a run whose processes use too much."""
        family = list(tree.family(pid)) if tree.IS_KNOWN else []
        if len(family) > self.processes:
            what = f"the code had more than {self.processes} processes at a time (kerasshape_processes)"
            return Failure(Problem.LIMIT, f"{what} and was stopped")
        # Forked processes share most of their memory; the kernel takes time to say which part is whose.
        most = self.memory * _MIB
        if sum(map(tree.resident, family)) > most and sum(map(tree.proportional, family)) > most:
            return _too_much_memory(self.memory)
        return None


def exceeded_between_checks(memory: int, before: int) -> Failure | None:
    """Return the failure of this process if its peak is too far above ``before``, its first bytes."""
    return _too_much_memory(memory) if tree.peak_resident() - before > memory * _MIB else None


def _too_much_memory(memory: int) -> Failure:
    what = f"the code used more than {memory:,} MB of memory (kerasshape_memory)"
    return Failure(Problem.LIMIT, f"{what} and was stopped")
