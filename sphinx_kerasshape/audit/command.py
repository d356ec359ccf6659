"""``python -m sphinx_kerasshape audit PATH…``: check documents that were not written for this extension."""

from __future__ import annotations

import argparse
import ast
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from sphinx_kerasshape import streams
from sphinx_kerasshape.audit import definitions, output
from sphinx_kerasshape.audit.audit import Audited, audited, documents
from sphinx_kerasshape.audit.rewriting import rewriting
from sphinx_kerasshape.audit.rewriting.rewrite import Unwritable
from sphinx_kerasshape.messages.report import Answer, Failure
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.run.launch import launch, run_environment
from sphinx_kerasshape.run.runner import Runner
from sphinx_kerasshape.run.worker_process import Worker
from sphinx_kerasshape.settings.settings import Settings
from sphinx_kerasshape.store.cache import Cache
from sphinx_kerasshape.text import escape_controls

_OPTIONS = {"kerasshape_timeout": "--timeout", " (kerasshape_memory)": "", " (kerasshape_processes)": ""}
_SECONDS_BETWEEN_LINES = 10
"""How often a log that is no terminal says how far the audit is."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument("paths", nargs="+", metavar="PATH", help="documents, or folders of documents")
    command.add_argument("--format", choices=output.FORMATS, default="text", help="how to print the results")
    command.add_argument("--quiet", action="store_true", help="print only what drifted or fails")
    command.add_argument("--diff", action="store_true", help="change nothing; print a diff of the mends")
    command.add_argument("--fix", action="store_true", help="rewrite what drifted")
    add_options_of_runs(command)


def add_options_of_runs(command: argparse.ArgumentParser) -> None:
    """Add the options that say how the documents' code is run."""
    command.add_argument(
        "--define",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        type=_definition,
        help="give a name a value that the documents don't define",
    )
    command.add_argument("--jobs", type=_at_least(0), default=0, help="models that run side by side")
    command.add_argument("--timeout", type=_at_least(1), default=60, help="seconds that a model may take")
    command.add_argument(
        "--sandbox",
        choices=("auto", "on", "off"),
        default="on",
        help="confine the documents' code: where the system can (auto), always (on, the default) or never",
    )
    command.add_argument("--network", action="store_true", help="let the documents' code use the network")
    command.add_argument("--cache-dir", default="", help="folder for answers of earlier audits")


