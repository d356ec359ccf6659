"""Keras models, run by TensorFlow while the documentation is built.

This file is the door: the version, and a ``setup`` that loads the rest only when
Sphinx asks for it. Importing the package imports neither Sphinx nor TensorFlow, so
that the worker can run under an interpreter that has no Sphinx.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

__version__ = "0.1.0"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the extension with Sphinx; see :mod:`sphinx_kerasshape.extension`."""
    from sphinx_kerasshape.extension import register

    return register(app)
