"""``keras:summary``: pasted tables are checked, counted and rewritten; what is no table is said once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.support.projects import DEADLINE, Built, Project

MODELS = """\
Models
======

.. keras:model:: small

   a = keras.Input((3,), name="a")
   b = layers.Dense(5, name="b")(a)
   c = layers.ReLU(name="c")(b)
   keras.Model(a, layers.Add(name="d")([b, c]))

.. keras:model:: v1.5

   keras.Sequential([keras.Input((3,)), layers.Dense(5)])
"""
ERRORS = """
.. keras:model:: failed

   1 / 0

.. keras:model:: error
   :raises: ZeroDivisionError

   1 / 0
"""
TABLE = """\
 Layer (type)         Output Shape       Param #  Connected to
===============================================================
 a (InputLayer)       [(None, 3)]        0

 b (Dense)            (None, 5)          20       a[0][0]

 c (ReLU)             (None, 5)          0        b[0][0]

 d (Add)              (None, 5)          0        b[0][0]
                                                  c[0][0]
===============================================================
Total params: 20 (80.00 B)
Trainable params: 20 (80.00 B)
Non-trainable params: 0 (0.00 B)
"""
SHORT = """\
 Layer (type)         Output Shape       Param #
===================================================
 dense_7 (Dense)      (None, 5)          20
===================================================
Total params: 20
"""
FALSE = TABLE.replace("(None, 5)          20 ", "(None, 55)         21 ").replace(": 20 (80", ": 21 (84")


def indented(text: str, margin: str = "   ") -> str:
    return "".join(f"{margin}{line}" if line.strip() else line for line in text.splitlines(keepends=True))


def md(model: str, body: str = "") -> str:
    return f"```{{keras:summary}} {model}\n{body}```\n"


def rst(model: str, body: str = "") -> str:
    return f".. keras:summary:: {model}\n\n{indented(body)}\n"


def locations(built: Built) -> list[str]:
    return [warning.partition(": ")[0] for warning in built.warnings]


def says(built: Built, page: str) -> list[str]:
    """Return the messages at a page, as ``LINE: TEXT``."""
    found = [warning.removeprefix(f"{page}:") for warning in built.warnings if warning.startswith(page)]
    return [re.sub(r"TensorFlow \d[\w.]*", "TensorFlow VERSION", text) for text in found]


@pytest.fixture(scope="module")
def true(make_project: Callable[..., Project]) -> Project:
    pages = {
        "a.md": f"# A\n\n{md('small', TABLE)}\n{md('v1.5', SHORT)}\n{md('small')}",
        "b.rst": f"B\n=\n\n{rst('small', TABLE)}\n{rst('v1.5')}",
        "models.rst": MODELS,
    }
    return make_project(pages)


def test_true_summaries_hold_row_by_row(true: Project) -> None:
    checked = true.build("kerasshape-check", "-nW")
    assert (checked.status, checked.warnings) == (0, [])
    assert checked.page("output.txt").splitlines() == [
        "a.md:6: a (InputLayer)  [(None, 3)]  0 <small> holds",
        "a.md:8: b (Dense)  (None, 5)  20 <small> holds",
        "a.md:10: c (ReLU)  (None, 5)  0 <small> holds",
        "a.md:12: d (Add)  (None, 5)  0 <small> holds",
        "a.md:15: Total params: 20 (80.00 B) <small> holds",
        "a.md:16: Trainable params: 20 (80.00 B) <small> holds",
        "a.md:17: Non-trainable params: 0 (0.00 B) <small> holds",
        'a.md:23: dense_7 (Dense)  (None, 5)  20 <"v1.5"> holds',
        'a.md:25: Total params: 20 <"v1.5"> holds',
        "b.rst:8: a (InputLayer)  [(None, 3)]  0 <small> holds",
        "b.rst:10: b (Dense)  (None, 5)  20 <small> holds",
        "b.rst:12: c (ReLU)  (None, 5)  0 <small> holds",
        "b.rst:14: d (Add)  (None, 5)  0 <small> holds",
        "b.rst:17: Total params: 20 (80.00 B) <small> holds",
        "b.rst:18: Trainable params: 20 (80.00 B) <small> holds",
        "b.rst:19: Non-trainable params: 0 (0.00 B) <small> holds",
        "2 models ran, 16 claims: 16 hold",
    ]


def test_tables_have_no_anchors_of_their_own(true: Project) -> None:
    """Two tables of a model on one page, and that on the model's own, have no id in common."""
    page = true.build("html", "-nW").page("a.html")
    assert page.count("<table") == 3
    assert 'id="keras-model' not in page
    assert "Link to this model" not in page


