"""Models from importable packages: calls of functions, methods and classes; their source; docstrings."""

from __future__ import annotations

import re
from collections.abc import Callable
from inspect import cleandoc

import pytest

from tests.support.projects import Project

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


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    project = make_project({}, CONF)
    project.write("package/animals.py", PACKAGE)
    return project


@pytest.mark.parametrize(
    ("call", "row", "source"),
    [
        (
            'Zoo(units=6).dense("own")',
            "| own          | (None, 6)    | 24     |",
            'class Zoo:\n       """Models of a size.',
        ),
        (
            "Zoo.small()",
            "| small        | (None, 2)    | 8      |",
            "@classmethod\n   def small(cls):\n       return",
        ),
        (
            "Net(units=9)",
            "| only         | (None, 9)    | 36     |",
            'class Net(keras.Sequential):\n       """A class',
        ),
    ],
)
@pytest.mark.parametrize("suffix", ["md", "rst"])
def test_calls_and_their_source(call: str, row: str, source: str, suffix: str, project: Project) -> None:
    options = f":from: animals:{call}\n:show: source, table, totals"
    if suffix == "md":
        text = f"# Animals\n\n```{{keras:model}} animal\n{options}\n```\n"
    else:
        indented = options.replace("\n", "\n   ")
        text = f"Animals\n=======\n\n.. keras:model:: animal\n   {indented}\n"
    (project.folder / "source" / "index.rst").unlink()
    project.write(f"index.{suffix}", text)
    built = project.build("text")
    assert built.warnings == []
    page = built.page("index.txt")
    assert source in page
    assert row in page


def test_the_source_of_what_is_called_like_the_model(project: Project) -> None:
    (project.folder / "source" / "index.rst").unlink(missing_ok=True)
    project.write("package/same.py", "import animals\n\n\ndef model():\n    return animals.Zoo.small()\n")
    project.write(
        "index.md", "# Same\n\n```{keras:model} same\n:from: same:model()\n:show: source, table\n```\n"
    )
    built = project.build("text")
    assert built.warnings == []
    assert "def model():\n       return animals.Zoo.small()" in built.page("index.txt")
    (project.folder / "source" / "index.md").unlink()


def test_a_docstring(project: Project) -> None:
    project.write("index.rst", "Animals\n=======\n\n.. autoclass:: animals.Zoo\n")
    built = project.build("text")
    assert [warning.partition(" WARNING: ")[2] for warning in built.warnings] == [
        "the page states (None, 4) for documented.output, but TensorFlow "
        + built.warnings[0].partition("but TensorFlow ")[2]
    ]
    assert "package/animals.py:docstring of animals.Zoo:8: WARNING" in built.warnings[0]
    assert "says (None, 5) [kerasshape.claim]" in built.warnings[0]
    assert re.search(r"\| out +\| \(None, 5\) +\| 20 ", built.page("index.txt"))


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
        "index.md:3: WARNING: :show: source is for a model that :from: imports; 'code' shows others "
        "[kerasshape.option]"
    ]
