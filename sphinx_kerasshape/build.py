"""One build, in the order of Sphinx's events: begin, read, run, end.

A build makes the :class:`.BuildContext`, has the requests of all pages answered, and warns of everything
that is wrong. Every build repeats every warning: a warm build must not pass if a cold one failed.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.locale import __
from sphinx.util.display import status_iterator

from sphinx_kerasshape.check import warnings
from sphinx_kerasshape.check.builders import CheckBuilder, LockBuilder, ModelBuilder
from sphinx_kerasshape.check.diagnostics import logger, warn
from sphinx_kerasshape.messages.codec import fingerprint
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Versions
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.messages.result import Result
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.domain import domain_of
from sphinx_kerasshape.pages.records import PLAIN_FIELD, Block, Finding, Page
from sphinx_kerasshape.render.fingerprints import fingerprints
from sphinx_kerasshape.run import plan
from sphinx_kerasshape.run.launch import run_environment
from sphinx_kerasshape.run.runner import Progress, Runner
from sphinx_kerasshape.settings.places import cache_folder, lock_path
from sphinx_kerasshape.settings.settings import read_settings, settle
from sphinx_kerasshape.store.cache import Cache, RunEnvironment
from sphinx_kerasshape.store.page_fingerprints import PageFingerprints

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment
    from sphinx.util.tags import Tags

    from sphinx_kerasshape.claims.verdicts import Verdict
    from sphinx_kerasshape.run.worker_process import Worker

_TITLES = "<titles>"
"""The name of the fingerprint of all titles, among those of pages."""
_MIN_PARALLEL_PAGES = 6
"""With fewer pages, Sphinx does not read in parallel."""


class Build:
    """The state of one build: its context, its plan, and the runner with its worker."""

    context: BuildContext
    plan: plan.Plan
    runner: Runner
    cache: Cache
    page_fingerprints: PageFingerprints

    def settle(self, app: Sphinx, config: Config) -> None:
        """Warn of settings that can't be used, before Sphinx checks them itself."""
        for problem in settle(config):
            warn(Problem.OPTION, problem, None)

    def begin(self, app: Sphinx) -> None:
        """Read the settings, make the plan and open the cache; no worker is started yet."""
        # Other extensions may have changed settings since ``settle``.
        settings, problems = read_settings(app.config)
        folder = Path(app.confdir)
        lock, lock_problem = lock_path(settings, folder)
        for problem in (*problems, *filter(None, [lock_problem])):
            warn(Problem.OPTION, problem, None)
        folders = (app.srcdir, *(Path(app.confdir, folder) for folder in settings.file_folders))
        language = app.config.language or "en"
        has_tags = _has_tags(app.builder.tags)
        self.context = BuildContext(
            settings, language, app.builder.format, has_tags, tuple(map(Path, folders)), folder
        )
        domain_of(app.env).context = self.context
        places = cache_folder(settings, folder, Path(app.doctreedir))
        # If nothing may run, no interpreter is asked for its versions either.
        runs = settings.execution == "auto"
        environment = run_environment(settings) if runs else RunEnvironment(Versions())
        self.plan = plan.make(settings, environment, lock, Path(app.srcdir))
        self.cache = Cache(places, environment, Path(app.srcdir))
        fresh = isinstance(app.builder, CheckBuilder) and not settings.check_cached
        self.runner = Runner(self.cache, lambda: self.worker, settings.timeout, fresh=fresh)
        hidden = (app.outdir, app.doctreedir, places, lock)
        self._places = (tuple(map(str, (app.confdir, *folders))), tuple(map(str, hidden)))
        self.page_fingerprints = PageFingerprints(places, f"{app.builder.name}:{app.outdir}")
        self._fingerprints: dict[str, str] = {}
        self._read_now: frozenset[str] = frozenset()
        atexit.register(self._close)

    def expect(self, app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
        """Start the worker before other processes read the pages: those can only ask it for TensorFlow."""
        self._read_now = frozenset(docnames)
        if not self.plan.runs:
            return
        if app.parallel > 1 and len(docnames) >= _MIN_PARALLEL_PAGES and self._mention_models(env, docnames):
            self._prepare(warm=False)

    def read(self, app: Sphinx, doctree: nodes.document) -> None:
        """Complete the record of a page; if it has an unknown answer, import TensorFlow in the background."""
        page = self._recorded(app.env)
        if page is None:
            return
        self._complete(page, doctree)
        blocks = page.every_block() if self.plan.runs else ()
        if not all(self.runner.is_known(block.request) for block in blocks):
            self._prepare(warm=True)

    def _complete(self, page: Page, doctree: nodes.document) -> None:
        """Add to a record what only the whole page tells. Few pages need what is imported here."""
        blocks = page.blocks.values()
        if self.context.settings.lint and (blocks or page.claims):
            from sphinx_kerasshape.collect.mentions import mentions

            codes = [f"{block.request.prelude}\n{block.request.code}" for block in blocks]
            page.mentions.extend(mentions(doctree, codes, self.context.language))
        if any(block.is_annotated or "#" in block.request.code for block in blocks):
            from sphinx_kerasshape.check.comments import set_looks

            set_looks(page)
        if page.claims:
            from sphinx_kerasshape.collect.titles import titles

            page.titles = titles(doctree)
        if blocks:
            from sphinx_kerasshape.collect.conditions import set_conditions

            set_conditions(doctree, page)

    def _recorded(self, env: BuildEnvironment) -> Page | None:
        """Return the record of the page that was read, with its plain code if that is to be checked."""
        if self.context.settings.plain != "off" or PLAIN_FIELD in env.metadata[env.docname]:
            from sphinx_kerasshape.check import plain  # off in most projects

            plain.read(env, self.context)
        return domain_of(env).pages.get(env.docname)

    def run(self, app: Sphinx, env: BuildEnvironment) -> list[str]:
        """Answer all requests and warn of all problems; return the pages whose answers have changed."""
        domain = domain_of(env)
        context = self.context.with_results(domain.pages, {})
        deferred = self._deferred(app.builder, context)
        results = self._results(app, [block for _, block in context.every_block()], deferred)
        self.context = domain.context = context.with_results(context.pages, results)
        if "worker" in vars(self) and self.worker.sandbox:
            logger.verbose("kerasshape: the sandbox keeps code from %s", self.worker.sandbox)
        has_plain = any(page.plain is not None for page in context.pages.values())
        unfit = self._judge_plain(app) if has_plain else []
        self._close()
        inventory = getattr(env, "intersphinx_inventory", {})
        verdicts = warnings.verdicts(self.context)
        warnings.warn_of_all(self.context, verdicts, self._read_now, inventory)
        self._hand_over(app.builder, verdicts, unfit)
        if self.cache.problem:
            message = (
                f"answers can't be stored, so the next build runs all models again: {self.cache.problem}"
            )
            warn(Problem.CACHE, message, None)
        self._fingerprints = fingerprints(self.context)
        if any(page.titles for page in self.context.pages.values()):
            from sphinx_kerasshape.render.titles import fill_titles

            self._fingerprints[_TITLES] = fingerprint(fill_titles(env, self.context, verdicts))
        changed = self.page_fingerprints.changed(self._fingerprints)
        # Any page may show the title of any other, in its text or beside it.
        return sorted(env.found_docs) if _TITLES in changed else changed

    def end(self, app: Sphinx, error: Exception | None) -> None:
        """Store the fingerprints of the pages, and end all processes."""
        self._close()
        atexit.unregister(self._close)
        if error is None and self._fingerprints:
            self.page_fingerprints.save(self._fingerprints)

    def _results(
        self, app: Sphinx, blocks: Sequence[Block], deferred: Collection[Request] = ()
    ) -> dict[Request, Result]:
        if self.plan.runs:
            names = {block.request: block.name for block in blocks}
            return self.runner.results(names, _progress(app, names), deferred)
        answers = self.plan.answers(blocks)
        return {request: Result.of(answer) for request, answer in answers.items()}

    def _judge_plain(self, app: Sphinx) -> list[Finding]:
        """Judge what stands beside plain code, and warn of what is wrong; return why some can't run."""
        from sphinx_kerasshape.check import plain  # off in most projects

        results = plain.judge(self.context, lambda blocks: self._results(app, blocks))
        context = self.context.with_results(self.context.pages, results)
        self.context = domain_of(app.env).context = context
        failures = list(plain.failures(context))
        for finding in (*failures, *plain.drifts(context, self.plan.versions.tensorflow)):
            warn(finding.problem, finding.message, finding.location)
        return failures

    def _deferred(self, builder: Builder, context: BuildContext) -> set[Request]:
        """Return the requests of unchanged pages only, which may not be written."""
        if isinstance(builder, ModelBuilder):
            return set()
        written = self.page_fingerprints.pages.keys() - self._read_now
        known = {block.request for docname, block in context.every_block() if docname in written}
        return known - {block.request for docname, block in context.every_block() if docname not in written}

    def _hand_over(self, builder: Builder, verdicts: Sequence[Verdict], unfit: Sequence[Finding]) -> None:
        """Warn of differences from the lock, unless this build writes it; give our builders the results."""
        context = self.context
        results = ((block, context.results[block.request]) for _, block in context.every_block())
        drifts = [] if isinstance(builder, LockBuilder) else list(self.plan.drifts(results))
        for drift in drifts:
            warn(drift.problem, drift.message, drift.location)
        if isinstance(builder, ModelBuilder):
            builder.take(self.plan, context, verdicts, [*unfit, *drifts], self._how())

    def _how(self) -> str:
        if self.plan.runs:
            return "ran" if self.runner.fresh else "answered"
        return "from the lock" if self.plan.lock is not None else "not run"

    def _mention_models(self, env: BuildEnvironment, docnames: Iterable[str]) -> bool:
        mark = b"keras:model" if self.context.settings.plain == "off" else b"keras"
        return any(mark in _source(Path(env.doc2path(name))) for name in docnames)

    @cached_property
    def worker(self) -> Worker:
        """The process that runs models, made by the first build that has something to run."""
        from sphinx_kerasshape.run.forking import Forking
        from sphinx_kerasshape.run.launch import launch
        from sphinx_kerasshape.run.spawning import Spawning

        spawns = self.context.settings.executor == "spawn" or not Forking.possible()
        return (Spawning if spawns else Forking)(launch(self.context.settings, *self._places))

    def _prepare(self, *, warm: bool) -> None:
        """Start the worker, or make it import TensorFlow. If it fails, that is reported when models run."""
        from sphinx_kerasshape.run.worker_process import WorkerFailed

        with suppress(WorkerFailed, OSError):
            self.worker.warm() if warm else self.worker.start()

    def _close(self) -> None:
        if "worker" in vars(self):
            self.worker.close()


def _has_tags(tags: Tags) -> Callable[[str], bool]:
    """Return the function that evaluates conditions of ``only``."""

    def has_tags(condition: str) -> bool:
        try:
            return tags.eval_condition(condition)
        except Exception:  # as Sphinx does, which warns, and writes what depends on it
            return True

    return has_tags


def _source(path: Path) -> bytes:
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
