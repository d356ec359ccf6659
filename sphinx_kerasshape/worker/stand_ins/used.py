"""What a run has used in place of the real thing, and how a function takes the place of another."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from sphinx_kerasshape.text import excerpt


class NotHere(FileNotFoundError):
    """Data that would have to be downloaded; ``text`` says which."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Used:
    """The stand-ins that a run has used so far, such as ``data for mnist``, each once."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self.found_no_files = False
        """Whether the code has looked for files, and there were none."""
        self.made_of_no_files = False
        """Whether the document's own code that runs has done so."""
        self.folders: list[tuple[int, int]] = []
        """How many files and classes the code that runs has found in folders, where the document shows it."""

    def note(self, name: str) -> None:
        """Note that a stand-in is used."""
        self._names[excerpt(name)] = None

    def classes(self) -> tuple[str, ...]:
        """Return names for the classes that the next folder has, if the document shows how many."""
        if not self.folders:
            return ()
        _, count = self.folders.pop(0)
        self.note("classes as printed")
        return tuple(f"class{number}" for number in range(count))

    def names(self) -> tuple[str, ...]:
        """Return what has been used, in order."""
        return tuple(self._names)


def replace(original: Any, stand_in: Callable[..., Any]) -> None:
    """Have a function take the place of one of Keras, in each module of Keras that has it.

    It gets the arguments by their names, with defaults. Arguments that don't fit raise as they did.
    """
    replaced, own_name = taking_names(original, stand_in), str(original.__name__)
    for module in modules_of_keras():
        if vars(module).get(own_name) is original:
            setattr(module, own_name, replaced)


@cache
def modules_of_keras() -> tuple[types.ModuleType, ...]:
    """Return the modules that Keras has loaded; any later one imports its functions from these."""
    return tuple(module for name, module in [*sys.modules.items()] if name.startswith("keras"))


def taking_names(original: Callable[..., Any], stand_in: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that looks like another, and calls a stand-in with its arguments by name."""
    signature = inspect.signature(original)

    @wraps(original)
    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return original(*args, **kwargs)
        bound.apply_defaults()
        return stand_in(**bound.arguments)

    return called
