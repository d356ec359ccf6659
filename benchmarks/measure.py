"""Measure whole builds against the same pages with static tables, in pairs.

Run it by hand on a quiet machine: ``python benchmarks/measure.py [--rounds 5] [CASE …]``. Each round runs
the two sides one after the other; the median of the ratios is quoted, of wall time or, with ``--cpu``, of the
CPU time of all processes.

=============  ============================================================================
case           ours / the other side
=============  ============================================================================
cold10         cold build of 10 pages / importing TensorFlow, then the static build
cold50         the same with 50 pages
packages50     as cold50, with imports of matplotlib, KerasHub and a package of the project, the first
               two of which are imported on the other side as well
applications   cold build with ten keras.applications models / a script with their summaries
noop           rebuild with nothing changed, 10 pages / the static project's
prose          rebuild after a change of prose on one page / the static project's
noop50         as noop, with 50 pages
prose50        as prose, with 50 pages
pages1000      what 1,000 pages with a model and ten values each cost above static ones, cold, /
               the same of 100 pages
roles4000      reading 4,000 distinct roles in one list / 1,000 of them
=============  ============================================================================

The code of models is as people write it: it begins with ``import tensorflow as tf``, ``import numpy as np``
and ``from tensorflow.keras import layers``, and ends in ``model.summary()``.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

IMPORT = "import tensorflow.keras"
IMPORT_PACKAGES = f"{IMPORT}, matplotlib.pyplot, keras_hub"
APPLICATIONS = [
    *("ResNet50", "VGG16", "MobileNetV2", "DenseNet121", "EfficientNetB0"),
    *("InceptionV3", "Xception", "NASNetMobile", "ResNet101V2", "ConvNeXtTiny"),
]


IMPORTS = [
    "import numpy as np",
    "import tensorflow as tf",
    "from tensorflow import keras",
    "from tensorflow.keras import layers",
]
PACKAGES = ["import matplotlib.pyplot as plt", "import keras_hub", "from zoo import units"]


def code(number: int, packages: bool = False) -> list[str]:
    return [
        *(PACKAGES if packages else []),
        *IMPORTS,
        "",
        "model = keras.Sequential([",
        f"    layers.Input(shape=(None, {50 + number})),",
        "    layers.LSTM(64, return_sequences=True),",
        "    layers.LSTM(32),",
        '    layers.Dense(1, activation="sigmoid"),',
        "])",
        "model.summary()",
    ]


def indented(lines: list[str]) -> str:
    return "".join(f"   {line}".rstrip() + "\n" for line in lines)


def live_page(name: str, lines: list[str]) -> str:
    return f".. keras:model:: {name}\n\n{indented(lines)}\n"


def static_page(_name: str, lines: list[str]) -> str:
    rows = [("Layer", "Output shape", "Params"), ("lstm", "``(None, None, 64)``", "29,440")]
    rows += [
        ("lstm_1", "``(None, 32)``", "12,416"),
        ("dense", "``(None, 1)``", "33"),
        ("Total", "", "41,889"),
    ]
    table = "".join(f"   * - {a}\n     - {b}\n     - {c}\n" for a, b, c in rows)
    head = ".. list-table::\n   :header-rows: 1\n   :stub-columns: 1\n\n"
    return f".. code-block:: python\n\n{indented(lines)}\n{head}{table}\n"


def project(
    folder: Path,
    pages: int,
    page: Callable[[str, list[str]], str],
    *,
    extension: bool,
    packages: bool = False,
) -> None:
    folder.mkdir(parents=True)
    (folder / "zoo").mkdir()
    (folder / "zoo" / "__init__.py").write_text("def units():\n    return 64\n")
    (folder / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(folder)!r})\n"
        f"extensions = {['sphinx_kerasshape'] if extension else []}\nhtml_theme = 'furo'\n"
    )
    names = [f"page{number}" for number in range(pages)]
    toctree = "".join(f"   {name}\n" for name in names)
    (folder / "index.rst").write_text(f"Start\n=====\n\n.. toctree::\n\n{toctree}")
    for number, name in enumerate(names):
        text = f"Page {number}\n=======\n\n" + "Some prose about the model. " * 40 + "\n\n"
        (folder / f"{name}.rst").write_text(text + page(f"model{number}", code(number, packages)))


def applications(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "conf.py").write_text("extensions = ['sphinx_kerasshape']\nhtml_theme = 'furo'\n")
    blocks = [live_page(name, [f"keras.applications.{name}(weights=None)"]) for name in APPLICATIONS]
    (folder / "index.rst").write_text("Start\n=====\n\n" + "\n".join(blocks))


def build(folder: Path, *, fresh: bool = False) -> None:
    if fresh:
        shutil.rmtree(folder / "_build", ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(folder), str(folder / "_build")]
    subprocess.run(command, check=True)


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


clock: Callable[[], float] = time.perf_counter


def timed(action: Callable[[], object]) -> float:
    start = clock()
    action()
    return clock() - start


def edit(folder: Path) -> None:
    page = folder / "page3.rst"
    page.write_text(page.read_text().replace("prose about", "more prose about", 1))


def summaries() -> None:
    lines = "".join(f"keras.applications.{name}(weights=None).summary()\n" for name in APPLICATIONS)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([sys.executable, "-c", "from tensorflow import keras\n" + lines], check=True, **quiet)


def linked_pages(folder: Path, pages: int, *, live: bool) -> None:
    """Write pages with a model each, and with ten values of other pages' models."""
    folder.mkdir(parents=True)
    extensions = ["sphinx_kerasshape"] if live else []
    (folder / "conf.py").write_text(f"extensions = {extensions}\nhtml_theme = 'basic'\n")
    toctree = "".join(f"   page{number}\n" for number in range(pages))
    # Hidden, so that Sphinx's own cost does not grow with the square of the pages.
    (folder / "index.rst").write_text(f"Start\n=====\n\n.. toctree::\n   :hidden:\n\n{toctree}")
    for number in range(pages):
        name = f"model{number}"
        lines = [f"keras.Sequential([keras.Input(({number + 3},)), layers.Dense(4), layers.Dense(1)])"]
        others = [(number * 7 + step * 13 + 1) % pages for step in range(10)]
        value = ":keras:params:`model{}`" if live else "{}"
        prose = "\n".join(f"It has {value.format(other)} and" for other in others)
        body = live_page(name, lines) if live else static_page(name, lines)
        (folder / f"page{number}.rst").write_text(f"Page {number}\n==========\n\n{body}\n{prose} more.\n")


