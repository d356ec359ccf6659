"""The import of TensorFlow and Keras without JAX, which both import where it is installed.

It takes a sixth of the time, and hardly any code needs it: it is for one converter of TensorFlow Lite, and
for one callback of Keras, which adds to old versions what they lack.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_IMPORTERS = {"tensorflow.lite.python.util", "keras.src.callbacks.orbax_checkpoint"}


@contextmanager
def jax_later() -> Iterator[None]:
    """Have modules that import JAX do so when they first call it."""
    if importlib.util.find_spec("jax") is None:
        yield
        return
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder(MetaPathFinder):
    """Finds the modules that import JAX."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where such a module is, with a loader that keeps JAX from it."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname in _IMPORTERS else None
        if spec is not None and spec.loader is not None:
            vars(spec.loader)["exec_module"] = _without_jax(spec.loader.exec_module)
        return spec


def _without_jax(execute: Callable[[ModuleType], object]) -> Callable[[ModuleType], None]:
    def execute_without(module: ModuleType) -> None:
        if "jax" in sys.modules:  # the backend is JAX
            execute(module)
            return
        sys.modules["jax"] = _Later("jax")
        try:
            execute(module)
        finally:
            del sys.modules["jax"]

    return execute_without


class _Later(ModuleType):
    """JAX's functions, which import it when they are called."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args: object, **kwargs: object) -> object:
            return getattr(importlib.import_module("jax"), name)(*args, **kwargs)

        return call
