"""The lines of a block's code that readers see."""

from __future__ import annotations

import re

_HIDDEN = re.compile(r"(?:^|\s)#\s*hide\s*$")
"""The comment that ends a line of code which runs, but is not shown."""


def shown_lines(code: str) -> list[tuple[int, str]]:
    """Return the numbers, from 1, and texts of the lines that do not end in ``# hide``.

    If some do, the outer blank lines are left out as well.
    """
    lines = list(enumerate(code.splitlines(), 1))
    kept = [(number, line) for number, line in lines if not _HIDDEN.search(line)]
    if len(kept) < len(lines):
        full = [place for place, (_, line) in enumerate(kept) if line]
        kept = kept[full[0] : full[-1] + 1] if full else []
    return kept
