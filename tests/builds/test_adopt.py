"""The command ``adopt``: plain documents in, documents with directives and roles out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sphinx_kerasshape.__main__ import main
from sphinx_kerasshape.audit import command
from tests.support.projects import Project
from tests.support.workers import Borrowed

MD = """\
# Networks

```python
from tensorflow import keras
from tensorflow.keras import layers
```

## A reader of sequences

```python
model = keras.Sequential([keras.Input((None, 50)), layers.LSTM(64), layers.Dense(1)])
model.summary()
```

```
Layer (type)                 Output Shape              Param #
=================================================================
lstm (LSTM)                  (None, 64)                29440
dense (Dense)                (None, 1)                 65
=================================================================
Total params: 29,505
```

The LSTM returns `(None, None, 64)`. All in all, there are **29,505 parameters**,
65 of them in a Dense layer of kernel `(64, 1)`.

```python
model.compile(loss="mse")
model.fit(x, y)
```

## It fails

```python
flat = keras.Sequential([keras.Input((None, 50)), layers.Flatten(), layers.Dense(1)])
```
"""
ADOPTED_MD = """\
# Networks

```{keras:code}
:session: page

from tensorflow import keras
from tensorflow.keras import layers
```

## A reader of sequences

```{keras:model} reader-sequences
:session: page

model = keras.Sequential([keras.Input((None, 50)), layers.LSTM(64), layers.Dense(1)])
model.summary()
```

The LSTM returns {keras:shape}`(None, None, 64) <reader-sequences/LSTM.output>`. \
All in all, there are **{keras:params}`29,505 <reader-sequences>` parameters**,
65 of them in a Dense layer of kernel \
{keras:shape}`(64, 1) <reader-sequences/Dense.kernel>`.

```python
model.compile(loss="mse")
model.fit(x, y)
```

## It fails

```{keras:model} flat
:session: page
:raises: ValueError

flat = keras.Sequential([keras.Input((None, 50)), layers.Flatten(), layers.Dense(1)])
```
"""
MD_SAYS = [
    "page.md:4: keras:code :session: page",
    "page.md:11: keras:model reader-sequences :session: page",
    "page.md:16: keras:summary reader-sequences: the live table takes its place",
    "page.md:24: keras:shape (None, None, 64) <reader-sequences/LSTM.output>, but TensorFlow says (None, 64)",
    "page.md:24: keras:params 29,505 <reader-sequences>",
    "page.md:25: keras:shape (64, 1) <reader-sequences/Dense.kernel>",
    "page.md:35: keras:model flat :session: page :raises: ValueError",
    "1 document: 2 keras:model, 1 keras:code, 1 keras:summary, 2 keras:shape, 1 keras:params adopted, "
    "1 statement contradicted; 0 blocks and 0 statements left as they are",
]
RST = """\
A page of 29,505 parameters
===========================

The code::

    import keras
    rows = keras.Sequential([keras.Input((None, 50)), keras.layers.LSTM(64), keras.layers.Dense(1)])
    rows.summary()

It gives ``(None, 1)``, and in a table:

=========  ====
(None, 1)  rows
=========  ====

Printed:

.. code-block:: text

    Layer (type)                 Output Shape              Param #
    =================================================================
    lstm (LSTM)                  (None, 64)                29440
    dense (Dense)                (None, 1)                 66
    =================================================================
    Total params: 29,505
"""
ADOPTED_RST = """\
A page of :keras:params:`29,505 <rows>` parameters
==================================================

The code:

.. keras:model:: rows
    :show: code

    import keras
    rows = keras.Sequential([keras.Input((None, 50)), keras.layers.LSTM(64), keras.layers.Dense(1)])
    rows.summary()

It gives :keras:shape:`(None, 1) <rows.output>`, and in a table:

=========  ====
(None, 1)  rows
=========  ====

Printed:

.. keras:summary:: rows

    Layer (type)                 Output Shape              Param #
    =================================================================
    lstm (LSTM)                  (None, 64)                29440
    dense (Dense)                (None, 1)                 66
    =================================================================
    Total params: 29,505
