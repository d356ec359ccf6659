"""Mistakes of an author: each is one located warning that says how to mend it, and the page is built."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from sphinx_kerasshape.collect import options
from tests.support.projects import OLD_MYST, Built, Project

CONF = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
kerasshape_timeout = 0
kerasshape_columns = ["ouput"]
kerasshape_cache_dir = "conf.py/cache"
"""
TINY = """\
import os


def make(units=1):
    if units < 1:
        raise ValueError("a layer needs units")


def modern():
    pass
"""
GOOD = "keras.Sequential([keras.Input((4,)), layers.Dense(1)])"


@dataclass(frozen=True)
class Mistake:
    """A wrong use of ``keras:model``, and the warning at the directive's line."""

    options: tuple[str, ...]
    body: str
    warning: str


def mistake(*options: str, body: str = "", warning: str) -> Mistake:
    return Mistake(options, body, warning)


MISTAKES = {
    "option": mistake(
        ":colums: layer",
        body=GOOD,
        warning=":colums: is not an option of keras:model; did you mean :columns:? [kerasshape.option]",
    ),
    "column": mistake(
        ":columns: layer, ouput",
        body=GOOD,
        warning=":columns: unknown column 'ouput'; did you mean 'output'? [kerasshape.option]",
    ),
    "part": mistake(
        ":show: code, tabel",
        body=GOOD,
        warning=":show: unknown part 'tabel'; did you mean 'table'? [kerasshape.option]",
    ),
    "depth": mistake(
        ":depth: 0",
        body=GOOD,
        warning=":depth: must be a whole number from 1, or 'all', not '0' [kerasshape.option]",
    ),
    "align": mistake(
        ":align: centre",
        body=GOOD,
        warning=":align: unknown alignment 'centre'; did you mean 'center'? [kerasshape.option]",
    ),
    "empty": mistake(":model:", body=GOOD, warning=":model: needs a value [kerasshape.option]"),
    "expression": mistake(
        ":model: the model",
        body=GOOD,
        warning=":model: must be a Python expression, not 'the model' [kerasshape.option]",
    ),
    "exception": mistake(
        ":raises: ValueError()",
        body=GOOD,
        warning=":raises: must be the name of an exception, such as ValueError, not 'ValueError()' "
        "[kerasshape.option]",
    ),
    "flag": mistake(
        ":linenos: yes",
        body=GOOD,
        warning=":linenos: takes no value, but has 'yes' [kerasshape.option]",
    ),
    "number": mistake(
        ":lineno-start: first",
        body=GOOD,
        warning=":lineno-start: must be a whole number, not 'first' [kerasshape.option]",
    ),
    "number-empty": mistake(
        ":lineno-start:",
        body=GOOD,
        warning=":lineno-start: needs a value [kerasshape.option]",
    ),
    "number-signs": mistake(
        ":lineno-start: --5",
        body=GOOD,
        warning=":lineno-start: must be a whole number, not '--5' [kerasshape.option]",
    ),
    "number-long": mistake(
        f":lineno-start: {'1' * 4301}",
        body=GOOD,
        warning=f":lineno-start: can have at most 9 digits, not '{'1' * 100}…' [kerasshape.option]",
    ),
    "number-divided": mistake(
        ":lineno-start: 1_000",
        body=GOOD,
        warning=":lineno-start: must be a whole number, not '1_000' [kerasshape.option]",
    ),
    "flag-hiding": mistake(
        ":hide-code: no",
        body=GOOD,
        warning=":hide-code: takes no value, but has 'no' [kerasshape.option]",
    ),
    "control": mistake(
        ":file: \x1b[31m\u202elost.py",
        warning=":file: \\x1b[31m\\u202elost.py does not exist; the path is relative to this page, or to the "
        "documentation's folder if it starts with '/' [kerasshape.file]",
    ),
    "option-long": mistake(
        f":{'x' * 5000}: 1",
        body=GOOD,
        warning=f":{'x' * 100}…: is not an option of keras:model: choose from "
        f"{', '.join(f':{name}:' for name in options._OPTIONS)} [kerasshape.option]",
    ),
    "axis-long": mistake(
        f":axes: batch, {'t' * 10_000}",
        body=GOOD,
        warning=":axes: has 10,007 characters; 10,000 are allowed [kerasshape.option]",
    ),
    "axis-name": mistake(
        f":axes: batch, {'t' * 41}",
        body=GOOD,
        warning=f":axes: '{'t' * 41}' is too long: the name of an axis can have 40 characters "
        "[kerasshape.option]",
    ),
    "exception-long": mistake(
        f":raises: {'t' * 201}",
        body=GOOD,
        warning=":raises: has 201 characters; 200 are allowed [kerasshape.option]",
    ),
    "input-named": mistake(
        ":input: x: (None, 4)",
        body="model = keras.Sequential([layers.Dense(1)])",
        warning=":input: 'x: (None, 4)' is not a shape: write inputs with names as "
        '{"x": (None, 50), "y": (None, 9)} [kerasshape.option]',
    ),
    "input-large": mistake(
        f":input: (None, 0x{'f' * 4400})",
        body=GOOD,
        warning=f":input: '(None, 0x{'f' * 91}…' has an axis larger than 1,000,000,000 [kerasshape.option]",
    ),
    "lines": mistake(
        ":emphasize-lines: one",
        body=GOOD,
        warning=":emphasize-lines: must be line numbers, such as 2,4-6, not 'one' [kerasshape.option]",
    ),
    "lines-outside": mistake(
        ":emphasize-lines: 1-2",
        body=GOOD,
        warning=":emphasize-lines: '1-2' has other lines than the code, which has only one line "
        "[kerasshape.option]",
    ),
    "two-sources": mistake(
        ":from: zoo:model()",
        body=GOOD,
        warning="the model has a body and :from:; keep one of them [kerasshape.option]",
    ),
    "no-code": mistake(
        warning="the model has no code: give it a body, :from: or :file: [kerasshape.option]",
    ),
    "no-call": mistake(
        ":from: zoo:model",
        warning=":from: 'model' is not a call; did you mean 'zoo:model()'? [kerasshape.option]",
    ),
    "no-module": mistake(
        ":from: model()",
        warning=":from: 'model()' does not name a module and a callable: write "
        "package.module:callable(units=64) [kerasshape.option]",
    ),
    "no-python": mistake(
        ":from: zoo:model(",
        warning=":from: 'model(' is not Python: write package.module:callable(units=64) [kerasshape.option]",
    ),
    "no-literal": mistake(
        ":from: zoo:model(2 * units)",
        warning=":from: the argument 2 * units is not a literal: write the code in the body instead "
        "[kerasshape.option]",
    ),
    "not-importable": mistake(
        ":from: zoo:model()",
        warning="model NAME: ModuleNotFoundError: No module named 'zoo'\n"
        "  :from: zoo:model() can't be imported: check the name 'zoo', or add the folder that contains 'zoo' "
        "to sys.path in conf.py [kerasshape.code]",
    ),
    "no-model": mistake(
        ":from: tiny:make()",
        warning="model NAME: :from: tiny:make() returned a value of type NoneType, not a Keras model "
        "[kerasshape.model]",
    ),
    "no-such-name": mistake(
        ":from: tiny:moder()",
        warning="model NAME: ImportError: cannot import name 'moder' from 'tiny' (tiny.py); did you mean "
        "'modern'?\n"
        "  HERE: :from: tiny:moder() [kerasshape.code]",
    ),
    "no-name-like-it": mistake(
        ":from: tiny:network()",
        warning="model NAME: ImportError: cannot import name 'network' from 'tiny' (tiny.py): choose from "
        "make, modern\n"
        "  HERE: :from: tiny:network() [kerasshape.code]",
    ),
    "no-method": mistake(
        ":from: tiny:make.modell()",
        warning="model NAME: AttributeError: 'function' object has no attribute 'modell'\n"
        "  HERE: :from: tiny:make.modell() [kerasshape.code]",
    ),
    "no-such-package": mistake(
        ":from: needy:model()",
        warning="model NAME: ModuleNotFoundError: No module named 'nowhere_to_be_found': install it where "
        "the models run, or add the folder that contains 'nowhere_to_be_found' to sys.path in conf.py\n"
        "  HERE: :from: needy:model()\n"
        "  needy.py:1: import nowhere_to_be_found [kerasshape.code]",
    ),
    "no-units": mistake(
        ":from: tiny:make(units=1, deep=True)",
        warning="model NAME: TypeError: make() got an unexpected keyword argument 'deep': choose from units\n"
        "  HERE: :from: tiny:make(units=1, deep=True) [kerasshape.code]",
    ),
    "no-layer": mistake(
        ":from: tiny:make(units=0)",
        warning="model NAME: ValueError: a layer needs units\n"
        "  HERE: :from: tiny:make(units=0)\n"
        '  tiny.py:6, in make: raise ValueError("a layer needs units") [kerasshape.code]',
    ),
    "no-python-module": mistake(
        ":from: broken:model()",
        warning="model NAME: SyntaxError: invalid syntax (broken.py, line 2)\n"
        "  HERE: :from: broken:model()\n"
        "  broken.py:2: model = = [kerasshape.code]",
    ),
    "no-file": mistake(
        ":file: lost.py",
        warning=":file: lost.py does not exist; the path is relative to this page, or to the "
        "documentation's folder if it starts with '/' [kerasshape.file]",
    ),
    "file-outside": mistake(
        ":file: ../outside.py",
        warning=":file: ../outside.py is outside of the documentation's folder: move it there, or "
        "add its folder to kerasshape_file_folders in conf.py "
        "[kerasshape.file]",
    ),
    "file-type": mistake(
        ":file: model.ipynb",
        warning=":file: model.ipynb is neither Python (.py) nor a saved model "
        "(.keras, .h5, .hdf5, .tflite, or a folder) [kerasshape.file]",
    ),
    "file-encoding": mistake(
        ":file: latin.py",
        warning=":file: latin.py can't be read: save it as UTF-8 [kerasshape.file]",
    ),
    "file-loop": mistake(
        ":file: loop.py",
        warning=":file: loop.py can't be read: Symlink loop [kerasshape.file]",
    ),
    "file-pipe": mistake(
        ":file: pipe.py",
        warning=":file: pipe.py can't be read: it is not a regular file [kerasshape.file]",
    ),
    "file-device": mistake(
        ":file: zero.py",
        warning=":file: zero.py is a link to a place outside of the documentation's folder: copy the file, "
        "or "
        "add its folder to kerasshape_file_folders in conf.py "
        "[kerasshape.file]",
    ),
    "file-long": mistake(
        f":file: {'x' * 300}.py",
        warning=f":file: {'x' * 100}… can't be read: File name too long [kerasshape.file]",
    ),
    "file-folder": mistake(
        ":file: .",
        warning=":file: . is not a SavedModel: the folder has no saved_model.pb [kerasshape.file]",
    ),
    "caption": mistake(
        ":show: code",
        ":caption: A table",
        body=GOOD,
        warning=":caption: belongs to the table: add 'table' to :show:, or remove :caption: "
        "[kerasshape.option]",
    ),
    "name": mistake(
        ":show: code, totals",
        ":name: a-table",
        body=GOOD,
        warning=":name: belongs to the table: add 'table' to :show:, or remove :name: [kerasshape.option]",
    ),
}
NAMELESS = "keras:model needs a name, such as 'keras:model lstm-demo'"
BELOW = f"""\
Below
=====

.. keras:model:: below-comment
   # A comment

   {GOOD}

.. keras:model:: below-option
   :depth 2

   {GOOD}

.. keras:model:: below-all
   units = 3
   {GOOD}

.. keras:model:: below-name
   of several words

   {GOOD}

.. keras:model::
   below-alone
   units = 3
   :show: table

   1 / 0  # here

.. keras:model::
   {GOOD}

.. keras:code::
   x = 3

   print(x + 1)

.. keras:code::
   print(x + 2)
   x = 5

The end.
"""
TWICE = f"""\
# Twice

```{{keras:model}} twice-plain
:columns: layer
:depth: 1
:columns: layer, type
{GOOD}
```

> ```{{keras:model}} twice-quoted
> ---
> depth: 1
> columns: layer
> depth: 2
> ---
> {GOOD}
> ```

```{{keras:code}}
:linenos:
:linenos:

":linenos:"
```

```{{eval-rst}}
.. keras:code::

   ":linenos:"
   ":linenos:"
```
"""
NEITHER = "is neither an option nor code: put a blank line above it"
MISSING = f"{NEITHER}, or write the whole name on the first line"
PAGES = [(name, suffix) for name in MISTAKES for suffix in ("rst", "md")]
REFERENCES = {
    ":keras:model:`goood`": "unknown model 'goood'; did you mean 'good'?",
    ":keras:layer:`goood/dense`": "unknown model 'goood'; did you mean 'good'?",
    ":keras:layer:`good/dens`": "model 'good' has no layer 'dens'; did you mean 'dense'?",
    ":keras:layer:`good/lstm`": "model 'good' has no layer 'lstm': choose from dense",
    ":keras:layer:`good`": "keras:layer needs a layer behind the name of the model: write, for instance, "
    "good/dense",
    ":keras:model:`good/dense`": "keras:model refers to a whole model: use keras:layer for 'good/dense'",
    ":keras:layer:`failing/dense`": "the code of 'failing' is meant to fail (:raises:), so it has no layers",
    f":keras:layer:`good/{'x' * 101}`": f"model 'good' has no layer '{'x' * 100}…': choose from dense",
    ":keras:layer:`the last layer <good/dens>`": "model 'good' has no layer 'dens'; did you mean 'dense'?",
}


