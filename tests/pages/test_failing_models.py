"""Models that fail, each in its own way, among good ones: what the author is told, what readers see."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.support.projects import Built, Project
from tests.support.workers import SANDBOX

CONF = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
"""
NETWORK = "set kerasshape_network to True in conf.py" if SANDBOX == "on" else "build where there is a network"
MODULE = """\
import keras


def model(units):
    return build(units)


def build(units):
    if units < 1:
        raise ValueError(f"no layer has {units} units")
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])
"""


@dataclass(frozen=True)
class Case:
    """A failing model.

    In ``warning``, ``@2`` is the place of the code's line 2, ``@0`` the directive's, and ``MEND`` stands for
    ``mend``, which readers don't see.
    """

    code: str
    warning: str
    options: str = ""
    mend: str = ""


CASES = {
    "exception": Case(
        'units = 3\nraise ValueError("three is too few")\n',
        "@2: WARNING: model NAME: ValueError: three is too few\n"
        '  @2: raise ValueError("three is too few") [kerasshape.code]',
    ),
    "module": Case(
        "import bricks\n\nmodel = bricks.model(0)\n",
        "@3: WARNING: model NAME: ValueError: no layer has 0 units\n"
        "  @3: model = bricks.model(0)\n"
        "  bricks.py:5, in model: return build(units)\n"
        '  bricks.py:10, in build: raise ValueError(f"no layer has {units} units") [kerasshape.code]',
    ),
    "syntax": Case(
        "units = 3\nmodel = keras.Sequential([)\n",
        "@2: WARNING: model NAME: the code has a syntax error: closing parenthesis ')' does not match "
        "opening parenthesis '['\n"
        "  @2: model = keras.Sequential([) [kerasshape.syntax]",
    ),
    "not-imported": Case(
        "units = 3\nfeatures = np.prod((5, units))\n",
        "@2: WARNING: model NAME: NameError: name 'np' is not definedMEND\n"
        "  @2: features = np.prod((5, units)) [kerasshape.code]",
        mend="add 'import numpy as np' to the code, or to kerasshape_prelude in conf.py",
    ),
    "of-layers": Case(
        "units = 3\nhead = Dense(units)\n",
        "@2: WARNING: model NAME: NameError: name 'Dense' is not definedMEND\n"
        "  @2: head = Dense(units) [kerasshape.code]",
        mend="write layers.Dense, or add 'from keras.layers import Dense'",
    ),
    "of-keras": Case(
        "model = Sequential([])\n",
        "@1: WARNING: model NAME: NameError: name 'Sequential' is not definedMEND\n"
        "  @1: model = Sequential([]) [kerasshape.code]",
        mend="write keras.Sequential, or add 'from keras import Sequential'",
    ),
    "of-submodule": Case(
        "stop = EarlyStopping()\n",
        "@1: WARNING: model NAME: NameError: name 'EarlyStopping' is not definedMEND\n"
        "  @1: stop = EarlyStopping() [kerasshape.code]",
        mend="write keras.callbacks.EarlyStopping, or add 'from keras.callbacks import EarlyStopping'",
    ),
    "misspelt": Case(
        "units = 3\nlayers.Dense(unit)\n",
        "@2: WARNING: model NAME: NameError: name 'unit' is not defined; did you mean 'units'?\n"
        "  @2: layers.Dense(unit) [kerasshape.code]",
    ),
    "misspelt-function": Case(
        "units = 3\nprnt(units)\n",
        "@2: WARNING: model NAME: NameError: name 'prnt' is not defined; did you mean 'print'?\n"
        "  @2: prnt(units) [kerasshape.code]",
    ),
    "unknown": Case(
        "layers.Dense(neurons)\n",
        "@1: WARNING: model NAME: NameError: name 'neurons' is not definedMEND\n"
        "  @1: layers.Dense(neurons) [kerasshape.code]",
        mend="define or import it in the code, or in an earlier block of the same ':session:'",
    ),
    "not-installed": Case(
        "import zoo.small\n",
        "@1: WARNING: model NAME: ModuleNotFoundError: No module named 'zoo'MEND\n"
        "  @1: import zoo.small [kerasshape.code]",
        mend="install it where the models run, or add the folder that contains 'zoo' to sys.path in conf.py",
    ),
    "no-submodule": Case(
        "import keras.layer\n",
        "@1: WARNING: model NAME: ModuleNotFoundError: No module named 'keras.layer'; "
        "did you mean 'keras.layers'?\n"
        "  @1: import keras.layer [kerasshape.code]",
    ),
    "no-submodule-like-it": Case(
        "import keras.bricks\n",
        "@1: WARNING: model NAME: ModuleNotFoundError: No module named 'keras.bricks'MEND\n"
        "  @1: import keras.bricks [kerasshape.code]",
        mend="check the name, since 'keras' itself is there",
    ),
    "weights": Case(
        'raise Exception("URL fetch failure on https://host/weights.h5: None -- [Errno -2]")\n',
        "@1: WARNING: model NAME: Exception: URL fetch failure on https://host/weights.h5: "
        "None -- [Errno -2]MEND\n"
        '  @1: raise Exception("URL fetch failure on https://host/weights.h5: None -- '
        '[Errno -2]") [kerasshape.code]',
        mend="shapes need no trained weights: write weights=None",
    ),
    "data": Case(
        'raise Exception("URL fetch failure on https://host/mnist.npz: None -- [Errno -2]")\n',
        "@1: WARNING: model NAME: Exception: URL fetch failure on https://host/mnist.npz: "
        "None -- [Errno -2]MEND\n"
        '  @1: raise Exception("URL fetch failure on https://host/mnist.npz: None -- [Errno -2]") '
        "[kerasshape.code]",
        mend=f"shapes need no real data: use zeros of the same shape, or {NETWORK}",
    ),
    "indented": Case(
        "  units = 3\nmodel = [units]\n",
        "@1: WARNING: model NAME: the code has a syntax error: unexpected indentMEND\n"
        "  @1: units = 3 [kerasshape.syntax]",
        mend="remove the spaces before its first line",
    ),
    "indented-later": Case(
        "units = 3\n  model = [units]\n",
        "@2: WARNING: model NAME: the code has a syntax error: unexpected indentMEND\n"
        "  @2: model = [units] [kerasshape.syntax]",
        mend="indent the line like the one above it",
    ),
    "unclosed": Case(
        "units = [\n    3,\n",
        "@1: WARNING: model NAME: the code has a syntax error: '[' was never closedMEND\n"
        "  @1: units = [ [kerasshape.syntax]",
        mend="close it",
    ),
    "curly-quotes": Case(
        "units = “3”\n",
        "@1: WARNING: model NAME: the code has a syntax error: invalid character '“' (U+201C)MEND\n"
        "  @1: units = “3” [kerasshape.syntax]",
        mend='write "',
    ),
    "dash": Case(
        "units = 3 – 1\n",
        "@1: WARNING: model NAME: the code has a syntax error: invalid character '–' (U+2013)MEND\n"
        "  @1: units = 3 – 1 [kerasshape.syntax]",
        mend="write -",
    ),
    "left-out": Case(
        "units = [\n    3\n    ...\n]\n",
        "@2: WARNING: model NAME: the code has a syntax error: invalid syntax. Perhaps you forgot a comma?"
        "MEND\n"
        "  @2: 3 [kerasshape.syntax]",
        mend="write the code that ... stands for, or leave it out",
    ),
    "question": Case(
        "units = 3\n?units\n",
        "@2: WARNING: model NAME: the code has a syntax error: invalid syntaxMEND\n"
        "  @2: ?units [kerasshape.syntax]",
        mend="remove the line, which is a command of notebooks and not Python",
    ),
    "no-tuple": Case(
        "keras.Input(4)\n",
        "@1: WARNING: model NAME: ValueError: Cannot convert '4' to a shapeMEND\n"
        "  @1: keras.Input(4) [kerasshape.code]",
        mend="write a tuple, such as (4,)",
    ),
    "no-file": Case(
        "keras.models.load_model('net.keras')\n",
        "@1: WARNING: model NAME: ValueError: File not found: filepath=net.keras. "
        "Please ensure the file is an accessible `.keras` zip fileMEND\n"
        "  @1: keras.models.load_model('net.keras') [kerasshape.code]",
        mend="show a saved model with ':file: net.keras'",
    ),
    "prompt": Case(
        ">>> units = 3\n>>> units\n3\n",
        "@1: WARNING: model NAME: the code has a syntax error: invalid syntaxMEND\n"
        "  @1: >>> units = 3 [kerasshape.syntax]",
        mend="remove the prompts (>>> and ...) and the output below them",
    ),
    "magic": Case(
        "%matplotlib inline\nunits = 3\n",
        "@1: WARNING: model NAME: the code has a syntax error: invalid syntaxMEND\n"
        "  @1: %matplotlib inline [kerasshape.syntax]",
        mend="remove the line, which is a command of notebooks and not Python",
    ),
    "shell": Case(
        "!pip install keras\nunits = 3\n",
        "@1: WARNING: model NAME: the code has a syntax error: invalid syntaxMEND\n"
        "  @1: !pip install keras [kerasshape.syntax]",
        mend="remove the line, which is a command of notebooks and not Python",
    ),
    "ipython": Case(
        "In [1]: units = 3\n",
        "@1: WARNING: model NAME: NameError: name 'In' is not definedMEND\n"
        "  @1: In [1]: units = 3 [kerasshape.code]",
        mend="remove the prompts (In [1]:), and what the code printed",
    ),
    "terminal": Case(
        "$ pip install keras\nunits = 3\n",
        "@1: WARNING: model NAME: the code has a syntax error: invalid syntaxMEND\n"
        "  @1: $ pip install keras [kerasshape.syntax]",
        mend="remove the line, which is a command of a terminal and not Python",
    ),
    "misspelt-package": Case(
        "import kears\n",
        "@1: WARNING: model NAME: ModuleNotFoundError: No module named 'kears'; did you mean 'keras'?\n"
        "  @1: import kears [kerasshape.code]",
    ),
    "misspelt-argument": Case(
        "def tower(units): ...\ntower(unit=3)\n",
        "@2: WARNING: model NAME: TypeError: tower() got an unexpected keyword argument 'unit'; "
        "did you mean 'units'?\n"
        "  @2: tower(unit=3) [kerasshape.code]",
    ),
    "misspelt-argument-of-a-layer": Case(
        "layers.Dense(3, activaton=None)\n",
        "@1: WARNING: model NAME: ValueError: Unrecognized keyword arguments passed to Dense: "
        "{'activaton': None}; did you mean 'activation'?\n"
        "  @1: layers.Dense(3, activaton=None) [kerasshape.code]",
    ),
    "attribute": Case(
        "import math\nmath.sqroot(4)\n",
        "@2: WARNING: model NAME: AttributeError: module 'math' has no attribute 'sqroot'; "
        "did you mean 'sqrt'?\n"
        "  @2: math.sqroot(4) [kerasshape.code]",
    ),
    "syntax-late": Case(
        "units = 3\nreturn units\n",
        "@2: WARNING: model NAME: the code has a syntax error: 'return' outside function\n  @2 "
        "[kerasshape.syntax]",
    ),
    "none": Case(
        "units = 3\ndense = layers.Dense(units)\n",
        "@0: WARNING: model NAME: the code makes no Keras model: assign one to 'model', end the code "
        "with it, or name it with ':model:'; to show a layer (dense), wrap it in a keras.Sequential "
        "[kerasshape.model]",
    ),
    "no-model": Case(
        "model = [3]\n",
        "@0: WARNING: model NAME: 'model' is not a Keras model but a value of type list: assign one to "
        "'model', end the code with it, or name it with ':model:' [kerasshape.model]",
    ),
    "several": Case(
        "small = keras.Sequential([keras.Input((2,))])\nlarge = keras.Sequential([keras.Input((9,))])\n",
        "@0: WARNING: model NAME: the code makes several Keras models (small, large): name one with "
        "':model: large', call it 'model', or end the code with it [kerasshape.model]",
    ),
    "number": Case(
        "units = 3\n",
        "@0: WARNING: model NAME: :model: units is not a Keras model but a value of type int "
        "[kerasshape.model]",
        options=":model: units",
    ),
    "exit": Case(
        "import sys\nsys.exit(4)\n",
        "@2: WARNING: model NAME: the code asked to exit (SystemExit: 4)\n"
        "  @2: sys.exit(4) [kerasshape.code]",
    ),
    "exit-hard": Case(
        "import os\nos._exit(3)\n",
        "@0: WARNING: model NAME: the process that ran the code ended with exit status 3 [kerasshape.crash]",
    ),
    "segfault": Case(
        "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n",
        "@0: WARNING: model NAME: the process that ran the code was killed by SIGSEGV [kerasshape.crash]",
    ),
    "colours": Case(
        'raise ValueError("\\033[1;31mtoo red\\033[0m")\n',
        "@1: WARNING: model NAME: ValueError: too red\n"
        '  @1: raise ValueError("\\033[1;31mtoo red\\033[0m") [kerasshape.code]',
    ),
    "long-message": Case(
        'raise ValueError("first\\nsecond")\n',
        "@1: WARNING: model NAME: ValueError: first\n"
        "  second\n"
        '  @1: raise ValueError("first\\nsecond") [kerasshape.code]',
    ),
    "other-error": Case(
        "units = 3\nunits / 0\n",
        "@2: WARNING: model NAME: the page expects ValueError (:raises:), but the code raised "
        "ZeroDivisionError: division by zero\n"
        "  @2: units / 0 [kerasshape.raises]",
        options=":raises: ValueError",
    ),
    "no-error": Case(
        "model = keras.Sequential([keras.Input((4,))])\n",
        "@0: WARNING: model NAME: the page expects ValueError (:raises:), but the code raised nothing: "
        "remove :raises:, or correct the code "
        "[kerasshape.raises]",
        options=":raises: ValueError",
    ),
    "unbuilt": Case(
        'model = keras.Sequential([layers.LSTM(4), layers.Dense(1)], name="late")\n',
        "@0: WARNING: model NAME: the Sequential model 'late' has no input shape, so its layers have no "
        "shapes or weights yet: add it to the directive, with the batch axis first, such as "
        "':input: (None, 50, 8)', or add a keras.Input before its layers "
        "[kerasshape.unbuilt]",
    ),
    "subclassed": Case(
        "class Tower(keras.Model):\n    pass\n\nTower()\n",
        "@0: WARNING: model NAME: Tower is a subclassed model, whose shapes Keras knows only once it is "
        "called: add its input to the directive, with the batch axis first, such as "
        "':input: (None, 28, 28, 1)' (for several inputs a list or dict of shapes), or call the model in the "
        "code [kerasshape.unbuilt]",
    ),
}
RST = """\
Page
====

.. keras:model:: {name}{options}

{code}

The next model is good:

.. keras:model:: {name}-good

   keras.Sequential([keras.Input((4,)), layers.Dense({units})])
"""
MYST = """\
# Page

```{{keras:model}} {name}{options}
{code}
```

The next model is good:

```{{keras:model}} {name}-good
keras.Sequential([keras.Input((4,)), layers.Dense({units})])
```
"""
PAGES = [(case, suffix) for case in CASES for suffix in ("rst", "md")]


