"""A build of a documentation whose pages go nowhere, for what it says of statements."""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_kerasshape import streams

if TYPE_CHECKING:
    from sphinx.application import Sphinx


@contextmanager
def built(options: argparse.Namespace, builder: str, *silent: str) -> Iterator[Sphinx]:
    """Build a documentation without a word but warnings and progress, and give its application.

    ``silent`` are the types of warnings that it leaves out.
    """
    from sphinx.application import Sphinx
    from sphinx.util.console import color_terminal, nocolor
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    # Sphinx's own command looks at stdout for this, but warnings go to stderr.
    if not (color_terminal() and sys.stderr and sys.stderr.isatty()):
        nocolor()
    confdir = str(Path(options.confdir or options.sourcedir).resolve())
    overrides = dict(option.partition("=")[::2] for option in options.define)
    if options.cache_dir:
        overrides["kerasshape_cache_dir"] = str(Path(options.cache_dir).resolve())
    with _output(options) as out, patch_docutils(confdir), docutils_namespace():
        folders = (options.sourcedir, confdir, str(out / "out"), str(out))
        status = _Progress()
        app = Sphinx(*folders, builder, overrides, status=status, warning=sys.stderr, freshenv=True)
        app.config.suppress_warnings = [*app.config.suppress_warnings, *silent]
        app.build()
        yield app


@contextmanager
def _output(options: argparse.Namespace) -> Iterator[Path]:
    """Make a folder for doctrees, and remove it in the end.

    Sphinx's builds keep their answers beside their doctrees. So this one uses, and adds to, those of the
    last build if its doctrees are in a folder beside those.
    """
    source = Path(options.sourcedir).resolve()
    patterns = ((source, ("", "*/", "*/*/")), (source.parent, ("", "*build*/", "*build*/*/")))
    caches = [
        path for folder, depths in patterns for depth in depths for path in folder.glob(f"{depth}.kerasshape")
    ]
    last = max(caches, key=lambda path: path.stat().st_mtime, default=None)
    folder = last.parent / ".kerasshape-fix" if last is not None else Path()
    try:
        folder.mkdir()
        doctrees = folder
    except OSError:
        folder = Path(tempfile.mkdtemp())
        doctrees = folder / "doctrees"
    try:
        yield doctrees
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Progress(io.StringIO):
    """The stream for Sphinx's status, which passes on only that models run."""

    is_shown = False

    def write(self, text: str) -> int:
        """Pass on the progress of models, and the end of its line."""
        is_progress = "running models" in text
        if is_progress or self.is_shown:
            streams.write(text if is_progress else "\n", sys.stderr)
        self.is_shown = is_progress
        return len(text)
