"""Each page of ``golden/``, in reST and in MyST, gives one doctree, one text, one list of warnings.

``NAME.rst`` and ``NAME.md`` agree line by line, so that a warning has one line number. They give
``NAME.pseudoxml`` (the doctree that writers get), ``NAME.txt`` (text output) and ``NAME.warnings``. After a
change on purpose, ``pytest tests/pages/test_golden.py --regenerate`` writes these: read what differs.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import pytest

from sphinx_kerasshape.collect.options import OPTIONS, PARTS
from sphinx_kerasshape.extension import register
from sphinx_kerasshape.settings.settings import COLUMNS
from tests.support.projects import REPOSITORY, Project

GOLDEN = Path(__file__).parent / "golden"
ZOO = REPOSITORY / "tests" / "support" / "zoo"
PAGES = sorted(path.stem for path in GOLDEN.glob("*.rst"))
MARKUPS = ("rst", "md")
BUILDERS = {"pseudoxml": "pseudoxml", "text": "txt"}
DIRECTIVES = {
    "rst": re.compile(r"\.\. (keras:\w+)::.*\n((?: *:[\w-]+:.*\n)*)"),
    "md": re.compile(r"```\{(keras:\w+)\}.*\n((?: *:[\w-]+:.*\n)*)"),
}
ROLES = {"rst": re.compile(r":(keras:\w+):`([^`]+)`"), "md": re.compile(r"\{(keras:\w+)\}`([^`]+)`")}
CONF = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
numfig = True
kerasshape_lint = True
"""


class Site(NamedTuple):
    """What one build made of all pages."""

    pages: dict[str, str]
    warnings: dict[str, str]


Sites = dict[tuple[str, str], Site]
"""By markup and builder."""
Expected = Callable[[Path, str], None]


@pytest.fixture(scope="module")
def sites(make_project: Callable[..., Project]) -> Sites:
    """Build all pages. One project has both markups, so that models run in the first build only."""
    pages = {
        path.name: path.read_text(encoding="utf-8") for path in GOLDEN.iterdir() if path.suffix[1:] in MARKUPS
    }
    toctree = "Index\n=====\n\n.. toctree::\n   :glob:\n\n   *\n"
    project = make_project({"index.rst": toctree, **pages}, CONF)
    shutil.copytree(ZOO, project.folder / "source" / "zoo")
    return {(markup, builder): _site(project, markup, builder) for markup in MARKUPS for builder in BUILDERS}


def _site(project: Project, markup: str, builder: str) -> Site:
    excluded = ",".join(f"{page}.{other}" for page in PAGES for other in MARKUPS if other != markup)
    doctrees = project.folder / markup
    built = project.build(builder, "-n", "-d", str(doctrees), "-D", f"exclude_patterns={excluded}")
    assert built.status == 0, built.said
    pages = {page: built.page(f"{page}.{BUILDERS[builder]}") for page in PAGES}
    warnings: dict[str, list[str]] = {page: [] for page in PAGES}
    for warning in built.warnings:
        page, _, _ = warning.partition(f".{markup}:")
        warnings[page].append(warning.replace(f"{page}.{markup}", page))
    return Site(pages, {page: _sorted(found) for page, found in warnings.items()})


