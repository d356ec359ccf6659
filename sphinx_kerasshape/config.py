"""The options of ``conf.py``, declared once: registration, reading and docs use this table."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from sphinx_kerasshape.options import COLUMNS

PREFIX = "kerasshape_"

Rebuild = Literal["", "env", "html"]


def _option(
    default: Any,
    help: str,
    *,
    rebuild: Rebuild = "",
    choices: tuple[str, ...] = (),
    least: int | None = None,
    most: int | None = None,
    unusable: str = "",
) -> Any:
    metadata = {"help": help, "rebuild": rebuild, "choices": choices, "least": least, "most": most}
    metadata["unusable"] = unusable
    if isinstance(default, (list, tuple)):
        return field(default=tuple(default), metadata=metadata)
    return field(default=default, metadata=metadata)


PRELUDE = "import tensorflow as tf\nimport keras\nfrom keras import layers\n"


@dataclass(frozen=True)
class Settings:
    """The options as the code reads them; each is ``kerasshape_`` + its name in ``conf.py``."""

    prelude: str = _option(
        PRELUDE, "Code that runs before every model's own, unseen by readers.", rebuild="env"
    )
    columns: tuple[str, ...] = _option(
        (),
        "Columns of tables that name none. Empty: layer, output and params, "
        "with connected where the model is no chain.",
        rebuild="env",
        choices=COLUMNS,
    )
    weights: str = _option(
        "auto",
        "``auto`` runs models without allocating weights where that works; ``real`` always allocates them.",
        rebuild="env",
        choices=("auto", "real"),
    )
    provenance: bool = _option(
        False, "Name the versions of TensorFlow and Keras below each table.", rebuild="env"
    )
    lint: bool = _option(
        False,
        "Point out shapes and counts of params in prose that no role covers and no model on the page has.",
        rebuild="env",
    )
    numbers: str = _option(
        "exact",
        "How ``keras:params`` inserts counts: ``exact`` (29,505) or ``si`` (29.5k: three digits and "
        "a prefix, of which B is billions). Tables are always exact.",
        rebuild="env",
        choices=("exact", "si"),
    )
    timeout: int = _option(60, "Seconds that a model's code may run.", least=1)
    memory: int = _option(
        3000,
        "Megabytes of memory that a model's code may have in use, with all processes that it starts. "
        "Two models at a time fit into the 7 GB of Read the Docs.",
        least=100,
    )
    processes: int = _option(
        64, "How many processes a model's code may have at a time, its own included.", least=1
    )
    output: int = _option(
        64,
        "Kilobytes that are kept of what a model's code prints; the rest is thrown away.",
        least=1,
        most=1000,
    )
    network: bool = _option(
        True,
        "``False`` takes the network from the code of models. That is possible on Linux, as root or where "
        "the kernel has user namespaces; where it is not, nothing is run.",
    )
    jobs: int = _option(0, "How many models run side by side. 0: as many as there are processors.", least=0)
    executor: str = _option(
        "auto",
        "``fork`` imports TensorFlow once and forks for each model; ``spawn`` starts an interpreter "
        "for each; ``auto`` forks where the system can.",
        choices=("auto", "fork", "spawn"),
    )
    python: str = _option("", "The interpreter that has TensorFlow. Empty: the one that runs Sphinx.")
    environment: tuple[str, ...] = _option(
        (),
        "Environment variables that models see besides the harmless ones: "
        "``NAME`` passes one on, ``NAME=value`` sets it.",
    )
    execution: str = _option(
        "auto",
        "``auto`` runs models where TensorFlow is installed, and takes their answers from the lock "
        "elsewhere; ``locked`` always takes them from the lock; ``off`` does without answers. "
        "The last two never run any code; nor does a value that is none of these.",
        choices=("auto", "locked", "off"),
        unusable="off",
    )
    file_folders: tuple[str, ...] = _option(
        (),
        "Folders, relative to ``conf.py``, that ``:file:`` may take files from besides the source folder.",
        rebuild="env",
    )
    lockfile: str = _option(
        "kerasshape.lock.json",
        "The lock, relative to ``conf.py``; the builder ``kerasshape-lock`` writes it.",
    )
    check_cached: bool = _option(
        False, "Let the builder ``kerasshape-check`` use answers of earlier builds, and run only what is new."
    )
    cache_dir: str = _option(
        "", "Folder of earlier answers, relative to ``conf.py``. Empty: ``.kerasshape`` beside the doctrees."
    )

    @property
    def children(self) -> int:
        """How many models run at a time."""
        return self.jobs or _processors()


def options() -> Iterable[tuple[str, Any, Rebuild, Any]]:
    """Give what ``app.add_config_value`` takes, for each option."""
    from sphinx.config import ENUM

    for one in fields(Settings):
        default: Any = one.default
        kinds: Any = [type(default)]
        if isinstance(default, tuple):
            default, kinds = list(default), [list, tuple]
        if one.metadata["choices"] and not isinstance(one.default, tuple):
            kinds = ENUM(*one.metadata["choices"])
        yield PREFIX + one.name, default, one.metadata["rebuild"], kinds


def settings(values: Any) -> tuple[Settings, list[str]]:
    """Read the options from Sphinx's config; unusable ones keep their default.

    Returns the settings, and a message for each option that had to be ignored, unless
    Sphinx says it itself: it checks types and choices of single values.
    """
    read: dict[str, Any] = {}
    problems = []
    for one in fields(Settings):
        value = getattr(values, PREFIX + one.name)
        if one.metadata["unusable"] and value not in one.metadata["choices"]:
            read[one.name] = one.metadata["unusable"]  # Where a mistake must not run code.
            continue
        if isinstance(one.default, tuple) and isinstance(value, (list, tuple)):
            value = tuple(value)
        if type(value) is not type(one.default):
            continue
        problem = _problem(value, one.metadata)
        if problem:
            problems.append(f"{PREFIX}{one.name} {problem}; it stays {one.default!r}")
        elif isinstance(value, tuple) or value in (one.metadata["choices"] or [value]):
            read[one.name] = value
    return Settings(**read), problems


def _problem(value: Any, metadata: Any) -> str:
    if isinstance(value, tuple):
        for item in value:
            if not isinstance(item, str):
                return f"must be a list of strings, not of {item!r}"
            if metadata["choices"] and item not in metadata["choices"]:
                return f"can have {', '.join(metadata['choices'])}, not {item!r}"
    if metadata["least"] is not None and value < metadata["least"]:
        return f"must be at least {metadata['least']}, not {value}"
    if metadata["most"] is not None and value > metadata["most"]:
        return f"must be at most {metadata['most']}, not {value}"
    return ""


def _processors() -> int:
    available = getattr(os, "sched_getaffinity", None)
    return len(available(0)) if available else os.cpu_count() or 1
