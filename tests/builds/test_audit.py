"""The command ``audit``: documents in, lines and exit statuses out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import indent

import pytest

from sphinx_kerasshape.__main__ import main
from sphinx_kerasshape.audit import command
from tests.support.projects import REPOSITORY
from tests.support.workers import Borrowed

FENCE = "```"
CNN = f"""\
# A network

{FENCE}python
from tensorflow import keras
from tensorflow.keras import layers

inputs = keras.Input((28, 28, 1))
x = layers.Conv2D(32, 3)(inputs)  # (None, 26, 26, 32)
x = layers.MaxPooling2D()(x)      # (None, 13, 13, 32)
x = layers.Flatten()(x)           # (None, 5400)
model = keras.Model(inputs, layers.Dense(10)(x))
{FENCE}

Its output is `(None, 10)`, and it has 54,410 parameters.
"""
CNN_SAYS = [
    "cnn.md:4: code runs",
    "cnn.md:8: holds: (None, 26, 26, 32)",
    "cnn.md:9: holds: (None, 13, 13, 32)",
    "cnn.md:10: drifted: (None, 5400), but TensorFlow says (None, 5408)",
    "cnn.md:14: holds: (None, 10)",
    "cnn.md:14: holds: 54,410",
    "1 document: 4 statements hold, 1 drifted, 0 can't be checked, 0 blocks of code fail",
]
FAILS = """\
A page
======

.. code-block:: python

   import keras
   keras.Sequential([keras.Input((None, 5)), keras.layers.Flatten(), keras.layers.Dense(1)])
   model = keras.Sequential([keras.Input((None, 5)), keras.layers.Flatten(), keras.layers.Dense(1)])
"""
ERROR = (
    "ValueError: Shapes used to initialize variables must be fully-defined (no `None` dimensions). "
    "Received: shape=(None, 1) for variable path='sequential/dense/kernel'"
)

Audit = Callable[..., tuple[int, list[str], str]]


@pytest.fixture
def audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Audit]:
    """Return a function that runs the command among documents; it returns the status and what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command.Answers, "_started", lambda self: Borrowed(self._settings))
    monkeypatch.setattr(command, "_SECONDS_BETWEEN_LINES", float("inf"))  # a slow machine shows progress

    def run(*arguments: str, **documents: str) -> tuple[int, list[str], str]:
        for name, text in documents.items():
            stem, _, suffix = name.rpartition("_")
            (tmp_path / f"{stem}.{suffix}").write_text(text, "utf-8")
        status = main(["audit", "--cache-dir", str(tmp_path / ".cache"), "--network", *arguments])
        output = capsys.readouterr()
        return status, output.out.splitlines(), output.err

    return run


def test_text(audit: Audit) -> None:
    assert audit("cnn.md", cnn_md=CNN) == (1, CNN_SAYS, "")


def test_only_what_is_wrong(audit: Audit) -> None:
    assert audit("cnn.md", "--quiet", cnn_md=CNN) == (1, [CNN_SAYS[3], CNN_SAYS[-1]], "")


def test_failing_code(audit: Audit) -> None:
    status, lines, _ = audit("page.rst", "--quiet", page_rst=FAILS)
    assert status == 1
    assert lines[0] == f"page.rst:8: code fails: {ERROR}"


def test_a_folder_in_order_and_each_document_once(audit: Audit, tmp_path: Path) -> None:
    (tmp_path / "_build").mkdir()
    (tmp_path / "_build" / "no.md").write_text(CNN)
    status, lines, _ = audit(".", "a.md", "--quiet", b_md=CNN, a_md=CNN)
    assert status == 1
    assert [line.partition(":")[0] for line in lines] == ["a.md", "b.md", "2 documents"]


def test_a_definition(audit: Audit) -> None:
    text = f"{FENCE}python\nimport keras\nx = keras.Input((size,))  # (None, 10)\n{FENCE}\n"
    _, lines, _ = audit("d.md", d_md=text)
    assert lines[0] == (
        "d.md:3: can't be checked: (None, 10): size is not defined in this document "
        "(--define size=VALUE, or a comment `kerasshape: define size = VALUE`)"
    )
    assert audit("d.md", "--define", "size=2*5")[1][0] == "d.md:3: holds: (None, 10)"
    defined = f"<!-- kerasshape: define size = 11 -->\n\n{text}"
    assert audit("d.md", d_md=defined)[1][0] == "d.md:5: drifted: (None, 10), but TensorFlow says (None, 11)"


