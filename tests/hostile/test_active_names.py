"""Texts that try to be more than text, in less usual places: classes, functions, arguments, dtypes."""

from __future__ import annotations

import ast
import re
import zlib
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from sphinx_kerasshape.text import escape_controls
from tests.hostile.test_active_texts import harmless
from tests.support.hostile_texts import TEXTS
from tests.support.projects import Built, Project

pytestmark = pytest.mark.slow
CONF = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
kerasshape_timeout = 120
html_theme = 'alabaster'
show_warning_types = True
"""
NAMES = [text for text in TEXTS if "\0" not in text and text.encode(errors="replace").decode() == text]
"""Python takes no others as names of classes and functions."""
MODULE = """
import keras
from keras import layers

NAMES = {names}


class Custom(layers.Layer):
    def __init__(self, text, **more):
        super().__init__(**more)
        self.text = text
    def call(self, x):
        return x
    def get_config(self):
        return {{**super().get_config(), "text": self.text}}


def arguments():
    made = [Custom(text, name=f"custom{{number}}") for number, text in enumerate(NAMES)]
    return keras.Sequential([keras.Input((4,)), *made])


def named():
    x = inputs = keras.Input((4,), name="input")
    made = [layers.Dense(2) for _ in NAMES]
    outputs = [layers.Dense(1, name=f"end{{number}}")(one(x)) for number, one in enumerate(made)]
    for one, text in zip(made, NAMES):
        one.name = text
    return keras.Model(inputs, outputs)


def failing(text, kind=None):
    code = (lambda: fail(text, kind)).__code__
    return type(failing)(code.replace(co_name=text), globals(), closure=(cell(kind), cell(text)))


def cell(value):
    return (lambda: value).__closure__[0]


def fail(text, kind):
    raise type(text, (kind or Exception,), {{}})(text)


def dtype(text):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    type(model.layers[0].kernel).dtype = property(lambda self: text)
    return model
"""
FIXED = """\
# Names

```{keras:model} arguments
:from: texts:arguments()
:show: constructor, table
```

```{keras:model} named
:from: texts:named()
:show: table, weights
:columns: layer, connected, formula
```
"""
EACH = """
```{{keras:model}} class{number}
:raises: ValueError
:hide-code:
import texts
texts.failing(texts.NAMES[{number}], ValueError)()
```

```{{keras:model}} function{number}
:hide-code:
import texts
texts.failing(texts.NAMES[{number}])()
```

```{{keras:model}} variables{number}
:hide-code:
import texts
globals()[texts.NAMES[{number}]] = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
globals()["b" + texts.NAMES[{number}]] = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
```
"""
DTYPE = """\
```{{keras:model}} dtype{number}
:hide-code:
:show: table
:columns: layer, dtype
import texts
texts.dtype(texts.NAMES[{number}])
```
"""
SOME = range(0, len(NAMES), 32)


def project_of(make_project: Callable[..., Project], names: list[str]) -> Project:
    page = FIXED + "".join(EACH.format(number=number) for number in SOME) + "\nThe end of the page.\n"
    dtypes = "---\norphan: true\n---\n# Dtypes\n" + "".join(DTYPE.format(number=number) for number in SOME)
    project = make_project({"index.md": page, "dtypes.md": dtypes}, CONF)
    project.write("texts.py", MODULE.format(names=ascii(names)))
    return project


@pytest.fixture(scope="module")
def pair(make_project: Callable[..., Project]) -> tuple[Built, Built]:
    hostile, other = (project_of(make_project, names) for names in (NAMES, harmless(NAMES)))
    return hostile.build("html"), other.build("html")


class Page(HTMLParser):
    """The elements and attributes of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += tag != "span"  # of highlighted code
        self.attributes.update(name for name, _ in attrs if tag != "span")

    def handle_data(self, data: str) -> None:
        self.text += data


def test_pages_have_no_element_and_no_attribute_of_theirs(pair: tuple[Built, Built]) -> None:
    hostile, other = (Page(built.page("index.html")) for built in pair)
    assert hostile.elements == other.elements
    assert hostile.attributes == other.attributes
    assert hostile.text.rstrip() != other.text.rstrip()


def test_every_problem_is_one_located_printable_warning(pair: tuple[Built, Built]) -> None:
    hostile, other = pair
    assert (hostile.status, other.status) == (0, 0)
    assert "Traceback" not in hostile.said
    for warning in hostile.warnings:
        assert re.match(r"(index|dtypes)\.md:\d+: WARNING: model '(function|variables|dtype)\d+': ", warning)
        assert all(line.isprintable() for line in warning.split("\n"))
    kinds = Counter(re.findall(r"model '([a-z]+)\d", "\n".join(hostile.warnings)))
    words = [number for number in SOME if re.fullmatch(r"[\w.]{,60}", NAMES[number])]
    assert kinds == {
        "function": len(SOME),
        "variables": len(SOME),
        "dtype": len(SOME) - len(words),
    }


def test_arguments_stay_arguments(pair: tuple[Built, Built]) -> None:
    text = Page(pair[0].page("index.html")).text
    code = text[text.index("model = keras.Sequential([") :]
    code = code[: code.index("\n])") + 3]
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    values = [ast.literal_eval(call.args[0]) for call in calls if ast.unparse(call.func) == "Custom"]
    assert Counter(values) == Counter(NAMES)


def test_the_inventory_has_a_line_for_each_name_that_fits(pair: tuple[Built, Built]) -> None:
    lines = zlib.decompress((pair[0].out / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode()
    entries = [line for line in lines.splitlines() if line.startswith("named/")]
    shown = [escape_controls(name) for name in NAMES]
    # Neither names that are divided like entries, nor those with slashes, which divide paths.
    fitting = {name for name in shown if "/" not in name and not re.search(r"\S\s+\S+\s+-?\d+(\s|$)", name)}
    assert {line.partition(" keras:layer ")[0] for line in entries} == {
        f"named/{name}" for name in fitting
    } | {f"named/end{number}" for number in range(len(NAMES))} | {"named/input"}
    assert all(line.isprintable() for line in entries)
    assert len(lines.splitlines()) == lines.count("\n")


def test_the_search_is_data(pair: tuple[Built, Built]) -> None:
    text = pair[0].page("searchindex.js")
    assert text.isascii() or text.isprintable()
    assert text.startswith("Search.setIndex({")
    assert "</script" not in text
