"""The launch of the worker: interpreter, folders, environment, installed versions.

TensorFlow's version is part of every cache key. It is read from the metadata of its package, so that a
build in which no answer is missing does not import it.
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
    # Sets print in the order of their hashes; this makes it the same in every build.
    "PYTHONHASHSEED": "0",
    # Shapes need no GPU, and a documentation build must not reserve one's memory.
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


def launch(
    settings: Settings, sources: Iterable[str] = (), hidden: Iterable[str] = (), *, is_audit: bool = False
) -> Launch:
    """Return the launch of the worker for these settings.

    Confined code may read the folders ``sources``, without the files and folders in ``hidden``.
    """
    from sphinx_kerasshape.run.worker_process import PROGRAM, Launch  # only builds that run something need it

    return Launch(
        command=(settings.python or sys.executable, str(PROGRAM)),
        path=tuple(_project_folders(is_audit=is_audit)),
        environment=tuple(sorted(environment(settings.environment, os.environ).items())),
        jobs=settings.children,
        memory=settings.memory,
        processes=settings.processes,
        output=settings.output,
        network=settings.has_network,
        sandbox=settings.sandbox,
        sources=tuple(sources),
        hidden=tuple(hidden),
        is_audit=is_audit,
    )


def environment(allowed: Iterable[str], present: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the author's code sees: those that are allowed, so that it sees no tokens."""
    variables = {name: text for name, text in present.items() if name in _HARMLESS or name.startswith("LC_")}
    variables.update(_ALWAYS)
    for item in allowed:
        name, equals, value = item.partition("=")
        if equals:
            variables[name] = value
        elif name in present:
            variables[name] = present[name]
    return variables


def run_environment(settings: Settings, *, is_audit: bool = False) -> RunEnvironment:
    """Return the environment in which the worker runs, without importing any package.

    The version of a package that is missing is empty; if the interpreter can't be used, all are.
    """
    python = interpreter(settings.python)
    tensorflow = next(filter(None, map(python.installed, TENSORFLOWS)), "")
    present = environment(settings.environment, os.environ)
    allowed = {item.partition("=")[0] for item in settings.environment}
    variables = [(name, present[name]) for name in sorted(allowed & present.keys())]
    if settings.output != Settings().output:
        variables.append(("kerasshape_output", str(settings.output)))
    if not settings.has_network:
        variables.append(("kerasshape_network", "False"))
    if settings.sandbox == "on":
        variables.append(("kerasshape_sandbox", "on"))
    return RunEnvironment(
        Versions(python.version, tensorflow, python.installed("keras"), present["KERAS_BACKEND"]),
        tuple(variables),
        python.installed,
        python.problem,
        tuple(_project_folders(is_audit=is_audit)),
    )


def _project_folders(*, is_audit: bool) -> Iterable[str]:
    """Yield the folders that conf.py, or the caller of Sphinx, put on ``sys.path``.

    For an audit, the working folder comes first, which is on the ``sys.path`` of the documents' code only.
    """
    paths = sysconfig.get_paths()
    of_python = {paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"]}
    of_python |= {*site.getsitepackages(), site.getusersitepackages()}
    of_python |= {os.path.join(paths["platstdlib"], "lib-dynload"), os.path.dirname(sys.executable)}
    items: list[Any] = [os.getcwd(), *sys.path] if is_audit else list(sys.path)
    for item in items:
        if not isinstance(item, (str, os.PathLike)):  # Python ignores anything else, too.
            continue
        folder = os.path.abspath(item)
        if folder not in of_python and Path(folder).is_dir():
            yield folder
