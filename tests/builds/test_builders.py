"""The example project, complete and silent in every kind of output."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.projects import DEADLINE, OLD_KERAS, REPOSITORY, Built, Project

pytestmark = OLD_KERAS

STRICT = ("-nW", "--keep-going")
TOTALS = ("7,818", "29,505", "5,409", "4,865")
"""Parameter counts that stand on the example's pages, each computed by TensorFlow."""


@pytest.fixture(scope="module")
def example(make_project: Callable[..., Project]) -> Project:
    return make_project(copy=REPOSITORY / "example_project")


@pytest.fixture(scope="module")
def html(example: Project) -> Built:
    built = example.build("html", *STRICT)
    assert (built.warnings, built.status) == ([], 0)
    return built


def build(example: Project, builder: str) -> Built:
    """Build strictly; gettext can't share doctrees with others, but it shares the answers."""
    options = ("-d", str(example.folder / "doctrees-gettext")) if builder == "gettext" else ()
    return example.build(builder, *STRICT, *options)


def text_of(folder: Path, suffix: str) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob(f"*{suffix}")))


def test_html_has_tables_with_scopes(html: Built) -> None:
    text = text_of(html.out, ".html")
    assert all(total in text for total in TOTALS)
    tables = re.findall(r"<table[^>]*kerasshape-table.*?</table>", text, re.DOTALL)
    assert len(tables) > 10
    for table in tables:
        assert '<th scope="col"' in table
        assert '<th scope="row"' in table
        assert "<th" not in table.replace("<th scope", "").replace("<thead", "")


def test_second_html_build_runs_no_model(example: Project, html: Built) -> None:
    built = example.build("html", *STRICT)
    assert (built.warnings, built.status) == ([], 0)
    assert "running models" not in built.said


@pytest.mark.parametrize("builder", ["text", "man", "epub", "gettext", "latex", "texinfo", "xml"])
def test_other_builders_are_silent_and_run_nothing(builder: str, example: Project, html: Built) -> None:
    built = build(example, builder)
    assert (built.warnings, built.status) == ([], 0)
    assert "running models" not in built.said


def test_text_shows_the_tables(example: Project, html: Built) -> None:
    text = text_of(example.build("text").out, ".txt")
    assert re.search(r"\| lstm +\| \(None, None, 50\) +\| \(None, 64\) +\| 29,440 +\|", text)
    assert re.search(r"\| Total params +\| +\| +\| 29,505 +\|", text)


def test_epub_shows_the_tables(example: Project, html: Built) -> None:
    (book,) = example.build("epub", *STRICT).out.glob("*.epub")
    with zipfile.ZipFile(book) as pages:
        text = "\n".join(pages.read(name).decode() for name in pages.namelist() if name.endswith(".xhtml"))
    assert all(total in text for total in TOTALS)


@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
@pytest.mark.slow
def test_latex_compiles_to_a_complete_document(example: Project, html: Built) -> None:
    out = example.build("latex", *STRICT).out
    done = subprocess.run(
        ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error"],
        cwd=out,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    (document,) = out.glob("*.pdf")
    if shutil.which("pdftotext"):
        command = ["pdftotext", "-layout", str(document), "-"]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert all(total in text for total in TOTALS)
        assert "(None, None, 50)" in text.replace("\N{NO-BREAK SPACE}", " ")
    log = next(out.glob("*.log")).read_text(errors="replace")
    assert "undefined references" not in log
    assert not re.findall(r"multiply.defined", log)


@pytest.mark.parametrize("paths", ["'own'", "['own']", "('own',)"])
def test_static_folders(paths: str, make_project: Callable[..., Project]) -> None:
    project = make_project({"index.rst": "A\n=\n"}, f"html_static_path = {paths}\n")
    project.write("own/own.css", "")
    assert project.build("html").warnings == []
    assert {path.name for path in project.folder.glob("html/_static/*.css")} >= {"own.css", "kerasshape.css"}


def test_static_folders_that_are_none_are_left_to_sphinx(make_project: Callable[..., Project]) -> None:
    built = make_project({"index.rst": "A\n=\n"}, "html_static_path = 5\n").build("html")
    assert built.status == 2
    assert "sphinx_kerasshape" not in built.said
