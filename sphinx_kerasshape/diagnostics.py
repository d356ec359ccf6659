"""The one door to the logger: how problems are said."""

from __future__ import annotations

from sphinx.util import logging

from sphinx_kerasshape.codec import inert
from sphinx_kerasshape.problems import Problem

TYPE = "kerasshape"

logger = logging.getLogger(__name__)


def warn(problem: Problem, message: str, location: str | None) -> None:
    """Warn of a problem at a place, ``file:line``."""
    logger.warning(inert(message, "\n\t"), type=TYPE, subtype=str(problem), location=location)
