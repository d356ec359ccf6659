"""Warnings of Python and of libraries that the code of models causes: silent, or each once, at its line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sphinx_kerasshape.settings.settings import PRELUDE
from tests.support.projects import Project

Make = Callable[..., Project]
ON = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
kerasshape_code_warnings = True
"""
KERAS = (
    "UserWarning: Do not pass an `input_shape`/`input_dim` argument to a layer. When using Sequential "
    "models, prefer using an `Input(shape)` object as the first layer in the model instead."
)
CODE = """\
import warnings
import numpy

model = keras.Sequential([
    layers.Dense(4, input_shape=(3,)),
    layers.Dense(2),
])
for _ in range(3):
    warnings.warn("of my own,\\nin two lines")
warnings.warn("old", DeprecationWarning)
numpy.log(numpy.array(-1.0))
head = layers.Dense(4, input_shape=(3,))
"""
WARNINGS = {
    5: KERAS,
    9: "UserWarning: of my own,\n  in two lines",
    10: "DeprecationWarning: old",
    11: "RuntimeWarning: invalid value encountered in log",
    12: KERAS,
}
"""What the code causes, by the line."""


def rst(code: str, name: str = "a") -> str:
    """Write a page whose code begins on line 6."""
    lines = "".join(f"   {line}".rstrip() + "\n" for line in code.splitlines())
    return f"Page\n====\n\n.. keras:model:: {name}\n\n{lines}"


def md(code: str, name: str = "a") -> str:
    """Write a page whose code begins on line 4."""
    return f"# Page\n\n```{{keras:model}} {name}\n{code}```\n"


def expected(page: str, before: int, title: str = "model 'a'") -> list[str]:
    return [
        f"{page}:{before + line}: WARNING: {title}: {text} [kerasshape.code_warning]"
        for line, text in WARNINGS.items()
    ]


@pytest.mark.parametrize(("name", "page", "before"), [("index.rst", rst(CODE), 5), ("index.md", md(CODE), 3)])
def test_every_build_reports_each_warning_once_at_its_line(
    name: str, page: str, before: int, make_project: Make
) -> None:
    project = make_project({name: page}, ON)
    first = project.build()
    assert first.warnings == expected(name, before)
    # The second reads no page and runs nothing; the third reads the page.
    assert project.build().warnings == first.warnings
    assert project.build("html", "-E").warnings == first.warnings


@pytest.mark.parametrize(("name", "markup", "before"), [("index.rst", rst, 5), ("index.md", md, 3)])
def test_code_that_fails_has_those_that_it_caused_before(
    name: str, markup: Callable[[str], str], before: int, make_project: Make
) -> None:
    """They often say why; by default, the error is all there is."""
    code = "import numpy\n\nsize = numpy.log(numpy.array(-1.0))\nhead = layers.Dense(int(size))\n"
    project = make_project({name: markup(code)}, ON)
    error = "ValueError: cannot convert float NaN to integer"
    text = "model 'a': RuntimeWarning: invalid value encountered in log"
    warnings = project.build().warnings
    assert [warning.splitlines()[0] for warning in warnings] == [
        f"{name}:{before + 4}: WARNING: model 'a': {error}",
        f"{name}:{before + 3}: WARNING: {text} [kerasshape.code_warning]",
    ]
    (silent,) = project.build("html", "-D", "kerasshape_code_warnings=0").warnings
    assert silent == warnings[0]


def test_by_default_there_are_none_and_the_setting_runs_nothing_again(make_project: Make) -> None:
    project = make_project({"index.md": md(CODE)})
    silent = project.build()
    assert (silent.warnings, silent.status) == ([], 0)
    (entry,) = project.cache.rglob("??/*.json")
    before = entry.stat().st_mtime_ns
    assert project.build("html", "-D", "kerasshape_code_warnings=1").warnings == expected("index.md", 3)
    assert entry.stat().st_mtime_ns == before


def test_warnings_can_be_suppressed_or_fail_the_build(make_project: Make) -> None:
    project = make_project({"index.md": md(CODE)}, ON)
    assert project.build("html", "-W", "--keep-going").status == 1
    suppressed = project.build("html", "-W", "-D", "suppress_warnings=kerasshape.code_warning")
    assert (suppressed.warnings, suppressed.status) == ([], 0)


