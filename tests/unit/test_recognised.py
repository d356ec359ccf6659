"""What the audit recognises in documents: their code, and what stands beside it."""

from __future__ import annotations

import json
import time

import pytest

from sphinx_kerasshape.audit.recognise import Unreadable, recognise
from tests.support.recognised import notebook, recognised, stream, value

MARKDOWN = """\
---
title: About (None, 3)
---
# A model of 12 parameters

<!-- kerasshape: define vocab_size = 10_000 -->

```python
%matplotlib inline
model = keras.Sequential([keras.Input((28, 28, 1)), Dense(10)])
!pip install keras \\
    numpy
```

Its output is `(None, 28, 28, 10)`; it has **1,234** parameters.

1. An indented one:

        x = Dense(3)(x)  # (None, 3)

   ~~~ py
   y = Dense(4)(x)  # (None, 4)
   ~~~

:::{note}
```{code-block} python
:linenos:

z = Dense(5)(y)  # (None, 5)
```
:::

````{admonition} Nested
```{code-cell} ipython3
---
tags: [a]
---
z = Dense(6)(y)  # (None, 6)
```
````

```{eval-rst}
.. code-block:: python

   w = Dense(7)(y)  # (None, 7)
```

```bash
x = Dense(8)(x)  # (None, 8)
```

```
x = Dense(9)(x)  # (None, 9)
```

```
pip install keras
```

| a `(None, 1)` | b |
| --- | --- |
| [see `(None, 2)`](x.md "(None, 3)") | `(3)` |
"""


def test_markdown() -> None:
    assert (
        recognised("page.md", MARKDOWN)
        == """\
line 4: prose count 12 after block -1: A model of §
line 9: block 0: model = keras.Sequential([keras.Input((28, 28, 1)), Dense(10)])
line 15: prose shape (None, 28, 28, 10) as code after block 0: Its output is §
line 15: prose count 1,234 after block 0: it has §
line 19: block 1: x = Dense(3)(x)  # (None, 3)
line 19: comment (None, 3) of x after block 1 line 1
line 22: block 2: y = Dense(4)(x)  # (None, 4)
line 22: comment (None, 4) of y after block 2 line 1
line 28: block 3: z = Dense(5)(y)  # (None, 5)
line 29: comment (None, 5) of z after block 3 line 2
line 38: block 4: z = Dense(6)(y)  # (None, 6)
line 38: comment (None, 6) of z after block 4 line 1
line 45: block 5: w = Dense(7)(y)  # (None, 7)
line 45: comment (None, 7) of w after block 5 line 1
line 53: block 6: x = Dense(9)(x)  # (None, 9)
line 53: comment (None, 9) of x after block 6 line 1
line 60: prose shape (None, 1) as code after block 6: a §
line 62: prose shape (None, 2) as code after block 6: see §
define vocab_size = 10_000"""
    )


REST = """\
A model of 12 parameters
========================

.. kerasshape: define n = 5

.. figure:: a.png
   :width: 3

   It has ``(None, 10)`` and 1,234 parameters. A :role:`of (None, 3)`, *(None, 7)*, \\*1,000 parameters\\*.

   .. code-block:: python
      :linenos:

      x = Dense(3)(x)  # (None, 3)

.. note:: It has **2,000** parameters.

- item::

    x = Dense(4)(x)  # (None, 4)

.. highlight:: bash

Next::

    x = Dense(5)(x)  # (None, 5)

>>> x.shape
(None, 10)

+-----------------+------+
| ``(None, 1)``   | a    |
+-----------------+------+

.. ipython::

   In [1]: x.shape
   Out[1]: TensorShape([None, 4])

.. math:: (None, 3) 10 parameters

.. image:: ../x

`broken :role:`
"""


def test_rest(capfd: pytest.CaptureFixture[str]) -> None:
    assert (
        recognised("page.rst", REST)
        == """\
line 1: prose count 12 after block -1: A model of §
line 9: prose shape (None, 10) as code after block -1: It has § and 1,234 parameters
line 9: prose count 1,234 after block -1: It has (None, 10) and §
line 9: prose shape (None, 7) after block -1: A  , §, *1,000 parameters*
line 9: prose count 1,000 after block -1: A  , (None, 7), *§*
line 14: block 0: x = Dense(3)(x)  # (None, 3)
line 14: comment (None, 3) of x after block 0 line 1
line 16: prose count 2,000 after block 0: It has §
line 20: block 1: x = Dense(4)(x)  # (None, 4)
line 20: comment (None, 4) of x after block 1 line 1
line 28: block 2: x.shape
line 29: shape (None, 10) of x.shape after block 2 line 1
line 32: prose shape (None, 1) as code after block 2: §
line 37: block 3: x.shape
line 38: shape [None, 4] of x.shape after block 3 line 1
define n = 5"""
    )
    assert capfd.readouterr() == ("", "")


