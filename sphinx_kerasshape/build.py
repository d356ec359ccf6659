"""One build, in the order of Sphinx's events: begin, read, run, end.

It connects the domain's records with the runner, and reports all that is wrong, on
every build anew: a warm build must not pass what a cold one refused.
"""

from __future__ import annotations

import atexit
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sphinx.locale import __
from sphinx.util.display import status_iterator

from sphinx_kerasshape import plan, report
from sphinx_kerasshape.builders import CheckBuilder, LockBuilder, ModelBuilder
from sphinx_kerasshape.cache import Cache, Result, Shown, Surroundings
from sphinx_kerasshape.codec import fingerprint
from sphinx_kerasshape.config import Settings, settings, settle
from sphinx_kerasshape.diagnostics import warn
from sphinx_kerasshape.messages import Report, Request, Versions
from sphinx_kerasshape.problems import Problem
from sphinx_kerasshape.runner import Progress, Runner
from sphinx_kerasshape.surroundings import surroundings

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

    from sphinx_kerasshape.domain import KerasDomain
    from sphinx_kerasshape.process import Worker
    from sphinx_kerasshape.records import Trouble

_PARALLEL_FROM = 6
"""Sphinx reads in parallel from so many pages on."""


class Build:
    """The state of one build: its settings, and the runner with its worker."""

    settings: Settings
    runner: Runner
    shown: Shown

    def settle(self, app: Sphinx, config: Config) -> None:
        """Say what is wrong with the settings, before Sphinx looks at them itself."""
        for problem in settle(config):
            warn(Problem.OPTION, problem, None)

    def begin(self, app: Sphinx) -> None:
        """Read the settings and open the cache; no process is started yet."""
        # Other extensions may have changed some of them since.
        self.settings, problems = settings(app.config)
        for problem in problems:
            warn(Problem.OPTION, problem, None)
        folder = self._cache_folder(app)
        # Nothing is started, not even to ask for versions, where nothing must be run.
        runs = self.settings.execution == "auto"
        around = surroundings(self.settings) if runs else Surroundings(Versions())
        self.plan = plan.make(self.settings, around, self._lock(app), Path(app.srcdir))
        self.cache = Cache(folder, around, Path(app.srcdir))
        fresh = isinstance(app.builder, CheckBuilder) and not self.settings.check_cached
        self.runner = Runner(self.cache, lambda: self.worker, self.settings.timeout, fresh)
        self.shown = Shown(folder, f"{app.builder.name}:{app.outdir}")
        self._content: dict[str, str] = {}
        _domain(app.env).output_format = app.builder.format
        _domain(app.env).file_folders = tuple(Path(app.confdir, one) for one in self.settings.file_folders)
        atexit.register(self._close)

    def expect(self, app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
        """Have a process ready where pages will be read by several others, which can only call it."""
        if not self.plan.runs:
            return
        if app.parallel > 1 and len(docnames) >= _PARALLEL_FROM and self._mentions(env, docnames):
            self._prepare(warm=False)

    def read(self, app: Sphinx, doctree: nodes.document) -> None:
        """Call for TensorFlow as soon as a page with an unknown answer was read."""
        page = _domain(app.env).pages.get(app.env.docname)
        if page and self.settings.lint and (page.models or page.claims):
            from sphinx_kerasshape import lint  # slow to import, and off in most projects

            page.mentions.extend(lint.mentions(doctree))
        entries = page.models.values() if page and self.plan.runs else ()
        if not all(self.runner.is_known(entry.request) for entry in entries):
            self._prepare(warm=True)

    def run(self, app: Sphinx, env: BuildEnvironment) -> list[str]:
        """Answer all requests of the project; return the pages that show other answers now."""
        domain = _domain(env)
        domain.results = self._results(app, domain)
        self._close()
        report.all_problems(domain, getattr(env, "intersphinx_inventory", {}))
        self._hand_over(app.builder, domain)
        if self.cache.problem:
            message = f"answers can't be kept for the next build: {self.cache.problem}"
            warn(Problem.CACHE, message, None)
        self._content = self._page_contents(domain)
        return self.shown.changed(self._content)

    def end(self, app: Sphinx, error: Exception | None) -> None:
        """Note what is shown now, and leave no process behind."""
        self._close()
        atexit.unregister(self._close)
        if error is None and self._content:
            self.shown.save(self._content)

    def _results(self, app: Sphinx, domain: KerasDomain) -> dict[Request, Result]:
        if self.plan.runs:
            names = {entry.request: entry.name for _, entry in domain.entries()}
            return self.runner.results(names, _progress(app, names))
        answers = self.plan.answers(entry for _, entry in domain.entries())
        return {request: Result.of(answer) for request, answer in answers.items()}

    def _hand_over(self, builder: Builder, domain: KerasDomain) -> None:
        """Warn of the differences from the lock, unless it is to be written; tell our own builders all."""
        drifts: list[Trouble] = []
        if not isinstance(builder, LockBuilder):
            entries = [entry for _, entry in domain.entries()]
            drifts += self.plan.drifts((entry, domain.results[entry.request]) for entry in entries)
        for drift in drifts:
            warn(drift.problem, drift.message, drift.location)
        if isinstance(builder, ModelBuilder):
            builder.take(self.plan, domain, drifts, self._how())

    def _how(self) -> str:
        if self.plan.runs:
            return "ran" if self.runner.fresh else "answered"
        return "from the lock" if self.plan.lock is not None else "not run"

    @cached_property
    def worker(self) -> Worker:
        """What runs models; made, and imported, by the first build that has something to run."""
        from sphinx_kerasshape.forking import Forking
        from sphinx_kerasshape.spawning import Spawning
        from sphinx_kerasshape.surroundings import launch

        how = launch(self.settings)
        if self.settings.executor == "spawn" or not Forking.possible():
            return Spawning(how)
        return Forking(how)

    def _prepare(self, *, warm: bool) -> None:
        """Have a process ready, or TensorFlow in it; a broken one is reported when models are to run."""
        from sphinx_kerasshape.process import Broken

        with suppress(Broken, OSError):
            self.worker.warm() if warm else self.worker.start()

    def _close(self) -> None:
        if "worker" in vars(self):
            self.worker.close()

    def _cache_folder(self, app: Sphinx) -> Path:
        if self.settings.cache_dir:
            return Path(app.confdir, self.settings.cache_dir)
        return Path(app.doctreedir).parent / ".kerasshape"

    def _lock(self, app: Sphinx) -> Path:
        """Return the path of the lock, which is no folder, lest anyone be told to delete that."""
        given, usual = (Path(app.confdir, name) for name in (self.settings.lockfile, Settings.lockfile))
        with suppress(OSError):
            if given.is_dir() and given != usual:
                problem = f"kerasshape_lockfile must be the path of a file, but {given} is a folder"
                warn(Problem.OPTION, f"{problem}; it stays {Settings.lockfile!r}", None)
                return usual
        return given

    def _mentions(self, env: BuildEnvironment, docnames: Iterable[str]) -> bool:
        return any(b"keras:model" in _content(Path(env.doc2path(name))) for name in docnames)

    def _page_contents(self, domain: KerasDomain) -> dict[str, str]:
        """Return a fingerprint of the answers that each page shows."""
        pages: dict[str, list[str]] = {}
        for docname, entry in domain.entries():
            result = domain.results[entry.request]
            pages.setdefault(docname, []).append(result.content)
            if self.settings.provenance and isinstance(result.answer, Report):
                pages[docname].append(fingerprint(result.answer.versions))
        models = domain.models()
        for docname in sorted(domain.pages):
            for claim in domain.pages[docname].claims:
                from sphinx_kerasshape import targets  # slow to import, and not every project claims

                try:
                    entry = models[targets.parse(claim.target).model][1]
                except (KeyError, targets.Unresolved):
                    continue
                pages.setdefault(docname, []).append(domain.results[entry.request].content)
        return {docname: fingerprint(contents) for docname, contents in pages.items()}


def _domain(env: BuildEnvironment) -> KerasDomain:
    return cast("KerasDomain", env.domains["keras"])


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _progress(app: Sphinx, names: Mapping[Request, str]) -> Progress:
    def show(requests: Iterator[Request], count: int) -> Iterable[Request]:
        return status_iterator(
            requests,
            __("running models... "),
            "darkgreen",
            count,
            app.verbosity,
            stringify_func=lambda request: names[request],
        )

    return show