def page(name: str, suffix: str) -> str:
    """Return a page with a mistake on line 3 in MyST, 4 in reST, and a paragraph below."""
    lines = [*MISTAKES[name].options, "", MISTAKES[name].body]
    if suffix == "md":
        directive = "\n".join([f"```{{keras:model}} {name}-md", *lines, "```"])
        return f"# Page\n\n{directive}\n\nThe end.\n"
    directive = "\n".join([f".. keras:model:: {name}-rst", *(f"   {line}".rstrip() for line in lines)])
    return f"Page\n====\n\n{directive}\n\nThe end.\n"


def references(suffix: str) -> str:
    """Return a page with a wrong role on line 4 and on each second line from there."""
    roles = "\n\n".join(REFERENCES)
    if suffix == "md":
        return "# Roles\n\n\n" + re.sub(r":(keras:\w+):", r"{\1}", roles)
    return f"Roles\n=====\n\n{roles}\n"


@pytest.fixture(scope="module")
def builds(make_project: Callable[..., Project]) -> tuple[Built, Built]:
    pages = {f"{name}-{suffix}.{suffix}": page(name, suffix) for name, suffix in PAGES}
    pages |= {f"roles-{suffix}.{suffix}": references(suffix) for suffix in ("rst", "md")}
    pages["good.rst"] = f"Good\n====\n\n.. keras:model:: good\n\n   {GOOD}\n"
    pages["failing.rst"] = "F\n=\n\n.. keras:model:: failing\n   :raises: NameError\n\n   nothing\n"
    pages["marked.rst"] = "Mark\n====\n\n.. keras:model:: marked\n   :file: marked.py\n"
    pages["twice-a.rst"] = f"A\n=\n\n.. keras:model:: twice\n\n   {GOOD}\n"
    pages["twice-b.md"] = f"# B\n\n```{{keras:model}} twice\n{GOOD}\n```\n"
    pages["twice-c.rst"] = f"C\n=\n\n.. keras:model:: twice-c\n\n   {GOOD}\n\n" * 2
    pages["below.rst"] = BELOW
    pages["options.md"] = TWICE
    pages["endless.rst"] = f"Endless\n=======\n\n.. keras:model:: {'x' * 201}\n\n   {GOOD}\n"
    pages["nameless.rst"] = f"No name\n=======\n\n.. keras:model::\n\n   {GOOD}\n"
    pages["nameless-md.md"] = f"# No name\n\n```{{keras:model}}\n{GOOD}\n```\n"
    project = make_project(pages, CONF)
    project.write("tiny.py", TINY)
    project.write("broken.py", "import os\nmodel = =\n")
    project.write("marked.py", f"\ufeff{GOOD}\n")
    project.write("needy.py", "import nowhere_to_be_found\n")
    (project.folder / "outside.py").write_text(GOOD)
    project.write("latin.py", "").write_bytes("# Un été".encode("latin-1"))
    os.mkfifo(project.folder / "source" / "pipe.py")
    (project.folder / "source" / "loop.py").symlink_to("loop.py")
    (project.folder / "source" / "zero.py").symlink_to("/dev/zero")
    return project.build("text"), project.build("text", "-W", "--keep-going")


