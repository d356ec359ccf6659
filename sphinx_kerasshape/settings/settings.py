"""The options of ``conf.py``, declared once: registration, reading and docs use this table."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from types import ModuleType
from typing import Any, Literal

from sphinx_kerasshape.settings.checks import Unusable, guess, usable

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
"""What ``:columns:`` can name."""

Rebuild = Literal["", "env", "html"]


def _option(
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
    """Declare an option; ``unusable`` is what an unusable value counts as, where that is not the default."""
    metadata = {"help": help, "rebuild": rebuild, "choices": choices, "least": least, "most": most}
    metadata |= {"form": form, "unusable": unusable}
    if isinstance(default, (list, tuple)):
        return field(default=tuple(default), metadata=metadata)
    return field(default=default, metadata=metadata)


_LONGEST_PATH = 4096
"""More, no system takes."""
PRELUDE = "import tensorflow as tf\nimport keras\nfrom keras import layers\n"


@dataclass(frozen=True)
class Settings:
    """The options as the code reads them; each is ``kerasshape_`` + its name in ``conf.py``."""

    prelude: str = _option(
        PRELUDE,
        "Code that runs before every model's own, unseen by readers.",
        rebuild="env",
        most=1_000_000,
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
    timeout: int = _option(60, "Seconds that a model's code may run.", least=1, most=86_400)
    memory: int = _option(
        3000,
        "Megabytes of memory that a model's code may have in use, with all processes that it starts. "
        "Two models at a time fit into the 7 GB of Read the Docs.",
        least=100,
        most=10_000_000,
    )
    processes: int = _option(
        64,
        "How many processes a model's code may have at a time, its own included.",
        least=1,
        most=100_000,
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
        "the kernel has user namespaces; where it is not, nothing is run. "
        "A value that can't be used counts as ``False``.",
        unusable=False,
    )
    jobs: int = _option(
        0,
        "How many models run side by side. 0: as many as there are processors.",
        least=0,
        most=1000,
    )
    executor: str = _option(
        "auto",
        "``fork`` imports TensorFlow once and forks for each model; ``spawn`` starts an interpreter "
        "for each; ``auto`` forks where the system can.",
        choices=("auto", "fork", "spawn"),
    )
    python: str = _option(
        "", "The interpreter that has TensorFlow. Empty: the one that runs Sphinx.", most=_LONGEST_PATH
    )
    environment: tuple[str, ...] = _option(
        (),
        "Environment variables that models see besides the harmless ones: "
        "``NAME`` passes one on, ``NAME=value`` sets it.",
        most=100_000,
        form=("[^=]", "NAME or NAME=value"),
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
        most=_LONGEST_PATH,
    )
    lockfile: str = _option(
        "kerasshape.lock.json",
        "The lock, relative to ``conf.py``; the builder ``kerasshape-lock`` writes it.",
        most=_LONGEST_PATH,
        form=(".", "the path of a file"),
    )
    check_cached: bool = _option(
        False, "Let the builder ``kerasshape-check`` use answers of earlier builds, and run only what is new."
    )
    cache_dir: str = _option(
        "",
        "Folder of earlier answers, relative to ``conf.py``. Empty: ``.kerasshape`` beside the doctrees.",
        most=_LONGEST_PATH,
    )

    @property
    def children(self) -> int:
        """How many models run at a time."""
        return self.jobs or _processors()


def settle(config: Any) -> list[str]:
    """Put values that can be used into Sphinx's config; return what is wrong with those that were there.

    To be called before Sphinx checks the config itself: it accepts much that is wrong,
    and with some values it fails.
    """
    read, problems = read_settings(config)
    for one in fields(Settings):
        name, value = PREFIX + one.name, getattr(read, one.name)
        given = getattr(config, name)
        if isinstance(given, (list, tuple)):
            given = tuple(given)
        if type(given) is not type(value) or given != value:
            config[name] = list(value) if isinstance(value, tuple) else value
    return [*problems, *_unknown(config)]


def read_settings(values: Any) -> tuple[Settings, list[str]]:
    """Read the options from Sphinx's config, and say of each that can't be used what is wrong with it."""
    read: dict[str, Any] = {}
    problems = []
    for one in fields(Settings):
        try:
            read[one.name] = usable(getattr(values, PREFIX + one.name), one.default, one.metadata)
        except Unusable as why:
            instead = f"it stays {one.default!r}"
            if one.metadata["unusable"] is not None:  # Where a mistake must not run code.
                read[one.name] = one.metadata["unusable"]
                instead = f"it counts as {read[one.name]!r}"
            problems.append(f"{PREFIX}{one.name} {why}; {instead}")
    return Settings(**read), problems


def _unknown(config: Any) -> Iterator[str]:
    """Say which settings of conf.py nobody knows. Those of the command line, Sphinx says itself."""
    ours = [one.name for one in fields(Settings)]
    # There is no public way to what conf.py has besides the settings that are known.
    for name, value in getattr(config, "_raw_config", {}).items():
        named = isinstance(name, str) and name.startswith(PREFIX) and name not in config
        # A function or a module is there to help conf.py itself.
        if named and not callable(value) and not isinstance(value, ModuleType):
            meant = guess(name.removeprefix(PREFIX), ours)
            hint = (
                f"did you mean {PREFIX}{meant}?"
                if meant
                else f"after {PREFIX} there can be {', '.join(ours)}"
            )
            yield f"there is no setting {name}; {hint}"


def _processors() -> int:
    available = getattr(os, "sched_getaffinity", None)
    return len(available(0)) if available else os.cpu_count() or 1
