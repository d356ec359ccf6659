"""Translation of the extension's own texts in pages: heads and labels, not data."""

from __future__ import annotations

from pathlib import Path

from sphinx.locale import get_translation

CATALOG = "kerasshape"
FOLDER = Path(__file__).parent.parent / "locale"

_ = get_translation(CATALOG)
