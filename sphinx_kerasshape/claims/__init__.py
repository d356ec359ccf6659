"""Claims: what a page states about models, read, compared with TensorFlow's report, and restated."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx_kerasshape.claims import doubts, formula, named_sizes, needs, targets, verdicts

__all__ = ["doubts", "formula", "named_sizes", "needs", "targets", "verdicts"]


def __getattr__(name: str) -> Any:
    """Import a module of this room when it is first used: they are slow, and not every project has claims."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
