"""Comments in the code of directives: shapes and counts that they state of their lines are claims."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_kerasshape.audit import looks, verdict
from sphinx_kerasshape.check.summaries import RowVerdict
from sphinx_kerasshape.claims.verdicts import Verdict
from sphinx_kerasshape.messages.report import Report
from sphinx_kerasshape.messages.request import Step
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.records import Block, Claim, Page

KIND = "comment"
"""The kind of claims that are comments in code."""


def set_looks(page: Page) -> None:
    """Have the requests of a page's blocks ask for the values of lines that hints and comments need."""
    sessions: dict[str, list[Step]] = {}
    for key, block in page.blocks.items():
        earlier = sessions.setdefault(block.session, []) if block.session else []
        found = looks.looks(block.request.code, is_annotated=block.is_annotated, is_checked=not block.is_off)
        request = block.request._replace(looks=found, earlier=tuple(earlier))
        page.blocks[key] = block._replace(request=request)
        earlier.append(request.step())


def comment_verdicts(context: BuildContext) -> Iterator[Verdict]:
    """Yield the verdicts on the comments of all blocks; what includes share is stated once."""
    for _, block in context.blocks():
        if any(not look.hint for look in block.request.looks):
            yield from _of_block(block, context)


def _of_block(block: Block, context: BuildContext) -> Iterator[Verdict]:
    answer = context.results[block.request].answer
    report = answer if isinstance(answer, Report) else Report()
    failed = "" if isinstance(answer, Report) else answer.message.partition("\n")[0]
    file, first = (block.code_file, block.code_line) if block.code_file else (block.request.origin, 1)
    for one in looks.verdicts(block.request, report.observations):
        line = first + block.request.code.count("\n", 0, one.place.start)
        claim = Claim(KIND, block.name, one.stated, f"{file}:{line}")
        is_drifted, version = one.verdict == verdict.DRIFTED, report.versions.tensorflow
        if one.verdict == verdict.UNCHECKED:
            yield Verdict(claim, holds=False, reason=failed or one.reason)
        else:
            yield RowVerdict(
                claim,
                holds=not is_drifted,
                actual=one.actual if is_drifted else one.stated,
                restated=one.actual if is_drifted else one.stated,
                version=version,
                text=block.request.code,
                text_location=f"{file}:{first}",
                edits=tuple(edit for edit in one.edits if isinstance(edit, verdict.Edit)),
                in_table=False,
            )