def page(case: str, suffix: str) -> str:
    code, options = CASES[case].code.strip("\n"), CASES[case].options
    values = {"name": f"{case}-{suffix}", "units": units(case)}
    if suffix == "md":
        return MYST.format(options=options and f"\n{options}", code=code, **values)
    indented = "\n".join(f"   {line}".rstrip() for line in code.split("\n"))
    return RST.format(options=options and f"\n   {options}", code=indented, **values)


def units(case: str) -> int:
    return 10 + list(CASES).index(case)


def warning(case: str, suffix: str) -> str:
    """Return the whole warning that the page of a case gives."""
    file = f"{case}-{suffix}.{suffix}"
    lines = page(case, suffix).split("\n")
    directive = next(number for number, line in enumerate(lines, start=1) if "keras:model" in line)
    first = lines.index(("" if suffix == "md" else "   ") + CASES[case].code.split("\n")[0]) + 1
    text = CASES[case].warning.replace("NAME", f"'{case}-{suffix}'").replace("@0", f"{file}:{directive}")
    text = text.replace("MEND", f": {CASES[case].mend}")
    return re.sub("@([0-9])", lambda found: f"{file}:{first + int(found[1]) - 1}", text)


@pytest.fixture(scope="module")
def builds(make_project: Callable[..., Project]) -> tuple[Built, Built]:
    """The same pages, built twice; the second time with ``-W``."""
    pages = {f"{case}-{suffix}.{suffix}": page(case, suffix) for case, suffix in PAGES}
    project = make_project(pages, CONF)
    project.write("bricks.py", MODULE)
    return project.build("text"), project.build("text", "-W", "--keep-going")


