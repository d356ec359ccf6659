"""Functions of the author's code for processes that can't import its module, such as joblib's.

They are sent by ``cloudpickle``, which sends what can be imported by its name.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

_PICKLES = ("cloudpickle.cloudpickle", "joblib.externals.cloudpickle.cloudpickle")


def send(module: str) -> None:
    """Have a module's functions and classes sent as they are."""
    for name in _PICKLES:
        if name in sys.modules:
            _register(sys.modules[name], module)
    sys.meta_path.insert(0, _Finder(module))


class _Finder(MetaPathFinder):
    """Finds what Python finds, and changes it once it is imported."""

    def __init__(self, module: str) -> None:
        self._module = module

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname in _PICKLES else None
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            load = loader.exec_module

            def exec_module(loaded: Any) -> None:
                load(loaded)
                _register(loaded, self._module)

            loader.exec_module = exec_module
        return spec


def _register(pickles: Any, module: str) -> None:
    names = getattr(pickles, "_PICKLE_BY_VALUE_MODULES", None)
    if isinstance(names, set):
        names.add(module)
