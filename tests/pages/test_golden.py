"""Pages in, trees out: each page of ``golden/`` in reST and in MyST gives the same tree."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.projects import REPOSITORY, Built, Project

GOLDEN = Path(__file__).parent / "golden"
ZOO = REPOSITORY / "tests" / "support" / "zoo"
PAGES = sorted(path.stem for path in GOLDEN.glob("*.rst"))
CONF = "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"


@pytest.fixture(scope="module")
def built(make_project: Callable[..., Project]) -> dict[str, Built]:
    """All pages, as one project in each markup."""
    both = {}
    for suffix in ("rst", "md"):
        pages = {path.name: path.read_text() for path in GOLDEN.glob(f"*.{suffix}")}
        project = make_project(pages, CONF)
        for path in (ZOO).glob("*.py"):
            project.write(f"zoo/{path.name}", path.read_text())
        both[suffix] = project.build("pseudoxml", "-nW", "--keep-going")
    return both


@pytest.mark.parametrize("suffix", ["rst", "md"])
@pytest.mark.parametrize("page", PAGES)
def test_tree(page: str, suffix: str, built: dict[str, Built], expected: Callable[[Path, str], None]) -> None:
    assert built[suffix].warnings == []
    expected(GOLDEN / f"{page}.txt", without_markup(built[suffix].page(f"{page}.pseudoxml")))


def without_markup(tree: str) -> str:
    """Remove what tells in which markup and folder a page was written."""
    tree = re.sub(r"<document [^>]*>", "<document>", tree)
    tree = tree.replace('="False"', '="0"').replace('="True"', '="1"')
    tree = re.sub(r' source="[^"]*"', "", tree)
    tree = re.sub(r' slug="[^"]*"| myst_\w+="[^"]*"', "", tree)
    tree = re.sub(r' (enumtype|prefix|suffix)="[^"]*"', "", tree)
    return re.sub(r' (xml:space|force)="\w+"', "", tree)
