"""What each page of an output folder shows, so that a later build rewrites only pages that change."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sphinx_kerasshape import files
from sphinx_kerasshape.messages.codec import dumps


class PageFingerprints:
    """The fingerprint of what each page of an output folder shows since its last complete build."""

    def __init__(self, folder: Path, output: str) -> None:
        self._path = folder / f"shown-{hashlib.sha256(os.fsencode(output)).hexdigest()[:16]}.json"
        self.pages = self._load()
        """The fingerprint of each page, by document name."""

    def changed(self, pages: Mapping[str, str]) -> list[str]:
        """Return the pages that have another fingerprint now."""
        return [page for page, fingerprint in pages.items() if self.pages.get(page) != fingerprint]

    def save(self, pages: Mapping[str, str]) -> None:
        """Keep the fingerprints of a complete build."""
        if dict(pages) != self.pages:
            try:
                files.write_atomically(self._path, dumps(dict(pages)).encode())
            except OSError:
                return  # the next build writes the pages once more: no harm

    def _load(self) -> dict[str, Any]:
        try:
            return dict(json.loads(files.read_bytes(self._path)))
        except (OSError, ValueError, TypeError, RecursionError):
            return {}
