"""Keras models, run by TensorFlow while the documentation is built.

Importing this package imports neither Sphinx nor TensorFlow, since the worker may run in an interpreter
that has no Sphinx. ``setup`` loads the rest when Sphinx calls it.
"""

import os
import sys

STARTED_IN = ""
"""The folder that ``python -m sphinx_kerasshape`` was started in, if Python has put it on ``sys.path``."""
# It may be a stranger's, as what `audit` reads may be, so no module of it may stand in for another one. This
# comes before all imports but those of modules that Python has loaded by now: hence no ``__future__``.
if sys.argv[:1] == ["-m"] and not sys.flags.safe_path and any(__name__ in one for one in sys.orig_argv):
    STARTED_IN = os.getcwd()  # noqa: PTH109
    sys.path[:1] = [] if sys.path[0] in ("", STARTED_IN) else sys.path[:1]

from typing import TYPE_CHECKING  # noqa: E402

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

__version__ = "0.1.0"


def setup(app: "Sphinx") -> "ExtensionMetadata":
    """Register the extension with Sphinx; see :mod:`sphinx_kerasshape.extension`."""
    from sphinx_kerasshape.extension import register

    return register(app)
