"""Locks: read, refused with their line, and compared with answers."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from sphinx_kerasshape.files import MAX_FILE_BYTES
from sphinx_kerasshape.files import digest as file_digest
from sphinx_kerasshape.messages.codec import compact, decode, dumps
from sphinx_kerasshape.messages.report import (
    Error,
    LayerCall,
    LayerRow,
    Model,
    Report,
    Source,
    TensorSpec,
    Versions,
    Weight,
)
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.pages.domain import layer_anchors
from sphinx_kerasshape.store import lock
from sphinx_kerasshape.store.lock import BadLock
from sphinx_kerasshape.store.lock_diff import differences
from tests.support import work

BAD = {
    "no JSON": (
        '{\n  "schema": 1,\n  oops\n',
        3,
        "kerasshape.lock.json is not JSON: Expecting property name",
    ),
    "conflict": (
        '{\n<<<<<<< HEAD\n  "schema": 1,\n=======\n>>>>>>> other\n}\n',
        2,
        "kerasshape.lock.json has the markers of a merge conflict: resolve it",
    ),
    "newer": (
        '{"schema": 99}',
        1,
        "kerasshape.lock.json was written by a newer sphinx-kerasshape (schema 99): update yours",
    ),
    "no lock": ("[1, 2]", 1, "kerasshape.lock.json is not a lock of sphinx-kerasshape"),
    "layout": (
        '{\n  "schema": 1,\n  "versions": {"python": "", "tensorflow": "", "keras": "", "backend": ""},\n'
        '  "models": {\n    "a": {\n      "code": "", "files": {}, "report": {"model": 7}}}}',
        5,
        "kerasshape.lock.json is not a lock of this sphinx-kerasshape: wrong layout in the model 'a' "
        "(expected the fields of Model)",
    ),
    "deep": ("[" * 100_000, 1, "kerasshape.lock.json is nested too deeply to be a lock"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_lock_is_refused_with_its_line(name: str, tmp_path: Path) -> None:
    text, line, message = BAD[name]
    path = tmp_path / "kerasshape.lock.json"
    path.write_text(text)
    with pytest.raises(BadLock) as bad:
        lock.read(path)
    assert str(bad.value).startswith(message)
    assert bad.value.line == line


def row(name: str, size: int, source: str) -> LayerRow:
    call = LayerCall((TensorSpec((None, 4), "float32"),), (TensorSpec((None, size), "float32"),), (source,))
    kernel = Weight("kernel", f"{name}/kernel", (4, size), "float32", trainable=True)
    return LayerRow(name, "Dense", 0, (call,), 4 * size, 4 * size, 16 * size, (kernel,))


def report(*rows: LayerRow, **more: object) -> Report:
    ends = (TensorSpec((None, 4), "float32", "x"),), (TensorSpec((None, 4), "float32", "y"),)
    model = Model("m", "Sequential", True, *ends, rows, 32, 32, 0, 128)
    return Report(model._replace(**more))  # type: ignore[arg-type]


FIRST, SECOND = row("first", 4, "x"), row("second", 4, "first")


def test_swapped_layers_of_equal_totals_are_found() -> None:
    swapped = report(row("second", 4, "x"), row("first", 4, "second"))
    assert differences(report(FIRST, SECOND), swapped) == [
        "the order of layers is first, second in the lock; second, first now",
        "layer 'first' connected to x in the lock, second now",
        "layer 'second' connected to first in the lock, x now",
    ]


def test_shifted_names_are_renamed_layers() -> None:
    """As Keras' own counting shifts them, when a model before this one goes."""
    then = report(row("dense_1", 4, "x"), row("dense_2", 4, "dense_1"))
    now = report(row("dense", 4, "x"), row("dense_1", 4, "dense"))
    assert differences(then, now) == [
        "layer 'dense_1' of the lock is 'dense' now",
        "layer 'dense_2' of the lock is 'dense_1' now",
    ]


def test_a_renamed_model_inside_is_said_once() -> None:
    def nested(name: str) -> Report:
        inner = row(name, 4, "x")._replace(weights=(), type="Functional")
        return report(inner, row("a", 4, "x")._replace(depth=1), row("b", 4, "a")._replace(depth=1))

    assert differences(nested("old"), nested("new")) == ["layer 'old' of the lock is 'new' now"]


