"""Directives in the place of plain blocks, in all markup that code can stand in; and the names of models."""

from __future__ import annotations

import pytest

from sphinx_kerasshape.adopt import naming
from sphinx_kerasshape.adopt.adopting import adopted
from sphinx_kerasshape.adopt.choice import Choice
from sphinx_kerasshape.adopt.groups import CODE, MODEL, Chosen
from sphinx_kerasshape.adopt.needs import Needs
from sphinx_kerasshape.adopt.page import Page
from sphinx_kerasshape.adopt.results import Judged
from sphinx_kerasshape.audit.audit import Audited
from sphinx_kerasshape.audit.recognise import recognise
from sphinx_kerasshape.messages.report import Report

MD = {
    "a fence": (
        "```python\nm = f(1)\n```\n",
        "```{keras:model} p\nm = f(1)\n```\n",
    ),
    "tildes, in a list": (
        "- a\n\n  ~~~~ py\n  m = f(1)\n\n  g(m)\n  ~~~~\n",
        "- a\n\n  ~~~~{keras:model} p\n  m = f(1)\n\n  g(m)\n  ~~~~\n",
    ),
    "the first line of an item": (
        "1. ```python\n   m = f(1)\n   ```\n",
        "1. ```{keras:model} p\n   m = f(1)\n   ```\n",
    ),
    "a quotation in a list": (
        "- > ```python\n  > m = f(1)\n  > ```\n",
        "- > ```{keras:model} p\n  > m = f(1)\n  > ```\n",
    ),
    "an admonition": (
        "````{note}\n```python\nm = f(1)\n```\n````\n",
        "````{note}\n```{keras:model} p\nm = f(1)\n```\n````\n",
    ),
    "colons": (
        ":::{code-block} python\n:linenos:\n:caption: A\n\nm = f(1)\n:::\n",
        ":::{keras:model} p\n:linenos:\n:caption: A\n\nm = f(1)\n:::\n",
    ),
    "options between lines": (
        "```{code-block} python\n---\nlineno-start: 3\n---\nm = f(1)\n```\n",
        "```{keras:model} p\n---\nlineno-start: 3\n---\nm = f(1)\n```\n",
    ),
    "an option that means nothing": (
        "```{code-block} python\n:force:\n:linenos:\nm = f(1)\n```\n",
        "```{keras:model} p\n:linenos:\nm = f(1)\n```\n",
    ),
    "no language": (
        "```\nm = f(1)\n```\n",
        "```{keras:model} p\nm = f(1)\n```\n",
    ),
    "fences in the code": (
        '````python\nm = f("""\n```python\n""")\n````\n',
        '````{keras:model} p\nm = f("""\n```python\n""")\n````\n',
    ),
    "an indented block": (
        "Text:\n\n    m = f(1)\n\n    g(m)\n\nMore\n",
        "Text:\n\n```{keras:model} p\nm = f(1)\n\ng(m)\n```\n\nMore\n",
    ),
    "an indented block with fences in it": (
        '    m = f("""\n    ```\n    """)\n',
        '````{keras:model} p\nm = f("""\n```\n""")\n````\n',
    ),
    "indented code in a fence": (
        "```python\n  m = f(1)\n  g(m)\n```\n",
        "```{keras:model} p\nm = f(1)\ng(m)\n```\n",
    ),
    "prompts": (
        "```pycon\n>>> m = f(\n...     1)\n... \n>>> g(m)\n```\n",
        "```{keras:model} p\nm = f(\n    1)\n\ng(m)\n```\n",
    ),
    "the marks of some editors, and an open end": (
        "\ufeff```python\r\nm = f(1)",
        "\ufeff```{keras:model} p\r\nm = f(1)",
    ),
    "attributes": ('```python hl_lines="1"\nm = f(1)\n```\n', None),
    "a cell": ("```{code-cell}\nm = f(1)\n```\n", None),
    "another directive": ("```{testcode}\nm = f(1)\n```\n", None),
    "an unknown option": ("```{code-block} python\n:dedent: 1\n m = f(1)\n```\n", None),
    "results": ("```pycon\n>>> m = f(1)\n>>> m\n(1,)\n```\n", None),
    "a magic": ("```python\n%load_ext x\nm = f(1)\n```\n", None),
    "reST": ("```{eval-rst}\n::\n\n   m = f(1)\n```\n", None),
    "switched off": ("<!-- kerasshape: off -->\n```python\nm = f(1)\n```\n", None),
    "our directive": ("```{keras:model} q\nm = f(1)\n```\n", None),
}
RST = {
    "a directive": (
        ".. code-block:: python\n   :linenos:\n   :name: n\n\n   m = f(1)\n",
        ".. keras:model:: p\n   :linenos:\n   :name: n\n\n   m = f(1)\n",
    ),
    "no language": (
        ".. code::\n\n   m = f(1)\n",
        ".. keras:model:: p\n\n   m = f(1)\n",
    ),
    "an option that means nothing": (
        ".. sourcecode:: python\n   :force:\n\n   m = f(1)\n",
        ".. keras:model:: p\n\n   m = f(1)\n",
    ),
    "in items": (
        "* a\n\n  1. .. code-block:: python\n\n        m = f(1)\n",
        "* a\n\n  1. .. keras:model:: p\n\n        m = f(1)\n",
    ),
    "a literal block": (
        "Text::\n\n     m = f(1)\n\nMore\n",
        "Text:\n\n.. keras:model:: p\n\n     m = f(1)\n\nMore\n",
    ),
    "a mark behind a blank": (
        "* Text ::\n\n      m = f(1)\n",
        "* Text\n\n  .. keras:model:: p\n\n      m = f(1)\n",
    ),
    "a mark alone": (
        "::\n\n  m = f(1)\n",
        ".. keras:model:: p\n\n  m = f(1)\n",
    ),
    "a definition": (
        "Term\n   Text::\n\n      m = f(1)\n",
        "Term\n   Text:\n\n   .. keras:model:: p\n\n      m = f(1)\n",
    ),
    "tabs": (
        "\t.. code-block:: python\n\n\t\tm = f(1)\n",
        "\t.. keras:model:: p\n\n\t\tm = f(1)\n",
    ),
    "a doctest": (
        "Text\n\n>>> m = f(\n...     1)\n\nMore\n",
        "Text\n\n.. keras:model:: p\n\n   m = f(\n       1)\n\nMore\n",
    ),
    "results": (">>> m = f(1)\n>>> m\n(1,)\n", None),
    "another directive": (".. testcode::\n\n   m = f(1)\n", None),
    "an unknown option": (".. code-block:: python\n   :dedent: 1\n\n    m = f(1)\n", None),
    "the marks of some editors": (
        "\ufeff.. code::\r\n\r\n  m = f(1)",
        "\ufeff.. keras:model:: p\r\n\r\n  m = f(1)",
    ),
    "line ends": (
        "A::\r\n\r\n  m = f(1)\r\n",
        "A:\r\n\r\n.. keras:model:: p\r\n\r\n  m = f(1)\r\n",
    ),
}
CASES = [
    *(pytest.param("p.md", *case, id=f"md: {name}") for name, case in MD.items()),
    *(pytest.param("p.rst", *case, id=f"rst: {name}") for name, case in RST.items()),
]


