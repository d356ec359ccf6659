"""What the author is told: one located warning for each thing that is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sphinx_kerasshape.codec import shortened
from sphinx_kerasshape.diagnostics import warn
from sphinx_kerasshape.messages import Failure, Frame
from sphinx_kerasshape.problems import Problem
from sphinx_kerasshape.records import Entry, Reference, Trouble
from sphinx_kerasshape.wording import brief, hint, said

if TYPE_CHECKING:
    from sphinx_kerasshape.domain import KerasDomain
    from sphinx_kerasshape.verdicts import Verdict

_FOR_ALL = (Problem.WORKER, Problem.TENSORFLOW, Problem.NETWORK)
"""Problems that are those of no single model."""


def all_problems(domain: KerasDomain, inventory: Mapping[str, Any]) -> None:
    """Warn of everything that is wrong in the project. ``inventory`` is intersphinx's."""
    for docname in sorted(domain.pages):
        for trouble in domain.pages[docname].troubles:
            if trouble.said and docname in domain.read_now:
                continue
            warn(trouble.problem, trouble.message, trouble.location)
    _duplicates(domain)
    _failures(domain)
    _claims(domain)
    _mentions(domain)
    for docname in sorted(domain.pages):
        for reference in domain.pages[docname].references:
            if reference.target not in inventory.get(f"keras:{reference.kind}", {}):
                _reference(domain, reference)


def _claims(domain: KerasDomain) -> None:
    for verdict in verdicts(domain):
        trouble = claim_trouble(verdict)
        if trouble is not None:
            warn(trouble.problem, trouble.message, trouble.location)


def verdicts(domain: KerasDomain) -> Iterator[Verdict]:
    """Give the verdict of each claim, and of each value that is inserted."""
    names = list(domain.models())
    for docname in sorted(domain.pages):
        for claim in domain.pages[docname].claims:
            from sphinx_kerasshape.verdicts import judge  # slow to import, and not every project claims

            yield judge(claim, domain.report, names)


def claim_trouble(verdict: Verdict) -> Trouble | None:
    """Return what is wrong with a claim, if anything is."""
    claim = verdict.claim
    if verdict.problem:
        problem = Problem.CLAIM if verdict.unreadable else Problem.REF
        return Trouble(problem, verdict.problem, claim.location)
    if verdict.actual and not verdict.holds:
        return Trouble(Problem.CLAIM, claim_text(verdict), claim.location)
    return None


def _mentions(domain: KerasDomain) -> None:
    for docname in sorted(domain.pages):
        page = domain.pages[docname]
        if page.mentions:
            models = list(domain.models_of(page))
            # Where nothing is known, nothing can be doubted.
            for mention in page.mentions if models else ():
                from sphinx_kerasshape.lint import doubt

                message = doubt(mention, models)
                if message:
                    warn(
                        Problem.LINT,
                        f"{message} (a role checks it; keras:unchecked lets it be)",
                        mention.location,
                    )


def claim_text(verdict: Verdict) -> str:
    """Return the message about a claim that TensorFlow does not confirm."""
    from sphinx_kerasshape.named import plain

    claim = verdict.claim
    what = "" if claim.kind == "shape" else f"{claim.kind} "
    # In the notation of the page, and in full where that hides a part of it.
    same = plain(verdict.restated) == plain(verdict.actual)
    full = "" if same else f" ({shortened(verdict.actual, 200)})"
    return (
        f"the page states {what}{brief(claim.stated)} for {brief(claim.target)}, "
        f"but TensorFlow {shortened(verdict.version)} says {shortened(verdict.restated, 200)}{full}"
    )


def _duplicates(domain: KerasDomain) -> None:
    models = domain.models()
    for _, entry in domain.entries():
        first = entry if entry.is_code else models[entry.name][1]
        if first is not entry:
            message = f"model {said(entry.name)} is already defined at {first.location}: rename one"
            warn(Problem.NAME, message, entry.location)


def _failures(domain: KerasDomain) -> None:
    told = set()
    for _, trouble in failures(domain):
        # The same cause for all models is said once, where it is met first.
        # What fails because of another block's failure has that one's message.
        again = trouble.problem in _FOR_ALL and trouble.message in told
        if not again and trouble.problem != Problem.SESSION:
            warn(trouble.problem, trouble.message, trouble.location)
        told.add(trouble.message)


