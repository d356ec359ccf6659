"""The limits of code are kept even by a process that is done before somebody looks."""

from __future__ import annotations

import subprocess
import sys

import pytest

PEAK = """
from sphinx_kerasshape.worker.processes import tree
from sphinx_kerasshape.worker.processes.limits import exceeded_between_checks
before = tree.peak_resident()
hog = b"x" * (64 << 20)
del hog
for megabytes in (32, 96):
    failure = exceeded_between_checks(megabytes, before)
    print(failure.message if failure else "within")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is found in /proc")
def test_memory_that_was_freed_again_counts() -> None:
    done = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    too_much, within = done.stdout.splitlines()
    assert too_much == "the code used more than 32 MB of memory (kerasshape_memory) and was stopped"
    assert within == "within"
