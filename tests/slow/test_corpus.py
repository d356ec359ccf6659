"""The corpus of documents: what is true holds, each false statement is reported where it stands, and mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sphinx_kerasshape.audit import rewriting
from sphinx_kerasshape.audit.audit import Audited
from sphinx_kerasshape.audit.verdict import DRIFTED, UNCHECKED
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.corpus import corpus
from tests.support.corpus.audits import Audits, Spoilt, faults, figures, spoilt, written

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def audits(worker: Worker) -> Audits:
    return Audits(worker)


@pytest.fixture(scope="module")
def true(audits: Audits, tmp_path_factory: pytest.TempPathFactory) -> list[Audited]:
    folder = tmp_path_factory.mktemp("true")
    return audits.of(
        [
            written(folder / one.name, corpus.rendered(one, corpus.true_values(one)).data)
            for one in corpus.tellings()
        ]
    )


@pytest.fixture(scope="module")
def false(
    audits: Audits, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[tuple[Spoilt, Path, Audited]]]:
    folder = tmp_path_factory.mktemp("false")
    documents = [
        (one, written(folder / str(number) / one.telling.name, one.data))
        for telling in corpus.tellings()
        for number, one in enumerate(spoilt(telling))
    ]
    results = audits.of([path for _, path in documents])
    yield [(one, path, result) for (one, path), result in zip(documents, results, strict=True)]


def test_there_are_enough_documents_of_each_kind() -> None:
    told = corpus.tellings()
    assert len(told) >= 80
    assert {one.format for one in told} == set(corpus.formats.SUFFIXES)
    assert {one.style for one in told} == set(corpus.tables.STYLES)


def test_summaries_are_those_that_keras_prints() -> None:
    for story in corpus.stories():
        for marker, value in zip(story.markers, corpus.truth()[story.name], strict=True):
            if marker.kind == "summary":
                table = corpus.tables.table(value)
                for style, width in (("keras3", "narrow"), ("keras3wide", "wide")):
                    assert corpus.tables.written(table, style).text == value["printed"][width].rstrip("\n")


def test_true_statements_hold(true: list[Audited], record_property: pytest.RecordProperty) -> None:
    wrong = [
        (Path(one.path).name, verdict.stated, verdict.verdict, verdict.reason)
        for one in true
        for verdict in one.verdicts
        if verdict.verdict in (DRIFTED, UNCHECKED)
    ]
    record_property("figure", f"corpus, true: {figures(true)}")
    assert not [one for one in wrong if one[2] == DRIFTED]
    assert len(wrong) <= 0.02 * sum(len(one.verdicts) for one in true), wrong


def test_false_statements_are_reported_where_they_stand(
    false: list[tuple[Spoilt, Path, Audited]], record_property: pytest.RecordProperty
) -> None:
    planted = Counter(lie.kind for one, _, _ in false for lie in one.planted)
    record_property("figure", f"corpus, false: {planted.total()} planted in {len(false)} copies: {planted}")
    assert planted.total() >= 400
    assert not [fault for one, path, result in false for fault in faults(one, path, result)]


def test_rewriting_restores_what_is_true(
    false: list[tuple[Spoilt, Path, Audited]], audits: Audits, tmp_path: Path
) -> None:
    mended = []
    for number, (one, path, result) in enumerate(false):
        if one.is_mended and result.document is not None:
            edits = [edit for verdict in result.verdicts for edit in verdict.edits]
            data = rewriting.rewrite(result.document, edits, path.read_bytes())
            true = corpus.rendered(one.telling, corpus.true_values(one.telling)).data
            assert data.decode() == true.decode(), f"{path.name} with {[lie.kind for lie in one.planted]}"
            mended.append(written(tmp_path / str(number) / one.telling.name, data))
    assert len(mended) > len(false) / 3
    assert not [edit for one in audits.of(mended[::5]) for verdict in one.verdicts for edit in verdict.edits]
