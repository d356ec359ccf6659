"""What the author's code imports: a source of its answer, whose time is paid once for all models."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sphinx_kerasshape.messages.report import Answer, Failure, Report, Source
from sphinx_kerasshape.run.worker_process import Worker
from sphinx_kerasshape.worker.code import sources
from sphinx_kerasshape.worker.code.leading_imports import leading
from tests.support.tiers import tiered
from tests.support.workers import answers, make_worker, request

MODEL = "model = keras.Sequential([layers.Input(shape=(4,)), layers.Dense(2)])\n"
PARENT = f"{MODEL}import os\nprint(os.getppid())\nmodel"
"""Code that prints the process which forks for all models."""
NOTHING_IS_LOOKED_UP = "import importlib.metadata\nimportlib.metadata.distributions = None\n"
linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each model imports for itself")


@pytest.mark.parametrize(
    ("line", "distributions"),
    [
        ("from tensorflow.keras import layers", []),
        ("from tensorflow import keras", []),
        ("import tensorflow as tf", []),
        ("import numpy as np", []),
        ("import yaml", ["PyYAML"]),
    ],
)
def test_packages_are_sources_that_no_child_looks_up(
    worker: Worker, line: str, distributions: list[str]
) -> None:
    (answer,) = answers(worker, [request(f"{NOTHING_IS_LOOKED_UP}{line}\n{MODEL}")])
    expected = [Source("package", name, importlib.metadata.version(name)) for name in distributions]
    assert isinstance(answer, Report), answer
    assert list(answer.sources) == expected


CONVERTED = """\
import sys
print("jax" in sys.modules)
import tensorflow as tf
inputs = [[("x", tf.zeros((2, 3)).numpy())]]
print(len(tf.lite.TFLiteConverter.experimental_from_jax([lambda x: x * 2], inputs).convert()) > 0)
import jax
print(jax.__name__, hasattr(jax, "numpy"))
"""


def test_jax_is_imported_by_what_needs_it(worker: Worker) -> None:
    pytest.importorskip("jax")
    (answer,) = answers(worker, [request(CONVERTED, kind="code")])
    assert isinstance(answer, Report), answer
    assert answer.output.splitlines() == ["False", "True", "jax True"]


def test_distributions_are_those_that_python_finds() -> None:
    names = {
        package: {distribution.metadata["Name"] for distribution in found}
        for package, found in sources.distributions().items()
    }
    expected = importlib.metadata.packages_distributions()
    assert {name: names[name] for name in expected} == {name: set(found) for name, found in expected.items()}


class Packages:
    """A folder of installed packages for a worker, and a folder of the project with a module ``bricks``."""

    def __init__(self, folder: Path) -> None:
        self.base, self.project = folder, folder / "project"
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        self.site = folder / "lib" / version / "site-packages"
        self.project.mkdir()
        (self.project / "bricks.py").touch()

    def install(self, name: str, code: str = "") -> None:
        """Install a package that does something when it is imported."""
        package, information = self.site / name, self.site / f"{name}-1.5.dist-info"
        package.mkdir(parents=True)
        information.mkdir()
        log = f"with open({str(self.base / name)!r}, 'a') as log: log.write('.')\n"
        (package / "__init__.py").write_text(f"state = []\n{log}{code}\n")
        (package / "parts.py").touch()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
        (information / "RECORD").write_text(f"{name}/__init__.py,,\n{name}/parts.py,,\n")

    def imports(self, name: str) -> int:
        """Return how often a package was imported."""
        return len((self.base / name).read_text())


SLOW = "import time\nend = time.process_time() + 0.12\nwhile time.process_time() < end:\n    pass\n"
CASES = {
    "shared": SLOW,
    "alone": SLOW,
    "killed": SLOW,
    "small": "",
    "prints": "print('hello')",
    "warns": "import warnings\nwarnings.warn('hello', stacklevel=2)",
    "thread": "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()",
    "operation": "import tensorflow\ntensorflow.constant(1) + 1",
    "process": "import subprocess\nprocess = subprocess.Popen(['sleep', '60'])",
    "open_file": "file = open(__file__)",
    "written_file": "open('here', 'w').close()",
    "project_file": "import bricks",
    "raises": "raise ImportError('no luck')",
    "exits": "import os\nos._exit(3)",
    "hangs": "import time\ntime.sleep(60)",
}
LEAVING = ("prints", "warns", "thread", "operation", "process", "open_file", "written_file", "project_file")
"""Packages whose import leaves something behind."""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    packages = Packages(tmp_path_factory.mktemp("installed"))
    for name, code in CASES.items():
        packages.install(name, SLOW + code if name in LEAVING else code)
    return packages


@pytest.fixture(scope="module")
def run(packages: Packages) -> Iterator[Callable[..., list[Answer]]]:
    """Return a function that runs models where the packages are installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(packages.site), str(packages.project), *sys.path])
        worker = make_worker(environment=(f"PYTHONUSERBASE={packages.base}",), jobs=2, sandbox="off")
    yield lambda *codes, timeout=60: answers(worker, [request(code) for code in codes], timeout)
    worker.close()


def changing(package: str, units: int) -> str:
    """Return code that changes a package, and whose model shows whether another model had changed it."""
    return (
        f"import {package}\n{package}.state.append(1)\n"
        f"model = keras.Sequential([layers.Input(shape=(4,)), layers.Dense({units} * len({package}.state))])"
    )