def test_rewriting(audit: Audit, tmp_path: Path) -> None:
    status, lines, _ = audit("cnn.md", "--diff", cnn_md=CNN)
    assert status == 1
    assert [line for line in lines if line[0] in "+-"] == [
        "--- cnn.md",
        "+++ cnn.md",
        "-x = layers.Flatten()(x)           # (None, 5400)",
        "+x = layers.Flatten()(x)           # (None, 5408)",
    ]
    assert (tmp_path / "cnn.md").read_text("utf-8") == CNN
    status, lines, _ = audit("cnn.md", "--fix")
    assert (status, lines[-1]) == (
        0,
        "1 document: 4 statements hold, 1 drifted (1 rewritten), 0 can't be checked, 0 blocks of code fail",
    )
    assert (tmp_path / "cnn.md").read_text("utf-8") == CNN.replace("5400", "5408")
    assert audit("cnn.md", "--fix", "--quiet")[:2] == (
        0,
        ["1 document: 5 statements hold, 0 drifted, 0 can't be checked, 0 blocks of code fail"],
    )


@pytest.mark.parametrize(
    ("name", "encoding", "end"),
    [
        ("page.md", "utf-8", "\r\n"),
        ("page.md", "utf-8", "\r"),
        ("page.md", "utf-8-sig", "\r\n"),
        ("page.md", "utf-16", "\n"),
        ("page.py", "latin-1", "\n"),
    ],
)
def test_encodings_and_ends_of_lines(
    audit: Audit, tmp_path: Path, name: str, encoding: str, end: str
) -> None:
    """Lines are counted as editors do, a diff is text, and all other bytes stay; so does a missing end."""
    code = "import keras\nx = keras.Input((4,))  # (None, 5)"
    text = (
        f"# coding: latin-1\n# Café\n{code}"
        if name == "page.py"
        else f"Café\n\n{FENCE}python\n{code}\n{FENCE}"
    )
    path = tmp_path / name
    path.write_bytes(text.replace("\n", end).encode(encoding))
    line = text[: text.index("(None, 5)")].count("\n") + 1
    _, lines, _ = audit(name, "--diff")
    assert [text for text in lines if text[:1] in ("+", "-") and "Input" in text] == [
        "-x = keras.Input((4,))  # (None, 5)",
        "+x = keras.Input((4,))  # (None, 4)",
    ] or end == "\r"
    assert lines[-1] == "\\ No newline at end of file"
    status, lines, _ = audit(name, "--fix", "--quiet")
    assert (status, lines[0]) == (0, f"{name}:{line}: drifted: (None, 5), but TensorFlow says (None, 4)")
    assert path.read_bytes() == text.replace("5)", "4)").replace("\n", end).encode(encoding)


def test_json(audit: Audit) -> None:
    status, lines, _ = audit("cnn.md", "page.rst", "--format", "json", cnn_md=CNN, page_rst=FAILS)
    data = json.loads("\n".join(lines))
    assert status == 1
    assert data["schema"] == 1
    assert data["counts"] == {
        "documents": 2,
        "holds": 4,
        "drifted": 1,
        "unchecked": 0,
        "failed": 1,
        "unreadable": 0,
    }
    cnn, page = data["documents"]
    assert cnn["path"] == "cnn.md"
    assert cnn["blocks"] == [{"line": 4, "cell": None, "outcome": "ran", "message": ""}]
    assert cnn["statements"][2] == {
        "line": 10,
        "cell": None,
        "kind": "comment",
        "stated": "(None, 5400)",
        "actual": "(None, 5408)",
        "verdict": "drifted",
        "reason": "",
        "stand_ins": [],
    }
    assert page["blocks"] == [{"line": 8, "cell": None, "outcome": "failed", "message": ERROR}]
    assert data["versions"]["keras"].startswith("3.")


def test_annotations(audit: Audit) -> None:
    status, lines, _ = audit("cnn.md", "--format", "github", cnn_md=CNN)
    assert (status, lines[0]) == (
        1,
        "::error file=cnn.md,line=10::drifted: (None, 5400), but TensorFlow says (None, 5408)",
    )
    _, lines, _ = audit("odd.ipynb", "--format", "github", odd_ipynb="{")
    assert lines[0] == "::error file=odd.ipynb::can't be read: not a notebook: it is no JSON"


def test_sarif(audit: Audit) -> None:
    _, lines, _ = audit("cnn.md", "--format", "sarif", cnn_md=CNN)
    (run,) = json.loads("\n".join(lines))["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], place["artifactLocation"]["uri"], place["region"]) == (
        *("drifted", "cnn.md"),
        {"startLine": 10},
    )


