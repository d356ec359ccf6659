"""Sphinx configuration of the example project."""

import sys
from pathlib import Path

# The models of zoo.md come from the package zoo/ beside this file.
sys.path.insert(0, str(Path(__file__).resolve().parent))

project = "Keras shapes by example"
author = "The sphinx-kerasshape developers"
project_copyright = f"2026, {author}"
version = "1.0"
release = "1.0.0"

extensions = ["myst_parser", "sphinx_kerasshape"]
exclude_patterns = ["_build"]
numfig = True

# Every number of the prose is checked, or true of a model of its page.
kerasshape_lint = True

html_theme = "furo"
html_title = project