@pytest.mark.parametrize(("case", "suffix"), PAGES)
def test_warning(case: str, suffix: str, builds: tuple[Built, Built]) -> None:
    found = [text for text in builds[0].warnings if text.startswith(f"{case}-{suffix}.")]
    assert found == [warning(case, suffix)]


def test_nothing_else_is_wrong(builds: tuple[Built, Built]) -> None:
    assert builds[0].status == 0
    assert len(builds[0].warnings) == len(PAGES)


@pytest.mark.parametrize(("case", "suffix"), PAGES)
def test_page_shows_code_and_error_and_the_good_model(
    case: str, suffix: str, builds: tuple[Built, Built]
) -> None:
    text = builds[0].page(f"{case}-{suffix}.txt")
    message = re.search(r"model NAME: (.*?)(MEND|; did|\n| \[)", CASES[case].warning)
    assert message is not None
    words = " ".join(text.split())
    assert " ".join(CASES[case].code.split()) in words
    assert words.count(message[1]) == 1
    assert "\x1b" not in text
    assert re.search(rf"\| dense +\| \(None, {units(case)}\) +\| {5 * units(case)} ", text)


def test_warm_build_warns_again_and_fails(builds: tuple[Built, Built]) -> None:
    cold, warm = builds
    assert warm.warnings == cold.warnings
    assert warm.status == 1


