"""Answers of earlier builds: the cache, the lock, and what each page of an output folder shows."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx_kerasshape.store import lock, lock_diff

__all__ = ["lock", "lock_diff"]


def __getattr__(name: str) -> Any:
    """Import a module of this room when it is first used: they are slow, and not every project has a lock."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