@pytest.mark.parametrize(
    ("now", "lines"),
    [
        (report(FIRST, SECOND), []),
        (report(FIRST), ["layer 'second' is in the lock, but no longer in the model"]),
        (report(FIRST, SECOND, trainable=0), ["params 32 in the lock, 32 (0 trainable) now"]),
        (report(FIRST, SECOND, type="Functional"), ["type Sequential in the lock, Functional now"]),
        (
            report(FIRST, SECOND, inputs=(TensorSpec((None, 4), "int32"),)),
            ["input dtype float32 in the lock, int32 now"],
        ),
        (
            report(FIRST, SECOND._replace(weights=())),
            [
                "layer 'second' weights kernel in the lock, none now",
            ],
        ),
        (
            Report(error=Error("ValueError", "no\nmore of it")),
            ["error none in the lock, ValueError: no now"],
        ),
    ],
)
def test_differences(now: Report, lines: list[str]) -> None:
    assert differences(report(FIRST, SECOND), now) == lines


@pytest.mark.parametrize(
    "value", [report(FIRST, SECOND), Report(error=Error("E", "m"), output="é\n"), Report()]
)
def test_compact_data_is_decoded_to_the_same(value: Report) -> None:
    assert decode(Report, compact(value)) == value


def test_a_digest_is_the_same_in_every_checkout() -> None:
    one = lock.code_digest(Request("code", origin="/a/docs/net.py"), Path("/a/docs"))
    other = lock.code_digest(Request("code", origin="/b/docs/net.py"), Path("/b/docs"))
    assert one == other
    assert one != lock.code_digest(Request("code", origin="/a/docs/other.py"), Path("/a/docs"))


def test_ends_of_lines_are_no_change(tmp_path: Path) -> None:
    zoo = tmp_path / "zoo.py"
    zoo.write_bytes(b"a\nb\n")
    request = Request("code")
    answer = report(FIRST)._replace(sources=(Source("file", str(zoo), file_digest(zoo)),))
    (tmp_path / "lock").write_bytes(lock.to_bytes({"a": (request, answer)}, Versions("3"), tmp_path))
    known = lock.read(tmp_path / "lock")
    assert known is not None
    assert known.models["a"].report == answer._replace(versions=Versions("3"), sources=())
    (tmp_path / "zoo.py").write_bytes(b"a\r\nb\r\n")
    assert known.models["a"].answers(request, tmp_path)
    (tmp_path / "zoo.py").write_bytes(b"a\nc\n")
    assert known.models["a"].changed_files(tmp_path) == ["zoo.py"]


def test_a_file_that_changed_since_it_was_run_is_a_change(tmp_path: Path) -> None:
    zoo = tmp_path / "zoo.py"
    zoo.write_text("as it was run")
    answer = report(FIRST)._replace(sources=(Source("file", str(zoo), file_digest(zoo)),))
    zoo.write_text("as it is when the lock is written")
    request = Request("code")
    (tmp_path / "lock").write_bytes(lock.to_bytes({"a": (request, answer)}, Versions("3"), tmp_path))
    known = lock.read(tmp_path / "lock")
    assert known is not None
    assert known.models["a"].changed_files(tmp_path) == ["zoo.py"]


def test_a_file_without_a_digest_is_always_a_change(tmp_path: Path) -> None:
    data = json.loads(lock.to_bytes({"a": (Request("code"), report(FIRST))}, Versions("3"), tmp_path))
    data["models"]["a"]["files"] = {"gone.py": ""}
    (tmp_path / "lock").write_text(json.dumps(data))
    known = lock.read(tmp_path / "lock")
    assert known is not None
    assert known.models["a"].changed_files(tmp_path) == ["gone.py"]


