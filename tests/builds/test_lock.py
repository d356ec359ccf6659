"""The lock: written, compared with, and used in place of TensorFlow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sphinx_kerasshape.files import MAX_FILE_BYTES
from sphinx_kerasshape.files import digest as file_digest
from sphinx_kerasshape.messages.codec import decode, dumps, encode
from sphinx_kerasshape.messages.compact import compact, complete
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
from tests.support.projects import Built, Project

REMEDY = "run sphinx-build -b kerasshape-lock where TensorFlow is installed"
ZOO = """
import keras

def chain(units):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])
"""
MYST = """
# Page

```{keras:model} lstm-demo
:caption: A table
:show: code, table, totals, weights
:expect-output: (None, 1)

model = keras.Sequential([layers.Input((None, 50)), layers.LSTM(64), layers.Dense(1)])
```

It has {keras:params}`29,505 <lstm-demo>`, {keras:layer}`lstm-demo/lstm` has {keras:bytes}`lstm-demo/lstm`.

```{keras:model} wrong-size
:raises: ValueError

raise ValueError("no")
```

```{keras:model} talking
:show: code, output

print("said when it ran")
model = keras.Sequential([layers.Input((2,)), layers.Dense(2)])
```
"""
REST = """
Other
=====

.. keras:model:: imported
   :from: zoo:chain(units=3)

.. keras:model:: from-file
   :file: nets/net.py

