"""``kerasshape_plain = "show"``: readers see the truth, authors hear of what is not."""

from __future__ import annotations

import html
import importlib.util
import json
import re
from collections.abc import Callable

import pytest

from tests.support.projects import Project

SHOW = "kerasshape_plain = 'show'\n"
CODE = """\
import keras

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
x = model(keras.Input((4,)))  # (None, 9)
model.summary()
"""
SUMMARY = """\
Model: "sequential"
_________________________________________________________________
 Layer (type)                Output Shape              Param #
=================================================================
 dense (Dense)               (None, 3)                 16
=================================================================
Total params: 15
Trainable params: 15
Non-trainable params: 0
_________________________________________________________________
"""
STALE = "y = keras.layers.Dense(7)(x)  # (None, 8)\n"
TABLE = """\
+--------------+--------------+--------+
| Layer        | Output shape | Params |
|==============|==============|========|
| dense        | (None, 3)    | 15     |
+--------------+--------------+--------+
| Total params |              | 15     |
+--------------+--------------+--------+
"""


def indented(text: str, margin: str = "   ") -> str:
    return "".join(f"{margin}{line}" if line.strip() else line for line in text.splitlines(keepends=True))


REST = f"""\
Page
====

.. code-block:: python
   :emphasize-lines: 2

{indented(CODE)}
.. code-block:: text

{indented(SUMMARY)}
Once more::

{indented(STALE)}
.. code-block:: python
   :class: kerasshape-off

{indented(STALE)}
.. rst-class:: kerasshape-off

::

{indented(STALE)}
.. code-block:: pycon

   >>> model.summary()
{indented(SUMMARY)}   >>> model.output_shape
   (None, 4)
"""
MYST = f"""\
# Page

```{{code-block}} python
:emphasize-lines: 2

{CODE}```

```text
{SUMMARY}```

Once more:

```python
{STALE}```

```{{code-block}} python
:class: kerasshape-off

{STALE}```

{{.kerasshape-off}}
```python
{STALE}```

```pycon
>>> model.summary()
{SUMMARY}>>> model.output_shape
(None, 4)
```
"""
TRUE_CODE = CODE.replace("(None, 9)", "(None, 3)")
EXPECTED = [
    "Page\n****\n\n",
    indented(TRUE_CODE),
    TABLE,
    "Once more:\n\n",
    indented(STALE.replace("(None, 8)", "(None, 7)")),
    indented(STALE),
    indented(STALE),
    "   >>> model.summary()\n",
    TABLE,
    "   >>> model.output_shape\n   (None, 3)\n",
]


@pytest.mark.parametrize(("name", "text"), [("index.rst", REST), ("index.md", MYST)])
def test_readers_see_the_truth_and_authors_are_told(
    make_project: Callable[..., Project], name: str, text: str
) -> None:
    conf = SHOW + "myst_enable_extensions = ['attrs_block']\n"
    project = make_project({name: text}, conf)
    built = project.build("text")
    shown = built.page("index.txt")
    assert re.sub(r"\n+", "\n", shown) == re.sub(r"\n+", "\n", "".join(EXPECTED)).rstrip("\n") + "\n"
    lines = text.split("\n")
    wrong = ["# (None, 9)", "(None, 3)                 16", STALE.strip()]
    first = [next(n for n, line in enumerate(lines, 1) if part in line) for part in wrong]
    last = len(lines) - (2 if name.endswith("md") else 1)
    second = max(n for n, line in enumerate(lines, 1) if wrong[1] in line)
    places = [int(warning.split(":")[1]) for warning in built.warnings]
    assert places == [*first, second, last]
    warm = project.build("text", "-E")
    assert (warm.page("index.txt"), warm.warnings) == (shown, built.warnings)


def test_check_shows_what_the_page_states(make_project: Callable[..., Project]) -> None:
    pages = {
        "index.md": "---\nkerasshape-plain: check\n---\n" + MYST,
        "shown.md": "---\norphan: true\nkerasshape-plain: show\n---\n" + MYST,
    }
    built = make_project(pages, "kerasshape_plain = 'off'\n").build("text")
    assert "# (None, 9)" in built.page("index.txt")
    assert TABLE not in built.page("index.txt")
    assert "# (None, 9)" not in built.page("shown.txt")
    assert TABLE in built.page("shown.txt")


