"""The documentation, built with the extension that it documents."""

import os
import sys
from pathlib import Path

from sphinx_kerasshape import __version__

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE / "examples")]

project = "sphinx-kerasshape"
author = "The sphinx-kerasshape developers"
copyright = author  # noqa: A001
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_kerasshape",
    "docs_example",
    "docs_reference",
]
exclude_patterns = ["_build", "_ext", "examples"]
myst_enable_extensions = ["colon_fence", "deflist"]
numfig = True

# Models run in a process of their own, so autodoc may do without TensorFlow. If Keras is installed, autodoc
# still imports it, to look for the source of base classes: quietly, then.
autodoc_mock_imports = ["keras", "tensorflow"]
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}

# Every number of the prose is checked, or true of a model of its page.
kerasshape_lint = True

html_theme = "furo"
html_title = "sphinx-kerasshape"
html_static_path = ["_static"]
html_css_files = ["docs.css"]

# Some pages show what summary() prints: box-drawing characters, which pdfLaTeX lacks.
latex_engine = "xelatex"
