"""The settings of ``conf.py``, declared once: registration, reading and the docs use this table."""

import os
from collections.abc import Iterator
from types import ModuleType
from typing import Annotated, Any, NamedTuple

from sphinx_kerasshape.settings.checks import Setting, Unusable, usable
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
WITH_TOTAL = ("params", "trainable", "bytes", "flops")
"""Those that have a total."""


def can_have_totals(columns: tuple[str, ...]) -> bool:
    """Whether totals can be rows of a table: they have a column, and their labels have another."""
    return not columns or ("params" in columns and not set(columns) <= set(WITH_TOTAL))


PRELUDE = "import tensorflow as tf\nimport keras\nfrom keras import layers\n"


class Settings(NamedTuple):
    """The settings as the code reads them; in ``conf.py`` each name has the prefix ``kerasshape_``."""

    prelude: Annotated[
        str, Setting("Code that runs before the code of every model; readers don't see it.", rebuild="env")
    ] = PRELUDE
    columns: Annotated[
        tuple[str, ...],
        Setting(
            "Columns of tables that name none. Empty: layer, output and params, "
            "and connected if the model is not a chain.",
            rebuild="env",
            choices=COLUMNS,
        ),
    ] = ()
    weights: Annotated[
        str,
        Setting(
            "``auto`` runs models without allocating weights if that works; ``real`` always allocates them.",
            rebuild="env",
            choices=("auto", "real"),
        ),
    ] = "auto"
    provenance: Annotated[
        bool, Setting("Name the versions of TensorFlow and Keras below each table.", rebuild="env")
    ] = False
    lint: Annotated[
        bool,
        Setting(
            "Warn of shapes and parameter counts in prose that no role checks and no model on the page has.",
            rebuild="env",
        ),
    ] = False
    code_warnings: Annotated[
        bool,
        Setting(
            "Report the warnings of Python, NumPy, Keras and TensorFlow that the code of models causes, each "
            "at the line that caused it."
        ),
    ] = False
    numbers: Annotated[
        str,
        Setting(
            "How ``keras:params`` inserts counts: ``exact`` (29,505), or ``si`` with three digits and "
            "a prefix (29.5k; B is billions). Tables are always exact.",
            rebuild="env",
            choices=("exact", "si"),
        ),
    ] = "exact"
    plain: Annotated[
        str,
        Setting(
            "``check`` runs the plain code blocks of each page as ``audit`` does, and warns if what stands "
            "beside them is not what TensorFlow says, or if they fail. ``show`` does so too, and readers see "
            "the true values: a live table in place of a pasted summary, true shapes in comments. A page can "
            "have a value of its own, the field ``kerasshape-plain`` of its front matter.",
            rebuild="env",
            choices=("off", "check", "show"),
        ),
    ] = "off"
    timeout: Annotated[int, Setting("Seconds that a model's code may run.", least=1, most=86_400)] = 60
    memory: Annotated[
        int,
        Setting(
            "Megabytes of memory that a model's code may have in use, with all processes that it starts. "
            "Two models at a time fit into the 7 GB of Read the Docs.",
            least=100,
            most=10_000_000,
        ),
    ] = 3000
    processes: Annotated[
        int,
        Setting(
            "Number of processes that a model's code may have at a time, its own included.",
            least=1,
            most=100_000,
        ),
    ] = 64
    output: Annotated[
        int,
        Setting("Kilobytes of a model's output that are kept; the rest is discarded.", least=1, most=1000),
    ] = 64
    sandbox: Annotated[
        str,
        Setting(
            "``auto`` confines the code of models as far as the system can do it: it reads the sources and "
            "installed packages, and writes a temporary folder of its own. ``on`` runs nothing where that "
            "can't be done, and takes the network away; ``off`` confines nothing. A value that can't be used "
            "counts as ``on``.",
            choices=("auto", "on", "off"),
            unusable="on",
        ),
    ] = "auto"
    network: Annotated[
        bool | None,
        Setting(
            "Whether the code of models has the network. ``None``: unless kerasshape_sandbox is ``on``. "
            "``False`` needs the sandbox, or Linux with root or user namespaces; elsewhere, nothing is run. "
            "A value that can't be used counts as ``False``.",
            unusable=False,
        ),
    ] = None
    jobs: Annotated[
        int,
        Setting(
            "Number of models that run side by side. 0: as many as there are processors.", least=0, most=1000
        ),
    ] = 0
    executor: Annotated[
        str,
        Setting(
            "``fork`` imports TensorFlow once and forks for each model; ``spawn`` starts an interpreter "
            "for each; ``auto`` forks if the system can.",
            choices=("auto", "fork", "spawn"),
        ),
    ] = "auto"
    python: Annotated[
        str, Setting("The interpreter that has TensorFlow. Empty: the one that runs Sphinx.")
    ] = ""
    environment: Annotated[
        tuple[str, ...],
        Setting(
            "Environment variables that models see in addition to the harmless ones: "
            "``NAME`` passes one on, ``NAME=value`` sets it.",
            form=("[^=]", "NAME or NAME=value"),
        ),
    ] = ()
    execution: Annotated[
        str,
        Setting(
            "``auto`` runs models if TensorFlow is installed, and otherwise takes their answers from the "
            "lock; ``locked`` always takes them from the lock; ``off`` does without answers. "
            "The last two never run any code, nor does a value that can't be used.",
            choices=("auto", "locked", "off"),
            unusable="off",
        ),
    ] = "auto"
    file_folders: Annotated[
        tuple[str, ...],
        Setting(
            "Folders, relative to ``conf.py``, from which ``:file:`` may take files, "
            "besides the source folder.",
            rebuild="env",
        ),
    ] = ()
    lockfile: Annotated[
        str,
        Setting(
            "The lock, relative to ``conf.py``; the builder ``kerasshape-lock`` writes it.",
            form=(".", "the path of a file"),
        ),
    ] = "kerasshape.lock.json"
    check_cached: Annotated[
        bool,
        Setting(
            "Let the builder ``kerasshape-check`` use answers of earlier builds, and run only new models."
        ),
    ] = False
    cache_dir: Annotated[
        str,
        Setting(
            "Folder for answers of earlier builds, relative to ``conf.py``. "
            "Empty: ``.kerasshape`` beside the doctrees."
        ),
    ] = ""

    @property
    def has_network(self) -> bool:
        """Whether the code of models may use the network."""
        return self.sandbox != "on" if self.network is None else self.network

    @property
    def children(self) -> int:
        """The number of models that run at a time."""
        return self.jobs or _processors()


