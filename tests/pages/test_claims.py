"""What pages state of shapes, counts and sizes: reported at its own line, inserted, and shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.support.projects import OLD_SPHINX, REPOSITORY, Built, Project

CONF = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
extensions.append("sphinx.ext.autodoc")
exclude_patterns = ["parts"]
"""
SMALL = "keras.Sequential([keras.Input((3,)), layers.Dense(5)])"
DEFINES = {
    "small.rst": f"Small\n=====\n\n.. keras:model:: small\n\n   {SMALL}\n",
    "failed.rst": "Failed\n======\n\n.. keras:model:: failed\n\n   1 / 0\n",
}
# In each markup every statement is wrong, and has a line of its own.
RST = """\
Page
====

A paragraph
says :keras:params:`21 <small>` and
:keras:shape:`(None, 6) <small/dense.output>`, twice
:keras:params:`21 <small>`, and true :keras:params:`20 <small>`.

* A list

  1. inside
     :keras:params:`22 <small>` and :keras:shape:`(None,
     7) <small.output>`

.. list-table:: A caption of :keras:params:`23 <small>`

   * - One
     - :keras:params:`24 <small>`

+------+-----------------------------+
| One  | :keras:params:`25 <small>`  |
+------+-----------------------------+

=====  ===========================
One    Two
=====  ===========================
x      :keras:params:`26 <small>`
=====  ===========================

.. keras:model:: page-rst
   :caption: Output :keras:shape:`(None, 8) <page-rst.output>`
   :expect-output: (None, 9)
   :expect-params: 27

   SMALL

A title: :keras:params:`28 <small>`
-----------------------------------

.. note::

   A note
   says :keras:dtype:`float16 <small.output>`
   and :keras:bytes:`81 B <small>`.

.. include:: parts/part.txt
"""
MD = """\
# Page

A paragraph
says {keras:params}`21 <small>` and
{keras:shape}`(None, 6) <small/dense.output>`, twice
{keras:params}`21 <small>`, and true {keras:params}`20 <small>`.

- A list

  1. inside
     {keras:params}`22 <small>` and {keras:shape}`(None,
     7) <small.output>`

~~~{list-table} A caption of {keras:params}`23 <small>`
* - One
  - {keras:params}`24 <small>`
~~~

| One | Two |
| --- | --- |
| x | {keras:params}`25 <small>` |
| y | {keras:params}`26 <small>` |

```{keras:model} page-md
:caption: Output {keras:shape}`(None, 8) <page-md.output>`
:expect-output: (None, 9)
:expect-params: 27

SMALL
```

## A title: {keras:params}`28 <small>`

````{note}
A note
says {keras:dtype}`float16 <small.output>`
and {keras:bytes}`81 B <small>`.
````

```{include} parts/part.md
```
"""
PARTS = {
    "parts/part.txt": "Included\ntext: :keras:params:`29 <small>`.\n",
    "parts/part.md": "Included\ntext: {keras:params}`29 <small>`.\n",
}
PAGES = {"page-rst.rst": RST.replace("SMALL", SMALL), "page-md.md": MD.replace("SMALL", SMALL)}
MODULE = '''\
"""A module.

It says
:keras:params:`21 <small>`.
"""


def tower():
    """Build a tower.

    It says
    :keras:params:`22 <small>`.
    """
'''
TROUBLES = {
    "(5,) <small/[>": "'small/[' is not a target: write MODEL, MODEL/LAYER or either with .ATTRIBUTE",
    "(5,) <deep/Dense.output>": "'deep' has several layers of type Dense: choose from dense, dense_1",
    "(5,) <nowhere.output>": "unknown model 'nowhere': choose from failed, page-md, page-rst, small, deep",
    "(5,) <small>": "'small' has several shapes: add .input, .output or the name of a weight",
    "(None, five) <small.output>": "'(None, five)' is not a shape: write one such as (None, 50), ",
    "(5,) <failed.output>": "",
}
DEEP = SMALL.replace("layers.Dense(5)", "layers.Dense(5), layers.Dense(6)")
TROUBLED = {
    "troubled.rst": f"Page\n====\n\n.. keras:model:: deep\n\n   {DEEP}\n\n"
    + "".join(f":keras:shape:`{text}`\n\n" for text in TROUBLES),
    "troubled-md.md": "# Page\n\n" + "".join(f"{{keras:shape}}`{text}`\n\n" for text in TROUBLES),
}
STATED = re.compile(r"`([^`<]+?)\s*<[^`]*`|expect-\w+: (.*)")


