"""What is kept in the cache, and when it does not count any more."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from sphinx_kerasshape.files import digest as file_digest
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.protocol import Stopped
from sphinx_kerasshape.messages.report import (
    CodeWarning,
    Error,
    Failure,
    Frame,
    PieceFailure,
    Report,
    Source,
    Versions,
)
from sphinx_kerasshape.messages.request import Piece, Request
from sphinx_kerasshape.messages.result import Result
from sphinx_kerasshape.run.runner import Runner
from sphinx_kerasshape.run.worker_process import Run, Worker
from sphinx_kerasshape.store.cache import Cache, RunEnvironment
from sphinx_kerasshape.store.page_fingerprints import PageFingerprints

VERSIONS = Versions("3.12.1", "2.21.0", "3.15.0", "tensorflow")
NOW = RunEnvironment(VERSIONS, (("MODE", "fast"),), {"bricks": "1.0"}.get)
REQUEST = Request("keras.Sequential()")
REPORT = Report(error=Error("ValueError", "no"), versions=VERSIONS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def cache(folder: Path, now: RunEnvironment = NOW) -> Cache:
    return Cache(folder, now, folder.parent)


def stored(folder: Path, report: Report = REPORT) -> Path:
    """Store a report, and return its file."""
    cache(folder).store(REQUEST, report)
    (path,) = folder.rglob("*.json")
    return path


def found(folder: Path, request: Request = REQUEST, now: RunEnvironment = NOW) -> Result | None:
    return cache(folder, now).find(request)


def test_a_report_is_found_again(folder: Path) -> None:
    stored(folder)
    result = found(folder)
    assert result is not None
    assert result.answer == REPORT
    assert result.failure is None
    assert result.fingerprint == Result.of(REPORT).fingerprint


def test_the_warnings_of_a_report_are_known_without_reading_it(folder: Path) -> None:
    warning = CodeWarning("UserWarning", "say so", Frame("", 3, "", "make()", block=1))
    stored(folder, REPORT._replace(warnings=(warning,)))
    result = found(folder)
    assert result is not None
    assert result.warnings == (warning,)
    assert "answer" not in vars(result)
    assert result.answer.warnings == (warning,)
    assert result.fingerprint == Result.of(REPORT).fingerprint


def test_the_same_report_stored_twice_is_one_file(folder: Path) -> None:
    assert stored(folder) == stored(folder)
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"code": "keras.Sequential([])"},
        {"prelude": "import keras"},
        {"origin": "model.py"},
        {"model": "encoder"},
        {"raises": "ValueError"},
        {"weights": "real"},
        {"pieces": (Piece("1"),)},
    ],
    ids=str,
)
def test_another_request_is_not_found(change: dict[str, Any], folder: Path) -> None:
    stored(folder)
    assert found(folder, REQUEST._replace(**change)) is None


@pytest.mark.parametrize("package", ["python", "tensorflow", "keras", "backend"])
def test_with_another_version_nothing_is_found(package: str, folder: Path) -> None:
    stored(folder)
    newer = VERSIONS._replace(**{package: "99"})
    assert found(folder, now=NOW._replace(versions=newer)) is None
    assert found(folder) is not None


@pytest.mark.parametrize("variables", [(), (("MODE", "slow"),), (("MODE", "fast"), ("MORE", ""))])
def test_with_other_variables_nothing_is_found(variables: tuple[tuple[str, str], ...], folder: Path) -> None:
    stored(folder)
    assert found(folder, now=NOW._replace(variables=variables)) is None


SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "no-body": lambda data: data.partition(b"\n")[0],
    "cut": lambda data: data[:-1],
    "cut-head": lambda data: data[:40],
    "longer": lambda data: data + b" ",
    "binary": lambda _: b"\xff\xfe\x00",
    "list": lambda _: b"[]\n[]",
    "number": lambda _: b"1\n1",
    "null": lambda _: b"null\nnull",
    "no-fields": lambda _: b"{}\n{}",
    "no-sources": lambda data: data.replace(b'"sources":[]', b'"sources":7', 1),
    "odd-sources": lambda data: data.replace(b'"sources":[]', b'"sources":[{}]', 1),
    "no-imports": lambda data: data.replace(b'"imports":{}', b'"imports":7', 1),
    "odd-imports": lambda data: data.replace(b'"imports":{}', b'"imports":{"a":7}', 1),
    "odd-fingerprint": lambda data: data.replace(b'"fingerprint":"', b'"fingerprint":7,"x":"', 1),
    "other-schema": lambda data: data.replace(b'"schema":', b'"schema":9', 1),
    "other-checksum": lambda data: re.sub(rb'"body":"..', b'"body":"zz', data),
    "other-body": lambda data: data.replace(b"ValueError", b"ValueErr0r"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_entry_is_no_entry(kind: str, folder: Path) -> None:
    path = stored(folder)
    data = path.read_bytes()
    path.write_bytes(SPOILT[kind](data))
    assert path.read_bytes() != data
    assert found(folder) is None
    stored(folder)
    assert found(folder) is not None


@pytest.mark.parametrize("body", [b'{"model": 7}', b"7", b"", b"[" * 100_000, b'{"modell": null}', b"\xff"])
def test_an_entry_of_right_digest_that_is_no_report_is_never_an_answer(body: bytes, folder: Path) -> None:
    path = stored(folder)
    head = json.loads(path.read_bytes().partition(b"\n")[0]) | {"body": hashlib.sha256(body).hexdigest()}
    path.write_bytes(json.dumps(head).encode() + b"\n" + body)
    forged = found(folder)
    assert forged is not None
    assert forged.failure is None  # nobody has read it yet
    assert forged.answer == forged.failure
    assert forged.failure.message == f"the stored answer can't be read: delete {folder} and build again"
    runner = Runner(cache(folder), lambda: cast("Worker", None), timeout=9)
    assert not runner.is_known(REQUEST)


def test_an_entry_in_another_ones_place_is_no_entry(folder: Path) -> None:
    first = stored(folder)
    data = first.read_bytes()
    first.unlink()
    other = REQUEST._replace(code="keras.Sequential([keras.Input((3,))])")
    cache(folder).store(other, REPORT._replace(output="other"))
    (second,) = folder.rglob("*.json")
    second.write_bytes(data)
    assert found(folder, other) is None


def test_a_folder_in_its_place_is_no_entry(folder: Path) -> None:
    path = stored(folder)
    path.unlink()
    path.mkdir()
    assert found(folder) is None


def test_an_entry_holds_as_long_as_its_files_do(folder: Path, tmp_path: Path) -> None:
    module = tmp_path / "bricks.py"
    module.write_text("units = 3")
    stored(folder, REPORT._replace(sources=(Source("file", str(module), file_digest(module)),)))
    assert found(folder) is not None
    module.write_text("units = 4")
    assert found(folder) is None
    module.write_text("units = 3")
    assert found(folder) is not None
    module.unlink()
    assert found(folder) is None


@pytest.mark.parametrize("name", ["a\tb.py", "a\u200bb.py", "a\u202eb.py", "a\u2028b.py"], ids=ascii)
def test_files_of_any_name_are_found(name: str, folder: Path, tmp_path: Path) -> None:
    module = tmp_path / name
    module.write_text("units = 3")
    stored(folder, REPORT._replace(sources=(Source("file", str(module), file_digest(module)),)))
    assert found(folder) is not None
    module.write_text("units = 4")
    assert found(folder) is None


def test_a_file_that_never_could_be_read_holds_nothing(folder: Path, tmp_path: Path) -> None:
    stored(folder, REPORT._replace(sources=(Source("file", str(tmp_path / "gone.py"), ""),)))
    assert found(folder) is None


def test_a_copy_of_a_project_looks_at_its_own_files(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "bricks.py").write_text("units = 3")
    digest = file_digest(old / "bricks.py")
    stored(old / "cache", REPORT._replace(sources=(Source("file", str(old / "bricks.py"), digest),)))
    new = tmp_path / "new"
    shutil.copytree(old, new)
    (old / "bricks.py").unlink()
    assert found(new / "cache") is not None
    (new / "bricks.py").write_text("units = 4")
    assert found(new / "cache") is None


def test_an_entry_holds_as_long_as_its_packages_do(folder: Path) -> None:
    stored(folder, REPORT._replace(sources=(Source("package", "bricks", "1.0"),)))
    assert found(folder) is not None
    assert found(folder, now=NOW._replace(installed={"bricks": "1.1"}.get)) is None
    assert found(folder, now=NOW._replace(installed={}.get)) is None


def test_an_entry_holds_as_long_as_what_it_misses_is_not_there(folder: Path, tmp_path: Path) -> None:
    failure = PieceFailure(0, "package", Failure(Problem.CODE, "the package nets is not here"), 0, "nets")
    modules = NOW._replace(installed=lambda _: "", folders=(str(tmp_path),))
    report = REPORT._replace(failed=(failure,), sources=(Source("package", "nets", ""),))
    cache(folder, modules).store(REQUEST, report)
    assert found(folder, now=modules) is not None
    assert found(folder, now=modules._replace(installed=lambda _: "1.0")) is None
    (tmp_path / "nets.py").touch()
    assert found(folder, now=modules) is None


def test_a_folder_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    lost = cache(tmp_path / "file" / "cache")
    assert lost.problem == ""
    lost.store(REQUEST, REPORT)
    assert lost.problem == f"{tmp_path / 'file' / 'cache'}: Not a directory"
    assert lost.find(REQUEST) is None


def test_nothing_is_left_of_a_write_that_fails(folder: Path) -> None:
    path = stored(folder)
    path.unlink()
    path.mkdir()
    lost = cache(folder)
    lost.store(REQUEST, REPORT)
    assert lost.problem
    assert list(path.parent.iterdir()) == [path]


def test_shown_pages_are_those_of_the_last_build(folder: Path) -> None:
    shown = PageFingerprints(folder, "html:/out")
    assert shown.changed({"a": "1", "b": "2"}) == ["a", "b"]
    shown.save({"a": "1", "b": "2"})
    assert PageFingerprints(folder, "html:/out").changed({"a": "1", "b": "3", "c": "4"}) == ["b", "c"]
    assert PageFingerprints(folder, "text:/out").changed({"a": "1"}) == ["a"]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"[1]", b"7", b"null", b'"text"', b"\xff", b'[["a"]]'])
def test_spoilt_shown_pages_are_written_anew(data: bytes, folder: Path) -> None:
    shown = PageFingerprints(folder, "html:/out")
    shown.save({"a": "1"})
    (path,) = folder.iterdir()
    path.write_bytes(data)
    shown = PageFingerprints(folder, "html:/out")
    assert shown.changed({"a": "1"}) == ["a"]
    shown.save({"a": "1"})
    assert PageFingerprints(folder, "html:/out").changed({"a": "1"}) == []


def test_shown_pages_that_cannot_be_kept_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    shown = PageFingerprints(tmp_path / "file", "html:/out")
    shown.save({"a": "1"})
    assert PageFingerprints(tmp_path / "file", "html:/out").changed({"a": "1"}) == ["a"]
    assert (tmp_path / "file").read_text() == "in the way"


class Fails:
    """A worker in whose hands all code fails."""

    def run(self, runs: Sequence[Run]) -> Iterator[Stopped]:
        for run in runs:
            yield Stopped(run.id, 0.1, 0, (), Failure(Problem.CODE, "no"))


def test_a_failure_is_not_kept(folder: Path) -> None:
    runner = Runner(cache(folder), lambda: cast("Worker", Fails()), timeout=9)
    results = runner.results([REQUEST], lambda requests, _count: requests)
    assert results[REQUEST].failure == Failure(Problem.CODE, "no")
    assert not folder.exists()
