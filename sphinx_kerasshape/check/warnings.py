"""What the author is told: one located warning for each thing that is wrong."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sphinx_kerasshape.check.diagnostics import warn
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Failure, Frame, Model
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.records import Block, Finding, Page, Reference
from sphinx_kerasshape.text import excerpt, hint, quoted, truncated

if TYPE_CHECKING:
    from sphinx_kerasshape.claims.verdicts import Verdict

_FOR_ALL = (Problem.WORKER, Problem.TENSORFLOW, Problem.NETWORK)
"""Problems that are those of no single model."""


def warn_of_all(context: BuildContext, read_now: Collection[str], inventory: Mapping[str, Any]) -> None:
    """Warn of everything that is wrong in the project.

    ``read_now`` are the pages that this build has read, ``inventory`` is intersphinx's.
    """
    for docname, page in context.pages.items():
        for finding in page.findings:
            if not (finding.reported and docname in read_now):
                warn(finding.problem, finding.message, finding.location)
    _warn_of_duplicates(context)
    _warn_of_failures(context)
    for verdict in verdicts(context):
        if (drift := claim_finding(verdict)) is not None:
            warn(drift.problem, drift.message, drift.location)
    _warn_of_mentions(context)
    for page in context.pages.values():
        for reference in page.references:
            if reference.target not in inventory.get(f"keras:{reference.kind}", {}):
                _warn_of_reference(context, reference)


def verdicts(context: BuildContext) -> Iterator[Verdict]:
    """Yield the verdict of each claim, and of each value that is inserted."""
    names = list(context.models)
    for page in context.pages.values():
        for claim in page.claims:
            from sphinx_kerasshape.claims.verdicts import (
                judge,  # slow to import, and not every project claims
            )

            yield judge(claim, context.report, names)


def claim_finding(verdict: Verdict) -> Finding | None:
    """Return what is wrong with a claim, if anything is."""
    claim = verdict.claim
    if verdict.problem:
        problem = Problem.CLAIM if verdict.unreadable else Problem.REF
        return Finding(problem, verdict.problem, claim.location)
    if verdict.actual and not verdict.holds:
        return Finding(Problem.CLAIM, claim_text(verdict), claim.location)
    return None


def _warn_of_mentions(context: BuildContext) -> None:
    for page in context.pages.values():
        models = list(_models_of(page, context)) if page.mentions else []
        # Where nothing is known, nothing can be doubted.
        for mention in page.mentions if models else ():
            from sphinx_kerasshape.claims.doubts import doubt

            if message := doubt(mention, models):
                hint = "(a role checks it; keras:unchecked lets it be)"
                warn(Problem.LINT, f"{message} {hint}", mention.location)


def _models_of(page: Page, context: BuildContext) -> Iterator[Model]:
    """Yield the models that a page shows, or states values of."""
    from sphinx_kerasshape.claims import targets

    names = {block.name for block in page.blocks.values()}
    for claim in page.claims:
        with suppress(targets.Unresolved):
            names.add(targets.parse(claim.target).model)
    for name in sorted(names & context.models.keys()):
        report = context.report(name)
        if report is not None and report.model is not None:
            yield report.model


def claim_text(verdict: Verdict) -> str:
    """Return the message about a claim that TensorFlow does not confirm."""
    from sphinx_kerasshape.claims.named_sizes import plain

    claim = verdict.claim
    what = "" if claim.kind == "shape" else f"{claim.kind} "
    # In the notation of the page, and in full where that hides a part of it.
    same = plain(verdict.restated) == plain(verdict.actual)
    full = "" if same else f" ({truncated(verdict.actual, 200)})"
    return (
        f"the page states {what}{excerpt(claim.stated)} for {excerpt(claim.target)}, "
        f"but TensorFlow {truncated(verdict.version)} says {truncated(verdict.restated, 200)}{full}"
    )


def _warn_of_duplicates(context: BuildContext) -> None:
    for _, block in context.blocks():
        first = block if block.is_code else context.models[block.name][1]
        if first is not block:
            message = f"model {quoted(block.name)} is already defined at {first.location}: rename one"
            warn(Problem.NAME, message, block.location)


def _warn_of_failures(context: BuildContext) -> None:
    told = set()
    for _, finding in failures(context):
        # The same cause for all models is said once, where it is met first.
        # What fails because of another block's failure has that one's message.
        again = finding.problem in _FOR_ALL and finding.message in told
        if not again and finding.problem != Problem.SESSION:
            warn(finding.problem, finding.message, finding.location)
        told.add(finding.message)


def failures(context: BuildContext) -> Iterator[tuple[str, Finding]]:
    """Yield the name of each model that failed, with what is to be said of it."""
    for _, block in context.blocks():
        failure = context.results[block.request].failure
        if failure is None or failure.problem is None:
            continue
        if failure.problem in _FOR_ALL:
            message = failure.message.replace("\n", "\n  ")
            yield block.name, Finding(failure.problem, message, block.location)
        else:
            yield block.name, Finding(failure.problem, failure_text(block, failure), _place(block, failure))


def failure_text(block: Block, failure: Failure) -> str:
    """Return the whole message about a failed model, with the author's own frames."""
    lines = [f"{block.title}: " + _message(block, failure).replace("\n", "\n  ")]
    if _is_missing(block, failure):
        lines.append(
            f"  :from: {excerpt(block.imported)} can't be imported: is its folder on sys.path in conf.py?"
        )
    else:
        lines += [f"  {frame_text(block, frame)}" for frame in failure.frames]
    return "\n".join(lines)