def statements(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Give place and text of each statement of a source that is not true."""
    for found in STATED.finditer(text):
        stated = " ".join((found[1] or found[2]).split())
        if stated != "20":
            yield f"{name}:{text.count(chr(10), 0, found.start()) + 1}", stated


@pytest.fixture(scope="module")
def built(make_project: Callable[..., Project]) -> Built:
    documented = {"documented.rst": "Module\n======\n\n.. automodule:: towers\n   :members:\n"}
    project = make_project(DEFINES | PAGES | TROUBLED | documented, CONF)
    for name, text in PARTS.items():
        project.write(name, text)
    project.write("towers.py", MODULE)
    return project.build("text", "--keep-going")


def reported(built: Built, name: str) -> list[tuple[str, str]]:
    """Return place and stated text of each drift that is reported for a file."""
    # For docutils, the path of an included file starts in the working directory.
    warnings = [re.sub(r"^\S*/source/", "", text) for text in built.warnings]
    drift = re.compile(r"(\S+:\d+): WARNING: the page states (.+?)(?: parameters)? for \S+, but TensorFlow ")
    found = [drift.match(text) for text in warnings if text.startswith(f"{name}:")]
    return [(one[1], one[2]) for one in found if one]


@pytest.mark.parametrize("name", [*PAGES, *PARTS])
def test_each_statement_is_reported_at_its_own_line(name: str, built: Built) -> None:
    wanted = sorted(statements(name, (PAGES | PARTS)[name]))
    assert len(wanted) == (15 if name in PAGES else 1)
    assert sorted(reported(built, name)) == wanted


def test_docstrings(built: Built) -> None:
    found = sorted(text for text in built.warnings if "towers.py" in text)
    says = "for small, but TensorFlow "
    assert [text.partition(says)[0] for text in found] == [
        "towers.py:docstring of towers.tower:4: WARNING: the page states 22 parameters ",
        "towers.py:docstring of towers:4: WARNING: the page states 21 parameters ",
    ]


@pytest.mark.parametrize("name", TROUBLED)
def test_claims_that_can_not_be_checked(name: str, built: Built) -> None:
    text = TROUBLED[name]
    wanted = []
    for stated, problem in TROUBLES.items():
        line = text.count("\n", 0, text.index(stated)) + 1
        subtype = "claim" if "is not a shape" in problem else "ref"
        if problem:
            wanted.append(f"{name}:{line}: WARNING: {problem} [kerasshape.{subtype}]")
    found = [text for text in built.warnings if text.startswith(f"{name}:")]
    assert [re.sub(r"(write one such as \(None, 50\), ).* \[", r"\1 [", text) for text in found] == wanted


def test_a_failed_model_has_one_warning(built: Built) -> None:
    found = [text for text in built.warnings if "failed" in text and "choose from failed" not in text]
    assert len(found) == 1
    assert found[0].startswith("failed.rst:6: WARNING: model 'failed': ZeroDivisionError")


def test_pages_show_what_they_state(built: Built) -> None:
    for name, text in PAGES.items():
        page = built.page(name.rpartition(".")[0] + ".txt")
        expected = [stated for _, stated in statements(name, text) if stated not in ("(None, 9)", "27")]
        assert [stated for stated in expected if stated not in page] == []


def test_all_kinds_of_messages(built: Built) -> None:
    says = {text.partition("the page states ")[2] for text in built.warnings if text.startswith("page-rst")}
    version = re.search(r"TensorFlow (\S+)", str(says))
    assert version
    wanted = {
        "(None, 6) for small/dense.output, but TensorFlow V says (None, 5) [kerasshape.claim]",
        "(None, 7) for small.output, but TensorFlow V says (None, 5) [kerasshape.claim]",
        "21 parameters for small, but TensorFlow V says 20 [kerasshape.claim]",
        "float16 for small.output, but TensorFlow V says float32 [kerasshape.claim]",
        "81 B for small, but TensorFlow V says 80 B [kerasshape.claim]",
    }
    assert {text.replace("V", version[1]) for text in wanted} <= says


def test_a_page_follows_the_model_of_another_page(make_project: Callable[..., Project]) -> None:
    inserted = "# Refers\n\n{keras:shape}`small.output`, {keras:params}`20 <small>`.\n"
    project = make_project({"small.rst": DEFINES["small.rst"], "refers.md": inserted})
    first = project.build("text", "-W", "--keep-going")
    assert (first.warnings, first.status) == ([], 0)
    assert "(None, 5)" in first.page("refers.txt")
    project.write("small.rst", DEFINES["small.rst"].replace("Dense(5)", "Dense(6)"))
    second = project.build("text")
    assert "(None, 6)" in second.page("refers.txt")
    assert [text.partition(", but")[0] for text in second.warnings] == [
        "refers.md:3: WARNING: the page states 20 parameters for small"
    ]
    # Not one word of it is lost when nothing is read again.
    third = project.build("text", "-W", "--keep-going")
    assert (third.warnings, third.status) == (second.warnings, 1)


CNN = """\
layers.Input((32, 32, 3)),
layers.Conv2D(32, (3, 3), activation="relu"),
layers.MaxPooling2D((2, 2)),
layers.Conv2D(64, (3, 3), activation="relu"),
layers.MaxPooling2D((2, 2)),
layers.Conv2D(64, (3, 3), activation="relu", name="last"),
layers.Flatten(name="flat"),
layers.Dense(64, activation="relu"),
layers.Dense(10),
"""
TUTORIAL = f"""
# CNN

```{{keras:model}} cnn
keras.Sequential([
{CNN}])
```

The output of the convolutions, {{keras:shape}}`(3, 3, 64) <cnn/last.output>`, was
flattened into {{keras:shape}}`576 <cnn/flat.output>` numbers before it goes through two Dense layers.
"""


def test_the_old_tutorial_on_convolutions(make_project: Callable[..., Project]) -> None:
    built = make_project({"cnn.md": TUTORIAL}).build("text", "-W", "--keep-going")
    version = re.search(r"TensorFlow (\S+)", str(built.warnings))
    assert version
    assert built.status == 1
    says = f"but TensorFlow {version[1]} says"
    assert built.warnings == [
        f"cnn.md:18: WARNING: the page states (3, 3, 64) for cnn/last.output, {says} "
        "(4, 4, 64), in full (None, 4, 4, 64) [kerasshape.claim]",
        f"cnn.md:19: WARNING: the page states 576 for cnn/flat.output, {says} "
        "1,024 ((None, 1024)) [kerasshape.claim]",
    ]


def test_example_project_states_enough() -> None:
    files = [*(REPOSITORY / "example_project").glob("*.md"), *(REPOSITORY / "example_project").glob("*.rst")]
    count = sum(len(STATED.findall(path.read_text(encoding="utf-8"))) for path in files)
    assert count >= 60


CAPTIONS = {
    "caption.rst": f"""\
Page
====

.. keras:model:: caption-rst
   :caption: Gives :keras:shape:`caption-rst.output` in :keras:dtype:`caption-rst/out.output`,
             see :keras:layer:`the last <caption-rst/out>`

   {SMALL.replace("5", "5, name='out'")}
""",
    "caption-md.md": f"""\
# Page

```{{keras:model}} caption-md
---
caption: >-
  Gives {{keras:shape}}`caption-md.output` in {{keras:dtype}}`caption-md/out.output`,
  see {{keras:layer}}`the last <caption-md/out>`
---
{SMALL.replace("5", "5, name='out'")}
```
""",
}


@pytest.fixture(scope="module")
def captioned(make_project: Callable[..., Project]) -> Project:
    return make_project(CAPTIONS)


@pytest.mark.parametrize("builder", ["html", "text", "latex"])
def test_values_in_captions(builder: str, captioned: Project) -> None:
    """Also of the model whose caption it is, which is not known when the caption is read."""
    if OLD_SPHINX and builder == "latex":
        pytest.skip("Sphinx 7 writes anchors otherwise in LaTeX")
    built = captioned.build(builder)
    assert built.warnings == []
    for name in ("caption-rst", "caption-md"):
        anchor = f"keras-model-{name}--out"
        if builder == "html":
            text = re.sub(r"</?(?:span|code)[^>]*>", "", built.page(f"{name.removesuffix('-rst')}.html"))
            link = f'<a class="reference internal" href="#{anchor}" title="{name}/out">the last</a>'
            assert f"Gives (None, 5) in float32, see {link}" in text.replace("\N{NO-BREAK SPACE}", " ")
            assert f'id="{anchor}"' in built.page(f"{name.removesuffix('-rst')}.html")
        elif builder == "text":
            text = " ".join(built.page(f"{name.removesuffix('-rst')}.txt").split())
            assert re.search(r"Gives \W*\(None, 5\)\W* in \W*float32\W*, see \W*the last", text), text
        else:
            (document,) = built.out.glob("*.tex")
            text = document.read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")
            (caption,) = [line for line in text.splitlines() if r"{Gives " in line and f":{anchor}" in line]
            assert "{Gives (None, 5) in " in caption
            assert "{float32}" in caption
            assert "{the last}" in caption