@pytest.mark.parametrize(("name", "suffix"), PAGES)
def test_mistake(name: str, suffix: str, builds: tuple[Built, Built]) -> None:
    file = f"{name}-{suffix}.{suffix}"
    line = 3 if suffix == "md" else 4
    text = MISTAKES[name].warning.replace("NAME", f"'{name}-{suffix}'").replace("HERE", f"{file}:{line}")
    found = [
        # How a link to itself is called depends on the versions of Python and of Sphinx.
        text.replace("Too many levels of symbolic links", "Symlink loop")
        for text in builds[0].warnings
        if text.startswith(f"{file}:")
    ]
    assert found == [f"{file}:{line}: WARNING: {text}"]


@pytest.mark.parametrize(("name", "suffix"), PAGES)
def test_page_is_built(name: str, suffix: str, builds: tuple[Built, Built]) -> None:
    text = builds[0].page(f"{name}-{suffix}.txt")
    assert text.endswith("The end.\n")
    assert MISTAKES[name].body in text


@pytest.mark.parametrize("suffix", ["rst", "md"])
def test_roles(suffix: str, builds: tuple[Built, Built]) -> None:
    file = f"roles-{suffix}.{suffix}"
    found = [text for text in builds[0].warnings if text.startswith(f"{file}:")]
    assert found == [
        f"{file}:{line}: WARNING: {text} [kerasshape.ref]"
        for line, text in zip(range(4, 99, 2), REFERENCES.values(), strict=False)
    ]