def test_notebook() -> None:
    page = notebook(
        ("markdown", "It has 1,234 parameters.\n\n```python\nx = 1\n```"),
        ("code", "%%time\n# kerasshape: define n = 3\nimport keras\n!ls\nx.shape", [value("(None, 3)")]),
        ("code", "%%bash\nls"),
        ("code", ["print('Shape:', x.shape)\n", "y"], [stream("Shape: (None, 4)\n"), value("<KerasTensor "
         "shape=(None, 5), dtype=float32, sparse=False, name=keras_tensor_3>")]),
        ("raw", "x"),
    )  # fmt: skip
    assert (
        recognised("page.ipynb", page)
        == """\
cell 1 line 1: prose count 1,234 after block -1: It has §
cell 2 line 1: block 0: # kerasshape: define n = 3 | import keras | x.shape
cell 2 output 0 line 1: shape (None, 3) of x.shape after block 0 line 5
cell 4 line 1: block 1: print('Shape:', x.shape) | y
cell 4 output 0 line 1: shape (None, 4) of x.shape after block 1 line 1
cell 4 output 1 line 1: shape (None, 5) of y after block 1 line 2
define n = 3"""
    )


def test_notebook_of_version_3() -> None:
    code = {"cell_type": "code", "input": ["x.shape\n"], "language": "python", "outputs": []}
    code["outputs"] = [{"output_type": "pyout", "prompt_number": 1, "text": ["(None, 3)"]}]
    heading = {"cell_type": "heading", "level": 2, "source": ["10 parameters"]}
    page = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [heading, code]}]}
    assert (
        recognised("page.ipynb", json.dumps(page))
        == """\
cell 1 line 1: prose count 10 after block -1: §
cell 2 line 1: block 0: x.shape
cell 2 output 0 line 1: shape (None, 3) of x.shape after block 0 line 1"""
    )


def test_notebook_of_another_language() -> None:
    page = json.loads(notebook(("code", "x = 1")))
    page["metadata"] = {"kernelspec": {"language": "R", "name": "ir", "display_name": "R"}}
    assert recognised("page.ipynb", json.dumps(page)) == ""


def test_script_with_cells() -> None:
    page = """\
# ---
# jupyter: 1
# ---
import keras
# %% [markdown]
# It has **1,200** parameters.
#
# ```python
# y = 1
# ```
# %%
x = layers.Dense(3)(x)  # (None, 3)
s = "
# %%
"
# %% named
model.summary()
"""
    assert (
        recognised("page.py", page.replace('s = "\n# %%\n"\n', 's = """\n# %%\n"""\n'))
        == """\
line 1: block 0: # --- | # jupyter: 1 | # --- | import keras
line 6: prose count 1,200 after block 0: It has §
line 12: block 1: x = layers.Dense(3)(x)  # (None, 3) | s = \"\"\" | # %% | \"\"\"
line 12: comment (None, 3) of x after block 1 line 1
line 17: block 2: model.summary()"""
    )


MODULE = '''\
"""Layers.

Example::

    model = Model()
"""

class Layer:
    def call(self, x):
        """Return ä ``(None, 3)``.

        >>> y = layer(x)
        >>> y.shape
        (None, 10)

        Then:

        ```python
        z = Dense(3)(z)  # (None, 3)
        ```
        """
        x = self.dense(x)  # (batch, 7)
        return x
'''


def test_module() -> None:
    found = recognised("module.py", MODULE).splitlines()
    assert found[0].startswith(
        'line 1: block 0: """Layers. | Example:: |     model = Model() | """ | class Layer:'
    )
    assert (
        "\n".join(found[1:])
        == """\
line 5: block 1: model = Model()
line 10: prose shape (None, 3) as code after block 2: Return ä §
line 12: block 2: y = layer(x) | y.shape
line 14: shape (None, 10) of y.shape after block 2 line 2
line 19: block 3: z = Dense(3)(z)  # (None, 3)
line 19: comment (None, 3) of z after block 3 line 1
line 22: comment (batch, 7) of x after block 0 line 22"""
    )
    blocks = recognise("module.py", MODULE.encode()).blocks
    assert [block.is_module for block in blocks] == [True, False, False, False]


PROMPTS = """\
```
In [1]: x = f(
   ...:     2)

In [2]: x.shape
Out[2]: (None, 3)
```

  ```pycon
  >>> for x in y:
  ...     print(x)
  ...
  ...
  >>> x.shape  # doctest: +SKIP
  TensorShape([None, 10])
  ```

```python
%tensorflow_version 1.x
?x
x??
y = !ls
%time x = f(1)
if x:
    %reset
z = (a
     % b)
```
"""


def test_prompts_and_magics() -> None:
    assert (
        recognised("page.md", PROMPTS)
        == """\
line 2: block 0: x = f( |     2) | x.shape
line 6: shape (None, 3) of x.shape after block 0 line 4
line 10: block 1: for x in y: |     print(x) | x.shape  # doctest: +SKIP
line 15: shape [None, 10] of x.shape after block 1 line 5
line 19: block 2: x = f(1) | if x: |     pass | z = (a |      % b)"""
    )


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize(("path", "page"), [("page.md", MARKDOWN), ("page.rst", REST), ("page.py", MODULE)])
def test_ends_of_lines_change_nothing_but_places(path: str, page: str, end: str) -> None:
    text = page.replace("\n", end)
    expected = recognise(path, page.encode())
    found = recognise(path, text.encode())
    assert [block.code for block in found.blocks] == [block.code for block in expected.blocks]
    texts = [text[one.place.start : one.place.end] for one in found.statements]
    assert texts == [page[one.place.start : one.place.end] for one in expected.statements]
    for block in found.blocks:
        for line in block.lines:
            if line.code.strip() not in ("", "pass"):
                assert text[line.start :].startswith(line.code)