A sentence that is not true: :keras:params:`16 <imported>`.
"""
DRIFT = "other.rst:12: WARNING: the page states params 16 for imported, but TensorFlow {} says 15"
PAGES = {"index.md": MYST, "other.rst": ":orphan:\n" + REST}
CONF = "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"


def make(make_project: Callable[..., Project]) -> Project:
    project = make_project(PAGES, CONF)
    project.write("zoo.py", ZOO)
    project.write("nets/net.py", "model = keras.Sequential([keras.Input((3,)), layers.Dense(5)])\n")
    return project


def lock_of(project: Project) -> Path:
    return project.folder / "source" / "kerasshape.lock.json"


def html(built: Built) -> dict[str, str]:
    return {str(path.relative_to(built.out)): path.read_text() for path in sorted(built.out.glob("*.html"))}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the option for an interpreter that has no TensorFlow, nor anything else."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    interpreter = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    return f"kerasshape_python={interpreter}"


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    return make(make_project)


@pytest.fixture(scope="module")
def with_tensorflow(project: Project) -> dict[str, str]:
    """Build the pages before there is any lock."""
    return html(project.build("html", "-n"))


@pytest.fixture(scope="module")
def written(project: Project, with_tensorflow: dict[str, str]) -> bytes:
    built = project.build("kerasshape-lock")
    assert built.status == 0
    assert "is written (5 models)" in built.said
    assert list(built.out.iterdir()) == []
    return lock_of(project).read_bytes()


@pytest.fixture
def locked(project: Project, written: bytes) -> Project:
    """Return the project as it was locked."""
    lock_of(project).write_bytes(written)
    for name, text in PAGES.items():
        project.write(name, text)
    project.write("zoo.py", ZOO)
    return project


def test_a_lock_can_be_read_in_a_review(written: bytes, project: Project) -> None:
    text = written.decode()
    data = json.loads(text)
    assert list(data) == ["schema", "versions", "models"]
    assert list(data["models"]) == ["from-file", "imported", "lstm-demo", "talking", "wrong-size"]
    assert list(data["models"]["imported"]["files"]) == ["zoo.py"]
    assert '          "outputs": [{"shape": [null, 1], "dtype": "float32", "name": "dense"}],\n' in text
    assert max(map(len, text.splitlines())) < 180
    assert text.endswith("}\n")
    assert str(project.folder) not in text


def test_a_lock_is_the_same_when_all_is_run_again(
    locked: Project, written: bytes, make_project: Callable[..., Project]
) -> None:
    built = locked.build("kerasshape-lock", "-E")
    assert "is unchanged (5 models)" in built.said
    elsewhere = make(make_project)
    elsewhere.build("kerasshape-lock")
    assert lock_of(elsewhere).read_bytes() == written


@pytest.mark.parametrize("how", ["bare", "kerasshape_execution=locked"])
def test_pages_are_the_same_without_tensorflow(
    how: str, bare: str, locked: Project, with_tensorflow: dict[str, str]
) -> None:
    option = bare if how == "bare" else how
    built = locked.build("html", "-nE", "-D", option)
    version = json.loads(lock_of(locked).read_text())["versions"]["tensorflow"]
    assert built.warnings == [DRIFT.format(version) + " [kerasshape.claim]"]
    assert "running models" not in built.said
    assert html(built) == with_tensorflow


def test_with_tensorflow_and_no_change_nothing_is_said_of_the_lock(locked: Project) -> None:
    assert [warning for warning in locked.build("html", "-E").warnings if ".lock" in warning] == []


def test_each_value_that_differs_is_said_at_its_model(locked: Project) -> None:
    locked.write("index.md", MYST.replace("LSTM(64)", "LSTM(64, name='memory')").replace("talking", "silent"))
    locked.write("zoo.py", ZOO.replace("Dense(units)", "Dense(units + 1, use_bias=False)"))
    built = locked.build("html")
    said = [warning for warning in built.warnings if "[kerasshape.lock]" in warning]
    known = lock_of(locked).read_text().splitlines()
    orphan = next(number for number, line in enumerate(known, 1) if '"talking"' in line)
    lstm, imported = "index.md:4: WARNING: model 'lstm-demo': ", "other.rst:6: WARNING: model 'imported': "
    assert [line.removesuffix(" [kerasshape.lock]") for line in said] == [
        f"{lstm}its code, options or prelude have changed since kerasshape.lock.json was written: {REMEDY}",
        f"{lstm}layer 'lstm' of the lock is 'memory' now",
        f"index.md:20: WARNING: model 'silent': it is not in kerasshape.lock.json: {REMEDY}",
        f"{imported}zoo.py changed since kerasshape.lock.json was written: {REMEDY}",
        f"{imported}output (None, 3) in the lock, (None, 4) now",
        f"{imported}params 15 in the lock, 16 now",
        f"{imported}layer 'dense' output (None, 3) in the lock, (None, 4) now",
        f"{imported}layer 'dense' params 15 in the lock, 16 now",
        f"{imported}layer 'dense' weights kernel, bias in the lock, kernel now",
        f"{imported}layer 'dense' weight 'kernel' (4, 3) in the lock, (4, 4) now",
        f"kerasshape.lock.json:{orphan}: WARNING: model 'talking' is in kerasshape.lock.json, "
        f"but on no page: {REMEDY}",
    ]
    assert built.status == 0


def test_a_check_fails_where_the_lock_differs(locked: Project) -> None:
    locked.write("other.rst", PAGES["other.rst"].replace("16", "15"))
    text = lock_of(locked).read_text()
    lock_of(locked).write_text(text.replace('"params": 15,', '"params": 14,'))
    built = locked.build("kerasshape-check", "-D", "kerasshape_check_cached=1")
    assert built.status == 1
    assert built.page("output.txt").splitlines()[-3:] == [
        "other.rst:6: model 'imported': params 14 (15 trainable) in the lock, 15 now",
        "other.rst:6: model 'imported': layer 'dense' params 14 (15 trainable) in the lock, 15 now",
        "5 models answered, 3 claims: 3 hold",
    ]


def test_a_check_without_tensorflow_asks_the_lock(bare: str, locked: Project) -> None:
    locked.write("other.rst", PAGES["other.rst"].replace("16", "15"))
    built = locked.build("kerasshape-check", "-W", "-D", bare)
    assert (built.warnings, built.status) == ([], 0)
    assert built.page("output.txt").splitlines()[-1] == "5 models from the lock, 3 claims: 3 hold"


def test_without_tensorflow_other_code_is_pointed_out(bare: str, locked: Project) -> None:
    locked.write("index.md", MYST.replace("LSTM(64)", "LSTM(65)").replace("talking", "silent"))
    locked.write("zoo.py", ZOO + "# more\n")
    built = locked.build("text", "-D", bare)
    assert [line.removesuffix(" [kerasshape.lock]") for line in built.warnings] == [
        "index.md:4: WARNING: model 'lstm-demo': its code, options or prelude have changed since "
        f"kerasshape.lock.json was written: {REMEDY}",
        f"index.md:20: WARNING: model 'silent': it is not in kerasshape.lock.json: {REMEDY}",
        "other.rst:6: WARNING: model 'imported': zoo.py changed since kerasshape.lock.json was written: "
        f"{REMEDY}",
    ]
    assert built.page("index.txt").count("This model was not run when this page was built.") == 2
    assert "(None, 5)" in built.page("other.txt")


def test_no_lock_is_written_without_all_answers(locked: Project, written: bytes) -> None:
    locked.write("index.md", MYST.replace("Dense(2)", "Dense(-2)"))
    built = locked.build("kerasshape-lock")
    assert built.status == 1
    assert built.warnings[-1] == (
        "WARNING: kerasshape.lock.json is not written: there is no answer for talking [kerasshape.lock]"
    )
    assert lock_of(locked).read_bytes() == written


@pytest.mark.parametrize("execution", ["locked", "off"])
def test_no_lock_is_written_where_nothing_is_run(execution: str, locked: Project, written: bytes) -> None:
    built = locked.build("kerasshape-lock", "-D", f"kerasshape_execution={execution}")
    assert built.status == 1
    assert f"kerasshape_execution is '{execution}'" in built.warnings[-1]
    assert lock_of(locked).read_bytes() == written


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


@pytest.mark.parametrize("name", ["conflict", "newer"])
def test_a_bad_lock_is_told_once_and_never_overwritten(name: str, locked: Project) -> None:
    text, line, message = BAD[name]
    lock_of(locked).write_text(text)
    start = f"kerasshape.lock.json:{line}: WARNING: {message}"
    asking = locked.build("text", "-D", "kerasshape_execution=locked")
    assert [warning[: len(start)] for warning in asking.warnings] == [start]
    assert asking.warnings[0].endswith(f"(to start over: delete it, and {REMEDY}) [kerasshape.lock]")
    assert "This model was not run" in asking.page("other.txt")
    writing = locked.build("kerasshape-lock")
    assert writing.status == 1
    (warning,) = [one for one in writing.warnings if ".lock]" in one]
    assert warning.startswith(start)
    assert "it is not overwritten: delete it, and run this builder again" in warning
    assert lock_of(locked).read_text() == text


def test_without_tensorflow_and_lock_one_message_says_what_to_install(
    bare: str, make_project: Callable[..., Project]
) -> None:
    built = make(make_project).build("text", "-n", "-D", bare)
    assert built.warnings == [
        f"index.md:4: WARNING: TensorFlow is not installed for {bare.partition('=')[2]} (kerasshape_python), "
        "so no model can run: run pip install 'sphinx-kerasshape[tensorflow-cpu]', or commit a "
        "kerasshape.lock.json that was written where TensorFlow is installed "
        "(sphinx-build -b kerasshape-lock) [kerasshape.tensorflow]"
    ]
    text = built.page("other.txt")
    assert "model = chain(units=3)" in text
    assert "This model was not run when this page was built." in text


CANARY = """
Page
====