UNDEFINED = "f is not defined in this document"


def page(name: str, text: str) -> Page:
    data = text.encode()
    return Page(Judged(Audited(name, recognise(name, data, skips_ours=True), data=data), [], {}))


def adopt(name: str, text: str, *options: Chosen) -> str:
    """Return a page whose blocks become directives, as far as their markup and code say that they can."""
    one = page(name, text)
    needs = Needs(one.document, one.raw_lines())
    chosen = [
        number
        for number in range(len(one.document.blocks))
        if not one.problem(number, MODEL) and needs.problem(number) in ("", UNDEFINED)
    ]
    blocks = options or [Chosen(number, MODEL, "m", report=Report()) for number in chosen]
    result = adopted(one, Choice(tuple(one for one in blocks if one.block in chosen)), set())
    assert not result.refused
    return result.new.decode()


@pytest.mark.parametrize(("name", "text", "expected"), CASES)
def test_markup(name: str, text: str, expected: str | None) -> None:
    assert adopt(name, text) == (text if expected is None else expected)


SESSION = {
    "p.md": (
        "> ```python\n> import a\n> ```\n>\n> ```python\n> m = f(1)\n> ```\n",
        "> ```{keras:code}\n> :session: p\n>\n> import a\n> ```\n>\n"
        "> ```{keras:model} p\n> :session: p\n> :raises: ValueError\n>\n"
        "> import b  # hide\n> m = f(1)\n> ```\n",
    ),
    "q.md": (
        "> Text\n>\n>     import a\n>\n> ---\n>\n>     m = f(1)\n>\n",
        "> Text\n>\n> ```{keras:code}\n> :session: q\n>\n> import a\n> ```\n>\n> ---\n>\n"
        "> ```{keras:model} q\n> :session: q\n> :raises: ValueError\n>\n"
        "> import b  # hide\n> m = f(1)\n> ```\n>\n",
    ),
    "p.rst": (
        "A::\n\n  import a\n\n.. code:: python\n   :class: c\n\n   m = f(1)\n",
        "A:\n\n.. keras:code::\n  :session: p\n\n  import a\n\n.. keras:model:: p\n   :session: p\n"
        "   :raises: ValueError\n   :class: c\n\n   import b  # hide\n   m = f(1)\n",
    ),
}


