"""Builds that are interrupted at random moments; ``tests/support/soak.py`` does more rounds of the same."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import soak

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]


ROUNDS = 5


def test_an_interrupted_build_leaves_nothing_and_breaks_nothing(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    done = soak.run(ROUNDS, 1, tmp_path)
    what = ", ".join(f"{count} × {name}" for name, count in sorted(done.items()))
    record_property(
        "figure",
        f"{done.total()} signals to processes of {ROUNDS} builds ({what}): no process left, no wrong answer, "
        "all completed next",
    )
    assert done.total() >= ROUNDS
