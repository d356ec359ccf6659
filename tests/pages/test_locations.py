"""Code in odd places of a page: a failure is reported at the very line that failed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.support.projects import OLD_MYST, Built, Project

CONF = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
extensions += ["sphinx.ext.autodoc", "generates"]
myst_enable_extensions = ["colon_fence"]
exclude_patterns = ["parts"]
"""
LINE = "1 / 0  # here"
# Each page has one failing line; those with the mistaken option have a wrong directive, too.
PAGES = {
    "plain.rst": """\
Page
====

.. keras:model:: plain-rst
   :hidecode:
   :caption: A caption

   # A comment, and


   units = 3
   1 / 0  # here
""",
    "plain-md.md": """\
# Page

```{keras:model} plain-md
---
hidecode:
caption: A caption
---

# A comment, and


units = 3
1 / 0  # here
```
""",
    "no-options.rst": """\
Page
====

.. keras:model:: no-options-rst


   1 / 0  # here
""",
    "no-options-md.md": """\
# Page

```{keras:model} no-options-md


1 / 0  # here
```
""",
    "nested-list.rst": """\
Page
====

* One

  #. Two

     .. keras:model:: nested-list-rst

        units = 3
        1 / 0  # here

  #. Three
""",
    "nested-list-md.md": """\
# Page

* One

  1. Two

     ```{keras:model} nested-list-md
     :hidecode:
     units = 3
     1 / 0  # here
     ```

  2. Three
""",
    "note-in-list.rst": """\
Page
====

* One

  .. note::

     Look:

     .. keras:model:: note-in-list-rst
        :hidecode:

        units = 3
        1 / 0  # here
""",
    "note-in-list-md.md": """\
# Page

* One

  ````{note}
  Look:

  ```{keras:model} note-in-list-md
  :hide-code:

  units = 3
  1 / 0  # here
  ```
  ````
""",
    "fences.md": """\
# Page

`````{note}
````{tip}
:class: big

Look:

```{keras:model} fences

units = 3
1 / 0  # here
```
````
`````
""",
    "colons.md": """\
# Page

:::{note}
```{keras:model} colons
units = 3
1 / 0  # here
```
:::
""",
    "eval.md": """\
# Page

```{eval-rst}

.. note::

   .. keras:model:: eval
      :hidecode:

      units = 3
      1 / 0  # here
```
""",
    "quote.rst": """\
Page
====

A word
   Its meaning:

      .. keras:model:: quote-rst

         1 / 0  # here
""",
    "quote-md.md": """\
# Page

> Somebody said:
>
> ```{keras:model} quote-md
> units = 3
> 1 / 0  # here
> ```
""",
    "table.rst": """\
Page
====

.. list-table::

   * - One
     - Two
   * - Three
     - .. keras:model:: table-rst

          units = 3
          1 / 0  # here
""",
    "table-md.md": """\
# Page

````{list-table}
* - One
  - Two
* - Three
  - ```{keras:model} table-md
    units = 3
    1 / 0  # here
    ```
````
""",
    "grid.rst": """\
Page
====

+-------+-------------------------------+
| One   | Two                           |
+-------+-------------------------------+
| Three | .. keras:model:: grid         |
|       |                               |
|       |    units = 3                  |
|       |    1 / 0  # here              |
+-------+-------------------------------+
""",
}
PARTS = {
    "parts/included.txt": """\
This is part of a page; :keras:layer:`nowhere/dense`.

.. keras:model:: included-rst

   units = 3
   1 / 0  # here
""",
    "parts/included-list.txt": """\
* One

  .. note::

     .. keras:model:: included-list

        units = 3
        1 / 0  # here
""",
    "parts/included.md": """\
This is part of a page; {keras:layer}`nowhere/dense`.

```{keras:model} included-md
:hidecode:

units = 3
1 / 0  # here
```
""",
    "parts/included-note.md": """\
This is part of a page.

````{note}
```{keras:model} included-note
units = 3
1 / 0  # here
```
````
""",
}
INCLUDING = {
    "including.rst": """\
Page
====

.. include:: parts/included.txt

* In a list:

  .. include:: parts/included-list.txt
""",
    "including-md.md": """\
# Page

```{include} parts/included.md
```

```{include} parts/included-note.md
```
""",
}
MODULE = '''\
"""A module.

.. keras:model:: in-module

   units = 3
   1 / 0  # here
"""


def tower(units):
    """Build a tower.

    .. keras:model:: in-function

       units = 3
       1 / 0  # here

    Further text.
    """
'''


