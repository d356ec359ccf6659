"""The one place that logs problems."""

from __future__ import annotations

from sphinx.util import logging

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.text import escape_controls

TYPE = "kerasshape"

logger = logging.getLogger(__name__)


def warn(problem: Problem, message: str, location: str | None) -> None:
    """Log a warning at a location, ``file:line``."""
    logger.warning(escape_controls(message, "\n\t"), type=TYPE, subtype=str(problem), location=location)