def test_duplicate_names(builds: tuple[Built, Built]) -> None:
    found = [text for text in builds[0].warnings if text.startswith("twice")]
    assert found == [
        "twice-b.md:3: WARNING: model 'twice' is already defined at twice-a.rst:4: rename one of the two "
        "[kerasshape.name]",
        "twice-c.rst:11: WARNING: model 'twice-c' is already defined at twice-c.rst:4: rename one of the two "
        "[kerasshape.name]",
    ]
    for name in ("twice-a", "twice-b", "twice-c"):
        assert "| dense " in builds[0].page(f"{name}.txt")


def test_nameless(builds: tuple[Built, Built]) -> None:
    found = [text for text in builds[0].warnings if text.startswith("nameless")]
    assert found == [
        f"nameless.rst:4: WARNING: {NAMELESS} [kerasshape.name]",
        f"nameless-md.md:3: WARNING: {NAMELESS} [kerasshape.name]",
    ]
    for name in ("nameless", "nameless-md"):
        assert GOOD in builds[0].page(f"{name}.txt")


def test_code_directly_below_the_directive(builds: tuple[Built, Built]) -> None:
    found = [text for text in builds[0].warnings if text.startswith("below")]
    assert found == [
        f"below.rst:4: WARNING: '# A comment' {MISSING} [kerasshape.option]",
        "below.rst:9: WARNING: ':depth 2' is not an option: write ':depth: 2' [kerasshape.option]",
        f"below.rst:14: WARNING: 'units = 3' {MISSING} [kerasshape.option]",
        f"below.rst:18: WARNING: 'of several words' {MISSING} [kerasshape.option]",
        f"below.rst:23: WARNING: 'units = 3' {MISSING} [kerasshape.option]",
        f"below.rst:30: WARNING: '{GOOD}' {MISSING} [kerasshape.option]",
        f"below.rst:33: WARNING: 'x = 3' {NEITHER} [kerasshape.option]",
        f"below.rst:38: WARNING: 'print(x + 2)' {NEITHER} [kerasshape.option]",
    ]
    text = builds[0].page("below.txt")
    assert text.endswith("The end.\n")
    assert text.count(f"\n   {GOOD}") == 5
    assert "   # A comment" in text