def test_single_pages_of_several_show_it_too(make_project: Callable[..., Project]) -> None:
    index = "Index\n=====\n\n.. toctree::\n\n   a\n   b\n"
    pages = {"index.rst": index, "a.rst": REST, "b.md": MYST.replace("(None, 9)", "(None, 6)")}
    project = make_project(pages, SHOW)
    html = project.build("singlehtml").page("index.html")
    assert html.count("kerasshape-table") == 4
    assert not re.search(r"\(None, [69]\)", html)
    assert r"\PYGZsh{} (None, 3)" in project.build("latex").page("projectnamenotset.tex")


def test_a_summary_in_the_code_is_mended_where_it_stands(make_project: Callable[..., Project]) -> None:
    text = indented(SUMMARY, "# ")
    page = f"# Page\n\n```python\n{CODE}{text}```\n"
    built = make_project({"index.md": page}, SHOW).build("text")
    assert indented(TRUE_CODE + text.replace(" 16", " 15")).rstrip() in built.page("index.txt")


BOX = """\
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━┓
┃ \x1b[1mLayer (type)              \x1b[0m ┃ Output Shape        ┃     Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━┩
│ dense (\x1b[38;5;33mDense\x1b[0m)              │ (None, 3)           │          16 │
└────────────────────────────┴─────────────────────┴─────────────┘
"""
TOTALS = "\x1b[1m Total params: \x1b[0m\x1b[38;5;34m15\x1b[0m (60.00 B)\n"


def displayed(text: str) -> dict[str, object]:
    """Return an output as rich makes it: with colours as text, and as HTML."""
    shown = html.escape(re.sub(r"\x1b\[[0-9;]*m", "", text)).replace("dense", "<b>dense</b>")
    style = "white-space:pre;overflow-x:auto;font-family:Menlo,'DejaVu Sans Mono',monospace"
    data = {"text/plain": text, "text/html": f'<pre style="{style}">{shown}</pre>\n'}
    return {"output_type": "display_data", "metadata": {}, "data": data}


@pytest.mark.skipif(not importlib.util.find_spec("myst_nb"), reason="MyST-NB is not installed")
def test_outputs_that_a_notebook_has_stored(make_project: Callable[..., Project]) -> None:
    """Tables stand in place of summaries of all versions; what else was printed stays, and is true."""
    streamed = {"output_type": "stream", "name": "stdout", "text": f"before\n{SUMMARY}after\n"}
    value = {"output_type": "execute_result", "metadata": {}, "execution_count": 1}
    apart = [displayed(text) for text in ('\x1b[1mModel: "sequential"\x1b[0m\n', BOX, TOTALS)]
    twice = CODE + "model.summary()\n"
    outputs = {
        CODE + "x.shape": [streamed, {**value, "data": {"text/plain": "(None, 8)"}}],
        twice: [*apart, *apart],
        twice + "\n": [{**streamed, "text": SUMMARY + SUMMARY}],
    }
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "# Page\n"}]
    for code, printed in outputs.items():
        cell = {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": code}
        cells.append({**cell, "outputs": printed})
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    conf = "extensions = ['myst_nb', 'sphinx_kerasshape']\nnb_execution_mode = 'off'\n"
    project = make_project({"index.ipynb": json.dumps(book)}, conf + SHOW)
    written = project.run("text")
    assert len([text for text in written.warnings if "kerasshape.claim" in text]) == 9
    page = written.page("index.txt")
    assert page.count(TABLE) == 5
    assert "   before\n\n+--" in page
    assert "--+\n\n   after\n\n   (None, 3)\n" in page
    found = html.unescape(re.sub(r"<.*?>", "", project.run("html").page("index.html")))
    assert found.count("Total params") == page.count("Total params") == 5
    for stale in ("16", "┏", "Model:", "(None, 8)", "____", "\x1b"):
        assert stale not in page
        assert stale not in found[found.index("before") :]
