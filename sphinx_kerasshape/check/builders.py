"""The builders ``kerasshape-check`` and ``kerasshape-lock``, which write no pages."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.builders.dummy import DummyBuilder
from sphinx.util import logging

from sphinx_kerasshape import store
from sphinx_kerasshape.check.diagnostics import warn
from sphinx_kerasshape.files import write_atomically
from sphinx_kerasshape.messages.problems import Problem

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from sphinx_kerasshape.check.ledger import Ledger
    from sphinx_kerasshape.claims.verdicts import Verdict
    from sphinx_kerasshape.pages.context import BuildContext
    from sphinx_kerasshape.pages.records import Finding
    from sphinx_kerasshape.run.plan import Plan

logger = logging.getLogger(__name__)


class ModelBuilder(DummyBuilder):
    """A builder that needs the ledger of the build, and no pages."""

    plan: Plan
    ledger: Ledger

    def __init__(self, app: Sphinx, env: BuildEnvironment) -> None:
        super().__init__(app, env)
        self._application = app  # Sphinx 9 has deprecated Builder.app

    def write(  # type: ignore[misc]
        self, build_docnames: Iterable[str] | None, updated_docnames: Iterable[str], method: str = "update"
    ) -> None:
        """Write and resolve no page: up to version 8.0, Sphinx has no other way to prevent that."""

    def take(
        self,
        plan: Plan,
        context: BuildContext,
        verdicts: Sequence[Verdict],
        drifts: Iterable[Finding],
        how: str,
    ) -> None:
        """Make the ledger of a build whose models are all answered."""
        from sphinx_kerasshape.check import warnings
        from sphinx_kerasshape.check.ledger import Ledger  # every build imports this module, few need that

        findings = [finding for page in context.pages.values() for finding in page.findings]
        unclear = [warnings.claim_finding(verdict) for verdict in verdicts if verdict.problem]
        self.plan = plan
        self.ledger = Ledger(
            models=tuple(
                (block, context.results[block.request].answer) for _, block in context.every_block()
            ),
            verdicts=tuple(verdict for verdict in verdicts if verdict.claim.stated),
            failures=(
                *warnings.failures(context),
                *(("", finding) for finding in (*findings, *unclear, *drifts) if finding is not None),
            ),
            versions=plan.versions,
            source=plan.root,
            how=how,
            statements=tuple(one for page in context.pages.values() for one in page.statements),
        )

    @abstractmethod
    def finish(self) -> None:
        """Do what the builder is for."""


class CheckBuilder(ModelBuilder):
    """Runs every model, whatever is in the cache, and reports whether each claim holds."""

    name = "kerasshape-check"
    epilog = "The claims are in %(outdir)s/output.txt, models and claims in %(outdir)s/report.json."

    def finish(self) -> None:
        """Print the ledger and write it to both files; fail if anything is wrong."""
        from sphinx_kerasshape.messages.pretty import pretty

        lines = list(self.ledger.lines())
        for line in lines:
            logger.info("%s", line)
        text = "".join(f"{line}\n" for line in lines)
        self._write("output.txt", text)
        self._write("report.json", f"{pretty(self.ledger.data())}\n")
        if self.plan.is_off:
            warn(Problem.TENSORFLOW, f"nothing is checked: {self.plan.failure.message}", None)
        if self.plan.is_off or not self.ledger.is_fine:
            self._application.statuscode = 1

    def _write(self, name: str, text: str) -> None:
        try:
            write_atomically(Path(self.outdir, name), text.encode(errors="backslashreplace"))
        except OSError as error:
            warn(Problem.CACHE, f"{name} can't be written: {error}", None)
            self._application.statuscode = 1


class LockBuilder(ModelBuilder):
    """Writes the lock."""

    name = "kerasshape-lock"

    def finish(self) -> None:
        """Write the lock, unless the old one is bad or an answer is missing."""
        path, problem = self.plan.path, self.plan.lock_problem
        if problem is not None:
            message = f"{problem.message}; it is not overwritten: delete it, and run this builder again"
            self._refuse(message, problem.location)
            return
        reason = self._objection()
        if reason:
            self._refuse(f"{path.name} is not written: {reason}")
            return
        models = {name: (block.request, answer) for name, (block, answer) in self.ledger.reports().items()}
        data = store.lock.to_bytes(models, self.ledger.versions, self.plan.root, self.plan.prelude_digest)
        try:
            if path.exists() and path.read_bytes() == data:
                logger.info("%s is unchanged (%s models)", path, len(models))
                return
            write_atomically(path, data)
        except OSError as error:
            self._refuse(f"{path.name} can't be written: {error}")
            return
        logger.info("%s is written (%s models)", path, len(models))

    def _objection(self) -> str:
        """Return the reason not to write the lock; empty if there is none."""
        if not self.plan.runs:
            return f"no model was run: {self.plan.failure.message}"
        failed = [model for model, _ in self.ledger.failures if model]
        return f"there is no answer for {', '.join(failed)}" if failed else ""

    def _refuse(self, message: str, location: str | None = None) -> None:
        warn(Problem.LOCK, message, location)
        self._application.statuscode = 1
