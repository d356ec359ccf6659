"""Output of commands, to streams that may be closed or lack some characters."""

from __future__ import annotations

import os
from typing import TextIO


def write(text: str, stream: TextIO | None) -> list[str]:
    """Write to a stream; return the problems."""
    if stream is None:
        return []
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except OSError as error:
        # At exit, Python would try to write the rest again, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        # A reader that stops early, such as head, is not a problem.
        if not isinstance(error, BrokenPipeError):
            return [f"the output can't be written: {error.strerror}"]
    return []
