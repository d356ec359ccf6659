"""Values in titles and captions: right wherever Sphinx shows the title, in the first build and later ones."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

from tests.support.projects import DEADLINE, Built, Project

CONF = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
project = copyright = "Bricks"
version = "1.0"
extensions.append("sphinx.ext.autosectionlabel")
autosectionlabel_prefix_document = True
suppress_warnings = ["autosectionlabel.*"]
numfig = True
html_theme = "alabaster"
html_sidebars = {"**": ["globaltoc.html", "localtoc.html", "relations.html"]}
myst_heading_anchors = 3
"""
MODULE = """\
import keras


def tower():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(UNITS)], name="tower")
"""
INDEX = """\
Start
=====

.. toctree::

   bricks
   other
"""
RST = {
    "bricks.rst": """\
.. _whole:

The model of :keras:params:`tower` params
=========================================

.. contents::

.. keras:model:: tower
   :from: bricks:tower()

.. _output:

It returns :keras:shape:`tower.output`, :keras:shape:`(4,) <tower.input>` is read
---------------------------------------------------------------------------------

.. _picture:

.. figure:: picture.png

   Picture of :keras:params:`tower`

.. _cells:

.. table:: Cells of :keras:params:`tower`

   ===  ===
   a    b
   ===  ===

.. _listing:

.. code-block:: python
   :caption: Listing of :keras:params:`tower`

   pass

.. _box:

.. rubric:: Box of :keras:params:`tower`

Here :ref:`output`.
""",
    "other.rst": """\
Other
=====

- doc: :doc:`bricks`
- ref: :ref:`whole`
- any: :any:`whole`
- section: :ref:`output`
- figure: :ref:`picture`
- table: :ref:`cells`
- code: :ref:`listing`
- rubric: :ref:`box`
- number: :numref:`{number} is {name} <picture>`
- auto: :ref:`bricks:the model of :keras:params:\\`tower\\` params`
""",
}
MD = {
    "bricks.md": """\
(whole)=
# The model of {keras:params}`tower` params

```{contents}
```

```{keras:model} tower
:from: bricks:tower()
```

(output)=
## It returns {keras:shape}`tower.output`, {keras:shape}`(4,) <tower.input>` is read

~~~{figure} picture.png
:name: picture

Picture of {keras:params}`tower`
~~~

~~~{table} Cells of {keras:params}`tower`
:name: cells

| a | b |
| - | - |
| 1 | 2 |
~~~

```{code-block} python
:name: listing
:caption: Listing of {keras:params}`tower`

pass
```

(box)=
~~~{rubric} Box of {keras:params}`tower`
~~~

Here [](#output), and [](#it-returns---is-read).
""",
    "other.md": """\
# Other

- doc: {doc}`bricks`
- ref: {ref}`whole`
- any: {any}`whole`
- section: {ref}`output`
- figure: {ref}`picture`
- table: {ref}`cells`
- code: {ref}`listing`
- rubric: {ref}`box`
- number: {numref}`{number} is {name} <picture>`
- auto: {ref}``bricks:the model of {keras:params}`tower` params``
- page: [](bricks.md)
- heading: [](bricks.md#it-returns---is-read)
- name: [](#picture)
""",
}
PICTURE = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa75\x81\x84\x00\x00\x00\x00IEND\xaeB`\x82"
)


def texts(params: str, units: str) -> dict[str, str]:
    """Return what each line of the referring page shows, by what it begins with."""
    title = f"The model of {params} params"
    section = f"It returns (None, {units}), (4,) is read"
    return {
        "doc": title,
        "ref": title,
        "any": title,
        "section": section,
        "figure": f"Picture of {params}",
        "table": f"Cells of {params}",
        "code": f"Listing of {params}",
        "rubric": f"Box of {params}",
        "number": f"1 is Picture of {params}",
        "auto": title,
        "page": title,
        "heading": section,
        "name": f"Picture of {params}",
    }


def plain(html: str) -> str:
    """Return the text of HTML, as one line."""
    return " ".join(unescape(re.sub("<[^>]*>", "", html)).split())


def lines(html: str) -> dict[str, str]:
    """Return the items of the referring page's list."""
    items = map(plain, re.findall(r"<li><p>(\w+: .*?)</p>", html, re.DOTALL))
    return dict(item.split(": ", 1) for item in items)


def write_module(project: Project, units: int) -> None:
    project.write("bricks.py", MODULE.replace("UNITS", str(units)))


@pytest.fixture(scope="module", params=["rst", "md"])
def project(request: pytest.FixtureRequest, make_project: Callable[..., Project]) -> Project:
    """A page with values in its titles, a page that refers to them, and one that has neither."""
    pages = RST if request.param == "rst" else MD
    made = make_project({**pages, "index.rst": INDEX}, CONF)
    (made.folder / "source" / "picture.png").write_bytes(PICTURE)
    write_module(made, 300)
    return made


@pytest.fixture(scope="module")
def first(project: Project) -> Built:
    built = project.build("html", "-n")
    assert built.warnings == []
    return built


def test_references_have_the_values(first: Built) -> None:
    shown = lines(first.page("other.html"))
    expected = texts("1,500", "300")
    assert shown == {name: expected[name] for name in shown}
    assert len(shown) >= 10


def test_titles_and_navigation_have_the_values(first: Built) -> None:
    page, other, index = (first.page(f"{name}.html") for name in ("bricks", "other", "index"))
    assert "<title>The model of 1,500 params" in page
    for html in (page, other, index):
        assert "tower params" not in plain(html)
        assert "The model of 1,500 params" in plain(html.partition('class="sphinxsidebar"')[2])
    assert 'title="The model of 1,500 params"' in other
    body = index.partition('class="toctree-wrapper')[2].partition("sphinxsidebar")[0]
    assert "The model of 1,500 params It returns (None, 300), (4,) is read Other" in plain(body)
    # Whatever copies the title looks like the title.
    heading = '<code class="kerasshape-shape kerasshape-value docutils literal notranslate">'
    assert page.count(heading) >= 3
    assert heading in body


def test_references_on_the_page_itself_have_the_values(first: Built) -> None:
    here = plain(first.page("bricks.html").partition("Here ")[2].partition("</p>")[0])
    assert set(here.removesuffix(".").split(", and ")) == {texts("1,500", "300")["section"]}


def test_the_search_and_the_inventory_have_the_values(first: Built) -> None:
    index = first.page("searchindex.js")
    assert '"The model of 1,500 params"' in index
    assert "tower params" not in index
    with (first.out / "objects.inv").open("rb") as stream:
        inventory = InventoryFile.load(stream, "", lambda base, path: path)
    expected = texts("1,500", "300")
    items = {**inventory["std:doc"], **inventory["std:label"]}
    # Older versions of Sphinx have tuples there.
    named = {name: getattr(item, "display_name", "") or item[3] for name, item in items.items()}
    assert named["bricks"] == named["whole"] == expected["doc"]
    assert (named["output"], named["picture"]) == (expected["section"], expected["figure"])
    assert [text for text in named.values() if "tower" in text] == []


@pytest.mark.parametrize("builder", ["singlehtml", "text", "latex", "epub", "texinfo", "man", "xml"])
def test_other_formats_have_the_values(builder: str, project: Project, first: Built) -> None:
    built = project.build(builder)
    assert built.warnings == []
    text = " ".join(" ".join(sources(built.out)).split())
    assert "1,500" in text
    assert re.findall(r".{30}(?:of|returns) tower.{30}", plain(text)) == []
    # Nothing of what marks a value is written.
    assert "kerasshape=" not in text


def sources(folder: Path) -> list[str]:
    """Return all texts of an output folder."""
    suffixes = {".html", ".xhtml", ".ncx", ".opf", ".txt", ".tex", ".texi", ".1", ".xml"}
    found = [path.read_text("utf-8") for path in folder.rglob("*") if path.suffix in suffixes]
    for book in folder.glob("*.epub"):
        with zipfile.ZipFile(book) as archive:
            names = [name for name in archive.namelist() if Path(name).suffix in suffixes]
            found += [archive.read(name).decode() for name in names]
    return found


@pytest.mark.parametrize("builder", ["text", "latex"])
def test_references_have_the_values_in_other_formats(builder: str, project: Project, first: Built) -> None:
    text = " ".join(" ".join(sources(project.build(builder).out)).split()).replace("\\sphinxhyphen{}", "-")
    expected = texts("1,500", "300")
    for name in ("doc", "section", "figure", "table", "code", "rubric"):
        assert re.search(rf"{name}: .{{0,90}}{re.escape(expected[name])}", text), name


def test_nothing_is_written_if_nothing_changes(project: Project, first: Built) -> None:
    before = (first.out / "other.html").stat().st_mtime_ns
    assert "no targets are out of date" in project.build("html").said
    assert (first.out / "other.html").stat().st_mtime_ns == before


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_changed_value_is_written_on_pages_that_did_not_change(
    jobs: str, project: Project, first: Built
) -> None:
    for units in (7, 300):
        write_module(project, units)
        built = project.build("html", "-n", "-j", jobs)
        assert built.warnings == []
        assert "0 added, 0 changed, 0 removed" in built.said
        expected = texts(f"{units * 5:,}", str(units))
        shown = lines(built.page("other.html"))
        assert shown == {name: expected[name] for name in shown}
        assert expected["doc"] in plain(built.page("index.html"))
        assert f'"{expected["doc"]}"' in built.page("searchindex.js")
        assert expected["section"] in plain(built.page("bricks.html").partition("sphinxsidebar")[2])


def test_pages_read_and_written_in_parallel_have_the_values(project: Project) -> None:
    for number in range(8):
        project.write(f"filler{number}.rst", f":orphan:\n\nFiller\n======\n\n:doc:`bricks` {number}\n")
    try:
        built = project.run("html", "-E", "-a", "-j", "2")
        assert built.warnings == []
        shown = lines(built.page("other.html"))
        expected = texts("1,500", "300")
        assert shown == {name: expected[name] for name in shown}
        assert "The model of 1,500 params 7" in plain(built.page("filler7.html"))
    finally:
        for path in (project.folder / "source").glob("filler*.rst"):
            path.unlink()


def test_values_are_written_as_each_format_writes_them(project: Project, first: Built) -> None:
    built = project.build("html", "-D", "kerasshape_numbers=si")
    shown = lines(built.page("other.html"))
    assert shown["doc"] == "The model of 1.5k params"
    assert "The model of 1.5k params" in plain(built.page("index.html"))
    again = project.build("html")
    assert lines(again.page("other.html"))["doc"] == "The model of 1,500 params"


SIZES = {
    "a.rst": """\
.. _first:

First gives :keras:shape:`first/conv.output`, needs :keras:axes:`first`
=======================================================================

.. keras:model:: first
   :axes: batch, time
   :caption: Reads :keras:shape:`first.input`, states :keras:params:`~2k <first>`
   :name: first-table

   keras.Sequential([keras.Input((None, 20)), layers.Conv1D(32, 3, name="conv")])

See :ref:`second`, :ref:`second-table`, :numref:`{name} <second-table>`.
""",
    "b.md": """\
(second)=
# Second gives {keras:shape}`second/conv.output`, needs {keras:axes}`second`

~~~{keras:model} second
:axes: batch, time
:caption: Reads {keras:shape}`second.input`, states {keras:params}`~2k <second>`
:name: second-table

keras.Sequential([keras.Input((None, 20)), layers.Conv1D(32, 3, name="conv")])
~~~

See {ref}`first`, {ref}`first-table`, {numref}`{name} <first-table>`.
""",
}


@pytest.fixture(scope="module")
def sizes(make_project: Callable[..., Project]) -> Project:
    return make_project(SIZES, "numfig = True\nlatex_elements = {'printindex': ''}\n")


def test_captions_of_models_have_sizes_with_names(sizes: Project) -> None:
    built = sizes.build("html", "-nW")
    for page, name in (("a", "Second"), ("b", "First")):
        title = f"{name} gives (batch, time − 2, 32), needs time ≥ 3"
        caption = "Reads (batch, time, 20), states ~2k"
        text = plain(built.page(f"{page}.html"))
        assert f"See {title}, {caption}, {caption}." in text


@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
def test_latex_has_each_sign_of_a_title_that_is_referred_to(sizes: Project) -> None:
    built = sizes.build("latex", "-nW")
    tex = next(built.out.glob("*.tex"))
    assert re.search(
        r"std-ref\}\{Second gives \(batch, time .{1,20} 2, 32\), needs time", tex.read_text("utf-8")
    )
    command = ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error", tex.name]
    done = subprocess.run(command, cwd=built.out, capture_output=True, timeout=DEADLINE, check=False)
    log = tex.with_suffix(".log").read_text("utf-8", "replace")
    assert (done.returncode, re.findall(r"^! .*", log, re.MULTILINE)) == (0, [])


PO = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"

msgid "Title with :keras:params:`m`"
msgstr "Titel mit :keras:params:`m` und :keras:params:`nope`"
"""
TRANSLATED = """\
.. _here:

Title with :keras:params:`m`
============================

.. keras:model:: m

   keras.Sequential([keras.Input((4,)), layers.Dense(500)])

See :ref:`here`.
"""


def test_a_translated_title_is_shown_with_its_own_values(make_project: Callable[..., Project]) -> None:
    project = make_project({"index.rst": TRANSLATED}, 'language = "de"\nlocale_dirs = ["locale"]\n')
    project.write("locale/de/LC_MESSAGES/index.po", PO)
    built = project.build("text")
    # What has no value is one warning, however many copies the title has.
    warning = (
        "locale/de/LC_MESSAGES/index.po:6: WARNING: unknown model 'nope': choose from m [kerasshape.ref]"
    )
    assert built.warnings == [warning]
    assert "See Titel mit 2.500 und –." in built.page("index.txt")
