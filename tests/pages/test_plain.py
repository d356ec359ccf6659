"""Plain code blocks of pages, without any markup of this extension (``kerasshape_plain``)."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from importlib.metadata import packages_distributions
from importlib.metadata import version as distribution_version

import pytest

from sphinx_kerasshape.audit import plain
from tests.support.projects import Built, Project

CHECK = "kerasshape_plain = 'check'\n"
MYST = """\
# Page

```python
import keras
from keras import layers

inputs = keras.Input((28, 28, 1))
x = layers.Conv2D(32, 3)(inputs)  # (None, 26, 26, 32)
x = layers.Flatten()(x)  # (None, 21632)
model = keras.Model(inputs, layers.Dense(10)(x))
model.count_params()
```

```
216650
```

The model has 216,650 parameters and returns `(None, 10)`.
"""
REST = """\
Page
====

.. code-block:: python

   import keras

   model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
   model.summary()

.. code-block:: text

   _________________________________________________________________
    Layer (type)                Output Shape              Param #
   =================================================================
    dense (Dense)               (None, 3)                 15
   =================================================================
   Total params: 15
   Trainable params: 15
   Non-trainable params: 0
   _________________________________________________________________

>>> model.output_shape
(None, 3)
"""
MINIMAL = """\
```python
import keras

keras.layers.Dense(3)(keras.Input((4,)))  # (None, 2)
```
"""


def told(built: Built) -> list[str]:
    """Return the warnings without the version of TensorFlow."""
    words = (" ".join(text.split()) for text in built.warnings)
    return [text.replace(f"TensorFlow {version()}", "TensorFlow 0") for text in words]


def version() -> str:
    """Return the version of TensorFlow, whichever distribution it is from."""
    (name, *_) = packages_distributions()["tensorflow"]
    return distribution_version(name)


def drift(place: str, stated: str, actual: str, more: str = "") -> str:
    said = f"the page states {stated}, but TensorFlow 0 says {actual}{more}"
    return f"{place}: WARNING: {said} [kerasshape.claim]"


def test_a_true_page_is_silent(make_project: Callable[..., Project]) -> None:
    project = make_project({"index.md": MYST, "other.rst": ":orphan:\n\n" + REST}, CHECK)
    assert project.build().warnings == []
    checked = project.build("kerasshape-check")
    assert checked.status == 0
    assert checked.page("output.txt").splitlines()[-1] == (
        "0 models ran, no claims; 10 statements beside plain code: 10 hold"
    )


@pytest.mark.parametrize(
    ("line", "true", "stated"),
    [
        (8, "(None, 26, 26, 32)", "(None, 25, 26, 32)"),
        (9, "(None, 21632)", "(None, 21600)"),
        (15, "216650", "216651"),
    ],
)
def test_each_drift_is_one_warning_at_its_line(
    make_project: Callable[..., Project], line: int, true: str, stated: str
) -> None:
    project = make_project({"index.md": MYST.replace(true, stated)}, CHECK)
    expected = [drift(f"index.md:{line}", stated, true)]
    assert told(project.build()) == expected
    assert told(project.build()) == expected  # a warm build


def test_drifts_in_prose_say_why(make_project: Callable[..., Project]) -> None:
    project = make_project({"index.md": MYST.replace("`(None, 10)`", "`(None, 12)`")}, CHECK)
    (warning,) = told(project.build())
    assert warning.startswith(
        "index.md:18: WARNING: the page states (None, 12), but TensorFlow 0 says (None, 10) ("
    )


def test_drifts_of_summaries_and_examples_in_rest(make_project: Callable[..., Project]) -> None:
    text = REST.replace("(None, 3)                 15", "(None, 3)                 16")
    text = text.replace("Total params: 15", "Total params: 16").replace("\n(None, 3)\n", "\n(None, 4)\n")
    built = make_project({"index.rst": text}, CHECK).build()
    row = "dense (Dense) (None, 3) 16"
    assert told(built) == [
        drift("index.rst:16", row, "dense (Dense) (None, 3) 15", " (its number of params is 15)"),
        drift("index.rst:18", "Total params: 16", "Total params: 15", " (the model has 15)"),
        drift("index.rst:24", "(None, 4)", "(None, 3)"),
    ]


def test_code_that_fails_is_a_warning_and_what_needs_it_is_not_checked(
    make_project: Callable[..., Project],
) -> None:
    code = "```python\nimport keras\n\nx = keras.layers.Dense(-1)(keras.Input((3,)))  # (None, 1)\n```\n"
    unknown = "\n```python\ny = unknown(2)  # (None, 2)\n```\n"
    project = make_project({"index.md": "# Page\n\n" + code + unknown}, CHECK)
    (warning,) = project.build().warnings
    assert warning.startswith(
        "index.md:6: WARNING: the plain code fails: ValueError: Received an invalid value"
    )
    assert warning.endswith("[kerasshape.code]")
    checked = project.build("kerasshape-check")
    assert checked.status == 1
    assert checked.page("output.txt").splitlines()[-1] == (
        "0 models ran, no claims; 2 statements beside plain code: 0 hold, 2 not checked"
    )


def test_pages_have_a_switch_of_their_own(make_project: Callable[..., Project]) -> None:
    pages = {
        "index.md": f"---\nkerasshape-plain: off\n---\n# Page\n\n{MINIMAL}",
        "rest.rst": ":orphan:\n:kerasshape-plain: off\n\n" + REST.replace("params: 15", "params: 16"),
        "on.md": f"---\norphan: true\nkerasshape-plain: check\n---\n# Page\n\n{MINIMAL}",
        "wrong.md": "---\norphan: true\nkerasshape-plain: of\n---\n# Page\n",
    }
    wrong = (
        "wrong.md:1: WARNING: kerasshape-plain must be 'off', 'check' or 'show', not 'of' [kerasshape.option]"
    )
    assert sorted(told(make_project(pages, CHECK).build())) == [
        drift("on.md:10", "(None, 2)", "(None, 3)"),
        wrong,
    ]
    assert sorted(told(make_project(pages).build())) == [drift("on.md:10", "(None, 2)", "(None, 3)"), wrong]


@pytest.mark.parametrize("comment", ["% kerasshape: off", "<!-- kerasshape: off -->"])
def test_a_comment_switches_the_next_block_off(make_project: Callable[..., Project], comment: str) -> None:
    text = f"# Page\n\n{comment}\n\n{MINIMAL}\n{MINIMAL}"
    built = make_project({"index.md": text}, CHECK).build()
    assert told(built) == [drift("index.md:14", "(None, 2)", "(None, 3)")]


def test_the_comment_in_rest(make_project: Callable[..., Project]) -> None:
    text = REST.replace(".. code-block:: text", ".. kerasshape: off\n\n.. code-block:: text")
    project = make_project({"index.rst": text.replace("params: 15", "params: 16")}, CHECK)
    assert project.build().warnings == []


IMPORTS = " (with stand-ins: the import of keras, the import of layers)"
DIRECTIVES = """\
# Page