def _message(block: Block, failure: Failure) -> str:
    """Return a failure's message; how to mend code is of no use to who imports it."""
    what, _, _ = failure.message.partition(": ")
    if block.imported and failure.problem == Problem.MODEL and what.startswith("'model' is no "):
        what = what.removeprefix("'model' is ")
        return f":from: {excerpt(block.imported)} returned {what}"
    return failure.message


def _is_missing(block: Block, failure: Failure) -> bool:
    """Whether the very module that ``:from:`` names is not there."""
    if not block.imported or failure.error is None or failure.error.type != "ModuleNotFoundError":
        return False
    parts = block.imported.partition(":")[0].strip().split(".")
    names = [".".join(parts[: number + 1]) for number in range(len(parts))]
    return any(f"No module named {name!r}" in failure.error.message for name in names)


def frame_text(block: Block, frame: Frame) -> str:
    """Return a frame as a line that names a file, and the line of it."""
    file, line = _frame_place(block, frame)
    inside = f", in {frame.function}" if frame.function not in ("", "<module>") else ""
    # Python has no text of a line that it refuses when it has read it all.
    text = f": {frame.text}" if frame.text else ""
    return f"{os.path.basename(file)}:{line}{inside}{text}"


def _frame_place(block: Block, frame: Frame) -> tuple[str, int]:
    if frame.file:
        return frame.file, frame.line
    if 0 < frame.block <= len(block.blocks) and block.blocks[frame.block - 1][0]:
        file, first = block.blocks[frame.block - 1]
        return file, first + frame.line - 1
    if block.code_file:
        return block.code_file, block.code_line + frame.line - 1
    file, _, line = block.location.rpartition(":")
    return file, int(line or 1)


def _place(block: Block, failure: Failure) -> str:
    """Return the line of the page that failed: of its code, where the code stands there."""
    for frame in failure.frames:
        if not frame.file and not frame.block and block.code_file:
            file, line = _frame_place(block, frame)
            return f"{file}:{line}"
    return block.location


def _warn_of_reference(context: BuildContext, reference: Reference) -> None:
    message = _unknown(context, reference)
    if message:
        warn(Problem.REF, message, reference.location)


def _unknown(context: BuildContext, reference: Reference) -> str:
    name, slash, layer = reference.target.partition("/")
    if name not in context.models:
        return f"there is no model {quoted(name)}{hint(name, list(context.models))}"
    if reference.kind == "model":
        whole = f"keras:model refers to whole models; keras:layer is for {quoted(reference.target)}"
        return whole if slash else ""
    _, block = context.models[name]
    layers = context.layers(block)
    if not slash:
        first = truncated(next(iter(layers), "dense"))
        return f"keras:layer needs MODEL/LAYER, such as '{name}/{first}'"
    report = context.report(name)
    if report is not None and report.model is None:
        return f"model {quoted(name)} is meant to fail, so it has no layers"
    # Of a failed model nothing is known: that has its own warning.
    if not layers or layer in layers:
        return ""
    return f"model {quoted(name)} has no layer {quoted(layer)}{hint(layer, layers)}"
