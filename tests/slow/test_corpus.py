"""The corpus of documents: what is true holds; what is false is reported where it stands, and mended."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

from sphinx_kerasshape.audit.audit import Audited
from sphinx_kerasshape.audit.rewriting import rewriting
from sphinx_kerasshape.audit.verdict import DRIFTED, UNCHECKED
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.corpus import corpus, formats, tables
from tests.support.corpus.audits import Audits, Spoilt, faults, figures, spoilt, written
from tests.support.corpus.corpus import Corpus

pytestmark = pytest.mark.slow

SAMPLE = ("mnist_cnn", "functional_walk", "two_inputs")
"""Stories of the part that each change is tested with."""
IS_NEW = Version(version("keras")) >= Version("3.4")
TOLD_OTHERWISE = {"built_by_fit"}
"""Stories whose models old versions of Keras build for another batch."""
Results = list[tuple[Spoilt, Path, Audited]]


@pytest.fixture(scope="module")
def whole() -> Corpus:
    truth = corpus.whole().truth
    return Corpus({name: values for name, values in truth.items() if IS_NEW or name not in TOLD_OTHERWISE})


@pytest.fixture(scope="module")
def audits(worker: Worker) -> Audits:
    return Audits(worker)


@pytest.fixture(scope="module")
def true(whole: Corpus, audits: Audits, tmp_path_factory: pytest.TempPathFactory) -> list[Audited]:
    folder = tmp_path_factory.mktemp("true")
    return audits.of([written(folder / one.name, whole.true(one).data) for one in whole.tellings()])


@pytest.fixture(scope="module")
def false(whole: Corpus, audits: Audits, tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("false")
    told = [*enumerate(whole.tellings())]
    copies = [spoilt(whole, telling, 7 * place) for place, telling in told]
    copies += [spoilt(whole, telling, 7 * place + 3, mendable=True) for place, telling in told[::2]]
    documents = [
        (one, written(folder / str(number) / one.telling.name, one.data))
        for number, one in enumerate(copies)
        if one.planted
    ]
    results = audits.of([path for _, path in documents])
    return [(one, path, result) for (one, path), result in zip(documents, results, strict=True)]


def test_there_are_enough_documents_of_each_kind(whole: Corpus) -> None:
    told = whole.tellings()
    assert len(told) >= 80
    assert {one.format for one in told} == set(formats.SUFFIXES)
    assert {one.style for one in told} == set(tables.STYLES)


def test_summaries_are_those_that_keras_prints(whole: Corpus) -> None:
    for story in whole.stories:
        for marker, value in zip(story.markers, whole.truth[story.name], strict=True):
            for style in ("keras3", "keras3wide") if marker.kind == "summary" else ():
                text = tables.written(tables.table(value), style).text
                assert text == value["printed"][style].rstrip("\n")


@pytest.mark.skipif(not IS_NEW, reason="old versions of Keras count the names of models otherwise")
def test_the_sample_is_true(whole: Corpus, expected: Callable[[Path, str], None]) -> None:
    part = json.dumps({name: whole.truth[name] for name in SAMPLE}, indent=1)
    expected(corpus.SAMPLE, f"{part}\n")


def test_true_statements_hold(true: list[Audited], record_property: Callable[[str, object], None]) -> None:
    record_property("figure", f"corpus, true: {figures(true)}")
    verdicts = [(Path(one.path).name, verdict) for one in true for verdict in one.verdicts]
    assert len(verdicts) >= 400
    assert not [one for one in verdicts if one[1].verdict == DRIFTED]
    unchecked = [one for one in verdicts if one[1].verdict == UNCHECKED]
    assert len(unchecked) <= 0.02 * len(verdicts), unchecked


def test_false_statements_are_reported_where_they_stand(
    false: Results, record_property: Callable[[str, object], None]
) -> None:
    planted = Counter(lie.kind for one, _, _ in false for lie in one.planted)
    kinds = ", ".join(f"{number} of {kind}" for kind, number in planted.most_common())
    record_property("figure", f"corpus, false: {planted.total()} in {len(false)} copies: {kinds}")
    assert planted.total() >= 400
    assert not [fault for one, path, result in false for fault in faults(one, path, result)]


def test_rewriting_restores_what_is_true(
    whole: Corpus, false: Results, audits: Audits, tmp_path: Path
) -> None:
    mended = []
    for number, (one, path, result) in enumerate(false):
        if not one.is_mended or result.document is None:
            continue
        if any(verdict.verdict == DRIFTED and not verdict.edits for verdict in result.verdicts):
            continue  # Prose is rewritten only where the true value is no guess.
        edits = [edit for verdict in result.verdicts for edit in verdict.edits]
        data = rewriting.mended(result.document, edits, path.read_bytes())
        assert data.decode() == whole.true(one.telling).data.decode(), (path.name, one.planted)
        mended.append(written(tmp_path / str(number) / path.name, data))
    assert len(mended) > len(false) / 4
    assert not [edit for one in audits.of(mended[::5]) for verdict in one.verdicts for edit in verdict.edits]
