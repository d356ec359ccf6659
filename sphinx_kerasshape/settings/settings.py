"""The settings of ``conf.py``, declared once: registration, reading and the docs use this table."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from types import ModuleType
from typing import Any, Literal

from sphinx_kerasshape.settings.checks import Unusable, usable
from sphinx_kerasshape.text import hint

PREFIX = "kerasshape_"
COLUMNS = (
    "layer",
    "type",
    "input",
    "output",
    "params",
    "trainable",
    "formula",
    "bytes",
    "flops",
    "weights",
    "dtype",
    "connected",
)
"""The columns of tables, as ``:columns:`` names them."""

Rebuild = Literal["", "env", "html"]


def _setting(
    default: Any,
    help: str,
    *,
    rebuild: Rebuild = "",
    choices: tuple[str, ...] = (),
    least: int | None = None,
    most: int | None = None,
    form: tuple[str, str] = ("", ""),
    unusable: Any = None,
) -> Any:
    """Declare a setting; ``unusable`` is what an unusable value counts as, if that is not the default."""
    metadata = {"help": help, "rebuild": rebuild, "choices": choices, "least": least, "most": most}
    metadata |= {"form": form, "unusable": unusable}
    if isinstance(default, (list, tuple)):
        return field(default=tuple(default), metadata=metadata)
    return field(default=default, metadata=metadata)


PRELUDE = "import tensorflow as tf\nimport keras\nfrom keras import layers\n"


@dataclass(frozen=True)
class Settings:
    """The settings as the code reads them; in ``conf.py`` each name has the prefix ``kerasshape_``."""

    prelude: str = _setting(
        PRELUDE,
        "Code that runs before the code of every model; readers don't see it.",
        rebuild="env",
    )
    columns: tuple[str, ...] = _setting(
        (),
        "Columns of tables that name none. Empty: layer, output and params, "
        "and connected if the model is not a chain.",
        rebuild="env",
        choices=COLUMNS,
    )
    weights: str = _setting(
        "auto",
        "``auto`` runs models without allocating weights if that works; ``real`` always allocates them.",
        rebuild="env",
        choices=("auto", "real"),
    )
    provenance: bool = _setting(
        False, "Name the versions of TensorFlow and Keras below each table.", rebuild="env"
    )
    lint: bool = _setting(
        False,
        "Warn of shapes and parameter counts in prose that no role checks and no model on the page has.",
        rebuild="env",
    )
    numbers: str = _setting(
        "exact",
        "How ``keras:params`` inserts counts: ``exact`` (29,505), or ``si`` with three digits and "
        "a prefix (29.5k; B is billions). Tables are always exact.",
        rebuild="env",
        choices=("exact", "si"),
    )
    timeout: int = _setting(60, "Seconds that a model's code may run.", least=1, most=86_400)
    memory: int = _setting(
        3000,
        "Megabytes of memory that a model's code may have in use, with all processes that it starts. "
        "Two models at a time fit into the 7 GB of Read the Docs.",
        least=100,
        most=10_000_000,
    )
    processes: int = _setting(
        64,
        "Number of processes that a model's code may have at a time, its own included.",
        least=1,
        most=100_000,
    )
    output: int = _setting(
        64,
        "Kilobytes of a model's output that are kept; the rest is discarded.",
        least=1,
        most=1000,
    )
    network: bool = _setting(
        True,
        "``False`` takes the network away from the code of models. This needs Linux, and root or user "
        "namespaces; elsewhere, nothing is run. A value that can't be used counts as ``False``.",
        unusable=False,
    )
    jobs: int = _setting(
        0,
        "Number of models that run side by side. 0: as many as there are processors.",
        least=0,
        most=1000,
    )
    executor: str = _setting(
        "auto",
        "``fork`` imports TensorFlow once and forks for each model; ``spawn`` starts an interpreter "
        "for each; ``auto`` forks if the system can.",
        choices=("auto", "fork", "spawn"),
    )
    python: str = _setting("", "The interpreter that has TensorFlow. Empty: the one that runs Sphinx.")
    environment: tuple[str, ...] = _setting(
        (),
        "Environment variables that models see in addition to the harmless ones: "
        "``NAME`` passes one on, ``NAME=value`` sets it.",
        form=("[^=]", "NAME or NAME=value"),
    )
    execution: str = _setting(
        "auto",
        "``auto`` runs models if TensorFlow is installed, and otherwise takes their answers from the "
        "lock; ``locked`` always takes them from the lock; ``off`` does without answers. "
        "The last two never run any code, nor does a value that can't be used.",
        choices=("auto", "locked", "off"),
        unusable="off",
    )
    file_folders: tuple[str, ...] = _setting(
        (),
        "Folders, relative to ``conf.py``, from which ``:file:`` may take files besides the source folder.",
        rebuild="env",
    )
    lockfile: str = _setting(
        "kerasshape.lock.json",
        "The lock, relative to ``conf.py``; the builder ``kerasshape-lock`` writes it.",
        form=(".", "the path of a file"),
    )
    check_cached: bool = _setting(
        False, "Let the builder ``kerasshape-check`` use answers of earlier builds, and run only new models."
    )
    cache_dir: str = _setting(
        "",
        "Folder for answers of earlier builds, relative to ``conf.py``. "
        "Empty: ``.kerasshape`` beside the doctrees.",
    )

    @property
    def children(self) -> int:
        """The number of models that run at a time."""
        return self.jobs or _processors()


def settle(config: Any) -> list[str]:
    """Replace values in Sphinx's config by those that are used; return what is wrong with the settings.

    To be called before Sphinx checks the config itself, which accepts much that is wrong.
    """
    settings, problems = read_settings(config)
    for setting in fields(Settings):
        value = getattr(settings, setting.name)
        config[PREFIX + setting.name] = list(value) if isinstance(value, tuple) else value
    return [*problems, *_unknown(config)]


def read_settings(config: Any) -> tuple[Settings, list[str]]:
    """Return the settings of Sphinx's config, and a message for each value that can't be used."""
    values: dict[str, Any] = {}
    problems = []
    for setting in fields(Settings):
        try:
            value = usable(getattr(config, PREFIX + setting.name), setting.default, setting.metadata)
        except Unusable as unusable:
            value, default = setting.metadata["unusable"], ""
            if value is None:
                value, default = setting.default, "the default, "
            used = list(value) if isinstance(value, tuple) else value
            problems.append(f"{PREFIX}{setting.name} {unusable}; using {default}{used!r}")
        values[setting.name] = value
    return Settings(**values), problems


def _unknown(config: Any) -> Iterator[str]:
    """Yield a message for each unknown setting of ``conf.py``; Sphinx warns of those on the command line."""
    names = [setting.name for setting in fields(Settings)]
    # There is no public way to the names in conf.py that are no settings.
    for name, value in getattr(config, "_raw_config", {}).items():
        is_helper = callable(value) or isinstance(value, ModuleType)
        if name.startswith(PREFIX) and name not in config and not is_helper:
            yield f"unknown setting {name}{hint(name.removeprefix(PREFIX), names, f'{PREFIX}{{}}'.format)}"


def _processors() -> int:
    available = getattr(os, "sched_getaffinity", None)
    return len(available(0)) if available else os.cpu_count() or 1
