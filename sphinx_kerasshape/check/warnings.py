"""Warnings to authors: one, with its location, for each problem of the project."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sphinx_kerasshape import claims
from sphinx_kerasshape.check import frames
from sphinx_kerasshape.check.diagnostics import warn
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Failure, Model, Report
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.records import Block, Claim, Finding, Page, Reference
from sphinx_kerasshape.text import excerpt, hint, quoted, truncated

if TYPE_CHECKING:
    from sphinx_kerasshape.claims.verdicts import Verdict

OF_NO_MODEL = (Problem.WORKER, Problem.TENSORFLOW, Problem.NETWORK)
"""Problems that have the same cause for all models."""


def warn_of_all(
    context: BuildContext,
    verdicts: Iterable[Verdict],
    read_pages: Collection[str],
    inventory: Mapping[str, Any],
) -> None:
    """Warn of everything that is wrong in the project.

    ``read_pages`` are those that this build has read, ``inventory`` is that of intersphinx.
    """
    for docname, page in context.pages.items():
        for finding in page.findings:
            if not (finding.reported and docname in read_pages):
                _warn(finding)
    _warn_of_duplicates(context)
    _warn_of_failures(context)
    _warn_of_remarks(context)
    if context.settings.code_warnings:
        _warn_of_code_warnings(context)
    _warn_of_claims(verdicts)
    _warn_of_mentions(context)
    _warn_of_references(context, inventory)


def _times_stated(claim: Claim, at_most: int) -> int:
    from sphinx_kerasshape.pages.positions import times_stated  # rarely needed

    return min(at_most, times_stated(claim, at_most))


def _warn_of_claims(verdicts: Iterable[Verdict]) -> None:
    """Warn of each stale claim once, also if several pages include it, or one does so twice."""
    stale = [(verdict.claim, finding) for verdict in verdicts if (finding := claim_finding(verdict))]
    findings = dict(stale)
    for claim, number in Counter(claim for claim, _ in stale).items():
        for _ in range(number if number == 1 else _times_stated(claim, number)):
            _warn(findings[claim])


def verdicts(context: BuildContext) -> list[Verdict]:
    """Return the verdict on each claim, on each value that is inserted, and on printed summaries."""
    names = list(context.models)
    stated = (claim for page in context.pages.values() for claim in page.claims)
    found = [
        claims.verdicts.judge(claim, context.report, names, context.language, context.request)
        for claim in stated
    ]
    if any(page.summaries for page in context.pages.values()):
        from sphinx_kerasshape.check.summaries import summary_verdicts  # few projects have any

        found += summary_verdicts(context)
    if any(block.request.looks for _, block in context.blocks()):
        from sphinx_kerasshape.check.comments import comment_verdicts  # likewise

        found += comment_verdicts(context)
    return found


def claim_finding(verdict: Verdict) -> Finding | None:
    """Return what is wrong with a claim; ``None`` if it holds."""
    claim = verdict.claim
    if verdict.problem:
        problem = Problem.CLAIM if verdict.unreadable else Problem.REF
        return Finding(problem, verdict.problem, claim.location)
    if verdict.actual and not verdict.holds:
        return Finding(Problem.CLAIM, claim_text(verdict), claim.location)
    return None


def claim_text(verdict: Verdict) -> str:
    """Return the message about a claim that does not hold."""
    claim = verdict.claim
    if claim.kind == "comment":
        stated, actual = excerpt(claim.stated), truncated(verdict.actual, 200)
        return f"the comment states {stated}, but TensorFlow {truncated(verdict.version)} says {actual}"
    actual = truncated(verdict.actual, 200) + (" B" if claim.kind == "bytes" else "")
    is_shape = verdict.restated.startswith("(")
    full = "" if _is_full(verdict) else f", in full {actual}" if is_shape else f" ({actual})"
    return (
        f"the page states {_stated(verdict)} for {excerpt(claim.target)}, "
        f"but TensorFlow {truncated(verdict.version)} says {truncated(verdict.said, 200)}{full}"
    )


def _stated(verdict: Verdict) -> str:
    """Return what a claim states, with the noun that it needs in a sentence."""
    claim, stated = verdict.claim, excerpt(verdict.claim.stated)
    if verdict.noun:
        return f"{stated} {verdict.noun}"
    if claim.kind == "layers" and verdict.count is None:
        return f"the layers {stated}"
    if claim.kind in ("type", "connected"):
        return f"the {'type' if claim.kind == 'type' else 'connection to'} {stated}"
    return stated


def _is_full(verdict: Verdict) -> bool:
    """Whether the value in the notation of the page hides no part of it."""
    if verdict.count is not None and verdict.claim.kind != "layers":
        return re.sub(r"\D", "", verdict.restated) == str(verdict.count)
    ascii_text = claims.named_sizes.ascii_text
    return ascii_text(verdict.restated) == ascii_text(verdict.actual)


def failures(context: BuildContext) -> Iterator[tuple[str, Finding]]:
    """Yield the name of each model that failed, with the message about it."""
    for docname, block in context.blocks():
        failure = context.results[block.request].failure
        if failure is None or failure.problem is None:
            continue
        if failure.problem in OF_NO_MODEL:
            message = failure.message.replace("\n", "\n  ")
            yield block.name, Finding(failure.problem, message, block.location)
        else:
            location = frames.location(block, failure.frames)
            from sphinx_kerasshape.check import mends  # only a failed model needs it

            mended = failure._replace(mend=mends.mend(context, docname, block, failure))
            yield block.name, Finding(failure.problem, failure_text(block, mended), location)


def failure_text(block: Block, failure: Failure) -> str:
    """Return the message about a failed model, with the frames of the author's code."""
    is_missing = _is_missing(block, failure)
    first, newline, rest = _message(block, failure).partition("\n")
    mend = "" if is_missing else failure.mend
    message = (first.removesuffix(".") if mend.startswith(":") else first) + mend + newline + rest
    lines = [f"{block.title}: " + message.replace("\n", "\n  ")]
    if is_missing:
        if failure.mend.startswith(";"):
            return "\n".join([*lines, f"  :from: {excerpt(block.imported)} can't be imported{failure.mend}"])
        module = block.imported.partition(":")[0].strip()
        package = module.partition(".")[0]
        mend = f"check the name {quoted(module)}"
        if f"No module named {package!r}" in _error_message(failure):
            mend += f", or add the folder that contains {quoted(package)} to sys.path in conf.py"
        lines.append(f"  :from: {excerpt(block.imported)} can't be imported: {mend}")
    else:
        lines += [f"  {frames.text(block, frame)}" for frame in failure.frames]
    return "\n".join(lines)


