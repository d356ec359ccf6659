"""Models from importable packages: calls of functions, methods and classes; their source; docstrings."""

from __future__ import annotations

import re
from collections.abc import Callable
from inspect import cleandoc

import pytest

from tests.support.projects import Built, Project

PACKAGE = '''
"""A package with models."""

import keras
from keras import layers


class Zoo:
    """Models of a size.

    .. keras:model:: documented
       :from: animals:Zoo(units=5).dense("out")
       :show: table

    The last layer has :keras:params:`20 <documented/out>` params, and gives
    :keras:shape:`(None, 4) <documented.output>`.
    """

    def __init__(self, units):
        self.units = units

    def dense(self, name):
        """Make a model."""
        return keras.Sequential([keras.Input((3,)), layers.Dense(self.units, name=name)])

    @classmethod
    def small(cls):
        return cls(2).dense("small")


class Net(keras.Sequential):
    """A class of models."""

    def __init__(self, units=7):
        super().__init__([keras.Input((3,)), layers.Dense(units, name="only")])
'''
CONF = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent / "package"))
extensions.append("sphinx.ext.autodoc")
autodoc_mock_imports = ["keras", "tensorflow"]
"""


CALLS = {
    'Zoo(units=6).dense("own")': (
        "| own          | (None, 6)    | 24     |",
        'class Zoo:\n       """Models of a size.',
    ),
    "Zoo.small()": (
        "| small        | (None, 2)    | 8      |",
        "@classmethod\n   def small(cls):\n       return",
    ),
    "Net(units=9)": (
        "| only         | (None, 9)    | 36     |",
        'class Net(keras.Sequential):\n       """A class',
    ),
}
PAGES = {
    f"call-{number}-{suffix}.{suffix}": call for number, call in enumerate(CALLS) for suffix in ("md", "rst")
}


def page(file: str, call: str) -> str:
    name, _, suffix = file.partition(".")
    options = f":from: animals:{call}\n:show: source, table, totals"
    if suffix == "md":
        return f"# Animals\n\n```{{keras:model}} {name}\n{options}\n```\n"
    indented = options.replace("\n", "\n   ")
    return f"Animals\n=======\n\n.. keras:model:: {name}\n   {indented}\n"


@pytest.fixture(scope="module")
def built(make_project: Callable[..., Project]) -> Built:
    pages = {file: page(file, call) for file, call in PAGES.items()}
    pages["same.md"] = "# Same\n\n```{keras:model} same\n:from: same:model()\n:show: source, table\n```\n"
    pages["documented.rst"] = "Animals\n=======\n\n.. autoclass:: animals.Zoo\n"
    project = make_project(pages, CONF)
    project.write("package/animals.py", PACKAGE)
    project.write("package/same.py", "import animals\n\n\ndef model():\n    return animals.Zoo.small()\n")
    return project.build("text")


@pytest.mark.parametrize("file", PAGES)
def test_calls_and_their_source(file: str, built: Built) -> None:
    text = built.page(f"{file.partition('.')[0]}.txt")
    for expected in CALLS[PAGES[file]]:
        assert expected in text


def test_the_source_of_what_is_called_like_the_model(built: Built) -> None:
    assert "def model():\n       return animals.Zoo.small()" in built.page("same.txt")


def test_a_docstring(built: Built) -> None:
    """Its statement is false; nothing else is wrong on these pages."""
    (warning,) = built.warnings
    assert "package/animals.py:docstring of animals.Zoo:8: WARNING" in warning
    assert "the page states (None, 4) for documented.output, but TensorFlow " in warning
    assert "says (None, 5) [kerasshape.claim]" in warning
    assert re.search(r"\| out +\| \(None, 5\) +\| 20 ", built.page("documented.txt"))


def test_source_is_for_imported_models(make_project: Callable[..., Project]) -> None:
    page = """
        # Animals

        ```{keras:model} animal
        :show: source
        keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        ```
        """
    built = make_project({"index.md": cleandoc(page)}).build("text")
    assert built.warnings == [
        "index.md:3: WARNING: :show: source needs :from:; for other models, write 'code' [kerasshape.option]"
    ]