def failures(domain: KerasDomain) -> Iterator[tuple[str, Trouble]]:
    """Give the name of each model that failed, with what is to be said of it."""
    for _, entry in domain.entries():
        failure = domain.results[entry.request].failure
        if failure is None or not failure.problem:
            continue
        problem = Problem(failure.problem)
        if problem in _FOR_ALL:
            message = failure.message.replace("\n", "\n  ")
            yield entry.name, Trouble(problem, message, entry.location)
        else:
            yield entry.name, Trouble(problem, failure_text(entry, failure), _place(entry, failure))


def failure_text(entry: Entry, failure: Failure) -> str:
    """Return the whole message about a failed model, with the author's own frames."""
    lines = [f"{entry.title}: " + _message(entry, failure).replace("\n", "\n  ")]
    if _is_missing(entry, failure):
        lines.append(
            f"  :from: {brief(entry.imported)} can't be imported: is its folder on sys.path in conf.py?"
        )
    else:
        lines += [f"  {frame_text(entry, frame)}" for frame in failure.frames]
    return "\n".join(lines)


def _message(entry: Entry, failure: Failure) -> str:
    """Return a failure's message; how to mend code is of no use to who imports it."""
    what, _, _ = failure.message.partition(": ")
    if entry.imported and failure.problem == Problem.MODEL and what.startswith("'model' is no "):
        what = what.removeprefix("'model' is ")
        return f":from: {brief(entry.imported)} returned {what}"
    return failure.message


def _is_missing(entry: Entry, failure: Failure) -> bool:
    """Whether the very module that ``:from:`` names is not there."""
    if not entry.imported or failure.error is None or failure.error.type != "ModuleNotFoundError":
        return False
    parts = entry.imported.partition(":")[0].strip().split(".")
    names = [".".join(parts[: number + 1]) for number in range(len(parts))]
    return any(f"No module named {name!r}" in failure.error.message for name in names)


def frame_text(entry: Entry, frame: Frame) -> str:
    """Return a frame as a line that names a file, and the line of it."""
    file, line = _frame_place(entry, frame)
    inside = f", in {frame.function}" if frame.function not in ("", "<module>") else ""
    # Python has no text of a line that it refuses when it has read it all.
    text = f": {frame.text}" if frame.text else ""
    return f"{os.path.basename(file)}:{line}{inside}{text}"


def _frame_place(entry: Entry, frame: Frame) -> tuple[str, int]:
    if frame.file:
        return frame.file, frame.line
    if 0 < frame.block <= len(entry.blocks) and entry.blocks[frame.block - 1][0]:
        file, first = entry.blocks[frame.block - 1]
        return file, first + frame.line - 1
    if entry.code_file:
        return entry.code_file, entry.code_line + frame.line - 1
    file, _, line = entry.location.rpartition(":")
    return file, int(line or 1)


def _place(entry: Entry, failure: Failure) -> str:
    """Return the line of the page that failed: of its code, where the code stands there."""
    for frame in failure.frames:
        if not frame.file and not frame.block and entry.code_file:
            file, line = _frame_place(entry, frame)
            return f"{file}:{line}"
    return entry.location


def _reference(domain: KerasDomain, reference: Reference) -> None:
    message = _unknown(domain, reference)
    if message:
        warn(Problem.REF, message, reference.location)


def _unknown(domain: KerasDomain, reference: Reference) -> str:
    name, slash, layer = reference.target.partition("/")
    models = domain.models()
    if name not in models:
        return f"there is no model {said(name)}{hint(name, list(models))}"
    if reference.kind == "model":
        whole = f"keras:model refers to whole models; keras:layer is for {said(reference.target)}"
        return whole if slash else ""
    entry = models[name][1]
    if not slash:
        first = shortened(next(iter(domain.layers(entry)), "dense"))
        return f"keras:layer needs MODEL/LAYER, such as '{name}/{first}'"
    report = domain.report(name)
    if report is not None and report.model is None:
        return f"model {said(name)} is meant to fail, so it has no layers"
    # Of a failed model nothing is known: that has its own warning.
    layers = domain.layers(entry)
    if not layers or layer in layers:
        return ""
    return f"model {said(name)} has no layer {said(layer)}{hint(layer, layers)}"
