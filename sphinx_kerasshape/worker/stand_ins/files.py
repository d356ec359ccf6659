"""Searches for files, which find none: what then fails has not the code as its cause."""

from __future__ import annotations

import glob
import os
import pathlib
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from sphinx_kerasshape.worker.stand_ins.used import Used

_SEARCHES: tuple[tuple[Any, str], ...] = (
    *((glob, "glob"), (glob, "iglob"), (os, "walk"), (pathlib.Path, "glob"), (pathlib.Path, "rglob")),
)
"""The functions that look for files, and give nothing where there are none."""


def install(used: Used) -> None:
    """Have searches of the code tell that they found nothing."""
    for owner, name in _SEARCHES:
        setattr(owner, name, _telling(getattr(owner, name), used))


def _telling(search: Callable[..., Any], used: Used) -> Callable[..., Any]:
    @wraps(search)
    def told(*args: Any, **kwargs: Any) -> Any:
        found = search(*args, **kwargs)
        first = [*found] if isinstance(found, list) else [item for item, _ in zip(found, (1,), strict=False)]
        used.found_no_files = used.found_no_files or not first
        is_own = sys._getframe(1).f_globals.get("__name__") == "kerasshape_document"  # no package's
        used.made_of_no_files = used.made_of_no_files or (is_own and not first)
        return found if isinstance(found, list) else _chained(first, found)

    return told


def _chained(first: list[Any], rest: Any) -> Any:
    yield from first
    yield from rest