def test_what_code_does_with_its_warnings_works_as_in_a_script(make_project: Make) -> None:
    page = """\
# Page

```{keras:code}
import logging
import sys
import warnings

sys.stderr = sys.stdout  # hide

def dense():
    return layers.Dense(4, input_shape=(3,))

with warnings.catch_warnings(record=True) as caught:
    warnings.warn("caught", DeprecationWarning)
print([str(warning.message) for warning in caught])
with warnings.catch_warnings():
    warnings.simplefilter("error")
    try:
        dense()
    except UserWarning as warning:
        print("raised", str(warning)[:11])
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    dense()
for _ in range(3):
    warnings.warn("shown")
for _ in range(3):
    dense()
warnings.simplefilter("always")
for _ in range(2):
    warnings.warn("always")
warnings.showwarning = lambda message, *_: print("my own", message)
warnings.warn("mine")
logging.captureWarnings(True)
warnings.warn("logged")
```
"""
    built = make_project({"index.md": page}, ON).build("text")
    shown = built.page("index.txt").partition("['caught']")[2]
    words = ("raised Do not pass", "UserWarning: ", ": shown", ": Do not pass", ": always", "my own mine")
    assert [shown.count(word) for word in words] == [1, 4, 1, 1, 2, 1]
    assert built.warnings == [
        f"index.md:{line}: WARNING: keras:code: {text} [kerasshape.code_warning]"
        for line, text in [(26, "UserWarning: shown"), (11, KERAS), (31, "UserWarning: always")]
    ]


def test_in_a_session_each_is_reported_at_the_block_that_has_the_line(make_project: Make) -> None:
    page = """\
# Page

```{keras:code}
:session: s

import warnings

def make():
    warnings.warn("made")
    return keras.Sequential([layers.Dense(4, input_shape=(3,))])

warnings.warn("here")
```

```{keras:model} first
:session: s
:model: make()

units = 3
```

```{keras:model} second
:session: s

import warnings
model = make()
layers.Dense(4, input_shape=(3,))

# The same line of its block as in the first, with the same text.
warnings.warn("here")
```
"""
    project = make_project({"index.md": page}, ON)
    built = project.build()
    assert built.warnings == [
        f"index.md:{line}: WARNING: {title}: {text} [kerasshape.code_warning]"
        for line, title, text in [
            (12, "keras:code", "UserWarning: here"),
            (9, "model 'first'", "UserWarning: made"),
            (10, "model 'first'", KERAS),
            (27, "model 'second'", KERAS),
            (30, "model 'second'", "UserWarning: here"),
        ]
    ]
    assert project.build().warnings == built.warnings


def test_in_files_each_is_reported_at_the_directive_with_its_line(make_project: Make) -> None:
    module = """\
import warnings

import keras


def old():
    warnings.warn("say new()", DeprecationWarning, stacklevel=2)


def tower():
    return keras.Sequential([keras.layers.Dense(4, input_shape=(3,))])
"""
    page = """\
# Page

```{keras:model} one
:from: bricks:tower()
```

```{keras:model} two
:from: bricks:tower()
```

```{keras:model} three
:file: train.py
```

```{keras:model} four
import bricks
bricks.old()
model = keras.Sequential([keras.Input((3,)), layers.Dense(4)])
```
"""
    pages = {"index.md": page, "bricks.py": module, "train.py": CODE}
    prelude = f"kerasshape_prelude = {PRELUDE + 'layers.Dense(4, input_shape=(3,))'!r}\n"
    built = make_project(pages, ON + prelude).build()
    code = CODE.splitlines()
    assert built.warnings == [
        f"index.md:{place}: WARNING: {title}: {text} [kerasshape.code_warning]"
        for place, title, text in [
            (3, "model 'one'", f"{KERAS}\n  <kerasshape_prelude>:4: layers.Dense(4, input_shape=(3,))"),
            (
                3,
                "model 'one'",
                f"{KERAS}\n  bricks.py:11: "
                "return keras.Sequential([keras.layers.Dense(4, input_shape=(3,))])",
            ),
            *(
                (11, "model 'three'", f"{text}\n  train.py:{line}: {code[line - 1].strip()}")
                for line, text in WARNINGS.items()
            ),
            (17, "model 'four'", "DeprecationWarning: say new()"),
        ]
    ]


def test_an_expected_error_has_its_warnings(make_project: Make) -> None:
    code = "layers.Dense(4, input_shape=(3,))\nlayers.Dense(-1)\n"
    page = f"# Page\n\n```{{keras:code}}\n:raises: ValueError\n\n{code}```\n"
    built = make_project({"index.md": page}, ON).build()
    assert built.warnings == [f"index.md:6: WARNING: keras:code: {KERAS} [kerasshape.code_warning]"]


def test_pages_and_locks_are_the_same_with_and_without_warnings(make_project: Make) -> None:
    quiet = f"import warnings\nwarnings.simplefilter('ignore')\n{CODE}"
    page = "# Page\n\n```{keras:model} a\n:file: code.py\n:show: table\n```\n"
    locks, pages = [], []
    for code in (CODE, quiet):
        project = make_project({"index.md": page, "code.py": code})
        project.build("kerasshape-lock")
        locks.append(_reports(project))
        pages.append(project.build("text").page("index.txt"))
    assert locks[0] == locks[1]
    assert pages[0] == pages[1]


def _reports(project: Project) -> str:
    text = (project.folder / "source" / "kerasshape.lock.json").read_text("utf-8")
    return text.partition('"report": ')[2]