def test_paths_and_documents_that_cant_be_read(audit: Audit, tmp_path: Path) -> None:
    (tmp_path / "binary.md").write_bytes(b"\0\1")
    (tmp_path / "odd.ipynb").write_text("{")
    (tmp_path / "empty").mkdir()
    status, lines, errors = audit("no.md", "binary.md", "odd.ipynb", "empty", "cnn.md", cnn_md=CNN)
    assert status == 2
    assert lines[:-1] == CNN_SAYS[:-1]
    first, second, third, fourth = errors.splitlines()
    assert first == "no.md: No such file or directory"
    assert second == "empty: there are no documents in this folder"
    assert third == "binary.md: can't be read: a binary file"
    assert fourth.startswith("odd.ipynb: can't be read: ")


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        (("--define", "a b=3"), "'a b=3' is not NAME=VALUE, such as vocab_size=10_000"),
        (("--define", "a=("), "'a=(' is not NAME=VALUE, such as vocab_size=10_000"),
        (("--timeout", "0"), "'0' is not a whole number from 1"),
        (("--jobs", "many"), "'many' is not a whole number from 0"),
    ],
)
def test_arguments(argument: tuple[str, str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["audit", "page.md", *argument])
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_code_that_ends_its_process_loses_only_what_needs_it(audit: Audit) -> None:
    text = f"""\
{FENCE}python
import os
import keras
x = keras.layers.Dense(3)(keras.Input((4,)))  # (None, 3)
z = os._exit(3)  # (None, 4)
{FENCE}
"""
    status, lines, _ = audit("page.md", page_md=text)
    reason = "the process that ran the code ended with exit status 3"
    assert (status, lines[:-1]) == (
        0,
        [
            "page.md:4: holds: (None, 3)",
            f"page.md:5: can't be checked: (None, 4): {reason}",
        ],
    )


def test_names_of_axes(audit: Audit) -> None:
    text = f"""\
{FENCE}python
from keras import Input, layers

def build():
    inputs = Input((None, 50))        # (batch, time, 50)
    x = layers.Conv1D(32, 3)(inputs)  # (batch, time - 2, 32)
    x = layers.Conv1D(16, 3)(x)       # (batch, time - 3, 16)
    return layers.GlobalMaxPooling1D()(x)  # (batch, 17)

y = build()
{FENCE}
"""
    _, lines, _ = audit("page.md", "--quiet", page_md=text)
    assert lines[:-1] == [
        "page.md:7: drifted: (batch, time - 3, 16), but TensorFlow says (batch, time - 4, 16)",
        "page.md:8: drifted: (batch, 17), but TensorFlow says (batch, 16)",
    ]


def test_a_second_audit_runs_nothing_and_writes_nothing_else(tmp_path: Path) -> None:
    """Run the command itself, as a user does: without network, with the user's own folder for caches."""
    folder = tmp_path / "documents"
    folder.mkdir()
    shutil.copy(REPOSITORY / "README.md", folder)
    (folder / "cnn.md").write_text(CNN)
    before = {path: path.read_bytes() for path in folder.rglob("*")}
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    run = [sys.executable, "-m", "sphinx_kerasshape", "audit", "--format", "json", "cnn.md"]
    first, second = (
        subprocess.run(run, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        for _ in range(2)
    )
    assert first.returncode == 1, first.stderr
    assert (second.stdout, second.stderr) == (first.stdout, "")
    assert {path: path.read_bytes() for path in folder.rglob("*")} == before
    assert {path.name for path in tmp_path.iterdir()} == {"documents", "cache"}


def test_rows_of_a_summary_are_mended(audit: Audit, tmp_path: Path) -> None:
    """A second audit finds nothing: rows that were missing or too many are as Keras prints them."""
    head = "Layer (type)              Output Shape          Param #\n" + "=" * 60
    rows = [
        "dense (Dense)             (None, 8)             40",
        "dense_1 (Dense)           (None, 3)             27",
    ]
    extra = "dropout (Dropout)         (None, 8)             0"
    code = (
        "import keras\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), "
        "keras.layers.ReLU(), keras.layers.Dense(3)])\nmodel.summary()"
    )

    def page(*shown: str) -> str:
        table = "\n".join([head, *shown, "=" * 60])
        return f"{FENCE}python\n{code}\n{FENCE}\n\n{FENCE}text\n{table}\n{FENCE}\n"

    relu = "re_lu (ReLU)              (None, 8)             0"
    whole = page(rows[0], relu, rows[1])
    for shown in ([rows[0], rows[1]], [rows[0], relu, extra, rows[1]], [relu, rows[0], rows[1]], [rows[0]]):
        status, lines, _ = audit("s.md", "--fix", "--quiet", s_md=page(*shown))
        assert (status, (tmp_path / "s.md").read_text()) == (0, whole) or len(shown) == 1, lines
    assert "behind it, the model has re_lu (ReLU), dense_1 (Dense)" in lines[0]
    assert audit("s.md", "--quiet", s_md=whole)[0] == 0


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("class Odd(Exception):\n    __class__ = SyntaxError\n\nraise Odd('here')", "Odd: here"),
        (
            "class Odd(Exception):\n    __traceback__ = property(lambda self: 1 / 0)\n\nraise Odd('here')",
            "Odd: here",
        ),
    ],
)
def test_exceptions_that_lie(code: str, says: str, audit: Audit) -> None:
    function = f"def build():\n{indent(code, '    ')}\n"
    text = f"{FENCE}python\nimport keras\n\n{function}\nx = build()  # (None, 3)\n{FENCE}\n"
    _, lines, _ = audit("page.md", page_md=text)
    assert not any("Stopped" in line or "AttributeError" in line for line in lines), lines
    assert lines[0] == f"page.md:10: code fails: {says}"