@pytest.mark.parametrize("name", SESSION)
def test_sessions_errors_and_hidden_lines(name: str) -> None:
    text, expected = SESSION[name]
    blocks = (
        Chosen(0, CODE, session=0, report=Report()),
        Chosen(1, MODEL, "m", raises="ValueError", hidden=("import b",), session=0, report=Report()),
    )
    assert adopt(name, text, *blocks) == expected


NAMES = {
    ("text_classifier", "sequential", "", "docs/page.md"): "text-classifier",
    ("self.encoder_model", "sequential_1", "", "page.md"): "encoder",
    ("model", "unet", "A heading", "page.md"): "unet",
    ("model", "functional", "Example 2: An **LSTM** `Input` Layer", "page.md"): "lstm-input-layer",
    ("my_model", "model_3", "2.1. Größe & Maß <x>", "page.md"): "grosse-mass-x",
    ("model", "sequential", "卷积", "My page.md"): "my-page",
    ("m", "sequential", "", "卷积.md"): "model",
    ("resNet50", "resnet50", "", "page.md"): "res-net50",
    ("keras.Sequential([…])", "sequential", "Title", "page.md"): "title",
}


@pytest.mark.parametrize("given", NAMES)
def test_names(given: tuple[str, str, str, str]) -> None:
    assert naming.name(*given, taken=(), own=()) == NAMES[given]


def test_names_that_are_taken() -> None:
    given = ("model", "sequential", "Heading", "page.md")
    assert naming.name(*given, taken={"heading"}, own=()) == "page-heading"
    assert naming.name(*given, taken={"heading"}, own={"heading"}) == "heading-2"
    assert naming.name(*given, taken={"heading", "page-heading"}, own=()) == "heading-2"


def test_names_that_documents_have() -> None:
    text = "```{keras:model} a b \n:session: s\n```\n\n> ```{keras:code}\n> ---\n> session: t u\n\n"
    text += ".. keras:model:: c\n"
    assert list(naming.names_in(text)) == ["a b", "c"]
    assert list(naming.sessions_in(text)) == ["s", "t u"]