@pytest.mark.parametrize(
    ("path", "data", "message"),
    [
        ("a.md", b"a\0b", "a binary file"),
        ("a.md", b"ab\xff", "not UTF-8: byte 2 is 0xff: save it as UTF-8"),
        ("a.ipynb", b"{", "not a notebook: it is no JSON"),
        ("a.ipynb", b"[" * 100_000, "a notebook that is nested too deep"),
        ("a.ipynb", b"[]", "a broken notebook: it is no JSON object"),
        (
            "a.ipynb",
            b'{"nbformat": 9, "cells": []}',
            "a notebook of an unknown format: Unsupported nbformat version 9",
        ),
    ],
)
def test_unreadable(path: str, data: bytes, message: str) -> None:
    with pytest.raises(Unreadable) as caught:
        recognise(path, data)
    assert str(caught.value) == message


CELL = {"cell_type": "code", "metadata": {}, "source": "x", "outputs": []}


@pytest.mark.parametrize(
    "cells",
    [
        "x",
        5,
        [5],
        [{}],
        [{"cell_type": "code"}],
        [CELL | {"outputs": 5}],
        [CELL | {"source": 7}],
        [CELL | {"source": ["x", 5]}],
        [CELL | {"outputs": [7]}],
        [CELL | {"outputs": [{"output_type": "stream", "text": 5}]}],
        [CELL | {"outputs": [{"output_type": "execute_result", "data": 5}]}],
    ],
)
def test_broken_notebooks_are_read_or_refused(cells: object) -> None:
    page = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    try:
        document = recognise("a.ipynb", page.encode())
    except Unreadable as refusal:
        assert str(refusal)  # noqa: PT017 - some are read
    else:
        assert all(text.cell for text in document.texts)


FRAGMENTS = r"""
```python | ```python\n | ```python\n``` | ~~~\n>>> | ` | [ | \\ | --- | ---\n | .. code-block:: | ::
.. code-block:: python | ::\n\n  x | >>> | >>> x\n | \n | \r | \ufeff | \ufeff# x | # %% | # %% [markdown]
# %% [markdown]\n# | \t\t```python\n\tx=1\n``` | <!-- | <pre>Param # | \"\"\" | '''a
a\x0cb\u2028c | .. note::\n\n\tx ``(None,\t3)``\n | ```{code-block}\n``` | ```{}\n``` | ```\n┏━\n```
````{note}\n```python\nx = 1\n```` | ```\nLayer (type) Output Shape Param #\n``` | x = 1 # (
x = y # (((( | x = y # (None, [
def f():\n  '''\n | print(x.shape, sep=1) | $ (None, 3) $ | ``(None, 3)`` | `(None, 3)
"""


@pytest.mark.parametrize("path", ["a.md", "a.rst", "a.py", "a.txt"])
@pytest.mark.parametrize("text", ["", *FRAGMENTS.replace("\n", " | ").split(" | ")])
def test_fragments_are_read(path: str, text: str) -> None:
    # Each statement that is recognised stands where its place says.
    recognised(path, text.encode("raw_unicode_escape").decode("unicode_escape"))


SUMMARY = "Layer (type)                 Output Shape              Param #\n"
NASTY = {
    "brackets.md": "[",
    "stars.md": "*a_",
    "ticks.md": "`a``",
    "quotes.md": ">",
    "lists.md": "- a\n",
    "fences.md": "```python\n",
    "comments.md": "<!-- ",
    "parentheses.md": "(None, ",
    "numbers.md": "1 ",
    "prompts.md": ">>> x.shape\n(None, 10)\n",
    "headers.md": f"    {SUMMARY}",
    "boxes.md": "    ┏━┓\n",
    "rows.md": f"    {SUMMARY}    a (A)          (None, 3)    4\n",
    "escapes.md": "    \x1b[",
    "colons.rst": "a::\n\n  b = c()\n\n",
    "literals.rst": "``a`` 1 parameter ",
    "code.py": "x = f(x)  # (((((\n",
    "cells.py": "# %%\nx.summary()\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("path", NASTY)
def test_time_grows_with_the_length(path: str) -> None:
    def seconds(times: int) -> float:
        text = (NASTY[path] * times).encode()
        start = time.process_time()
        recognise(path, text)
        return time.process_time() - start

    times = 20_000 // len(NASTY[path])
    # On a busy machine, single runs take longer.
    assert any(seconds(8 * times) < 24 * max(seconds(times), 0.01) for _ in range(4))
