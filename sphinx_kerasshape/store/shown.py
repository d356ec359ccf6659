"""What each page of an output folder shows, so that a later build rewrites only pages that change."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sphinx_kerasshape import files
from sphinx_kerasshape.files import write_atomically
from sphinx_kerasshape.messages.codec import dumps, loads


class PageFingerprints:
    """Which content each page of an output folder shows, as its last complete build left it."""

    def __init__(self, folder: Path, output: str) -> None:
        self._path = folder / f"shown-{hashlib.sha256(os.fsencode(output)).hexdigest()[:16]}.json"
        self._pages = self._load()

    def changed(self, pages: Mapping[str, str]) -> list[str]:
        """Return the pages whose content is another one than is shown."""
        return [page for page, fingerprint_of in pages.items() if self._pages.get(page) != fingerprint_of]

    def save(self, pages: Mapping[str, str]) -> None:
        """Note what is shown after a complete build."""
        if dict(pages) != self._pages:
            try:
                write_atomically(self._path, dumps(dict(pages)).encode())
            except OSError:
                return  # The pages will be written once more: no harm.

    def _load(self) -> dict[str, Any]:
        try:
            return dict(loads(files.content(self._path)))
        except (OSError, ValueError, TypeError, RecursionError):
            return {}