def _warn(finding: Finding) -> None:
    warn(finding.problem, finding.message, finding.location)


def _warn_of_duplicates(context: BuildContext) -> None:
    for _, block in context.blocks():
        first = block if block.is_code else context.models[block.name][1]
        if first is not block and not _are_views(first, block):
            message = (
                f"model {quoted(block.name)} is already defined at {first.location}: rename one of the two"
            )
            warn(Problem.NAME, message, block.location)


def _are_views(first: Block, block: Block) -> bool:
    """Whether two blocks show one model in different outputs, by the directive ``only``."""
    same = all(getattr(first.request, name) == getattr(block.request, name) for name in ("code", "file"))
    return bool(first.only or block.only) and first.only != block.only and same and not block.is_code


def _warn_of_failures(context: BuildContext) -> None:
    """Warn of failed models, once of a cause that all have in common."""
    messages = set()
    of_pages = (finding for page in context.pages.values() for finding in page.findings)
    without_input = {finding.location for finding in of_pages if finding.message.startswith(":input:")}
    for _, finding in failures(context):
        is_repeated = finding.problem in OF_NO_MODEL and finding.message in messages
        # The page says :input:, which can't be read: that is one fault.
        is_repeated |= finding.problem is Problem.UNBUILT and finding.location in without_input
        # A block that was not run because an earlier one failed needs no message of its own.
        if not is_repeated and finding.problem != Problem.SESSION:
            _warn(finding)
        messages.add(finding.message)


