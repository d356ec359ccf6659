"""The README as the package index shows it: the index has no files, so pictures get their full address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Readme(MetadataHookInterface):
    """Fills in ``readme``, which ``pyproject.toml`` declares as dynamic."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Read README.md, and put the address of the repository before the paths of pictures."""
        text = Path(self.root, "README.md").read_text("utf-8")
        address = f"{metadata['urls']['Source']}/raw/main/"
        for attribute in ("src", "srcset"):
            text = text.replace(f'{attribute}="docs/', f'{attribute}="{address}docs/')
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