def declarations() -> Iterator[tuple[str, Any, Setting]]:
    """Yield the name of each setting, its default, and how it is declared."""
    for name, annotation in Settings.__annotations__.items():
        yield name, Settings._field_defaults[name], annotation.__metadata__[0]


def settle(config: Any) -> list[str]:
    """Replace values in Sphinx's config by those that are used; return what is wrong with the settings.

    To be called before Sphinx checks the config itself, which accepts much that is wrong.
    """
    settings, problems = read_settings(config)
    for name, value in settings._asdict().items():
        config[PREFIX + name] = list(value) if isinstance(value, tuple) else value
    return [*problems, *_unknown(config)]


def read_settings(config: Any) -> tuple[Settings, list[str]]:
    """Return the settings of Sphinx's config, and a message for each value that can't be used."""
    values: dict[str, Any] = {}
    problems = []
    for name, default, setting in declarations():
        try:
            value = usable(getattr(config, PREFIX + name), default, setting)
        except Unusable as unusable:
            value, which = setting.unusable, ""
            if value is None:
                value, which = default, "the default, "
            used = list(value) if isinstance(value, tuple) else value
            problems.append(f"{PREFIX}{name} {unusable}; using {which}{used!r}")
        values[name] = value
    return Settings(**values), problems


def _unknown(config: Any) -> Iterator[str]:
    """Yield a message for each unknown setting of ``conf.py``; Sphinx warns of those on the command line."""
    # There is no public way to the names in conf.py that are no settings.
    for name, value in getattr(config, "_raw_config", {}).items():
        is_helper = callable(value) or isinstance(value, ModuleType)
        if name.startswith(PREFIX) and name not in config and not is_helper:
            near = hint(name.removeprefix(PREFIX), Settings._fields, f"{PREFIX}{{}}".format)
            yield f"unknown setting {name}{near}"


def _processors() -> int:
    available = getattr(os, "sched_getaffinity", None)
    return len(available(0)) if available else os.cpu_count() or 1