def _warn_of_remarks(context: BuildContext) -> None:
    for _, block in context.blocks():
        for problem, text in context.results[block.request].remarks:
            warn(problem, f"{block.title}: {text}", block.location)
        answer = context.results[block.request].answer if block.unseen else None
        if isinstance(answer, Report) and answer.output.strip():
            _warn(block.unseen_output(block.unseen))


def _warn_of_code_warnings(context: BuildContext) -> None:
    from sphinx_kerasshape.check import code_warnings  # off in most projects

    for finding in code_warnings.findings(context):
        _warn(finding)


def _warn_of_mentions(context: BuildContext) -> None:
    for page in context.pages.values():
        models = dict(_models_of(page, context)) if page.mentions else {}
        # Without any report there is nothing to compare with.
        for mention in page.mentions if models else ():
            if message := claims.doubts.doubt(mention, models.values(), context.language, models):
                advice = "correct the text, let a role check it, or write keras:unchecked if it is meant"
                warn(Problem.LINT, f"{message}: {advice}", mention.location)


def _models_of(page: Page, context: BuildContext) -> Iterator[tuple[str, Model]]:
    """Yield the names and the models that a page shows, or states values of."""
    targets = claims.targets
    names = {block.name for block in page.blocks.values()}
    names |= {summary.model for summary in page.summaries}
    for claim in page.claims:
        with suppress(targets.Unresolved):
            names.add(targets.parse(claim.target).model)
    for name in sorted(names & context.models.keys()):
        report = context.report(name)
        if report is not None and report.model is not None:
            yield name, report.model


def _warn_of_references(context: BuildContext, inventory: Mapping[str, Any]) -> None:
    for page in context.pages.values():
        for reference in page.references:
            is_external = reference.target in inventory.get(f"keras:{reference.kind}", {})
            if not is_external and (message := _reference_problem(context, reference)):
                warn(Problem.REF, message, reference.location)


def _reference_problem(context: BuildContext, reference: Reference) -> str:
    """Return what is wrong with a reference; empty if its target exists."""
    name, slash, layer = reference.target.partition("/")
    if unknown := context.unknown(name):
        return unknown
    if reference.kind == "model":
        whole = f"keras:model refers to a whole model: use keras:layer for {quoted(reference.target)}"
        return whole if slash else ""
    _, block = context.models[name]
    layers = context.layers(block)
    if not slash:
        example = f"{name}/{truncated(next(iter(layers), 'dense'))}"
        return f"keras:layer needs a layer behind the name of the model: write, for instance, {example}"
    report = context.report(name)
    if report is not None and report.model is None:
        return f"the code of {quoted(name)} is meant to fail (:raises:), so it has no layers"
    # The layers of a failed model are unknown; its failure has a message of its own.
    if not layers or layer in layers:
        return ""
    return f"model {quoted(name)} has no layer {quoted(layer)}{hint(layer, layers)}"


def _message(block: Block, failure: Failure) -> str:
    """Return the message of a failure, without advice on code to those who import it."""
    _, is_other, value = failure.message.partition(": ")[0].partition("'model' is not a Keras model but ")
    if block.imported and failure.problem == Problem.MODEL and is_other:
        return f":from: {excerpt(block.imported)} returned {value}, not a Keras model"
    return failure.message


def _is_missing(block: Block, failure: Failure) -> bool:
    """Whether the module that ``:from:`` names is missing, rather than one that it imports."""
    if not block.imported or failure.error is None or failure.error.type != "ModuleNotFoundError":
        return False
    parts = block.imported.partition(":")[0].strip().split(".")
    names = [".".join(parts[: number + 1]) for number in range(len(parts))]
    return any(f"No module named {name!r}" in _error_message(failure) for name in names)


def _error_message(failure: Failure) -> str:
    return failure.error.message if failure.error else ""