def test_code_that_never_ends(make_project: Callable[..., Project]) -> None:
    pages = {
        "sleeps.rst": "Page\n====\n\n.. keras:model:: sleeps\n\n   import time\n   time.sleep(10**6)\n",
        "loops.md": "# Page\n\n```{keras:model} loops\nwhile True: pass\n```\n",
    }
    pages["deep.md"] = """\
# Page

```{keras:code}
:session: deep
import time
def wait():
    time.sleep(10**6)
```

```{keras:model} deep
:session: deep
units = 3
wait()
```
"""
    built = make_project(pages, "kerasshape_timeout = 4\n").build("text", "--keep-going")
    message = "the code ran for more than 4 s (kerasshape_timeout) and was stopped"
    mend = f"{message}: make it faster, or set a higher kerasshape_timeout in conf.py"
    assert built.warnings[1:] == [
        f"loops.md:4: WARNING: model 'loops': {mend}\n  loops.md:4: while True: pass [kerasshape.timeout]",
        f"sleeps.rst:7: WARNING: model 'sleeps': {mend}\n"
        "  sleeps.rst:7: time.sleep(10**6) [kerasshape.timeout]",
    ]
    assert built.warnings[0] == (
        f"deep.md:13: WARNING: model 'deep': {mend}\n"
        "  deep.md:13: wait()\n"
        "  deep.md:7, in wait: time.sleep(10**6) [kerasshape.timeout]"
    )
    assert message in " ".join(built.page("sleeps.txt").split())


