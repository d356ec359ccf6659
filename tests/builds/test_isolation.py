"""The Sphinx process never imports TensorFlow, and stays small."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.projects import Project, processes

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

PAGE = """
# Page

```{keras:model} dense
model = keras.Sequential([keras.Input((4,)), layers.Dense(5)])
```
"""
MOCKED = """
import sys
from unittest.mock import MagicMock
extensions.append('sphinx.ext.autodoc')
autodoc_mock_imports = ['tensorflow', 'keras']
for name in ('tensorflow', 'tensorflow.keras', 'keras', 'keras.layers'):
    sys.modules[name] = MagicMock()
"""
GIANT = """
# Giant

```{keras:model} giant
:show: totals
width, heads, blocks = 12_288, 96, 96
inputs = features = keras.Input((2048, width))
for _ in range(blocks):
    normal = layers.LayerNormalization()(features)
    features = layers.Add()([features, layers.MultiHeadAttention(heads, width // heads)(normal, normal)])
    normal = layers.LayerNormalization()(features)
    hidden = layers.Dense(4 * width, activation="gelu")(normal)
    features = layers.Add()([features, layers.Dense(width)(hidden)])
model = keras.Model(inputs, features)
```
"""


@pytest.mark.parametrize(
    "conf", [pytest.param("", id="plain"), pytest.param(MOCKED, id="mocked", marks=pytest.mark.slow)]
)
def test_models_run_for_real_but_never_in_sphinx(conf: str, make_project: Callable[..., Project]) -> None:
    project = make_project({"index.md": PAGE}, conf)
    built = project.run("text", "-W", PYTHONPROFILEIMPORTTIME="1")
    assert "(None, 5)" in built.page("index.txt")
    imported = re.findall(r"^import time:.*\|\s*(\S+)$", built.said, re.MULTILINE)
    assert "sphinx_kerasshape.build" in imported
    assert not [name for name in imported if name.split(".")[0] in ("tensorflow", "keras", "numpy")]


WATCH = """
import os, sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "tensorflow":
            with open(os.path.join(os.path.dirname(__file__), "imports.txt"), "a") as file:
                file.write("imported\\n")

sys.meta_path.insert(0, Watch())
"""


def test_a_build_without_anything_new_imports_no_tensorflow(
    make_project: Callable[..., Project], tmp_path: Path
) -> None:
    """In whatever process; a build with something new imports it once."""
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    project = make_project({"index.md": PAGE})
    for builder in ("html", "html", "text"):
        assert project.run(builder, "-W", PYTHONPATH=str(tmp_path)).status == 0
        assert (tmp_path / "imports.txt").read_text() == "imported\n"


def test_the_package_itself_imports_no_sphinx() -> None:
    import subprocess

    code = "import sys, sphinx_kerasshape; print([n for n in sys.modules if n.split('.')[0] == 'sphinx'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@linux
@pytest.mark.slow
def test_a_model_of_174_billion_parameters_needs_no_memory(make_project: Callable[..., Project]) -> None:
    mark = f"KERASSHAPE_MARK={time.time_ns()}"
    name, _, value = mark.partition("=")
    project = make_project({"index.md": GIANT}, f"kerasshape_environment = [{mark!r}]\n")
    build = project.start("text", "-W", **{name: value})
    most = 0
    while build.poll() is None:
        most = max(most, sum(processes(mark).values()))
        time.sleep(0.05)
    assert build.returncode == 0
    assert "173,961,510,912" in (project.folder / "text" / "index.txt").read_text()
    print(f"resident memory of the whole process tree: at most {most / 2**20:.0f} MiB")
    assert most < 1.5e9


@pytest.mark.slow
def test_temporary_files_go_with_the_child(make_project: Callable[..., Project], tmp_path: Path) -> None:
    """TensorFlow's AutoGraph, for one, leaves a file for each function that it traces."""
    page = """
# Traced

```{keras:code}
import tempfile
@tf.function
def double(x):
    if x > 0:
        return x * 2
    return x
print(int(double(tf.constant(3))), len(tempfile.mkdtemp()) > 0)
```
"""
    built = make_project({"index.md": page}).run("text", TMPDIR=str(tmp_path))
    assert "   6 True\n" in built.page("index.txt")
    assert list(tmp_path.iterdir()) == []