def test_the_order_and_the_connections_are_checked(make_project: Callable[..., Project]) -> None:
    lines = TABLE.splitlines(keepends=True)
    swapped = "".join([*lines[:4], lines[6], lines[5], lines[4], *lines[7:]])
    crossed = TABLE.replace("b[0][0]", "a[0][0]", 1)
    text = f"# A\n\n{md('small', crossed)}\n{md('small', swapped)}"
    built = make_project({"a.md": text, "models.rst": MODELS}).build("text")
    first, *others = locations(built)
    assert first == "a.md:10"
    assert "connected to" in built.warnings[0]
    assert others
    assert set(others) <= {"a.md:25", "a.md:27", "a.md:29"}


def test_report_json_has_rows_and_a_failed_model_leaves_them_unchecked(
    make_project: Callable[..., Project],
) -> None:
    text = f"# A\n\n{md('small', FALSE)}\n{md('failed', SHORT)}"
    project = make_project({"a.md": text, "models.rst": MODELS + ERRORS})
    checked = project.build("kerasshape-check")
    assert locations(checked) == ["models.rst:17", "a.md:8", "a.md:15", "a.md:16"]
    data = json.loads(checked.page("report.json"))
    assert data["claims"][1] == {
        "kind": "summary",
        "target": "small",
        "stated": "b (Dense)  (None, 55)  21",
        "actual": "b (Dense)  (None, 5)  20",
        "holds": False,
        "reason": "its output is (None, 5); its number of params is 20",
        "location": "a.md:8",
    }
    assert [claim["holds"] for claim in data["claims"]] == [
        True,
        False,
        *[True] * 2,
        False,
        False,
        True,
        None,
        None,
    ]
    lines = checked.page("output.txt").splitlines()
    assert lines[7:9] == [
        "a.md:23: dense_7 (Dense)  (None, 5)  20 <failed> not checked",
        "a.md:25: Total params: 20 <failed> not checked",
    ]
    assert lines[-1] == "4 models ran, 1 failed, 9 claims: 4 hold, 3 drifted, 2 not checked"
    page = project.build("text").page("a.txt")
    assert "ZeroDivisionError: division by zero" in page


MISTAKES = {
    "unknown": ("smal", TABLE, "4: unknown model 'smal'; did you mean 'small'? [kerasshape.ref]"),
    "nameless": (
        "",
        TABLE,
        "4: keras:summary needs the name of a model, such as 'keras:summary lstm-demo' [kerasshape.name]",
    ),
    "error": (
        "error",
        "",
        "4: the code of 'error' is meant to fail (:raises:), so it has no table [kerasshape.ref]",
    ),
    "code": (
        "small",
        "model = keras.Sequential()\nmodel.summary()\n",
        "6: the body of keras:summary is no summary that Keras prints: paste what model.summary() prints, "
        "or leave it out [kerasshape.claim]",
    ),
    "prompt": (
        "small",
        f">>> model.summary()\n{TABLE}",
        "6: this line is no part of the summary, so nothing checks it: remove it [kerasshape.claim]",
    ),
    "two": (
        "small",
        f"{TABLE}\n{TABLE}",
        "21: keras:summary has several summaries, and only the first is checked: keep one [kerasshape.claim]",
    ),
    "option": (
        "small\n:expect-params: 20",
        "",
        "4: :expect-params: is not an option of keras:summary: choose from :columns:, :depth:, :caption:, "
        ":name:, :class:, :align:, :width: [kerasshape.option]",
    ),
}


