"""A part of the corpus of documents, in each format: what is true holds, what is false is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from sphinx_kerasshape.audit.rewriting import rewriting
from sphinx_kerasshape.audit.verdict import HOLDS
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.corpus import corpus
from tests.support.corpus.audits import Audits, faults, spoilt, written

SAMPLE = corpus.sample()
TELLINGS = {
    f"{one.format}-{one.style}": one
    for one in SAMPLE.tellings()
    if (one.story.name, one.format)
    in (
        ("mnist_cnn", "ipynb"),
        ("mnist_cnn", "pasted"),
        ("functional_walk", "module"),
        ("functional_walk", "prompt"),
        ("functional_walk", "rst"),
        ("mnist_cnn", "percent"),
        ("two_inputs", "md"),
    )
}
COPIES = 2
"""False copies of each document: in each, all that it states is false, in another way."""


@pytest.mark.parametrize("name", TELLINGS)
def test_a_document(name: str, worker: Worker, tmp_path: Path) -> None:
    telling, audits = TELLINGS[name], Audits(worker)
    true = written(tmp_path / telling.name, SAMPLE.true(telling).data)
    copies = [spoilt(SAMPLE, telling, 6 * turn) for turn in range(COPIES)]
    paths = [written(tmp_path / str(number) / telling.name, one.data) for number, one in enumerate(copies)]
    result, *results = audits.of([true, *paths])
    assert {verdict.verdict for verdict in result.verdicts} == {HOLDS}
    for one, path, found in zip(copies, paths, results, strict=True):
        assert not faults(one, path, found)
        assert found.document is not None
        edits = [edit for verdict in found.verdicts for edit in verdict.edits]
        if one.is_mended:
            assert rewriting.mended(found.document, edits, one.data).decode() == true.read_bytes().decode()
