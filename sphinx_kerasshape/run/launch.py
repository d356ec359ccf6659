"""What the worker is started with: interpreter, folders, environment, installed versions.

TensorFlow's version is part of every cache key, and is read from its package's
metadata: a build in which no answer is missing imports nothing.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx_kerasshape.messages.report import Versions
from sphinx_kerasshape.run.interpreter import interpreter
from sphinx_kerasshape.settings.settings import Settings
from sphinx_kerasshape.store.cache import RunEnvironment

if TYPE_CHECKING:
    from sphinx_kerasshape.run.worker_process import Launch

TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-macos", "tf-nightly", "tf-nightly-cpu")

_HARMLESS = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP"),
        *("SYSTEMROOT", "WINDIR", "APPDATA", "LOCALAPPDATA", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "KERAS_HOME", "OMP_NUM_THREADS", "MKL_NUM_THREADS"),
        *("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS"),
    )
)
_ALWAYS = {
    "KERAS_BACKEND": "tensorflow",
    # The same text in every build: sets print in the order of their hashes.
    "PYTHONHASHSEED": "0",
    # Shapes need no GPU, and a documentation build must not reserve one's memory.
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


def launch(settings: Settings) -> Launch:
    """Return how the worker is started for these settings."""
    from sphinx_kerasshape.run.worker_process import PROGRAM, Launch  # only builds that run something need it

    return Launch(
        command=(settings.python or sys.executable, str(PROGRAM)),
        path=tuple(_project_folders()),
        environment=tuple(sorted(environment(settings.environment, os.environ).items())),
        jobs=settings.children,
        memory=settings.memory,
        processes=settings.processes,
        output=settings.output,
        network=settings.network,
    )


def environment(allowed: Iterable[str], present: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the author's code sees: no tokens, only what is allowed."""
    seen = {name: text for name, text in present.items() if name in _HARMLESS or name.startswith("LC_")}
    seen.update(_ALWAYS)
    for item in allowed:
        name, given, value = item.partition("=")
        if given:
            seen[name] = value
        elif name in present:
            seen[name] = present[name]
    return seen


def run_environment(settings: Settings) -> RunEnvironment:
    """Return what is installed where the worker runs, without importing any of it.

    Versions are empty where a package, or the interpreter itself, is missing.
    """
    python = interpreter(settings.python)
    tensorflow = next(filter(None, map(python.installed, TENSORFLOWS)), "")
    seen = environment(settings.environment, os.environ)
    named = {item.partition("=")[0] for item in settings.environment}
    variables = [(name, seen[name]) for name in sorted(named & seen.keys())]
    if settings.output != Settings.output:
        variables.append(("kerasshape_output", str(settings.output)))
    if not settings.network:
        variables.append(("kerasshape_network", "False"))
    return RunEnvironment(
        Versions(python.version, tensorflow, python.installed("keras"), seen["KERAS_BACKEND"]),
        tuple(variables),
        python.installed,
        python.problem,
        tuple(_project_folders()),
    )


def _project_folders() -> Iterable[str]:
    """Give the folders that conf.py, or whoever called Sphinx, put on ``sys.path``."""
    paths = sysconfig.get_paths()
    own = {paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"]}
    own |= {*site.getsitepackages(), site.getusersitepackages()}
    own |= {os.path.join(paths["platstdlib"], "lib-dynload"), os.path.dirname(sys.executable)}
    entries: list[Any] = list(sys.path)
    for entry in entries:
        if not isinstance(entry, (str, os.PathLike)):  # Python passes over anything else, too.
            continue
        folder = os.path.abspath(entry)
        if folder not in own and Path(folder).is_dir():
            yield folder
