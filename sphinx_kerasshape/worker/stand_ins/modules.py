"""Modules in place of packages that are not here and only show things, or whose data is not here."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

import keras

from sphinx_kerasshape.worker.stand_ins import scikit_learn, tensorflow_data, tensorflow_hub
from sphinx_kerasshape.worker.stand_ins.used import Used, replace

_SHOWING = frozenset(
    (
        *("matplotlib", "mpl_toolkits", "seaborn", "plotly", "bokeh", "altair", "pydot", "graphviz"),
        *("IPython", "ipywidgets", "tqdm", "visualkeras", "livelossplot", "google.colab"),
        "sklearn.metrics",
    )
)
"""Packages whose values no model depends on."""
_DATA = frozenset(("tensorflow_datasets",))
"""Packages that download what they are asked for."""


class Anything:
    """An object that has every attribute, and can be called, indexed and entered; all give such objects."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything(name)

    def __call__(self, *args: Any, **_: Any) -> Any:
        """Return what the function of this name is used for."""
        if self._name == "subplots":
            return Anything("figure"), Anything("axes")
        if self._name in ("tqdm", "track") and args:
            return args[0]
        return range(*args) if self._name == "trange" and args else Anything(self._name)

    def __getitem__(self, _: Any) -> Any:
        return Anything(self._name)

    def __setitem__(self, *_: Any) -> None: ...

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None: ...

    def __mro_entries__(self, _: Any) -> tuple[type, ...]:
        return ()


class _Module(types.ModuleType):
    __version__ = "0"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything(name)


class Finder(MetaPathFinder, Loader):
    """Finds modules of some names, and makes them of a class."""

    def __init__(self, names: frozenset[str], kind: Callable[[str], types.ModuleType]) -> None:
        self._names = names
        self._kind = kind

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return how to load a module, if it is one of these, or inside one."""
        is_known = self._has(fullname)
        return ModuleSpec(fullname, self, is_package=True) if is_known else None

    def _has(self, name: str) -> bool:
        parts = name.split(".")
        return any(".".join(parts[:number]) in self._names for number in range(1, len(parts) + 1))

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        """Return the module."""
        return self._kind(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Do nothing: the module has all that it needs."""


class ExactFinder(Finder):
    """Finds modules of some names, and none inside them."""

    def _has(self, name: str) -> bool:
        return name in self._names


class _Keras3(Finder):
    """Finds Keras 3 in place of Keras 2, whose summaries differ in names only, and which may not be here."""

    def __init__(self, used: Used) -> None:
        self._used = used
        self._spec = keras.__spec__

    def _has(self, name: str) -> bool:
        return name == "tf_keras"

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        """Return Keras 3."""
        self._used.note(f"Keras 3 for {spec.name}")
        module: types.ModuleType = keras
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        """Let it be what it was."""
        module.__spec__ = self._spec


def install(used: Used) -> None:
    """Have packages that show things found where nothing else finds them, and those of data always."""
    for function in (keras.utils.plot_model, keras.utils.model_to_dot):
        replace(function, lambda **_: Anything("figure"))
    sys.meta_path.append(Finder(_SHOWING, _Module))
    sys.meta_path.append(ExactFinder(scikit_learn.NAMES, scikit_learn.Modules(used)))
    sys.meta_path.insert(0, Finder(_DATA, tensorflow_data.Modules(used)))
    sys.meta_path.insert(0, Finder(frozenset(("tensorflow_hub",)), tensorflow_hub.Modules(used)))
    sys.meta_path.insert(0, _Keras3(used))