```{keras:model} ours
model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
x = model(keras.Input((4,)))  # (None, 9)
```

It has {keras:params}`16 <ours>` and gives {keras:shape}`(None, 5) <ours.output>`.

```{keras:model} failing
:raises: ValueError

keras.layers.Dense(-1)(keras.Input((3,)))
```

```python
model.output_shape  # (None, 7)
```

Something else gives `(None, 6)`.
"""
COMMENT = drift("index.md:5", "(None, 9)", "(None, 3)").replace("page states", "comment states")


def test_directives_and_roles_are_not_looked_at_twice(make_project: Callable[..., Project]) -> None:
    """A plain block that goes on where a directive ends has its names."""
    built = make_project({"index.md": DIRECTIVES}, CHECK).build()
    claims = [text for text in told(built) if " for ours" in text]
    others = [text for text in told(built) if text not in claims]
    assert len(claims) == 2
    assert others == [drift("index.md:17", "(None, 7)", "(None, 3)", IMPORTS), COMMENT]


def test_fences_of_colons_are_directives_too(make_project: Callable[..., Project]) -> None:
    text = re.sub(r"```(\{keras.*?\n)```", r":::\1:::", DIRECTIVES, flags=re.DOTALL)
    conf = CHECK + "myst_enable_extensions = ['colon_fence']\n"
    built = make_project({"index.md": text}, conf).build()
    assert [text for text in told(built) if " for ours" not in text] == [
        drift("index.md:17", "(None, 7)", "(None, 3)", IMPORTS),
        COMMENT,
    ]


def test_a_warm_build_reads_no_page_again(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project({"index.md": "# Page\n\n" + MINIMAL}, CHECK)
    cold = project.build().warnings
    monkeypatch.setattr(plain, "recognise", None)
    assert project.build().warnings == cold != []


def test_without_the_setting_nothing_is_read(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "recognise", None)
    assert make_project({"index.md": "# Page\n\n" + MINIMAL}).build().warnings == []


@pytest.mark.slow
def test_pages_that_other_processes_read(make_project: Callable[..., Project]) -> None:
    pages = {f"page{number}.md": "---\norphan: true\n---\n# Page\n\n" + MINIMAL for number in range(7)}
    project = make_project({"index.md": "# Index\n", **pages}, CHECK)
    expected = [drift(f"page{number}.md:9", "(None, 2)", "(None, 3)") for number in range(7)]
    assert sorted(told(project.run("html", "-j", "2"))) == expected
    assert sorted(told(project.run("html", "-j", "2"))) == expected


def test_the_check_builder_lists_statements(make_project: Callable[..., Project]) -> None:
    project = make_project({"index.md": "# Page\n\n" + MINIMAL}, CHECK)
    checked = project.build("kerasshape-check")
    assert checked.status == 1
    assert checked.page("output.txt").splitlines() == [
        f"index.md:6: (None, 2) drifted: TensorFlow {version()} says (None, 3)",
        "0 models ran, no claims; 1 statement beside plain code: 0 hold, 1 drifted",
    ]
    assert json.loads(checked.page("report.json"))["statements"] == [
        {
            "kind": "comment",
            "stated": "(None, 2)",
            "actual": "(None, 3)",
            "holds": False,
            "reason": "",
            "stand_ins": [],
            "location": "index.md:6",
        }
    ]


def test_a_name_that_nothing_defines(make_project: Callable[..., Project]) -> None:
    """A build has no option --define: a comment defines names."""
    code = "```python\nimport keras\nx = keras.Input((size,))  # (None, 2)\n```\n"
    project = make_project({"index.md": f"# Page\n\n{code}"}, CHECK)
    checked = project.build("kerasshape-check")
    says = "size is not defined in this document (write a comment `kerasshape: define size = VALUE`)"
    assert says in checked.page("output.txt")
    assert "--define" not in checked.page("output.txt") + checked.page("report.json")
    project.write("index.md", f"# Page\n\n<!-- kerasshape: define size = 2 -->\n\n{code}")
    assert "1 hold" in project.build("kerasshape-check").page("output.txt")


def test_the_lock_has_the_answers(make_project: Callable[..., Project]) -> None:
    project = make_project({"index.md": "# Page\n\n" + MINIMAL}, CHECK)
    assert project.build("kerasshape-lock").status == 0
    locked = ("-D", "kerasshape_execution=locked")
    expected = [drift("index.md:6", "(None, 2)", "(None, 3)")]
    assert told(project.build("html", *locked)) == expected
    assert told(project.build("html")) == expected
    project.write("index.md", "# Page\n\n" + MINIMAL.replace("Dense(3)", "Dense(2)"))
    (warning,) = project.build("html", *locked).warnings
    assert warning.startswith("index.md:4: WARNING: some plain code is not in the lock as it is now")
    (warning,) = project.build("html").warnings
    assert warning.startswith("index.md:4: WARNING: plain code: its code or options have changed")


def test_what_must_not_run_is_not_judged(make_project: Callable[..., Project]) -> None:
    project = make_project({"index.md": "# Page\n\n" + MINIMAL}, CHECK)
    assert project.build("html", "-D", "kerasshape_execution=off").warnings == []
    assert told(project.build()) == [drift("index.md:6", "(None, 2)", "(None, 3)")]


@pytest.mark.skipif(not importlib.util.find_spec("myst_nb"), reason="MyST-NB is not installed")
def test_the_cells_of_a_notebook_are_blocks(make_project: Callable[..., Project]) -> None:
    conf = "extensions = ['myst_nb', 'sphinx_kerasshape']\nnb_execution_mode = 'off'\n"
    project = make_project({"index.md": "# Index\n\n```{toctree}\nbook\n```\n"}, conf + CHECK)
    printed = {"output_type": "execute_result", "data": {"text/plain": "(None, 4)"}, "metadata": {}}
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# Title\n"},
        {
            "cell_type": "code",
            "metadata": {},
            "execution_count": 1,
            "source": "import keras\nx = keras.layers.Dense(3)(keras.Input((4,)))  # (None, 2)\nx.shape",
            "outputs": [{**printed, "execution_count": 1}],
        },
    ]
    metadata = {"language_info": {"name": "python"}}
    book = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
    project.write("book.ipynb", json.dumps(book))
    assert told(project.run("text")) == [
        drift("book.ipynb:20003", "(None, 2)", "(None, 3)"),
        drift("book.ipynb:20002", "(None, 4)", "(None, 3)"),
    ]


BROKEN = {
    "index.rst": """\
Page
====

.. code-block:: python

   import keras
   model = keras.Sequential([
       keras.Input((4,)),
       keras.layers.Dense(3)

.. code-block:: python

   def call(self, inputs, training=None):

.. code-block:: python

   model = keras.Sequential([keras.Input((4,)), …])
""",
    "myst.md": """\
---
orphan: true
---
# Page

```python
model = keras.Sequential([
    keras.Input((4,)), keras.layers.Dense(3]
)
```

% kerasshape: off

```python
model = keras.Sequential([
```
""",
}


def test_code_that_makes_a_model_and_is_no_python(make_project: Callable[..., Project]) -> None:
    """Also if nothing of the page needs it; signatures and sketches may be what they are."""
    warnings = make_project(BROKEN, CHECK).build("text").warnings
    mend = "mend it, or switch the block off with the comment 'kerasshape: off' [kerasshape.syntax]"
    assert [warning.partition(": the plain code is no Python: ")[::2] for warning in warnings] == [
        ("index.rst:7: WARNING", f"'[' was never closed: {mend}"),
        (
            "myst.md:8: WARNING",
            f"closing parenthesis ']' does not match opening parenthesis '(': {mend}",
        ),
    ]
