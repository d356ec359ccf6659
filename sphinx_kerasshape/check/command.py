"""``python -m sphinx_kerasshape fix SOURCEDIR [FILE…]``: rewrite stated values that do not hold."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_kerasshape import streams
from sphinx_kerasshape.check import comments, edited_files, fix, silent_build, tally, warnings
from sphinx_kerasshape.check.summaries import KIND
from sphinx_kerasshape.claims.verdicts import Verdict
from sphinx_kerasshape.files import relative
from sphinx_kerasshape.pages.domain import domain_of
from sphinx_kerasshape.pages.positions import parse_location
from sphinx_kerasshape.pages.records import Claim

_LINES = re.compile("[─-╿]+")
"""What the boxes of tables are drawn with."""

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_kerasshape.check.plain_fix import PlainPage
    from sphinx_kerasshape.pages.context import BuildContext


def run(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Rewrite the statements of a documentation; return the exit status."""
    if problem := _settle_paths(options):
        parser.error(problem)
    started = time.time_ns()
    try:
        built = _checked(options)
    except Exception as error:
        _print(f"the documentation can't be built: {error}", error=True)
        return 2
    stale = [verdict for verdict in built.verdicts if verdict.actual or verdict.problem]
    stale = [verdict for verdict in stale if not verdict.holds]
    sources, problems = _sources(stale, built.encoding, started)
    edits, unfixed = fix.edits(stale, sources)
    edits = sorted([*edits, *built.in_catalogs(edits)], key=lambda edit: (edit.file, edit.start))
    sources |= {source.file: source for source in built.catalogs}
    problems += unfixed
    for file in dict.fromkeys(edit.file for edit in edits):
        problems += _change(options, sources[file], [edit for edit in edits if edit.file == file])
    rest = _plain_rest(built, options)
    # The build has warned of wrong targets.
    warned = {f"{one.claim.location}: {one.problem}" for one in stale if one.problem and not one.unreadable}
    for problem in (*(one for one in problems if one not in warned), *rest.problems, *built.unchecked):
        _print(problem, error=True)
    problems += rest.problems
    problems += _print_summary(built.verdicts, edits, len(unfixed), options, rest)
    failed = bool(problems or built.unchecked)
    if options.lock and not (failed or options.check or options.diff):
        failed = _locked(options)
    return int(failed or (bool(edits or rest.rewritten) and options.check))


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument("sourcedir", metavar="SOURCEDIR", help="folder of the documentation's sources")
    command.add_argument(
        "paths",
        nargs="*",
        metavar="FILE",
        help="rewrite only these files or folders; SOURCEDIR may be left out",
    )
    command.add_argument(
        "--check", action="store_true", help="change nothing; exit 1 if something would change"
    )
    command.add_argument("--diff", action="store_true", help="change nothing; print the changes as a diff")
    command.add_argument("--lock", action="store_true", help="rewrite the lock as well")
    command.add_argument("--cache-dir", default="", help="folder of the cache (kerasshape_cache_dir)")
    command.add_argument("-c", dest="confdir", default="", help="folder of conf.py, if it is not SOURCEDIR")
    command.add_argument("-D", dest="define", action="append", default=[], metavar="SETTING=VALUE")


@dataclass(frozen=True)
class Checked:
    """The statements of a documentation, compared with what TensorFlow says."""

    verdicts: list[Verdict]
    unchecked: list[str]
    """A line for each reason why statements could not be checked."""
    encoding: str
    """The encoding of the sources."""
    plain: Sequence[PlainPage] = ()
    """The pages with plain code."""
    catalogs: Sequence[edited_files.Source] = ()
    """Translations of sentences with stale statements."""
    catalog_edits: Sequence[edited_files.Edit] = ()

    def in_catalogs(self, edits: Iterable[edited_files.Edit]) -> list[edited_files.Edit]:
        """Return the edits of catalogs that are no statements of this language."""
        places = {(edit.file, edit.start) for edit in edits}
        return [edit for edit in self.catalog_edits if (edit.file, edit.start) not in places]


