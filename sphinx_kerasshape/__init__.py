"""Keras models, run by TensorFlow while the documentation is built.

Importing this package imports neither Sphinx nor TensorFlow, since the worker may run in an interpreter
that has no Sphinx. ``setup`` loads the rest when Sphinx calls it.
"""

import os
import sys

# What is audited may be a stranger's, and so may the folder that ``python -m`` puts on ``sys.path``: none of
# its modules may stand in for another one. This comes before all imports but those of modules that Python has
# loaded by now; ``__future__`` is none.
if sys.argv[:1] == ["-m"] and not sys.flags.safe_path and any(__name__ in one for one in sys.orig_argv):
    sys.path[:1] = [] if sys.path[0] in ("", os.getcwd()) else sys.path[:1]  # noqa: PTH109

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

__version__ = "0.1.0"


def setup(app: "Sphinx") -> "ExtensionMetadata":
    """Register the extension with Sphinx; see :mod:`sphinx_kerasshape.extension`."""
    from sphinx_kerasshape.extension import register

    return register(app)
