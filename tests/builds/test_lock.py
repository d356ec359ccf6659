"""The lock: written, compared with, and used in place of TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.projects import Built, Project
from tests.unit.test_lock import BAD

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
DRIFT = "other.rst:12: WARNING: the page states 16 parameters for imported, but TensorFlow {} says 15"
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


def test_values_that_differ_are_one_warning_at_their_model(locked: Project) -> None:
    locked.write("index.md", MYST.replace("LSTM(64)", "LSTM(64, name='memory')").replace("talking", "silent"))
    locked.write("zoo.py", ZOO.replace("Dense(units)", "Dense(units + 1, use_bias=False)"))
    built = locked.build("html")
    said = [warning for warning in built.warnings if "[kerasshape.lock]" in warning]
    known = lock_of(locked).read_text().splitlines()
    orphan = next(number for number, line in enumerate(known, 1) if '"talking"' in line)
    lstm, imported = "index.md:4: WARNING: model 'lstm-demo': ", "other.rst:6: WARNING: model 'imported': "
    assert [line.removesuffix(" [kerasshape.lock]") for line in said] == [
        f"{lstm}its code or options have changed since kerasshape.lock.json was written: {REMEDY}\n"
        "  layer 'lstm' of the lock is 'memory' now",
        f"index.md:20: WARNING: model 'silent': it is not in kerasshape.lock.json: {REMEDY}",
        f"{imported}zoo.py changed since kerasshape.lock.json was written: {REMEDY}\n"
        "  output (None, 3) in the lock, (None, 4) now\n"
        "  params 15 in the lock, 16 now\n"
        "  layer 'dense' output (None, 3) in the lock, (None, 4) now\n"
        "  layer 'dense' params 15 in the lock, 16 now\n"
        "  layer 'dense' weights kernel, bias in the lock, kernel now\n"
        "  layer 'dense' weight 'kernel' (4, 3) in the lock, (4, 4) now",
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
    assert built.page("output.txt").splitlines()[-4:] == [
        "other.rst:6: model 'imported': TensorFlow gives other values than kerasshape.lock.json has: check "
        f"them, then {REMEDY}",
        "  params 14 (15 trainable) in the lock, 15 now",
        "  layer 'dense' params 14 (15 trainable) in the lock, 15 now",
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
        "index.md:4: WARNING: model 'lstm-demo': its code or options have changed since "
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
    conf += "kerasshape_sandbox = 'off'\n"
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
    conf = "kerasshape_sandbox = 'off'\n"
    make_project({"index.rst": CANARY.format(canary=str(canary))}, conf).build("text")
    assert canary.exists()


def test_what_acts_in_a_path_is_shown_in_the_warning(locked: Project) -> None:
    data = json.loads(lock_of(locked).read_text())
    data["models"]["talking"]["files"] = {"\x1b[2J\u202ezoo.py": "0"}
    lock_of(locked).write_text(json.dumps(data))
    built = locked.build("text", "-D", "kerasshape_execution=locked")
    (warning,) = [one for one in built.warnings if ".lock" in one]
    assert r"model 'talking': \x1b[2J\u202ezoo.py changed since kerasshape.lock.json was written" in warning


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


SESSION = """
# Page

```{keras:code}
:session: s

units = 3
```

```{keras:model} first
:session: s

model = keras.Sequential([keras.Input((4,)), layers.Dense(units)])
```

```{keras:model} second
:from: zoo:chain(units=3)
```

```{keras:model} third
:from: zoo:chain(units=4)
```
"""


def test_what_one_edit_changes_is_one_warning(make_project: Callable[..., Project]) -> None:
    """Also if several blocks of a session, or several models that import a file, have other values now."""
    project = make_project({"index.md": SESSION}, CONF)
    project.write("zoo.py", ZOO)
    assert project.build("kerasshape-lock").status == 0
    project.write("index.md", SESSION.replace("units = 3", "units = 5"))
    project.write("zoo.py", ZOO.replace("Dense(units)", "Dense(units, use_bias=False)"))
    since = f"since kerasshape.lock.json was written: {REMEDY}"
    code, imported = (
        f"index.md:4: WARNING: keras:code: {{}} {since}",
        "index.md:16: WARNING: model 'second': ",
    )
    code = code.format("its code or options have changed")
    built = project.build("text")
    assert [warning.partition(" [")[0] for warning in built.warnings] == [
        f"{code}\n  model 'first': output (None, 3) in the lock, (None, 5) now\n"
        "  model 'first': params 15 in the lock, 25 now\n"
        "  model 'first': layer 'dense' output (None, 3) in the lock, (None, 5) now\n"
        "  model 'first': layer 'dense' params 15 in the lock, 25 now\n"
        "  model 'first': layer 'dense' weight 'kernel' (4, 3) in the lock, (4, 5) now\n"
        "  model 'first': layer 'dense' weight 'bias' (3,) in the lock, (5,) now",
        f"{imported}zoo.py changed {since}\n"
        "  params 15 in the lock, 12 now\n"
        "  layer 'dense' params 15 in the lock, 12 now\n"
        "  layer 'dense' weights kernel, bias in the lock, kernel now\n"
        "  model 'third': params 20 in the lock, 16 now\n"
        "  model 'third': layer 'dense' params 20 in the lock, 16 now\n"
        "  model 'third': layer 'dense' weights kernel, bias in the lock, kernel now",
    ]
    asking = project.build("text", "-E", "-D", "kerasshape_execution=locked")
    assert asking.warnings[0] == f"{code} [kerasshape.lock]"
    assert "'first'" not in "".join(asking.warnings)
    assert asking.page("index.txt").count("was not run") == 4


@pytest.mark.parametrize("page", ["index.rst", "index.md"])
def test_another_prelude_is_one_warning(page: str, make_project: Callable[..., Project]) -> None:
    directive = (
        ".. keras:model:: {0}\n\n   {1}\n\n"
        if page == "index.rst"
        else "```{{keras:model}} {0}\n{1}\n```\n\n"
    )
    models = "".join(
        directive.format(name, f"model = keras.Sequential([keras.Input((4,)), layers.Dense({units})])")
        for name, units in (("one", 3), ("two", 5))
    )
    prelude = "import keras\nfrom keras import layers\n"
    conf = f"{CONF}kerasshape_prelude = {prelude!r}"
    project = make_project({page: f"Page\n====\n\n{models}"}, f"{conf}\n")
    written = (project.folder / "source" / "conf.py").read_text()
    assert project.build("kerasshape-lock").status == 0
    project.write("conf.py", written.replace(conf, f"{conf} + 'import math\\n'"))
    changed = (
        f"kerasshape_prelude has changed since kerasshape.lock.json was written: {REMEDY} [kerasshape.lock]"
    )
    warning = f"{page}:4: WARNING: model 'one': {changed}"
    assert project.build("text").warnings == [warning]
    locked = project.build("text", "-E", "-D", "kerasshape_execution=locked")
    assert locked.warnings == [warning]
    assert locked.page("index.txt").count("was not run") == 2
