"""Models in the cells of a table, side by side: every builder shows them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.support.projects import Built, Project

PAGES = {
    "rest.rst": """\
Side by side
============

.. list-table::
   :header-rows: 1

   * - Small
     - Large
   * - .. keras:model:: small
          :show: table, totals, weights
          :caption: The small one
          :name: small-table

          keras.Sequential([keras.Input((4,)), layers.Dense(2, name="only")], name="small")
     - .. keras:model:: large
          :show: table

          keras.Sequential([keras.Input((4,)), layers.Dense(20, name="first"), layers.Dense(2, name="last")])

See :keras:layer:`large/last` and :ref:`small-table`.
""",
    "myst.md": """\
# Side by side

:::::{list-table}
:header-rows: 1

* - Small
  - Large
* - ```{keras:model} small-md
    :show: table, totals, weights
    :caption: The small one
    :name: small-table-md
    keras.Sequential([keras.Input((4,)), layers.Dense(2, name="only")], name="small")
    ```
  - ```{keras:model} large-md
    :show: table
    keras.Sequential([keras.Input((4,)), layers.Dense(20, name="first"), layers.Dense(2, name="last")])
    ```
:::::

See {keras:layer}`large-md/last` and {ref}`small-table-md`.
""",
    "index.rst": "Start\n=====\n\n.. toctree::\n\n   rest\n   myst\n",
}
CONF = """
myst_enable_extensions = ["colon_fence"]
man_pages = [("index", "tables", "Tables", "Nobody", 1)]
epub_copyright = version = "1"
"""


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(PAGES, CONF)


def flat(built: Built, page: str) -> str:
    return re.sub(r"[ \n|+=-]+", " ", built.page(page).replace("\\-", "-"))


@pytest.mark.parametrize("builder", ["html", "singlehtml", "epub", "latex", "texinfo", "xml", "pseudoxml"])
def test_builders_that_nest_tables(builder: str, project: Project) -> None:
    built = project.build(builder, "-W")
    assert (built.warnings, built.status) == ([], 0)


@pytest.mark.parametrize("page", ["rest", "myst"])
def test_text(page: str, project: Project) -> None:
    built = project.build("text", "-W")
    assert (built.warnings, built.status) == ([], 0)
    text = flat(built, f"{page}.txt")
    assert "The small one" in text
    assert "only: (None, 2), 10" in text
    assert "Total params: 10" in text
    assert "small/only/kernel: (4, 2), float32, 8" in text
    # Beside it, in the second column, lines end where they have to.
    assert "first: (None," in text
    assert "20), 100" in text


def test_man(project: Project) -> None:
    built = project.build("man", "-W")
    assert (built.warnings, built.status) == ([], 0)
    text = flat(built, "tables.1")
    assert text.count("first: (None, 20), 100") == 2