def test_a_lock_of_absurd_size_is_bad(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(BadLock, match="can't be read: it has more than 128 MB"):
        lock.read(tmp_path / "lock")


def test_a_lock_that_is_a_folder_or_no_text_is_bad(tmp_path: Path) -> None:
    with pytest.raises(BadLock, match="can't be read"):
        lock.read(tmp_path)
    (tmp_path / "lock").write_bytes(b"\xff\xfe")
    with pytest.raises(BadLock, match="can't be read"):
        lock.read(tmp_path / "lock")
    assert lock.read(tmp_path / "none") is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_a_lock_or_a_file_of_it_that_has_no_end_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "zero").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    for name in ("zero", "pipe"):
        with pytest.raises(BadLock, match=f"{name} can't be read: it is not a regular file"):
            lock.read(tmp_path / name)
    data = json.loads(lock.to_bytes({"a": (Request("code"), report(FIRST))}, Versions("3"), tmp_path))
    data["models"]["a"]["files"] = {"zero": "0", "pipe": "0", "/proc/kcore": "0", ".": "0"}
    (tmp_path / "lock").write_text(json.dumps(data))
    known = lock.read(tmp_path / "lock")
    assert known is not None
    assert known.models["a"].changed_files(tmp_path) == ["zero", "pipe", "/proc/kcore", "."]


def test_messages_are_short_whatever_is_in_the_lock(tmp_path: Path) -> None:
    long = "x" * 1000
    sources = tuple(f"{long[:990]}{number}" for number in range(20_000))
    call = LayerCall((), (TensorSpec((None, 4), "float32", long),) * 2000, sources)
    wide = FIRST._replace(name=long, calls=(call,))
    other = wide._replace(calls=(call._replace(sources=(*sources[:-1], "y"), outputs=call.outputs[:-1]),))
    lines = differences(report(wide, SECOND), report(other, SECOND))
    assert [line[:6] for line in lines] == ["layer "] * 2
    assert all("…" in line.partition(" in the lock, ")[2] for line in lines)
    assert lines[0].endswith("(None, 4), (None, 4) now")
    assert lines[1].endswith("19998, y now")
    many = [row(f"{long[:990]}{number}", 4, "x") for number in range(300)]
    lines += differences(report(*many), report(*reversed(many)))
    assert max(map(len, lines)) < 2500
    assert sum(len(line) > 600 for line in lines) == 1  # the order of layers, which names eight of each


def anchors(layers: list[str]) -> dict[str, str]:
    return dict(layer_anchors("m", tuple(layers)))


def test_no_two_layers_have_one_anchor() -> None:
    assert anchors(["a", "a-2", "A"]) == {"a": "m--a", "a-2": "m--a-2", "A": "m--a-3"}
    # "a" and "Å" have the same letter, the last two have none.
    assert list(anchors(["a", "A", "a-1", "Å", "層", "−"]).values()) == [
        *("m--a", "m--a-1", "m--a-1-2", "m--a-3", "m---4", "m---5")
    ]

    def find(count: int) -> None:
        tricky = [f"a-{number}" for number in range(count, 2 * count)] + [
            f"a{chr(33) * n}" for n in range(count)
        ]
        layer_anchors.cache_clear()
        assert len(set(anchors(tricky).values())) == 2 * count

    assert work.growth(find, 200) < work.LINEAR


ODD = ["a\tb", "a\u200bb", "a\u202eb", "a\u2028b", "a\x1bb", "a\x85b", "a\\b", "a\udcffb", "a\U000e0041b"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere not all names are possible")
@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_files_in_folders_of_any_name_are_found(name: str, tmp_path: Path) -> None:
    zoo = tmp_path / name / "zoo.py"
    zoo.parent.mkdir()
    zoo.write_text("one")
    sources = (Source("file", str(zoo), file_digest(zoo)),)
    # As the process that ran the code says it.
    answer = decode(Report, json.loads(dumps(report(FIRST)._replace(sources=sources))))
    request = Request("code")
    for root in (tmp_path, zoo.parent):
        zoo.write_text("one")
        written = lock.to_bytes({name: (request, answer)}, Versions("3"), root)
        assert all(line.isprintable() for line in written.decode().split("\n"))
        (tmp_path / "lock").write_bytes(written)
        known = lock.read(tmp_path / "lock")
        assert known is not None
        assert known.models[name].line == 5
        assert known.models[name].answers(request, root)
        zoo.write_text("two")
        assert known.models[name].changed_files(root) == [str(zoo.relative_to(root))]
