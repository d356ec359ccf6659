"""How much work something is, on a machine of whatever speed that is busy with other things.

Seconds say nothing there. ``growth`` compares the work for a large input with that for a small
one, and ``cost`` compares it with a fixed piece of work that is timed beside it.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

Action = Callable[[], object]
FACTOR = 16
LINEAR = 4 * FACTOR
"""More than this, no work grows that is linear in its size; quadratic work grows by ``FACTOR**2``."""


def seconds(action: Action, times: int = 1) -> float:
    """Return the CPU time of an action: the least of so many tries."""
    return min(_once(action) for _ in range(times))


def growth(work: Callable[[int], object], size: int) -> float:
    """Return how many times as long work takes for ``FACTOR`` times the size."""
    small = seconds(lambda: work(size), times=3)
    large = seconds(lambda: work(size * FACTOR), times=3)
    return large / max(small, 1e-5)


def cost(action: Action) -> float:
    """Return how many times as long an action takes as a fixed piece of work, of some milliseconds."""
    return seconds(action) / seconds(_yardstick, times=3)


def exceeds(action: Action, most: float) -> bool:
    """Return whether an action costs more than so much, each time that it is tried."""
    return seconds(action) > most * _usual() and all(cost(action) > most for _ in range(3))


@functools.cache
def _usual() -> float:
    return seconds(_yardstick, times=3)


def _yardstick() -> None:
    for number in range(12_000):
        str(number).encode().decode().split("1")


def _once(action: Action) -> float:
    started = time.process_time()
    action()
    return time.process_time() - started