def roles(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    (folder / "conf.py").write_text("extensions = ['sphinx_kerasshape']\nkerasshape_execution = 'off'\n")
    items = "".join(f"- states :keras:params:`{number} <m{number}>` here\n" for number in range(count))
    (folder / "index.rst").write_text(f"Start\n=====\n\n{items}")


def extra(folder: Path, pages: int) -> float:
    """Return what live pages cost above static ones, cold."""
    for live in (True, False):
        linked_pages(folder / str(live), pages, live=live)
    live, static = (timed(lambda name=name: build(folder / name)) for name in ("True", "False"))
    shutil.rmtree(folder)
    return live - static


def read_roles(folder: Path, count: int) -> float:
    roles(folder, count)
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "dummy", str(folder), str(folder / "_build")]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    seconds = timed(lambda: subprocess.run(command, check=True, **quiet))
    shutil.rmtree(folder)
    return seconds


SIZES = {
    "pages1000": lambda folder: (extra(folder / "many", 1000), extra(folder / "few", 100)),
    "roles4000": lambda folder: (read_roles(folder / "many", 4000), read_roles(folder / "few", 1000)),
}
"""Cases that compare two sizes of the same."""


class Case:
    """Two projects, and the two sides that are timed."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.pages = 50 if name.endswith("50") else 10
        self.live, self.static = folder / "live", folder / "static"
        if name == "applications":
            applications(self.live)
        else:
            packages = name.startswith("packages")
            project(self.live, self.pages, live_page, extension=True, packages=packages)
            project(self.static, self.pages, static_page, extension=False, packages=packages)
            build(self.live)
            build(self.static)

    def ours(self) -> float:
        if self.name.startswith(("cold", "packages", "applications")):
            shutil.rmtree(self.live / "_build", ignore_errors=True)
        if self.name.startswith("prose"):
            edit(self.live)
        return timed(lambda: build(self.live))

    def other(self) -> float:
        if self.name == "applications":
            return timed(summaries)
        if self.name.startswith(("cold", "packages")):
            code = IMPORT_PACKAGES if self.name.startswith("packages") else IMPORT
            command = [sys.executable, "-c", code]
            imported = timed(lambda: subprocess.run(command, check=True, stderr=subprocess.DEVNULL))
            return imported + timed(lambda: build(self.static, fresh=True))
        if self.name.startswith("prose"):
            edit(self.static)
        return timed(lambda: build(self.static))


def measure(name: str, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if name in SIZES:
            pairs = [SIZES[name](Path(folder)) for _ in range(rounds)]
        else:
            case = Case(Path(folder), name)
            case.ours(), case.other()
            pairs = [(case.ours(), case.other()) for _ in range(rounds)]
    ours, other = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratios = [a / b for a, b in pairs]
    low, high = min(ratios), max(ratios)
    print(
        f"{name:14} ours {ours:6.2f} s   other {other:6.2f} s   "
        f"ratio {statistics.median(ratios):.3f}  ({low:.3f} to {high:.3f}, {rounds} pairs)",
        flush=True,
    )


def main() -> None:
    cases = ["cold10", "cold50", "packages50", "applications", "noop", "prose", "noop50", "prose50", *SIZES]
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cpu", action="store_true", help="compare CPU time instead of wall time")
    parser.add_argument("cases", nargs="*", default=cases, metavar="CASE")
    given = parser.parse_args()
    if given.cpu:
        global clock  # noqa: PLW0603
        clock = cpu_seconds
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # Installed, the package is compiled.
    for name in given.cases:
        measure(name, given.rounds)


if __name__ == "__main__":
    main()