@pytest.fixture(scope="module")
def mistakes(make_project: Callable[..., Project]) -> tuple[Built, Built]:
    pages = {"models.rst": MODELS + ERRORS.replace("1 / 0", "keras.Sequential([keras.Input((3,))])", 1)}
    for name, (model, body, _) in MISTAKES.items():
        pages[f"{name}-md.md"] = f"# A\n\n\n{md(model, body and chr(10) + body)}"
        pages[f"{name}-rst.rst"] = f"A\n=\n\n{rst(model, body)}".replace("\n:expect", "\n   :expect")
    project = make_project(pages)
    return project.build("text"), project.build("text", "-W", "--keep-going")


@pytest.mark.parametrize("markup", ["md", "rst"])
@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(name: str, markup: str, mistakes: tuple[Built, Built]) -> None:
    """In every build, one message that says how to mend it."""
    for built in mistakes:
        (message,) = says(built, f"{name}-{markup}.{markup}")
        assert message.replace(": WARNING", "").startswith(MISTAKES[name][2])


@pytest.mark.parametrize("name", ["unknown", "nameless", "error"])
def test_readers_see_why_there_is_no_table(name: str, mistakes: tuple[Built, Built]) -> None:
    message = MISTAKES[name][2].partition(": ")[2].partition(" [")[0]
    page = " ".join(mistakes[0].page(f"{name}-md.txt").split())
    assert f"Error: {message}" in page


def test_a_line_too_few_above_the_body(make_project: Callable[..., Project]) -> None:
    """Without a blank line, docutils takes the body for the name."""
    text = f"A\n=\n\n.. keras:summary:: small\n{indented(SHORT)}"
    built = make_project({"a.rst": text, "models.rst": MODELS}).build("text")
    (message,) = says(built, "a.rst")
    assert message.startswith(
        "4: WARNING: ' Layer (type)         Output Shape       Param #' is neither an option nor a summary"
    )


def test_the_page_is_written_again_when_the_model_changes(make_project: Callable[..., Project]) -> None:
    models = MODELS
    project = make_project({"a.md": f"# A\n\n{md('small')}", "models.rst": models, "other.md": "# Other\n"})

    def written() -> list[str]:
        before = {path: path.stat().st_mtime_ns for path in project.folder.glob("html/*.html")}
        built = project.build("html")
        page = built.page("a.html")
        now = {path: path.stat().st_mtime_ns for path in project.folder.glob("html/*.html")}
        seen.append(re.findall(r"\(None, \d+\)|unknown model", re.sub("<.*?>", "", page)))
        return sorted(
            path.stem for path in now if now[path] != before.get(path) and path.stem in ("a", "other")
        )

    seen: list[list[str]] = []
    assert written() == ["a", "other"]
    assert written() == []
    project.write("models.rst", models.replace("Dense(5", "Dense(7"))
    assert written() == ["a"]
    project.write("models.rst", models.replace(":: small", ":: renamed"))
    assert written() == ["a"]
    project.write("models.rst", models)
    assert written() == ["a"]
    five = ["(None, 3)", *["(None, 5)"] * 3]
    assert seen == [five, five, ["(None, 3)", *["(None, 7)"] * 3], ["unknown model"], five]


