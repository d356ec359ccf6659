"""Files that tutorials download: what of them decides the shapes of models."""

from __future__ import annotations

import os
import string

_CHARACTERS = "\n !$&',-.3:;?" + string.ascii_letters
"""The characters of Shakespeare's plays in the file of the tutorials."""
_LENGTH = 1_115_394
_TEXTS = ("data/shakespeare.txt", "tinyshakespeare/input.txt")
"""Ends of addresses of that file."""
_FOLDERS = {
    "flower_photos": ("daisy", "dandelion", "roses", "sunflowers", "tulips"),
    "cats_and_dogs_filtered": ("cats", "dogs"),
    "aclImdb": ("neg", "pos"),
    "stack_overflow_16k": ("csharp", "java", "javascript", "python"),
}
"""The classes in folders of archives."""


def write(address: str, path: str) -> str:
    """Write what is known of the file of an address; return its name, empty if nothing is known."""
    if not address.endswith(_TEXTS):
        return ""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    repeated = _CHARACTERS * (_LENGTH // len(_CHARACTERS) + 1)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(repeated[:_LENGTH])
    return "shakespeare.txt"


class Folders:
    """The folders of archives that were downloaded in this run."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def note(self, address: str) -> None:
        """Note that an archive is downloaded."""
        file = address.rpartition("/")[2]
        self._names |= {name for name in _FOLDERS if file.lower().startswith(name.lower())}

    def classes(self, directory: object) -> tuple[str, ...]:
        """Return the classes of a folder; none if nobody knows them."""
        parts = os.path.normpath(str(directory)).split(os.sep)
        found = [name for name in self._names if any(part.split(".")[0] == name for part in parts)]
        return _FOLDERS[found[0]] if len(found) == 1 else ()