"""
RST_SAYS = [
    "page.rst:1: keras:params 29,505 <rows>",
    "page.rst:6: keras:model rows :show: code",
    "page.rst:10: keras:shape (None, 1) <rows.output>",
    "page.rst:13: left as it is: (None, 1): it stands in a table, whose columns have their widths",
    "page.rst:20: keras:summary rows, but TensorFlow contradicts 1 row or total",
    "1 document: 1 keras:model, 1 keras:summary, 1 keras:shape, 1 keras:params adopted, "
    "1 statement contradicted; 0 blocks and 1 statement left as they are",
]
LEFT = """\
# Digits

```python
import keras
from keras import layers
(x, y), _ = keras.datasets.mnist.load_data()
```

```python
digits = keras.Sequential([keras.Input((784,)), layers.Dense(10)])
```

```python
by_data = keras.Sequential([keras.Input(x.shape[1:]), layers.Dense(10)])
```

It gives `(None, 28, 10)`, and has 290 parameters. The model digits has 7,850 parameters.

```python
base_model = keras.applications.MobileNetV2(weights="imagenet")
```

```python
trained = keras.Sequential([keras.Input((4,)), layers.Dense(10)])
trained.compile(loss="mse")
trained.fit(x, y)
```

```python
embedding_model = keras.Sequential([keras.Input((4,)), layers.Embedding(words, 8)])
```

```python
%matplotlib inline
magic_model = keras.Sequential([keras.Input((4,)), layers.Dense(8)])
```

```python
saved_model = keras.Sequential([keras.Input((4,)), layers.Dense(8)])
saved_model.save("saved.keras")
```

```python
model = keras.Sequential([layers.Dense(8)])
```

```{testcode}
tested_model = keras.Sequential([keras.Input((4,)), layers.Dense(8)])
```

```python
import keras
commented = keras.Sequential([keras.Input((4,)), keras.layers.Dense(9)])
commented.output_shape  # (None, 8)
```
"""
LEFT_SAYS = [
    "4: left as it is: it needs data: mnist",
    "10: keras:model digits",
    "14: left as it is: it needs x of the block in line 4: it needs data: mnist",
    "17: left as it is: (None, 28, 10): the model above it has no keras:model",
    "17: left as it is: 290: the model above it has no keras:model",
    "17: keras:params 7,850 <digits>",
    "20: left as it is: it needs a download: weights of MobileNetV2",
    "24: left as it is: trained.fit() trains; a block of its own for the model could be adopted",
    "30: left as it is: words is not defined in this document",
    "34: left as it is: `%matplotlib inline` is no Python",
    "39: left as it is: saved_model.save() needs or changes files",
    "44: left as it is: Keras does not know the shapes of Sequential 'sequential' here: "
    "nothing before it builds or calls it",
    "48: left as it is: testcode runs or shows it in a way of its own",
    "52: keras:model commented",
    "54: left as it is: (None, 8): TensorFlow says (None, 9), and no role can stand in code",
]

Adopt = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture
def adopt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Adopt]:
    """Return a function that runs the command among documents; it returns the status and what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command.Answers, "_started", lambda self: Borrowed(self._settings))

    def run(*arguments: str, **documents: str) -> tuple[int, list[str], list[str]]:
        for name, text in documents.items():
            stem, _, suffix = name.rpartition("_")
            (tmp_path / f"{stem}.{suffix}").write_text(text, "utf-8", newline="")
        status = main(["adopt", "--cache-dir", str(tmp_path / ".cache"), "--network", *arguments])
        output = capsys.readouterr()
        errors = [line for line in output.err.splitlines() if not line.startswith("running models")]
        return status, output.out.splitlines(), errors

    return run


@pytest.mark.parametrize(
    ("name", "text", "adopted", "says"),
    [("page.md", MD, ADOPTED_MD, MD_SAYS), ("page.rst", RST, ADOPTED_RST, RST_SAYS)],
)
def test_a_page(adopt: Adopt, tmp_path: Path, name: str, text: str, adopted: str, says: list[str]) -> None:
    assert adopt(name, **{name.replace(".", "_"): text}) == (1, says, [])
    assert (tmp_path / name).read_text("utf-8") == adopted
    nothing = (0, "1 document: nothing adopted, 0 statements contradicted")
    status, lines, _ = adopt(name)
    assert (status, lines[-1].partition(";")[0]) == nothing
    assert (tmp_path / name).read_text("utf-8") == adopted