@dataclass(frozen=True)
class PlainRest:
    """What has become of the statements beside plain code."""

    held: int = 0
    rewritten: int = 0
    problems: tuple[str, ...] = ()


def _settle_paths(options: argparse.Namespace) -> str:
    """Find the folder of the sources if only files are given; return what is wrong with the paths."""
    first = Path(options.sourcedir)
    for path in map(Path, (first, *options.paths)):
        if not path.exists():
            return f"{path} does not exist"
    if not options.confdir and not (first / "conf.py").is_file():
        folder = next((parent for parent in first.resolve().parents if (parent / "conf.py").is_file()), None)
        if folder is None:
            return f"there is no conf.py in {first} or above it: name the folder of the sources, or use -c"
        options.paths.insert(0, options.sourcedir)
        options.sourcedir = os.path.relpath(folder)
    elif first.is_file():
        options.paths.insert(0, options.sourcedir)
        options.sourcedir = options.confdir
    return ""


def _checked(options: argparse.Namespace) -> Checked:
    """Build the documentation and return its statements, or those of the files that are named."""
    # This command reports these itself, by what it does about them.
    with silent_build.built(options, "dummy", "kerasshape.claim", "kerasshape.lock") as app:
        context = domain_of(app.env).context
        named = [Path(path).resolve() for path in options.paths]
        verdicts = {verdict.claim: verdict for verdict in warnings.verdicts(context)}
        stated: Counter[Claim] = Counter()
        for page in context.pages.values():
            stated |= Counter(page.claims)  # what several pages include is one statement
        stated |= Counter(claim for claim in verdicts if claim.kind in (KIND, comments.KIND))
        found = [verdicts[claim] for claim in stated.elements() if claim.stated]
        if named:
            found = [verdict for verdict in found if _is_named(verdict, named)]
        reasons = [*_not_read(app.env, named), *tally.reasons(found, context, Path.cwd())]
        catalogs, in_catalogs = _catalogs(found, app.env, context)
        plain = [] if not any(page.plain for page in context.pages.values()) else _plain_pages(context, named)
        return Checked(found, reasons, app.config.source_encoding, plain, catalogs, in_catalogs)


def _catalogs(
    verdicts: Iterable[Verdict], env: BuildEnvironment, context: BuildContext
) -> tuple[list[edited_files.Source], list[edited_files.Edit]]:
    """Return the catalogs that have to change with the pages, and their edits."""
    stale = [verdict for verdict in verdicts if verdict.actual and not verdict.holds]
    if not stale or not env.config.locale_dirs:
        return [], []
    from sphinx_kerasshape.check import translations  # few projects have any

    edits = list(translations.edits(stale, env, context))
    files = dict.fromkeys(edit.file for edit in edits)
    return [edited_files.read(file, "utf-8") for file in files], edits


def _not_read(env: BuildEnvironment, named: list[Path]) -> Iterator[str]:
    """Yield a line for each path that is named and has nothing that the documentation is made of."""
    read = {Path(env.doc2path(docname)).resolve() for docname in env.found_docs}
    read |= {Path(env.srcdir, file).resolve() for files in env.dependencies.values() for file in files}
    source = Path(env.srcdir).resolve()
    for path in named:
        # conf.py may have substitutions, and a page's translations are read only in their language.
        is_ours = path.name == "conf.py" or (path.suffix == ".po" and source in path.parents)
        if not is_ours and not any(path in (file, *file.parents) for file in read):
            what = f"it is no page of {os.path.relpath(source)}, and in none of its pages"
            yield f"{os.path.relpath(path)} is not checked: {what}"


def _plain_pages(context: BuildContext, named: list[Path]) -> list[PlainPage]:
    from sphinx_kerasshape.check import plain_fix  # off in most projects

    return list(plain_fix.pages(context, named))