def test_a_summary_that_only_one_output_has(make_project: Callable[..., Project]) -> None:
    """Every output checks it, beside models that all outputs have."""
    own = "Page\n====\n\n.. keras:model:: own\n\n   keras.Sequential([keras.Input((3,)), layers.ReLU()])\n"
    text = f"{own}\n.. only:: html\n\n{indented(rst('small', FALSE))}"
    built = make_project({"a.rst": text, "models.rst": MODELS}).build("text")
    first = text[: text.index(" b (Dense)")].count("\n") + 1
    assert locations(built) == [f"a.rst:{line}" for line in (first, first + 7, first + 8)]
    assert built.page("a.txt").count("Total params") == 1


MODULE = f'''\
"""A module.

.. keras:summary:: small

{indented(FALSE)}
"""
'''
BOX = """\
┏━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)          ┃ Output Shape         ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ dense_layer_of_the_e… │ (None, 55)           │           210 │
│ (Dense)               │                      │               │
└───────────────────────┴──────────────────────┴───────────────┘
 Total params: 2,100 (8.20 KB)
"""


FIXED = {
    "(None, 55)         21 ": "(None, 5)          20 ",
    ": 21 (84": ": 20 (80",
    "(None, 55)           │           210": "(None, 5)            │            20",
    "2,100 (8.20 KB)": "20 (80.00 B)",
}


def fix(project: Project, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sphinx_kerasshape", "fix", "source", *options]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        command,
        cwd=project.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


@pytest.mark.slow
def test_fix_rewrites_cells_and_keeps_the_columns(make_project: Callable[..., Project]) -> None:
    conf = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
extensions.append("sphinx.ext.autodoc")
exclude_patterns = ["part.rst"]
"""
    quote = "".join(f"> {line}\n" for line in md("small", FALSE).splitlines())
    listed, part = indented(FALSE, "     "), ".. include:: part.rst\n"
    pages = {
        "a.md": f"# A\n\n{quote}\n{md('v1.5', BOX)}",
        "b.rst": f"B\n=\n\n* .. keras:summary:: small\n     :depth: 2\n\n{listed}\n{part}",
        "c.rst": f"C\n=\n\n{part}",
        "d.rst": "D\n=\n\n.. automodule:: documented_summaries\n",
        "part.rst": rst("small", FALSE),
        "documented_summaries.py": MODULE,
        "models.rst": MODELS,
    }
    project = make_project(pages, conf)
    source = project.folder / "source"
    (source / "b.rst").write_bytes((source / "b.rst").read_bytes().replace(b"\n", b"\r\n"))
    before = {name: (source / name).read_bytes() for name in pages}
    done = fix(project)
    assert (done.returncode, done.stderr.partition("running models")[0]) == (0, "")
    assert done.stdout.splitlines()[-1] == "16 statements hold, 14 were rewritten"
    for name in pages:
        expected = before[name].decode()
        for false, true in FIXED.items():
            expected = expected.replace(false, true)
        assert (source / name).read_bytes().decode() == expected
    assert fix(project, "--check").stdout == "all 30 statements hold\n"


@pytest.mark.slow
def test_fix_says_what_it_can_not_do(make_project: Callable[..., Project]) -> None:
    text = f"# A\n\n{md('small', SHORT)}\n{md('v2', SHORT)}\n{md('failed', SHORT)}"
    project = make_project({"a.md": text, "models.rst": MODELS + ERRORS})
    before = (project.folder / "source" / "a.md").read_bytes()
    done = fix(project)
    folder = project.folder / "source"
    assert done.returncode == 1
    assert done.stdout == "1 statement holds, 2 could not be rewritten, 2 could not be checked\n"
    told = [line.replace(f"{folder}{os.sep}", "") for line in done.stderr.splitlines()]
    assert told[-3:-1] == [
        "a.md:11: WARNING: unknown model 'v2': choose from small, v1.5, failed, error [kerasshape.ref]",
        "a.md:8: 'Total params: 20' can't be rewritten, since TensorFlow says that above it, the model has "
        "c (ReLU), d (Add): print the summary again, or remove it, since the table needs none",
    ]
    assert told[-1].startswith("2 statements could not be checked (source")
    assert (folder / "a.md").read_bytes() == before