@pytest.fixture(scope="module")
def built(make_project: Callable[..., Project]) -> Built:
    pages = PAGES | INCLUDING | {"documented.rst": "Module\n======\n\n.. automodule:: towers\n   :members:\n"}
    project = make_project(pages | {"made.rst": "Made\n====\n\nText.\n\n.. generate::\n"}, CONF)
    project.write("generates.py", GENERATES)
    for name, text in PARTS.items():
        project.write(name, text)
    project.write("towers.py", MODULE)
    return project.build("pseudoxml")


SOURCES = PAGES | PARTS
MISTAKEN = [name for name, text in SOURCES.items() if "hidecode" in text]
REFERRING = [name for name, text in SOURCES.items() if "nowhere" in text]


def place(name: str, text: str, *, found: bool = False) -> str:
    """Return file and line of a text that a source has once; ``found`` are those looked for in the file."""
    (number,) = (number for number, line in enumerate(SOURCES[name].split("\n"), start=1) if text in line)
    if OLD_MYST and not found and name.startswith("parts/") and name.endswith(".md"):
        number += 1
    return f"{name}:{number}"


def warnings(built: Built, name: str, subtype: str) -> list[str]:
    # For docutils, the path of an included file starts in the working directory.
    found = [re.sub(r"^\S*/source/", "", text) for text in built.warnings]
    return [text for text in found if text.startswith(f"{name}:") and f"[kerasshape.{subtype}]" in text]


@pytest.mark.parametrize("name", SOURCES)
def test_code(name: str, built: Built) -> None:
    here = place(name, LINE)
    (found,) = warnings(built, name, "code")
    assert found.startswith(f"{here}: WARNING: model ")
    short = here.rpartition("/")[2]
    assert found.endswith(f": ZeroDivisionError: division by zero\n  {short}: {LINE} [kerasshape.code]")


@pytest.mark.parametrize("name", MISTAKEN)
def test_directive(name: str, built: Built) -> None:
    (found,) = warnings(built, name, "option")
    assert found.startswith(f"{place(name, 'keras:model')}: WARNING: ")


@pytest.mark.parametrize("name", REFERRING)
def test_role(name: str, built: Built) -> None:
    (found,) = warnings(built, name, "ref")
    assert found.startswith(f"{place(name, 'nowhere', found=True)}: WARNING: unknown model 'nowhere'")


@pytest.mark.parametrize("name", ["towers", "towers.tower"])
def test_docstring(name: str, built: Built) -> None:
    (found,) = warnings(built, f"towers.py:docstring of {name}", "code")
    place = f"towers.py:docstring of {name}:6: "
    assert found.startswith(place)
    assert found.endswith(f"\n  {place}{LINE} [kerasshape.code]")


