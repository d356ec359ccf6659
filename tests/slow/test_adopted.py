"""Documents that are adopted and built: true ones without a warning, false ones with one at each false line.

A document has ``«true|false»`` where a statement may be planted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sphinx_kerasshape.__main__ import main
from tests.support.projects import Project

pytestmark = pytest.mark.slow

DOCUMENTS = sorted((Path(__file__).parents[1] / "support" / "adoptable").iterdir())
PLANTED = re.compile(r"«(.+?)\|(.+?)»")
CONF = "myst_enable_extensions = ['colon_fence']\n"
INDEX = "Index\n=====\n\n.. toctree::\n   :glob:\n\n   *\n"


def texts(*, are_true: bool) -> dict[str, str]:
    which = r"\1" if are_true else r"\2"
    return {path.name: _titled(path, PLANTED.sub(which, path.read_text("utf-8"))) for path in DOCUMENTS}


def _titled(path: Path, text: str) -> str:
    """Return a text whose title in reST is underlined, also after a change of its length."""
    title, rule, rest = text.split("\n", 2)
    return "\n".join([title, rule[:1] * len(title), rest]) if path.suffix == ".rst" else text


def false_lines(name: str, adopted: str) -> set[str]:
    """Return the places of an adopted page where something false is stated."""
    planted = [false for _, false in PLANTED.findall((DOCUMENTS[0].parent / name).read_text("utf-8"))]
    found = set()
    for false in planted:
        value = re.compile(rf"(?<!\d){re.escape(false)}(?!\d)")
        lines = [number for number, line in enumerate(adopted.split("\n"), 1) if value.search(line)]
        assert lines, (name, false)
        found |= {f"{name}:{number}" for number in lines}
    return found


def adopt(project: Project, *options: str) -> int:
    folder = project.folder
    return main(["adopt", "--cache-dir", str(folder / "answers"), *options, str(folder / "source")])


def test_true_documents_build_without_a_warning(make_project: Callable[..., Project]) -> None:
    project = make_project(texts(are_true=True), CONF)
    assert adopt(project) == 0
    once = {path.name: path.read_bytes() for path in (project.folder / "source").iterdir()}
    assert adopt(project) == 0
    assert once == {path.name: path.read_bytes() for path in (project.folder / "source").iterdir()}
    project.write("index.rst", INDEX)
    built = project.run("html", "-nW", "--keep-going")
    assert (built.warnings, built.status) == ([], 0)


def test_false_documents_warn_at_each_false_line(make_project: Callable[..., Project]) -> None:
    project = make_project(texts(are_true=False), CONF)
    assert adopt(project) == 1
    expected = set()
    for path in DOCUMENTS:
        adopted = (project.folder / "source" / path.name).read_text("utf-8")
        expected |= false_lines(path.name, adopted)
    project.write("index.rst", INDEX)
    built = project.run("html", "-n")
    assert {warning.partition(": ")[0] for warning in built.warnings} == expected


def test_fixed_documents_are_true(make_project: Callable[..., Project]) -> None:
    projects = [make_project(texts(are_true=are_true), CONF) for are_true in (True, False)]
    assert (adopt(projects[0]), adopt(projects[1], "--fix")) == (0, 0)
    for path in DOCUMENTS:
        true, fixed = ((one.folder / "source" / path.name).read_text("utf-8") for one in projects)
        assert fixed == true
