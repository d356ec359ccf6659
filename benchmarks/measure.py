"""Measure whole builds against the same pages with static tables, in pairs.

Run it by hand on a quiet machine: ``python benchmarks/measure.py [--rounds 5] [CASE …]``.
Each round runs the two sides one after the other; quoted is the median of the ratios.

=============  ============================================================================
case           ours / what it is compared with
=============  ============================================================================
cold10         cold build of 10 pages / importing TensorFlow, then the static build
cold50         the same with 50 pages
applications   cold build with ten keras.applications models / a script with their summaries
noop           rebuild with nothing changed, 10 pages / the static project's
prose          rebuild after a change of prose on one page / the static project's
noop50         as noop, with 50 pages
prose50        as prose, with 50 pages
=============  ============================================================================
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

IMPORT = [sys.executable, "-c", "import tensorflow.keras"]
APPLICATIONS = [
    *("ResNet50", "VGG16", "MobileNetV2", "DenseNet121", "EfficientNetB0"),
    *("InceptionV3", "Xception", "NASNetMobile", "ResNet101V2", "ConvNeXtTiny"),
]


def code(number: int) -> list[str]:
    return [
        "model = keras.Sequential([",
        f"    layers.Input(shape=(None, {50 + number})),",
        "    layers.LSTM(64, return_sequences=True),",
        "    layers.LSTM(32),",
        '    layers.Dense(1, activation="sigmoid"),',
        "])",
    ]


def indented(lines: list[str]) -> str:
    return "".join(f"   {line}\n" for line in lines)


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


def project(folder: Path, pages: int, page: Callable[[str, list[str]], str], extension: bool) -> None:
    folder.mkdir(parents=True)
    (folder / "conf.py").write_text(
        f"extensions = {['sphinx_kerasshape'] if extension else []}\nhtml_theme = 'furo'\n"
    )
    names = [f"page{number}" for number in range(pages)]
    toctree = "".join(f"   {name}\n" for name in names)
    (folder / "index.rst").write_text(f"Start\n=====\n\n.. toctree::\n\n{toctree}")
    for number, name in enumerate(names):
        text = f"Page {number}\n=======\n\n" + "Some prose about the model. " * 40 + "\n\n"
        (folder / f"{name}.rst").write_text(text + page(f"model{number}", code(number)))


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


def timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def edit(folder: Path) -> None:
    page = folder / "page3.rst"
    page.write_text(page.read_text().replace("prose about", "more prose about", 1))


def summaries() -> None:
    lines = "".join(f"keras.applications.{name}(weights=None).summary()\n" for name in APPLICATIONS)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([sys.executable, "-c", "from tensorflow import keras\n" + lines], check=True, **quiet)


class Case:
    """Two projects, and the two sides that are timed."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.pages = 50 if name.endswith("50") else 10
        self.live, self.static = folder / "live", folder / "static"
        if name == "applications":
            applications(self.live)
        else:
            project(self.live, self.pages, live_page, extension=True)
            project(self.static, self.pages, static_page, extension=False)
            build(self.live)
            build(self.static)

    def ours(self) -> float:
        if self.name.startswith(("cold", "applications")):
            shutil.rmtree(self.live / "_build", ignore_errors=True)
        if self.name.startswith("prose"):
            edit(self.live)
        return timed(lambda: build(self.live))

    def other(self) -> float:
        if self.name == "applications":
            return timed(summaries)
        if self.name.startswith("cold"):
            imported = timed(lambda: subprocess.run(IMPORT, check=True, stderr=subprocess.DEVNULL))
            return imported + timed(lambda: build(self.static, fresh=True))
        if self.name.startswith("prose"):
            edit(self.static)
        return timed(lambda: build(self.static))


def measure(name: str, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
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
    cases = ["cold10", "cold50", "applications", "noop", "prose", "noop50", "prose50"]
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("cases", nargs="*", default=cases, metavar="CASE")
    given = parser.parse_args()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # Installed, the package is compiled.
    for name in given.cases:
        measure(name, given.rounds)


if __name__ == "__main__":
    main()
