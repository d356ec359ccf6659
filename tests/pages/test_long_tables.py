"""Long tables cost Sphinx's steps no more than short ones, and the search finds what is in them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.projects import Built, Project

CONF = """\
def setup(app):
    def count(app, doctree, docname):
        with open(f"{app.outdir}/{docname}.count", "w") as file:
            file.write(str(len(list(doctree.findall()))))
    app.connect("doctree-resolved", count)
"""
MODEL = "keras.Sequential([keras.Input((4,)), *(layers.Dense(4, name=f'brick{n}') for n in range(%d))])"
RST = "Page\n====\n\n.. keras:model:: {}\n   :show: table, weights\n\n   model = {}\n"
MYST = "# Page\n\n```{{keras:model}} {}\n:show: table, weights\n\nmodel = {}\n```\n"


@pytest.fixture(scope="module")
def built(make_project: Callable[..., Project]) -> Built:
    pages = {"short.rst": RST.format("a", MODEL % 2), "long.rst": RST.format("b", MODEL % 70)}
    pages |= {"short-myst.md": MYST.format("c", MODEL % 2), "long-myst.md": MYST.format("d", MODEL % 70)}
    return make_project(pages, CONF).build("html", "-q")


@pytest.mark.parametrize("markup", ["", "-myst"])
def test_rows_are_no_nodes(built: Built, markup: str) -> None:
    assert built.page(f"long{markup}.count") == built.page(f"short{markup}.count")
    assert built.page(f"long{markup}.html").count("<tr") == 71 + 141


def test_the_search_finds_layers_by_name_and_type(built: Built) -> None:
    index = built.page("searchindex.js")
    assert '"brick69"' in index
    assert '"dens"' in index  # the stem of its type
    assert '"kernel"' in index
