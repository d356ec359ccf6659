"""``python -m sphinx_kerasshape fix SOURCEDIR``: rewrite stated values that do not hold."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from sphinx_kerasshape.check import fix, warnings
from sphinx_kerasshape.claims.verdicts import Verdict
from sphinx_kerasshape.pages.domain import domain_of
from sphinx_kerasshape.pages.positions import parse_location

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parser().parse_args(arguments)
    started = time.time_ns()
    try:
        verdicts, encoding = _drifted(options)
    except Exception as error:
        _print(f"the documentation can't be built: {error}", error=True)
        return 2
    sources, read_problems = _sources(verdicts, encoding, started)
    edits, problems = fix.edits(verdicts, sources)
    for file in dict.fromkeys(edit.file for edit in edits):
        problems += _change(options, sources[file], [edit for edit in edits if edit.file == file])
    for problem in (*read_problems, *problems):
        _print(problem, error=True)
    if not edits and not problems:
        _print("all statements hold")
    failed = bool(read_problems or problems)
    if options.lock and not (failed or options.check or options.diff):
        failed = _locked(options)
    return int(failed or (bool(edits) and options.check))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sphinx_kerasshape")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("fix", help="rewrite stated values that do not hold")
    command.add_argument("sourcedir", help="folder of the documentation's sources")
    command.add_argument(
        "--check", action="store_true", help="change nothing; exit 1 if something would change"
    )
    command.add_argument("--diff", action="store_true", help="change nothing; print the changes as a diff")
    command.add_argument("--lock", action="store_true", help="rewrite the lock as well")
    command.add_argument("--cache-dir", default="", help="folder of the cache (kerasshape_cache_dir)")
    command.add_argument("-c", dest="confdir", default="", help="folder of conf.py, if it is not SOURCEDIR")
    command.add_argument("-D", dest="define", action="append", default=[], metavar="SETTING=VALUE")
    return parser


def _drifted(options: argparse.Namespace) -> tuple[list[Verdict], str]:
    """Build the documentation; return the claims that do not hold, and the encoding of the sources."""
    # This command reports these itself, by what it does about them.
    with _built(options, "dummy", "kerasshape.claim", "kerasshape.lock") as app:
        return list(_verdicts(app)), app.config.source_encoding


def _locked(options: argparse.Namespace) -> bool:
    """Write the lock; return whether that failed, which the builder reports."""
    with _built(options, "kerasshape-lock", "kerasshape.lock") as app:
        return bool(app.statuscode)


@contextmanager
def _built(options: argparse.Namespace, builder: str, *silent: str) -> Iterator[Sphinx]:
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
    with tempfile.TemporaryDirectory() as out, patch_docutils(confdir), docutils_namespace():
        folders = (options.sourcedir, confdir, str(Path(out, "out")), str(Path(out, "doctrees")))
        app = Sphinx(*folders, builder, overrides, status=None, warning=sys.stderr, freshenv=True)
        app.config.suppress_warnings = [*app.config.suppress_warnings, *silent]
        app.build()
        yield app


def _verdicts(app: Sphinx) -> Iterator[Verdict]:
    for verdict in warnings.verdicts(domain_of(app.env).context):
        if verdict.claim.stated and not verdict.holds and (verdict.actual or verdict.problem):
            yield verdict


def _sources(
    verdicts: Iterable[Verdict], encoding: str, started: int
) -> tuple[dict[str, fix.Source], list[str]]:
    """Return the files of the claims, and a message for each file that can't be read or has changed."""
    sources, problems = {}, []
    locations = (parse_location(verdict.claim.location) for verdict in verdicts)
    for file in dict.fromkeys(os.path.realpath(location.file) for location in locations if location):
        try:
            sources[file] = fix.read(file, encoding)
            if Path(file).stat().st_mtime_ns > started:
                problems.append(f"{file} has changed in the meantime and was not rewritten: run fix again")
                del sources[file]
        except (OSError, SyntaxError, ValueError, LookupError) as error:
            problems.append(f"{file} can't be read: {error}")
    return sources, problems


def _change(options: argparse.Namespace, source: fix.Source, edits: list[fix.Edit]) -> list[str]:
    """Change a file, or show the changes; return the problems."""
    if options.diff:
        return _write(fix.diff(source, edits), sys.stdout)
    if not options.check:
        try:
            fix.write(source, edits)
        except (OSError, UnicodeEncodeError, fix.Unfixable) as error:
            return [str(error)]
    problems = []
    for edit in edits:
        if edit.old.strip():
            old, new = (" ".join(text.split()) for text in (edit.old, edit.new))
            problems += _print(f"{os.path.relpath(source.file)}:{edit.line}: {old} -> {new}")
    return problems


def _print(text: str, *, error: bool = False) -> list[str]:
    return _write(f"{text}\n", sys.stderr if error else sys.stdout)


def _write(text: str, stream: TextIO | None) -> list[str]:
    """Write to a stream, which may be closed or lack some characters; return the problems."""
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


if __name__ == "__main__":
    sys.exit(main())