def _sorted(warnings: list[str]) -> str:
    lines = sorted(warnings, key=lambda warning: int(warning.split(":")[1]))
    return re.sub(r"TensorFlow \d[\w.]*", "TensorFlow VERSION", "".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize("page", PAGES)
def test_tree(page: str, sites: Sites, expected: Expected) -> None:
    rst, md = (without_markup(sites[markup, "pseudoxml"].pages[page]) for markup in MARKUPS)
    assert md == rst
    expected(GOLDEN / f"{page}.pseudoxml", rst)


@pytest.mark.parametrize("page", PAGES)
def test_text(page: str, sites: Sites, expected: Expected) -> None:
    rst, md = (sites[markup, "text"].pages[page] for markup in MARKUPS)
    assert md == rst
    expected(GOLDEN / f"{page}.txt", rst)


@pytest.mark.parametrize("page", PAGES)
def test_warnings(page: str, sites: Sites, expected: Expected) -> None:
    """Also in the second build of a markup, which has read no page and run no model."""
    rst, md = (sites[markup, "pseudoxml"].warnings[page] for markup in MARKUPS)
    assert md == rst
    assert [sites[markup, "text"].warnings[page] for markup in MARKUPS] == [rst, rst]
    expected(GOLDEN / f"{page}.warnings", rst)


@pytest.mark.parametrize("page", PAGES)
def test_rows_add_up_to_the_total(page: str) -> None:
    for head, *rows in tables((GOLDEN / f"{page}.pseudoxml").read_text(encoding="utf-8")):
        names = [row[0].partition(" (")[0] for row in rows]
        if "Total params" not in names:
            continue
        total = names.index("Total params")
        # A row that is unfolded counts what the rows below it count.
        below = zip(rows[:total], names, names[1:], strict=False)
        folded = [row for row, name, next_name in below if f"{name}/" not in next_name]
        for column in {"Params", "Trainable params", "FLOPs"}.intersection(head):
            counts = [row[head.index(column)] for row in [*folded, rows[total]]]
            *parts, whole = [int(count.replace(",", "").replace("–", "0")) for count in counts]
            assert sum(parts) == whole, (head, column)


def tables(tree: str) -> Iterator[list[list[str]]]:
    """Yield the tables of a doctree that is written as pseudo-XML: rows of texts of cells."""
    for table in re.findall(r"^( *)<table.*\n((?:\1 .*\n)*)", tree, re.MULTILINE):
        rows = re.split(r"<row.*>", table[1])[1:]
        yield [
            [" ".join(re.sub("<.*>", "", cell).split()) for cell in re.split("<entry.*>", row)[1:]]
            for row in rows
        ]


@pytest.mark.parametrize("markup", MARKUPS)
def test_pages_show_every_option_and_role(markup: str) -> None:
    assert registered() - set(used(markup)) == set()


def registered() -> set[str]:
    """Return what a page can have: options of directives, parts, columns, and roles in both forms."""
    app = mock.Mock()
    register(app)
    directives = [f"keras:{args[1]}" for args, _ in app.add_directive_to_domain.call_args_list]
    roles = [f"keras:{args[1]}" for args, _ in app.add_role_to_domain.call_args_list]
    return {
        *(f"{directive} :{option}:" for directive in directives for option in OPTIONS[directive]),
        *(f":show: {part}" for part in PARTS),
        *(f":columns: {column}" for column in COLUMNS),
        *roles,
        *(f"{role} with a title" for role in roles if role != "keras:unchecked"),
    }


def used(markup: str) -> Iterator[str]:
    """Yield what the pages in a markup have, but for the page of mistakes."""
    for page in set(PAGES) - {"mistakes"}:
        text = (GOLDEN / f"{page}.{markup}").read_text(encoding="utf-8")
        for directive, options in DIRECTIVES[markup].findall(text):
            for option, value in re.findall(r":([\w-]+):(.*)", options):
                yield f"{directive} :{option}:"
                yield from (f":{option}: {word}" for word in value.replace(",", " ").split())
        for role, content in ROLES[markup].findall(text):
            yield f"{role} with a title" if content.endswith(">") else role


def without_markup(tree: str) -> str:
    """Remove what tells in which markup and folder a page was written."""
    tree = re.sub(r"<document [^>]*>", "<document>", tree)
    tree = tree.replace('="False"', '="0"').replace('="True"', '="1"')
    tree = re.sub(r' source="[^"]*"', "", tree)
    tree = re.sub(r' slug="[^"]*"| myst_\w+="[^"]*"', "", tree)
    tree = re.sub(r' (enumtype|prefix|suffix|bullet)="[^"]*"', "", tree)
    tree = re.sub(r' (xml:space|force)="\w+"', "", tree)
    # MyST has a text of its own for the end of a line.
    return re.sub(r"^ +\n", "", tree, flags=re.MULTILINE)