def test_a_diff_writes_nothing(adopt: Adopt, tmp_path: Path) -> None:
    status, lines, errors = adopt("page.md", "--diff", "--quiet", page_md=MD)
    assert (status, errors) == (1, [MD_SAYS[3], MD_SAYS[-1]])
    assert [line for line in lines if line.startswith("+") and "keras:model" in line] == [
        "+```{keras:model} reader-sequences",
        "+```{keras:model} flat",
    ]
    assert (tmp_path / "page.md").read_text("utf-8") == MD


@pytest.mark.slow
def test_what_drifted_can_be_rewritten(adopt: Adopt, tmp_path: Path) -> None:
    status, lines, _ = adopt("page.md", "page.rst", "--fix", page_md=MD, page_rst=RST)
    assert (status, [line for line in lines if "TensorFlow" in line]) == (0, [])
    true = ADOPTED_MD.replace("(None, None, 64)", "(None, 64)")
    assert (tmp_path / "page.md").read_text("utf-8") == true
    assert "keras:summary" in (tmp_path / "page.rst").read_text("utf-8")
    assert "(None, 1)                 65" in (tmp_path / "page.rst").read_text("utf-8")


def test_what_is_left(adopt: Adopt, tmp_path: Path) -> None:
    status, lines, _ = adopt("left.md", left_md=LEFT)
    assert (status, [line.removeprefix("left.md:") for line in lines[:-1]]) == (1, LEFT_SAYS)
    hidden = "```{keras:model} digits\nimport keras  # hide\nfrom keras import layers  # hide\ndigits ="
    assert hidden in (tmp_path / "left.md").read_text("utf-8")
    assert not (tmp_path / "saved.keras").exists()


def test_names_in_a_folder_and_markup_that_is_there(adopt: Adopt, tmp_path: Path) -> None:
    code = "import keras\nsmall = keras.Sequential([keras.Input((4,)), keras.layers.Dense(9)])"
    own = f"```{{keras:model}} small\n{code}\n```\n\nIt has {{keras:params}}`45 <small>` params.\n"
    plain = f"# More\r\n\r\n```python\r\n{code}\r\n```\r\n\r\nIt has 45 parameters.  \r\n"
    status, lines, _ = adopt(
        ".", own_md=own, b_md=plain, c_rst=f"::\n\n  {code.replace(chr(10), chr(10) + '  ')}\n"
    )
    assert (status, lines[:-1]) == (
        0,
        ["b.md:4: keras:model b-small", "b.md:8: keras:params 45 <b-small>", "c.rst:3: keras:model c-small"],
    )
    assert (tmp_path / "own.md").read_text("utf-8") == own
    assert (tmp_path / "b.md").read_bytes().decode() == plain.replace(
        "python", "{keras:model} b-small"
    ).replace("45 p", "{keras:params}`45 <b-small>` p")


def test_other_formats_and_paths_that_are_not_there(adopt: Adopt, tmp_path: Path) -> None:
    (tmp_path / "binary.md").write_bytes(b"\0")
    status, lines, errors = adopt("no.md", "binary.md", "a.py", "a.ipynb", a_py="", a_ipynb="{}")
    assert (status, lines) == (
        2,
        [
            "a.py: not adopted: a script has no directives; "
            'kerasshape_plain = "check" and the audit check it as it is',
            "a.ipynb: not adopted: the code of a notebook is in its cells, "
            'which kerasshape_plain = "check" checks as they are',
            "1 document: nothing adopted, 0 statements contradicted; "
            "0 blocks and 0 statements left as they are",
        ],
    )
    assert errors == [
        "no.md: No such file or directory",
        "binary.md: can't be read: a binary file",
    ]


def test_adopted_pages_are_built(adopt: Adopt, make_project: Callable[..., Project]) -> None:
    """The pages above, as the command leaves them: only what is false is a warning, at its line."""
    built = make_project({"page.md": ADOPTED_MD, "other.rst": ADOPTED_RST}).build("html", "-n")
    assert [warning.partition(": ")[0] for warning in built.warnings] == ["page.md:19", "other.rst:26"]
    page = built.page("page.html")
    assert page.count("<table") == 1
    assert "Shapes used to initialize variables must be fully-defined" in page
