"""Documents in the manner of older books and courses: what an audit reaches, and what it says of each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sphinx_kerasshape.audit.audit import Audited
from sphinx_kerasshape.audit.verdict import Verdict
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.corpus.audits import Audits

pytestmark = pytest.mark.slow

DOCUMENTS = Path(__file__).parent.parent / "support" / "reach"
NAMES = sorted(path.stem for path in DOCUMENTS.glob("*.md"))


@pytest.fixture(scope="module")
def audited(worker: Worker) -> dict[str, Audited]:
    """Return the audits of all documents."""
    results = Audits(worker).of([DOCUMENTS / f"{name}.md" for name in NAMES])
    return dict(zip(NAMES, results, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_verdicts(name: str, audited: dict[str, Audited], expected: Callable[[Path, str], None]) -> None:
    """Each document ``NAME.md`` has the verdicts of ``NAME.txt``."""
    one = audited[name]
    lines = [f"{block.line} {block.outcome}: {block.message}" for block in one.blocks if block.message]
    lines += map(_line, one.verdicts)
    stand_ins = dict.fromkeys(name for verdict in one.verdicts for name in verdict.stand_ins)
    expected(DOCUMENTS / f"{name}.txt", "\n".join([*lines, *(f"with {name}" for name in stand_ins)]) + "\n")


def test_no_false_alarm(audited: dict[str, Audited]) -> None:
    """All tables of these documents are true."""
    drifted = [verdict.stated for one in audited.values() for verdict in one.verdicts if verdict.actual]
    assert drifted == []


def _line(one: Verdict) -> str:
    actual = f" -> {one.actual}" if one.actual else ""
    return f"{one.verdict}: {one.stated}{actual}" + (f" ({one.reason})" if one.reason else "")
