"""The repair of what stands beside plain code (``kerasshape_plain``), by ``fix``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sphinx_kerasshape import files
from sphinx_kerasshape.audit import plain
from sphinx_kerasshape.audit.rewriting import rewriting
from sphinx_kerasshape.audit.rewriting.rewrite import Unwritable
from sphinx_kerasshape.messages.report import Answer, Failure
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.records import Plain, Statement
from sphinx_kerasshape.text import excerpt

_NO_ANSWER = Failure(None, "this build did not run it")


class PlainPage(NamedTuple):
    """A page with plain code, and the answers for it."""

    plain: Plain
    language: str
    answers: Mapping[Request, Answer]


class Mended(NamedTuple):
    """A page with plain code, before and after its repair."""

    file: str
    old: bytes = b""
    new: bytes = b""
    rewritten: tuple[Statement, ...] = ()
    held: int = 0
    problems: tuple[str, ...] = ()
    """A line for each statement that is wrong and can't be rewritten."""


def pages(context: BuildContext, named: Sequence[Path]) -> Iterator[PlainPage]:
    """Yield the pages with plain code, of those only that are named, if any are."""
    for page in context.pages.values():
        if page.plain is not None and (not named or _is_named(Path(page.plain.file), named)):
            requests = (block.request for block in page.plain_blocks())
            answers = {request: context.results[request].answer for request in requests}
            yield PlainPage(page.plain, context.language, answers)


def mended(page: PlainPage) -> Mended:
    """Return a page with the truth in place of what is wrong; other repairs of its file have been made."""
    record = page.plain
    try:
        data = files.read_bytes(record.file)
        reading = plain.read(Path(record.file), record.format, page.language, omits_prose=record.omits_prose)
        if reading is None:
            return Mended(record.file)
        checked = plain.checked(record.file, reading, lambda requests: _answers(page, requests))
        document = reading.document
        drifted = [
            (one, verdict.edits if rewriting.is_writable(document, verdict.edits) else ())
            for one, verdict in checked
            if one.is_drifted
        ]
        new = rewriting.mended(document, [edit for _, edits in drifted for edit in edits], data)
    except (OSError, Unwritable) as error:
        reason = getattr(error, "strerror", None) or error
        return Mended(record.file, problems=(f"{record.file} can't be rewritten: {reason}",))
    return Mended(
        record.file,
        data,
        new,
        tuple(one for one, edits in drifted if edits),
        sum(one.holds for one, _ in checked),
        tuple(_unfixed(one) for one, edits in drifted if not edits),
    )


def _answers(page: PlainPage, requests: Iterable[Request]) -> dict[Request, Answer]:
    return {request: page.answers.get(request, _NO_ANSWER) for request in requests}


def _is_named(file: Path, named: Sequence[Path]) -> bool:
    real = file.resolve()
    return any(real == path or path in real.parents for path in named)


def _unfixed(one: Statement) -> str:
    said = one.actual or one.reason
    return f"{one.location}: {excerpt(one.stated)} can't be rewritten: {said}"