def test_an_option_twice(builds: tuple[Built, Built]) -> None:
    found = [text for text in builds[0].warnings if text.startswith("options.md")]
    rest = "is given more than once, and the last one counts: keep one [kerasshape.option]"
    where = {3: "columns", 10: "depth", 19: "linenos"}
    if OLD_MYST:
        del where[10]  # It hands on no lines of options between dashes.
    assert found == [f"options.md:{line}: WARNING: :{name}: {rest}" for line, name in where.items()]
    assert builds[0].page("options.txt").count("| dense ") == 2


def test_a_file_with_a_byte_order_mark(builds: tuple[Built, Built]) -> None:
    assert not [text for text in builds[0].warnings if "marked" in text]
    text = builds[0].page("marked.txt")
    assert "| dense " in text
    assert "\ufeff" not in text


def test_a_name_without_end(builds: tuple[Built, Built]) -> None:
    found = [text for text in builds[0].warnings if text.startswith("endless")]
    assert found == ["endless.rst:4: WARNING: the name has 201 characters; 200 are allowed [kerasshape.name]"]
    assert GOOD in builds[0].page("endless.txt")


def test_configuration(builds: tuple[Built, Built]) -> None:
    found = [text for text in builds[0].warnings if text.startswith("WARNING: ")]
    assert found == [
        "WARNING: kerasshape_columns can only have 'layer', 'type', 'input', 'output', 'params', "
        "'trainable', 'formula', 'bytes', 'flops', 'weights', 'dtype' or 'connected', not 'ouput'; "
        "using the default, [] [kerasshape.option]",
        "WARNING: kerasshape_timeout must be at least 1, not 0; using the default, 60 [kerasshape.option]",
        "WARNING: answers can't be stored, so the next build runs all models again: "
        "conf.py/cache: Not a directory [kerasshape.cache]",
    ]


def test_nothing_else_is_wrong(builds: tuple[Built, Built]) -> None:
    assert builds[0].status == 0
    assert len(builds[0].warnings) == len(PAGES) + 2 * len(REFERENCES) + 19 - OLD_MYST


def test_warm_build_warns_again_and_fails(builds: tuple[Built, Built]) -> None:
    cold, warm = builds
    assert warm.warnings == cold.warnings
    assert warm.status == 1


UNREAD = f"""\
Unread
======

.. note::

   .. keras:model:: unread
      :columns: layer
      :columns: type

      {GOOD}

.. keras:code::
   :linenos:
   print(1)

The end.
"""


def test_what_docutils_refuses_is_said_in_each_build(make_project: Callable[..., Project]) -> None:
    project = make_project({"unread.rst": UNREAD}, "kerasshape_execution = 'off'\n")
    cold, warm = project.build("text"), project.build("text", "-W", "--keep-going")
    assert [text for text in cold.warnings if text.startswith(("unread.rst:", "WARNING"))] == [
        'unread.rst:6: ERROR: Error in "keras:model" directive:',
        'unread.rst:12: ERROR: Error in "keras:code" directive:',
    ]
    assert warm.warnings == [
        "unread.rst:6: WARNING: keras:model is not shown, since docutils can't parse it: :columns: is given "
        "more than once: keep one [kerasshape.option]",
        "unread.rst:12: WARNING: keras:code is not shown, since docutils can't parse it: invalid option "
        "block: put a blank line between the options and the code [kerasshape.option]",
    ]
    assert (cold.status, warm.status) == (0, 1)
    assert warm.page("unread.txt").endswith("The end.\n")


