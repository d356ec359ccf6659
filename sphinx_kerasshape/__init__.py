"""Keras models, run by TensorFlow while the documentation is built.

Importing this package imports neither Sphinx nor TensorFlow, since the worker may run in an interpreter
that has no Sphinx. ``setup`` loads the rest when Sphinx calls it.
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