TOWER = """\
class Tower(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3)

    def call(self, inputs):
        return self.dense(inputs)

Tower()"""
INPUTS = {
    "(50,)": ("keras.Sequential([layers.Dense(2)])", "put the batch axis first, ':input: (None, 50)'"),
    "(50, 8)": ("keras.Sequential([layers.LSTM(2)])", "put the batch axis first, ':input: (None, 50, 8)'"),
    "(None, 8)": (
        "keras.Sequential([layers.LSTM(2)])",
        "put the batch axis first, ':input: (None, None, 8)'",
    ),
    "(7,)": (TOWER, "put the batch axis first, ':input: (None, 7)'"),
    "(None,)": (
        "keras.Sequential([layers.Dense(2)])",
        "this is only the batch axis; add the sizes of a sample, such as ':input: (None, 50)'",
    ),
    "(None, 50, 8)": ("keras.Sequential([layers.Conv2D(2, 3), layers.LSTM(2)])", ""),
}


@pytest.mark.parametrize("suffix", ["rst", "md"])
def test_an_input_without_a_batch_axis(suffix: str, make_project: Callable[..., Project]) -> None:
    """The warning says so if the model takes the input with a batch axis; it has been tried."""
    page = "# P\n\n" if suffix == "md" else "P\n=\n\n"
    for shape, (code, _) in INPUTS.items():
        lines = [f":input: {shape}", "", *code.split("\n")]
        if suffix == "md":
            page += "\n".join([f"```{{keras:model}} m{len(page)}", *lines, "```\n\n"])
        else:
            page += "\n   ".join([f".. keras:model:: m{len(page)}", *lines]) + "\n\n"
    warnings = make_project({f"index.{suffix}": page}).build("text").warnings
    found = [warning.partition("\n")[0].partition("the model can't be built")[2] for warning in warnings]
    assert found == [
        f" with :input: {shape}" + (f": {mend}" if mend else "") for shape, (_, mend) in INPUTS.items()
    ]