def _plain_rest(built: Checked, options: argparse.Namespace) -> PlainRest:
    """Rewrite what stands beside plain code, or show the changes."""
    if not built.plain:
        return PlainRest()
    from sphinx_kerasshape.audit.rewriting import rewriting
    from sphinx_kerasshape.check import plain_fix

    held, rewritten, problems = 0, 0, list[str]()
    for page in built.plain:
        mended = plain_fix.mended(page)
        held += mended.held
        problems += mended.problems
        if mended.new == mended.old:
            continue
        try:
            if options.diff:
                problems += streams.write(rewriting.diff(mended.file, mended.old, mended.new), sys.stdout)
            elif not options.check:
                rewriting.write(mended.file, mended.old, mended.new)
        except OSError as error:
            problems.append(f"{mended.file} can't be rewritten: {error}")
            continue
        rewritten += len(mended.rewritten)
        for one in mended.rewritten if not options.diff else ():
            problems += _print(f"{relative(one.location, Path.cwd())}: {one.stated} -> {one.actual}")
    return PlainRest(held, rewritten, tuple(problems))


def _is_named(verdict: Verdict, named: list[Path]) -> bool:
    """Whether a statement is in one of the files, or below one of the folders, that are named."""
    location = parse_location(verdict.claim.location)
    file = Path(location.file if location else verdict.claim.location).resolve()
    return any(file == path or path in file.parents for path in named)


def _print_summary(
    verdicts: list[Verdict],
    edits: list[edited_files.Edit],
    unfixed: int,
    options: argparse.Namespace,
    rest: PlainRest,
) -> list[str]:
    held = sum(verdict.holds for verdict in verdicts) + rest.held
    unchecked = sum(map(tally.is_unchecked, verdicts))
    rewritten = sum(edit.is_shown and not edit.is_part for edit in edits) + rest.rewritten
    unfixed += len(rest.problems)
    if options.diff and not unfixed + unchecked:
        return []
    text = tally.summary(held, rewritten, unfixed, unchecked, dry=options.check or options.diff)
    # A diff has to stay one that can be applied.
    return _print(text, error=options.diff)


def _locked(options: argparse.Namespace) -> bool:
    """Write the lock; return whether that failed, which the builder reports."""
    with silent_build.built(options, "kerasshape-lock", "kerasshape.lock") as app:
        return bool(app.statuscode)


def _sources(
    verdicts: Iterable[Verdict], encoding: str, started: int
) -> tuple[dict[str, edited_files.Source], list[str]]:
    """Return the files of the claims, and a message for each file that can't be read or has changed."""
    sources, problems = {}, []
    locations = (parse_location(verdict.claim.location) for verdict in verdicts)
    for file in dict.fromkeys(os.path.realpath(location.file) for location in locations if location):
        try:
            sources[file] = edited_files.read(file, encoding)
            if Path(file).stat().st_mtime_ns > started:
                problems.append(f"{file} has changed in the meantime and was not rewritten: run fix again")
                del sources[file]
        except (OSError, SyntaxError, ValueError, LookupError) as error:
            problems.append(f"{file} can't be read: {error}")
    return sources, problems


def _change(
    options: argparse.Namespace, source: edited_files.Source, edits: list[edited_files.Edit]
) -> list[str]:
    """Change a file, or show the changes; return the problems."""
    if options.diff:
        return streams.write(edited_files.diff(source, edits), sys.stdout)
    if not options.check:
        try:
            edited_files.write(source, edits)
        except (OSError, UnicodeEncodeError, edited_files.Unfixable) as error:
            return [str(error)]
    problems = []
    for edit in edits:
        if edit.is_shown:
            old, new = (
                " ".join(_LINES.sub(" ", one).split()) or "(no row)" for one in edited_files.shown(edit)
            )
            problems += _print(f"{os.path.relpath(source.file)}:{edit.line}: {old} -> {new}")
    return problems


def _print(text: str, *, error: bool = False) -> list[str]:
    return streams.write(f"{text}\n", sys.stderr if error else sys.stdout)
