"""``python -m sphinx_kerasshape fix SOURCEDIR``: rewrite what the pages state wrongly."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

from sphinx_kerasshape.check import fix, warnings
from sphinx_kerasshape.claims.verdicts import Verdict
from sphinx_kerasshape.pages.positions import parse_location

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from sphinx_kerasshape.pages.domain import KerasDomain


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    given = _parser().parse_args(arguments)
    started = time.time_ns()
    try:
        verdicts, encoding = _drifted(given)
    except Exception as error:
        _say(f"the documentation can't be built: {error}", error=True)
        return 2
    sources, unread = _sources(verdicts, encoding, started)
    edits, problems = fix.edits(verdicts, sources)
    for file in dict.fromkeys(edit.file for edit in edits):
        problems += _change(given, sources[file], [edit for edit in edits if edit.file == file])
    for problem in (*unread, *problems):
        _say(problem, error=True)
    if not edits and not problems:
        _say("all statements hold")
    failed = bool(unread or problems)
    if given.lock and not (failed or given.check or given.diff):
        failed = _locked(given)
    return int(failed or (bool(edits) and given.check))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sphinx_kerasshape")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("fix", help="rewrite the stated shapes and counts that are not true")
    command.add_argument("sourcedir", help="folder of the documentation's sources")
    command.add_argument("--check", action="store_true", help="change nothing; exit 1 if something would be")
    command.add_argument("--diff", action="store_true", help="change nothing; show what would be changed")
    command.add_argument("--lock", action="store_true", help="then write the lock anew, with today's answers")
    command.add_argument("--cache-dir", default="", help="folder of earlier answers (kerasshape_cache_dir)")
    command.add_argument("-c", dest="confdir", default="", help="folder of conf.py, if it is another one")
    command.add_argument("-D", dest="define", action="append", default=[], metavar="OPTION=VALUE")
    return parser


def _drifted(given: argparse.Namespace) -> tuple[list[Verdict], str]:
    """Build the documentation; return the claims that do not hold, and the encoding of the sources."""
    # These are said once, and as what became of them.
    with _built(given, "dummy", "kerasshape.claim", "kerasshape.lock") as app:
        return list(_verdicts(app)), app.config.source_encoding


def _locked(given: argparse.Namespace) -> bool:
    """Write the lock; return whether that failed, which the builder has said then."""
    with _built(given, "kerasshape-lock", "kerasshape.lock") as app:
        return bool(app.statuscode)


@contextmanager
def _built(given: argparse.Namespace, builder: str, *silent: str) -> Iterator[Sphinx]:
    from sphinx.application import Sphinx
    from sphinx.util.console import color_terminal, nocolor
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    # As Sphinx's own command does; warnings go elsewhere than what it asks about.
    if not (color_terminal() and sys.stderr and sys.stderr.isatty()):
        nocolor()
    confdir = str(Path(given.confdir or given.sourcedir).resolve())
    overrides = dict(option.partition("=")[::2] for option in given.define)
    if given.cache_dir:
        overrides["kerasshape_cache_dir"] = str(Path(given.cache_dir).resolve())
    with tempfile.TemporaryDirectory() as out, patch_docutils(confdir), docutils_namespace():
        folders = (given.sourcedir, confdir, str(Path(out, "out")), str(Path(out, "doctrees")))
        app = Sphinx(*folders, builder, overrides, status=None, warning=sys.stderr, freshenv=True)
        app.config.suppress_warnings = [*app.config.suppress_warnings, *silent]
        app.build()
        yield app


def _verdicts(app: Sphinx) -> Iterator[Verdict]:
    domain = cast("KerasDomain", app.env.domains["keras"])
    for verdict in warnings.verdicts(domain.context):
        if verdict.claim.stated and not verdict.holds and (verdict.actual or verdict.problem):
            yield verdict


def _sources(
    verdicts: Iterable[Verdict], encoding: str, started: int
) -> tuple[dict[str, fix.Source], list[str]]:
    """Read the files that the claims stand in, unless they changed since the build began."""
    sources, problems = {}, []
    here = (parse_location(verdict.claim.location) for verdict in verdicts)
    for file in dict.fromkeys(os.path.realpath(place.file) for place in here if place):
        try:
            sources[file] = fix.read(file, encoding)
            if Path(file).stat().st_mtime_ns > started:
                problems.append(f"{file} has changed in the meantime and was not rewritten: run fix again")
                del sources[file]
        except (OSError, SyntaxError, ValueError, LookupError) as error:
            problems.append(f"{file} can't be read: {error}")
    return sources, problems


def _change(given: argparse.Namespace, source: fix.Source, edits: list[fix.Edit]) -> list[str]:
    """Change a file, or show how; return what went wrong."""
    if given.diff:
        return _put(fix.diff(source, edits), sys.stdout)
    if not given.check:
        try:
            fix.write(source, edits)
        except (OSError, UnicodeEncodeError, fix.Unfixable) as error:
            return [str(error)]
    problems = []
    for edit in edits:
        if edit.old.strip():
            old, new = (" ".join(text.split()) for text in (edit.old, edit.new))
            problems += _say(f"{os.path.relpath(source.file)}:{edit.line}: {old} -> {new}")
    return problems


def _say(text: str, *, error: bool = False) -> list[str]:
    return _put(f"{text}\n", sys.stderr if error else sys.stdout)


def _put(text: str, stream: TextIO | None) -> list[str]:
    """Write a text to a stream, which may be closed, or not have all characters; return what went wrong."""
    if stream is None:
        return []
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except OSError as error:
        # What could not be written would be tried once more at the end, and fail there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        # Who reads no further, as head does, has seen enough.
        return (
            [] if isinstance(error, BrokenPipeError) else [f"the output can't be written: {error.strerror}"]
        )
    return []


if __name__ == "__main__":
    sys.exit(main())