def run(_: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Audit the documents; return the exit status: 1 for drift or failing code, 2 for bad paths."""
    paths, problems = found_documents(options.paths)
    answers = Answers.of_options(options)
    try:
        results = list(audited(paths, dict(options.define), answers.of))
    finally:
        answers.close()
    problems += [f"{one.path}: can't be read: {one.unreadable}" for one in results if one.unreadable]
    rewritten, unwritten = _rewritten(results, options)
    _print_results(results, options, rewritten)
    for problem in (*problems, *unwritten, *answers.problems()):
        streams.write(f"{escape_controls(problem)}\n", sys.stderr)
    if problems or unwritten:
        return 2
    figures = output.counts(results)
    return int(bool(figures["drifted"] - rewritten or figures["failed"]))


class Answers:
    """Answers requests from the cache, or by a worker in a sandbox; shows the progress."""

    def __init__(self, settings: Settings, cache: Path, sources: Iterable[str] = ()) -> None:
        self._settings = settings
        self._sources = sources
        self._hidden = str(cache)
        self._cache = Cache(cache, run_environment(settings, is_audit=True), Path.cwd())
        self._worker: Worker | None = None

    @classmethod
    def of_options(cls, options: argparse.Namespace) -> Answers:
        """Return what answers as the command line says."""
        settings = Settings(
            timeout=options.timeout, jobs=options.jobs, network=options.network, sandbox=options.sandbox
        )
        paths = (Path(path).absolute() for path in options.paths)
        folders = {str(path if path.is_dir() else path.parent) for path in paths}
        return cls(settings, Path(options.cache_dir or _cache_folder()), folders)

    def of(self, requests: Sequence[Request]) -> Mapping[Request, Answer]:
        """Return the answer to each request."""
        runner = Runner(self._cache, self._started, self._settings.timeout)
        results = runner.results(requests, _progress)
        return {request: _for_command(result.answer) for request, result in results.items()}

    def problems(self) -> list[str]:
        """Return what is wrong with the cache."""
        return [f"answers can't be stored: {self._cache.problem}"] if self._cache.problem else []

    def close(self) -> None:
        """End all processes."""
        if self._worker is not None:
            self._worker.close()

    def _started(self) -> Worker:
        if self._worker is None:
            from sphinx_kerasshape.run.forking import Forking
            from sphinx_kerasshape.run.spawning import Spawning

            how = launch(self._settings, self._sources, [self._hidden], is_audit=True)
            self._worker = (Forking if Forking.possible() else Spawning)(how)
        return self._worker


def _for_command(answer: Answer) -> Answer:
    """Return an answer whose failure speaks of the options of a command, not of settings."""
    if not isinstance(answer, Failure):
        return answer
    message = answer.message
    for setting, option in _OPTIONS.items():
        message = message.replace(setting, option)
    return answer._replace(message=message)


def found_documents(paths: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the documents, each once, and what is wrong with the paths."""
    found: dict[str, None] = {}
    problems = []
    for path in paths:
        try:
            here = documents(Path(path))
        except OSError as error:
            problems.append(f"{path}: {error.strerror or error}")
            continue
        if not here:
            problems.append(f"{path}: there are no documents in this folder")
        found.update(dict.fromkeys(here))
    return list(found), problems


def _rewritten(results: Sequence[Audited], options: argparse.Namespace) -> tuple[int, list[str]]:
    """Rewrite what drifted, or show how; return how many statements are true then, and what went wrong."""
    count, problems = 0, []
    for one in results if options.fix or options.diff else ():
        if one.document is None:
            continue
        mends = [
            verdict.edits for verdict in one.verdicts if rewriting.is_writable(one.document, verdict.edits)
        ]
        edits = [edit for some in mends for edit in some]
        if not edits:
            continue
        try:
            new = rewriting.mended(one.document, edits, one.data)
            if options.diff:
                streams.write(rewriting.diff(one.path, one.data, new, one.document.encoding), sys.stdout)
                continue
            rewriting.write(one.path, one.data, new)
            count += sum(map(bool, mends))
        except (OSError, Unwritable) as error:
            problems.append(f"{one.path}: can't be written: {getattr(error, 'strerror', None) or error}")
    return count, problems


def _print_results(results: Sequence[Audited], options: argparse.Namespace, rewritten: int) -> None:
    stream = sys.stderr if options.diff else sys.stdout
    if options.format == "json":
        streams.write(f"{output.as_json(results)}\n", stream)
    elif options.format == "sarif":
        streams.write(f"{output.sarif(results)}\n", stream)
    else:
        for one in results:
            lines = (
                output.github(one) if options.format == "github" else output.text(one, quiet=options.quiet)
            )
            for line in lines:
                streams.write(f"{line}\n", stream)
        streams.write(f"{output.summary(output.counts(results), rewritten)}\n", stream)


def _progress(requests: Iterator[Request], count: int) -> Iterator[Request]:
    """Pass on requests as they are answered, and show how many are."""
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    last = time.monotonic()
    if is_terminal:
        streams.write("importing TensorFlow …\r", sys.stderr)
    for number, request in enumerate(requests, 1):
        if is_terminal:
            streams.write(f"\x1b[2Krunning models: {number} of {count}\r", sys.stderr)
        elif time.monotonic() - last > _SECONDS_BETWEEN_LINES:
            streams.write(f"running models: {number} of {count}\n", sys.stderr)
            last = time.monotonic()
        yield request
    if is_terminal:
        streams.write("\x1b[2K\r", sys.stderr)


def _definition(text: str) -> tuple[str, str]:
    # `X.shape[axis=1]=3` has more than one sign: the first that leaves an expression on both sides counts.
    places = [place for place, sign in enumerate(text) if sign == "="]
    for name, value in ((text[:place].strip(), text[place + 1 :]) for place in places):
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            if (name.isidentifier() or definitions.expression(name)) and ast.parse(
                value.strip(), mode="eval"
            ):
                return name, value
    raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, such as vocab_size=10_000")


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if text.isdecimal() and int(text) >= least:
            return int(text)
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least}")

    return number


def _cache_folder() -> Path:
    """Return the folder of this user for what programs may keep between runs."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "sphinx-kerasshape" / "audit"