def test_included_file_in_a_build_from_another_folder(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docutils names it relative to the folder of the build that read it; a later one says the same."""
    page = "Page\n====\n\n.. include:: part.txt\n"
    project = make_project({"index.rst": page}, "exclude_patterns = ['part.txt']\n")
    part = project.write("part.txt", ":keras:model:`nowhere`\n")
    for folder in (project.folder, part.parent):
        monkeypatch.chdir(folder)
        project.build("text")
        file, line, *_ = (project.folder / "warnings.txt").read_text(encoding="utf-8").split(":")
        assert (folder / file, line) == (part, "1")


def test_nothing_else_is_wrong(built: Built) -> None:
    assert len(built.warnings) == len(SOURCES) + len(MISTAKEN) + len(REFERRING) + 4


ROLES = {
    "roles.rst": """\
Page
====

.. glossary::

   Term
      A :keras:model:`lost-3`

   Second :keras:model:`lost-4`
      A :keras:params:`5 <lost-4>`
      and :keras:params:`lost-5`

.. list-table:: Title :keras:model:`lost-6` :keras:params:`5 <lost-7>`

   * - a
     - :keras:model:`lost-8`

Text
with :keras:model:`lost-9` and
:keras:model:`lost-9`, and a :keras:layer:`title
<lost-10/dense>`, :keras:layer:`!lost-11`
""",
    "roles-md.md": """\
# Page

Some
: {keras:model}`lost-1`
: {keras:model}`lost-2`

```{glossary}
Term
  A {keras:model}`lost-3`

Second {keras:model}`lost-4`
  A {keras:params}`5 <lost-4>`
  and {keras:params}`lost-5`
```

:::{list-table} Title {keras:model}`lost-6` {keras:params}`5 <lost-7>`
* - a
  - {keras:model}`lost-8`
:::

Text
with {keras:model}`lost-9` and
{keras:model}`lost-9`, and a {keras:layer}`title
<lost-10/dense>`
""",
}
GENERATES = '''\
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

TEXT = """
.. keras:model:: generated
   :hidecode:

   1 / 0  # here
"""


class Generate(SphinxDirective):
    def run(self):
        node = nodes.container()
        self.state.nested_parse(StringList(TEXT.splitlines()), 0, node)
        return [node]


def setup(app):
    app.add_directive("generate", Generate)
'''


def test_roles_where_docutils_does_not_know_the_line(make_project: Callable[..., Project]) -> None:
    conf = "kerasshape_execution = 'off'\nmyst_enable_extensions = ['deflist', 'colon_fence']\n"
    found = make_project(ROLES, conf).build("text").warnings
    for name, text in ROLES.items():
        lost = [
            (number, word)
            for number, line in enumerate(text.splitlines(), start=1)
            for word in re.findall(r"(?<!!)\blost-\d+", line.replace("<lost-10", ""))
        ]
        # A role is where its text begins.
        (title,) = [number for number, line in enumerate(text.splitlines(), start=1) if "`title" in line]
        told = [re.match(rf"{name}:(\d+): WARNING: unknown model '(.*?)'", one) for one in found]
        assert sorted((int(one[1]), one[2]) for one in told if one) == sorted([*lost, (title, "lost-10")])


def test_generated_text(built: Built) -> None:
    """No file has its lines; messages name the page that it is on."""
    assert [text for text in built.warnings if text.startswith("made.rst:")] == [
        "made.rst:generated text:2: WARNING: :hidecode: is not an option of keras:model; did you mean "
        ":hide-code:? [kerasshape.option]",
        "made.rst:generated text:5: WARNING: model 'generated': ZeroDivisionError: division by zero\n"
        "  made.rst:generated text:5: 1 / 0  # here [kerasshape.code]",
    ]


def test_a_statement_that_is_included_twice_has_one_warning(make_project: Callable[..., Project]) -> None:
    """Its line is wrong once. What a line states twice is wrong twice."""
    model = ".. keras:model:: m\n\n   keras.Sequential([keras.Input((4,)), layers.Dense(3)])\n"
    include = ".. include:: part.txt\n\n"
    page = f"Page\n====\n\n{model}\n{include}{include}"
    pages = {
        "index.rst": page,
        "other.md": f"---\norphan: true\n---\n\n# Other\n\n```{{eval-rst}}\n{include}```\n",
    }
    project = make_project(pages)
    project.write(
        "part.txt", "A :keras:params:`14 <m>`.\n\n:keras:params:`14 <m>` and :keras:params:`14 <m>`.\n"
    )
    stated = "WARNING: the page states 14 parameters for m, but TensorFlow"
    found = [text.partition(" 2.")[0] for text in project.build("text").warnings]
    assert found == [f"part.txt:1: {stated}", f"part.txt:3: {stated}", f"part.txt:3: {stated}"]