def test_a_name_cannot_be_read_as_another_entry_of_the_inventory(
    make_project: Callable[..., Project],
) -> None:
    """``objects.inv`` is divided by spaces; within the project, such a name is like any other."""
    names = ("x py:class 1 evil.html#", "My model", "mine")
    models = "\n\n".join(f".. keras:model:: {name}\n\n   {GOOD}" for name in names)
    roles = " ".join(f":keras:model:`{name}`" for name in names)
    project = make_project({"page.rst": f"Page\n====\n\n{models}\n\n{roles}\n"})
    built = project.build("html")
    assert built.warnings == []
    assert built.page("page.html").count('<a class="reference internal" href="#keras-model-') == 3
    inventory = zlib.decompress((built.out / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode()
    ours = [line for line in inventory.splitlines() if "keras-model" in line]
    assert ours == [
        "My model keras:model 1 page.html#keras-model-My-model -",
        "My model/dense keras:layer -1 page.html#keras-model-My-model--dense dense",
        "mine keras:model 1 page.html#keras-model-$ -",
        "mine/dense keras:layer -1 page.html#keras-model-mine--dense dense",
    ]


TAKEN_FOR_TEXT = {
    "text.rst": """\
Text
====

.. keras:model: a

   keras.Sequential([])

- item

  .. keras:code:

     x = 1

.. keras:model: a

Two
lines {keras:shape}`a.output` and
{keras:params}`10 <a>`, {keras:layer}`a/dense`.

.. keras:model is a directive.
.. A comment:
   keras:model: a

How: ``{keras:shape}`a```, ``.. keras:model: a``
""",
    "foreign.md": """\
# Text

Two
lines :keras:shape:`a.output` and
:keras:params:`10 <a>`, :keras:layer:`a/dense`.

> .. keras:model:: a

How: `` :keras:shape:`a` ``, `.. keras:model:: a`, :keras:shape: is a role.

```rst
.. keras:model: a
```
""",
}
IS_COMMENT = "is a comment, so nothing is run or shown"


def test_what_is_taken_for_text_or_a_comment(make_project: Callable[..., Project]) -> None:
    """One colon too few, and the syntax of the other markup, which neither docutils nor MyST reports."""
    project = make_project(TAKEN_FOR_TEXT)
    cold, warm = project.build("text"), project.build("text", "-W", "--keep-going")
    is_markdown, is_rest = "is Markdown in a reST text", "is reST in a Markdown text"
    assert cold.warnings == [
        f"foreign.md:4: WARNING: ':keras:shape:`a.output`' {is_rest}: write '{{keras:shape}}`a.output`' "
        "[kerasshape.ref]",
        f"foreign.md:5: WARNING: ':keras:params:`10 <a>`' {is_rest}: write '{{keras:params}}`10 <a>`' "
        "[kerasshape.ref]",
        f"foreign.md:5: WARNING: ':keras:layer:`a/dense`' {is_rest}: write '{{keras:layer}}`a/dense`' "
        "[kerasshape.ref]",
        f"foreign.md:7: WARNING: '.. keras:model:: a' {is_rest}: write '```{{keras:model}} a' "
        "[kerasshape.option]",
        f"text.rst:4: WARNING: '.. keras:model: a' {IS_COMMENT}: write '.. keras:model:: a' "
        "[kerasshape.option]",
        f"text.rst:10: WARNING: '.. keras:code:' {IS_COMMENT}: write '.. keras:code::' [kerasshape.option]",
        f"text.rst:14: WARNING: '.. keras:model: a' {IS_COMMENT}: write '.. keras:model:: a' "
        "[kerasshape.option]",
        f"text.rst:17: WARNING: '{{keras:shape}}`a.output`' {is_markdown}: write ':keras:shape:`a.output`' "
        "[kerasshape.ref]",
        f"text.rst:18: WARNING: '{{keras:params}}`10 <a>`' {is_markdown}: write ':keras:params:`10 <a>`' "
        "[kerasshape.ref]",
        f"text.rst:18: WARNING: '{{keras:layer}}`a/dense`' {is_markdown}: write ':keras:layer:`a/dense`' "
        "[kerasshape.ref]",
    ]
    assert sorted(warm.warnings) == sorted(cold.warnings)
    assert warm.status == 1


FENCES = {
    "fences.rst": """\
Fences
======

```{keras:model} a
keras.Sequential([])
```

- item

  ~~~{keras:code}
  x = 1
  ~~~

..keras:model:: a

   keras.Sequential([])

Roles :keras:params: `10 <a>` and
`10 <a>` :keras:params:.

Text keras:params:`10 <a>` and
:keras:params:``10 <a>``.

.. keras: model:: a

How: `` ```{keras:model} a``, and the role :keras:params: of *a*.

Quoted :keras:params:'a'.
""",
    "colons.md": """\
# Colons

:::{keras:model} a
keras.Sequential([])
:::

.. keras:model: a

Roles {keras:params} `10 <a>` and
`10 <a>`:keras:params:.

Text keras:params`10 <a>`.

How: ```{keras:model} a```, and the role {keras:params} of *a*.

Quoted {keras:params}"a".
""",
}


def test_fences_in_rest_and_spaces_in_roles(make_project: Callable[..., Project]) -> None:
    is_text, has_space = "is text, so nothing is run or shown", "is text, since there is a space in it"
    is_markdown, is_rest = "is Markdown in a reST text", "is reST in a Markdown text"
    unchecked = "is text, so nothing is checked or shown"
    either = "write ':keras:params:`10 <a>`', or in Markdown '{keras:params}`10 <a>`'"
    assert make_project(FENCES).build("text").warnings == [
        f"colons.md:3: WARNING: ':::{{keras:model}} a' {is_text}: write '.. keras:model:: a', or in Markdown "
        "add 'colon_fence' to myst_enable_extensions [kerasshape.option]",
        f"colons.md:7: WARNING: '.. keras:model: a' {is_rest}: write '```{{keras:model}} a' "
        "[kerasshape.option]",
        f"colons.md:9: WARNING: '{{keras:params}} `10 <a>`' {has_space}: write '{{keras:params}}`10 <a>`' "
        "[kerasshape.ref]",
        f"colons.md:10: WARNING: '`10 <a>`:keras:params:' {is_rest}: write '{{keras:params}}`10 <a>`' "
        "[kerasshape.ref]",
        f"colons.md:12: WARNING: 'keras:params`10 <a>`' {unchecked}: write '{{keras:params}}`10 <a>`' "
        "[kerasshape.ref]",
        "colons.md:16: WARNING: '{keras:params}\"a\"' is text, since it has no backticks: "
        "write '{keras:params}`a`' [kerasshape.ref]",
        "fences.rst:24: WARNING: '.. keras: model:: a' is a comment, so nothing is run or shown: write "
        "'.. keras:model:: a' [kerasshape.option]",
        f"fences.rst:4: WARNING: '```{{keras:model}} a' {is_markdown}: write '.. keras:model:: a' "
        "[kerasshape.option]",
        f"fences.rst:10: WARNING: '~~~{{keras:code}}' {is_markdown}: write '.. keras:code::' "
        "[kerasshape.option]",
        f"fences.rst:14: WARNING: '..keras:model:: a' {is_text}: write '.. keras:model:: a', or in Markdown "
        "'```{keras:model} a' [kerasshape.option]",
        f"fences.rst:18: WARNING: ':keras:params: `10 <a>`' {has_space}: {either} [kerasshape.ref]",
        f"fences.rst:19: WARNING: '`10 <a>` :keras:params:' {has_space}: {either} [kerasshape.ref]",
        f"fences.rst:21: WARNING: 'keras:params:`10 <a>`' {unchecked}: write ':keras:params:`10 <a>`' "
        "[kerasshape.ref]",
        f"fences.rst:22: WARNING: ':keras:params:``10 <a>``' {unchecked}: write ':keras:params:`10 <a>`' "
        "[kerasshape.ref]",
        "fences.rst:28: WARNING: \":keras:params:'a'\" is text, since it has no backticks: "
        "write ':keras:params:`a`' [kerasshape.ref]",
    ]


LABELS = {
    "labels.md": """\
# Labels

```keras:model a
keras.Sequential([])
```

> ~~~ keras:code
> x = 1
> ~~~

- item

  ```{keras:model b}
  keras.Sequential([])
  ```

```{ keras:summary } c
x
```

```(keras:model) d
keras.Sequential([])
```

:::keras:model e
keras.Sequential([])
:::

```{code-block} keras:model
keras.Sequential([])
```

````md
```keras:model how
x
```
````
""",
    "labels-rst.rst": """\
Labels
======

.. code-block:: keras:model

   keras.Sequential([])

```keras:model a
keras.Sequential([])
```

.. keras:model b

   keras.Sequential([])

.. keras::model:: c

   keras.Sequential([])

:keras:model: d

   keras.Sequential([])

... keras:model:: e

   keras.Sequential([])

.. code-block:: rst

   .. code-block:: keras:model
""",
}


def test_labels_of_code_and_other_near_misses(make_project: Callable[..., Project]) -> None:
    """One warning each, which also Sphinx's highlighting gives none of."""
    project = make_project(LABELS, "myst_enable_extensions = ['colon_fence']\n")
    nothing = "so nothing is run or shown: write"
    expected = [
        (3, "'```keras:model a' is a code block", "'```{keras:model} a'"),
        (7, "'~~~ keras:code' is a code block", "'```{keras:code}'"),
        (13, "'```{keras:model b}' is a code block", "'```{keras:model} b'"),
        (17, "'```{ keras:summary } c' is a code block", "'```{keras:summary} c'"),
        (21, "'```(keras:model) d' is a code block", "'```{keras:model} d'"),
        (25, "':::keras:model e' is text", "':::{keras:model} e'"),
        (29, "'```{code-block} keras:model' is a code block", "'```{keras:model}'"),
    ]
    warnings = [f"labels.md:{line}: WARNING: {what}, {nothing} {mend}" for line, what, mend in expected]
    expected = [
        (4, "'.. code-block:: keras:model' is a code block", "'.. keras:model::'"),
        (12, "'.. keras:model b' is a comment", "'.. keras:model:: b'"),
        (16, "'.. keras::model:: c' is a comment", "'.. keras:model:: c'"),
        (20, "':keras:model: d' is a field of a list", "'.. keras:model:: d'"),
        (
            24,
            "'... keras:model:: e' is text",
            "'.. keras:model:: e', or in Markdown '```{keras:model} e'",
        ),
    ]
    warnings += [f"labels-rst.rst:{line}: WARNING: {what}, {nothing} {mend}" for line, what, mend in expected]
    warnings.append(
        "labels-rst.rst:8: WARNING: '```keras:model a' is Markdown in a reST text: write '.. keras:model:: a'"
    )
    expected_lines = sorted(f"{text} [kerasshape.option]" for text in warnings)
    assert sorted(project.build("html").warnings) == expected_lines
    assert sorted(project.build("html").warnings) == expected_lines
    assert project.build("latex").status == 0


MISSPELT = {
    "rst.rst": """\
Rest
====

.. toctree::
   :caption: Of :keras:params:`a`

   Of {keras:params}`a` <md>

.. keras:modle:: b
   :colums: x

   keras.Sequential([])

Two lines
:keras:parms:`15 <a>` and :keras:Params:`15 <a>`.

.. glossary::

   Tower of :keras:params:`15 <a>` in rest
      A tower.

   Tower of
   Model of :keras:params:`a`
      A tower.

.. index:: single: Of :keras:params:`a`

.. image:: data:image/png;base64,
   :alt: Of :keras:params:`a`
""",
    "md.md": """\
# Of {keras:params}`a`

```{keras:model} a
:show: table

keras.Sequential([keras.Input((4,)), layers.Dense(3)])
```

```{keras:modle} b
:colums: x

keras.Sequential([])
```

Two lines
{keras:parms}`15 <a>` and {keras:Params}`15 <a>`.

```{glossary}
Tower of {keras:params}`a`
  A tower.
```
""",
}


def test_misspelt_names_and_roles_in_plain_text(make_project: Callable[..., Project]) -> None:
    project = make_project(MISSPELT)
    cold, warm = project.build("text", "-j2"), project.build("text")
    as_it_is, plain = "is shown as it is in", "which is plain text: write the value [kerasshape.ref]"
    of_term = "the index, the search and references show the term as"
    state_it = "since no value can be inserted into a name: state it, as in `VALUE <a>` [kerasshape.ref]"
    directive = "unknown directive 'keras:modle'; did you mean 'keras:model'? [kerasshape.option]"
    role = "unknown role 'keras:parms'; did you mean 'keras:params'? [kerasshape.ref]"
    assert sorted(cold.warnings) == [
        f"md.md:16: WARNING: {role}",
        f"md.md:19: WARNING: {of_term} 'Tower of a', {state_it}",
        f"md.md:9: WARNING: {directive}",
        f"rst.rst:15: WARNING: {role}",
        f"rst.rst:23: WARNING: {of_term} 'Model of a', {state_it}",
        f"rst.rst:26: WARNING: ':keras:params:`a`' {as_it_is} an entry of the index, {plain}",
        f"rst.rst:28: WARNING: ':keras:params:`a`' {as_it_is} the text for an image, {plain}",
        f"rst.rst:4: WARNING: ':keras:params:`a`' {as_it_is} the caption of a toctree, {plain}",
        f"rst.rst:4: WARNING: '{{keras:params}}`a`' {as_it_is} the entry of a toctree, {plain}",
        f"rst.rst:9: WARNING: {directive}",
    ]
    assert sorted(warm.warnings) == sorted(cold.warnings)


UNSEEN = {
    "fence.md": """\
# Fence

```{list-table} Of {keras:params}`a`
* - x
```
""",
    "print.rst": """\
Print
=====

.. keras:model:: a

   def say(): print("not called")
   model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
   print(model.summary())
   if model:
       print(model.output_shape)

.. keras:model:: b
   :show: code, output

   print("seen")
   model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])

.. keras:model:: c
   :show: code, table

   print("not seen")  # on purpose
   model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])

.. keras:model:: d

   print("hidden")  # hide
   model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
""",
    "loop.md": """\
# Print

```{keras:model} e
model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
for layer in model.layers: print(layer.name)
print(1)
```
""",
    "called.rst": """Print
=====

.. keras:model:: called

   def small(units):
       print("units:", units)
       return keras.Sequential([keras.Input((4,)), layers.Dense(units)])

   model = small(3)

.. keras:model:: quiet

   def small(units, verbose=False):
       if verbose:
           print("units:", units)
       return keras.Sequential([keras.Input((4,)), layers.Dense(units)])

   model = small(3)
""",
    "calls.md": """# Print

```{keras:model} called-myst
class Small(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3)

    def call(self, x):
        print("shape:", x.shape)
        return self.dense(x)

model = Small()
model(keras.Input((4,)))
```
""",
}


def test_what_is_printed_unseen_and_a_fence_with_backticks(make_project: Callable[..., Project]) -> None:
    unseen = (
        "readers don't see what this line prints: add ':show: code, table, output', remove it, or name other "
        "parts with :show:"
    )
    project = make_project(UNSEEN)
    for _ in ("cold", "warm"):
        assert project.build("text").warnings == [
            "fence.md:3: WARNING: '```{list-table} Of {keras:params}`a`' begins no fence, since it has more "
            "backticks: write '~~~{list-table} Of {keras:params}`a`', and '~~~' at its end "
            "[kerasshape.option]",
            f"loop.md:5: WARNING: model 'e': {unseen} [kerasshape.option]",
            f"print.rst:10: WARNING: model 'a': {unseen} [kerasshape.option]",
            f"called.rst:7: WARNING: model 'called': {unseen} [kerasshape.option]",
            f"calls.md:10: WARNING: model 'called-myst': {unseen} [kerasshape.option]",
        ]