.. keras:model:: body

   open({canary!r}, "a").write("body")

.. keras:model:: imported
   :from: trap:make()

.. keras:model:: from-file
   :file: net.py

:keras:params:`7 <body>` and :keras:shape:`body.output` and :keras:layer:`body/dense`
"""


@pytest.mark.parametrize("execution", ["off", "locked", "Off"])
def test_off_and_locked_execute_nothing(
    execution: str, tmp_path: Path, make_project: Callable[..., Project]
) -> None:
    canary = tmp_path / "canary"
    cry = f"open({str(canary)!r}, 'a').write('cry')\n"
    conf = f"{CONF}kerasshape_execution = {execution!r}\nkerasshape_prelude = {cry!r}\n"
    project = make_project({"index.rst": CANARY.format(canary=str(canary))}, conf)
    project.write("trap.py", cry + "def make(): ...\n")
    project.write("net.py", cry)
    project.write("python", f"#!/bin/sh\necho cry > {canary}\n").chmod(0o755)
    interpreter = f"kerasshape_python={project.folder / 'source' / 'python'}"
    built = project.build("text", "-n", "-j2", "-D", interpreter)
    assert not canary.exists()
    assert built.page("index.txt").count("This model was not run when this page was built.") == 3
    if execution == "off":
        assert built.warnings == []
    else:
        assert len(built.warnings) == 1
    project.build("kerasshape-check", "-D", interpreter)
    project.build("kerasshape-lock", "-D", interpreter)
    assert not canary.exists()


def test_the_canary_does_cry(tmp_path: Path, make_project: Callable[..., Project]) -> None:
    canary = tmp_path / "canary"
    make_project({"index.rst": CANARY.format(canary=str(canary))}).build("text")
    assert canary.exists()


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
def test_compact_data_is_completed_to_the_same(value: Report) -> None:
    assert complete(Report, compact(value)) == encode(value)


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


def test_a_file_without_a_digest_is_always_a_change(tmp_path: Path) -> None:
    data = json.loads(lock.to_bytes({"a": (Request("code"), report(FIRST))}, Versions("3"), tmp_path))
    data["models"]["a"]["files"] = {"gone.py": ""}
    (tmp_path / "lock").write_text(json.dumps(data))
    known = lock.read(tmp_path / "lock")
    assert known is not None
    assert known.models["a"].changed_files(tmp_path) == ["gone.py"]


def test_what_acts_in_a_path_is_shown_in_the_warning(locked: Project) -> None:
    data = json.loads(lock_of(locked).read_text())
    data["models"]["talking"]["files"] = {"\x1b[2J\u202ezoo.py": "0"}
    lock_of(locked).write_text(json.dumps(data))
    built = locked.build("text", "-D", "kerasshape_execution=locked")
    (warning,) = [one for one in built.warnings if ".lock" in one]
    assert r"model 'talking': \x1b[2J\u202ezoo.py changed since kerasshape.lock.json was written" in warning


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


def test_warnings_are_few_and_short_whatever_is_in_the_lock(locked: Project) -> None:
    data = json.loads(lock_of(locked).read_text())
    imported = data["models"]["imported"]
    data["models"] |= {"\x1b" + "z" * 1_000_000 + str(number): imported.copy() for number in range(15)}
    imported["files"] = {f"{number}{'x' * 2000}.py": "0" for number in range(5000)}
    lock_of(locked).write_text(json.dumps(data))
    built = locked.build("text")
    said = [one for one in built.warnings if ".lock" in one]
    assert sum("but on no page" in one for one in said) == 10, [one[:300] for one in said]
    assert "but on no page; so are 5 more: " in said[-1]
    assert any("and 4,992 more changed since kerasshape.lock.json" in one for one in said)
    assert max(map(len, said)) < 1500
    data["models"]["\x1b" + "z" * 1_000_000] = 7
    lock_of(locked).write_text(json.dumps(data))
    (warning,) = [one for one in locked.build("text").warnings if ".lock" in one]
    assert len(warning) < 600
    assert "\x1b" not in warning


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