def four(package: str) -> list[str]:
    return [changing(package, units) for units in (1, 2, 3, 4)]


@linux
def test_models_that_begin_with_the_same_imports_share_them(
    packages: Packages, run: Callable[..., list[Answer]]
) -> None:
    found = run(*four("shared"), f"{MODEL}import sys\nassert 'shared' not in sys.modules")
    assert [answer.model.params for answer in found] == [5, 10, 15, 20, 10]
    assert [answer.sources for answer in found] == [(Source("package", "shared", "1.5"),)] * 4 + [()]
    assert packages.imports("shared") == 1


@linux
def test_a_single_model_imports_for_itself(packages: Packages, run: Callable[..., list[Answer]]) -> None:
    assert run(changing("alone", 1))[0].sources == (Source("package", "alone", "1.5"),)
    assert packages.imports("alone") == 1


@linux
@pytest.mark.parametrize(
    "package", tiered(["small", *LEAVING], quick={"small", "prints", "thread", "project_file"})
)
def test_imports_that_are_quick_or_leave_something_behind_are_not_shared(
    packages: Packages, run: Callable[..., list[Answer]], package: str
) -> None:
    found = run(*four(package)[:2])
    assert [answer.model.params for answer in found] == [5, 10]
    assert {answer.output for answer in found} == {"hello\n" if package == "prints" else ""}
    caused = [[(one.message, one.frame.line) for one in answer.warnings] for answer in found]
    assert caused == [[("hello", 1)] if package == "warns" else []] * 2
    assert packages.imports(package) == 3


@linux
@pytest.mark.parametrize(
    ("package", "message"),
    [
        ("raises", "ImportError: no luck"),
        ("exits", "the process that ran the code ended with exit status 3"),
        ("hangs", "the code ran for more than 1 s (kerasshape_timeout) and was stopped"),
    ],
)
def test_imports_that_fail_are_the_failure_of_each_model(
    run: Callable[..., list[Answer]], package: str, message: str
) -> None:
    (before,) = run(PARENT)
    found = run(*four(package)[:2], timeout=1 if package == "hangs" else 60)
    assert [answer.message for answer in found if isinstance(answer, Failure)] == [message] * 2
    assert run(PARENT)[0].output == before.output


@linux
def test_a_model_that_kills_the_process_with_its_imports_harms_no_other(
    run: Callable[..., list[Answer]],
) -> None:
    kill = (
        "import killed\nimport os, signal\nparent = os.getppid()\n"
        "for pid in open(f'/proc/{parent}/task/{parent}/children').read().split():\n"
        "    if int(pid) != os.getpid(): os.kill(int(pid), signal.SIGKILL)\n" + MODEL
    )
    found = run(kill, *four("killed"))
    assert [answer.model.params for answer in found if isinstance(answer, Report)][-3:] == [10, 15, 20]


@linux
def test_what_is_not_confined_imports_nothing_of_the_project(
    packages: Packages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project may have modules with the names of others, or ones that packages import if they can."""
    packages.install("asks")
    asks = packages.site / "asks" / "__init__.py"
    asks.write_text(f"{SLOW}try:\n    import bricks\nexcept ImportError:\n    bricks = None\n")
    monkeypatch.setattr(sys, "path", [str(packages.site), str(packages.project), *sys.path])
    seen = packages.base / "seen"
    telling = f"import os\ntry:\n    open({str(seen)!r}, 'a').close()\nexcept OSError:\n    pass\n"
    for name in ("bricks", "mailcap", "secrets", "difflib"):
        (packages.project / f"{name}.py").write_text(telling)
    worker = make_worker(environment=(f"PYTHONUSERBASE={packages.base}",), jobs=2, sandbox="on")
    code = "import asks\nimport mailcap\n" + MODEL
    codes = [f"{code}assert asks.bricks\n{'#' * number}" for number in (1, 2)]
    try:
        found = answers(worker, [request(code) for code in [*codes, "import mailcap\nlayer"]])
    finally:
        worker.close()
        for name in ("mailcap", "secrets", "difflib"):
            (packages.project / f"{name}.py").unlink()
        (packages.project / "bricks.py").write_text("")
    assert [type(one) for one in found] == [Report, Report, Failure]
    assert not seen.exists()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import alone", ("alone",)),
        ("# A comment.\n\nimport alone as h, os  # and\n\nx = 1", ("alone",)),
        ("from alone import (\n    parts,\n    state,\n)\n", ("alone", "alone.parts")),
        ("from alone.parts import *", ("alone.parts",)),
        ("import sys\nfrom tensorflow.keras import layers\nimport alone", ("alone",)),
        ("x = 1\nimport alone", ()),
        ("import bricks\nimport alone", ()),
        ("import alone\nimport nowhere\nimport alone.parts", ("alone",)),
        ("if True:\n    import alone", ()),
        ("import alone; alone.state.append(1)", ()),
        ("from . import alone", ()),
        ("", ()),
    ],
)
def test_leading_imports(
    packages: Packages, monkeypatch: pytest.MonkeyPatch, code: str, expected: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "path", [str(packages.site), str(packages.project), *sys.path])
    monkeypatch.setattr(sources, "site_folders", lambda: (f"{packages.site}{os.sep}",))
    assert leading(code) == expected
