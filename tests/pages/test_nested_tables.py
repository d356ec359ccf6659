"""Models in cells of other tables, in footnotes and in columns: every builder writes them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import pytest

from tests.support.projects import DEADLINE, Built, Project

MODEL = "model = keras.Sequential([keras.Input((4,)), layers.Dense({units})])"
BLOCK = "   {mark} .. keras:model:: {name}\n          :show: table\n\n          " + MODEL + "\n\n"
CELLS = BLOCK.format(mark="* -", name="a", units=3) + BLOCK.format(mark="  -", name="b", units=2)


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    longtable = f"# In Markdown\n\n```{{eval-rst}}\n.. list-table::\n   :class: longtable\n\n{CELLS}```\n"
    single = ".. list-table::\n\n" + BLOCK.format(mark="* -", name="c", units=3)
    pages = {
        "index.rst": f"Two models\n==========\n\n.. list-table::\n\n{CELLS}",
        "single.rst": f"One\n===\n\n{single}",
    }
    pages["markdown.md"] = longtable.replace("model:: ", "model:: long-")
    pages["index.rst"] += "\n.. toctree::\n\n   single\n   markdown\n"
    return make_project(pages)


@pytest.mark.parametrize("builder", ["text", "man", "texinfo", "latex", "html", "xml", "pseudoxml"])
def test_two_models_side_by_side(project: Project, builder: str) -> None:
    built = project.build(builder)
    assert built.status == 0
    files = (path for path in built.out.rglob("*") if path.suffix not in (".pickle", ".doctree"))
    texts = "".join(path.read_text("utf-8", "ignore") for path in files if path.is_file())
    assert "15" in texts
    assert "10" in texts


def test_text_separates_the_values(project: Project) -> None:
    cell = " ".join(project.build("text").page("single.txt").replace("+", "").replace("-", "").split())
    cell = " ".join(cell.replace("| |", "").split())
    assert "Layer | Output shape | Params; dense | (None, 3) | 15" in cell


LONG = "model = keras.Sequential([keras.Input((4,)), *(layers.Dense(3) for _ in range(35))])"
SHORT = "model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])"
NAMED = "model = keras.Sequential([keras.Input((None, 3)), layers.Conv1D(2, 3)])"
RST = f"""\
Page
====

A footnote with code [#code]_.

.. list-table::

   * - A footnote of a cell [#cell]_
     - B

.. hlist::

   * .. keras:model:: columns
        :show: table

        {LONG}
   * Next

.. list-table::
   :class: longtable

   * - .. keras:model:: named
          :show: table
          :axes: batch, time

          {NAMED}

.. list-table::

   * - A table
     - of its own
     - after it
     - and wider

.. [#code] Text

   .. keras:model:: code

      {SHORT}

.. [#cell] Text

   .. keras:model:: cell
      :show: table

      {LONG}
"""
MD = f"""\
# Page

A footnote with code [^code].

````{{list-table}}
* - A footnote of a cell [^cell]
  - B
````

`````{{hlist}}
* ```{{keras:model}} columns
  :show: table

  {LONG}
  ```
* Next
`````

`````{{list-table}}
:class: longtable

* - ```{{keras:model}} named
    :show: table
    :axes: batch, time

    {NAMED}
    ```
`````

```{{list-table}}
* - A table
  - of its own
  - after it
  - and wider
```

[^code]: Text

    ```{{keras:model}} code
    {SHORT}
    ```

[^cell]: Text

    ```{{keras:model}} cell
    :show: table

    {LONG}
    ```
"""


@pytest.fixture(scope="module", params=["index.rst", "index.md"])
def printed(request: pytest.FixtureRequest, make_project: Callable[..., Project]) -> Built:
    text = RST if request.param == "index.rst" else MD
    return make_project({request.param: text}, "latex_elements = {'printindex': ''}\n").build("latex")


def test_latex_has_lines_where_it_has_no_tables(printed: Built) -> None:
    assert printed.warnings == []
    tex = next(printed.out.glob("*.tex")).read_text("utf-8")
    # Only those of the page itself are tables, and none has the columns of another one.
    assert tex.count("\\begin{tabular") + tex.count("\\begin{longtable}") == 3
    assert "{LLR}" not in tex


@pytest.mark.skipif(
    not (shutil.which("pdflatex") and shutil.which("pdftotext")),
    reason="pdflatex or pdftotext is not installed",
)
def test_latex_ends(printed: Built) -> None:
    tex = next(printed.out.glob("*.tex"))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", tex.name]
    done = subprocess.run(command, cwd=printed.out, capture_output=True, timeout=DEADLINE / 10, check=False)
    assert done.returncode == 0, done.stdout.decode("utf-8", "replace")[-3000:]
    command = ["pdftotext", "-layout", tex.with_suffix(".pdf").name, "-"]
    text = subprocess.run(command, cwd=printed.out, capture_output=True, text=True, check=True).stdout
    # Each row of the three models.
    assert text.count("(None, 3)") == 35 + 1 + 35
    assert text.count("dense_34") == 2
    # The minus sign of an expression, which LaTeX has as a command.
    assert "(batch, time - 2, 2)" in text
