"""The repair of translations: a sentence that ``fix`` rewrites has to stay that of its catalogs.

A catalog (``.po``) finds the translation of a sentence by the sentence. So it gets each rewritten value,
too, and so does the translation, if it states the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_kerasshape import claims
from sphinx_kerasshape.check import edited_files
from sphinx_kerasshape.check.edited_files import Edit, Source
from sphinx_kerasshape.pages.catalogs import Role, messages, quoted
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.positions import line_of
from sphinx_kerasshape.pages.records import Claim

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_kerasshape.claims.verdicts import Verdict


def edits(stale: Sequence[Verdict], env: BuildEnvironment, context: BuildContext) -> Iterator[Edit]:
    """Yield the edits of all catalogs that stale statements of pages, and their translations, need."""
    new = {verdict.claim[:3]: verdict.restated for verdict in stale if verdict.restated}
    for folder in env.config.locale_dirs if new else ():
        for file in sorted(Path(env.srcdir, folder).glob("*/LC_MESSAGES/**/*.po")):
            language = file.relative_to(Path(env.srcdir, folder)).parts[0]
            try:
                source = edited_files.read(str(file.resolve()), "utf-8")
            except (OSError, ValueError):
                continue
            yield from _of_catalog(source, new, language, context)


def _of_catalog(
    source: Source, new: dict[tuple[str, str, str], str], language: str, context: BuildContext
) -> Iterator[Edit]:
    for message in messages(source.text):
        changed = [role for role in message.source if role[:3] in new]
        yield from (_edit(source, role, new[role[:3]]) for role in changed)
        keys = {role[:2] for role in changed}
        stated = [role for role in message.translation if role.stated and role[:2] in keys]
        yield from _of_translation(source, stated, language, context)


def _of_translation(
    source: Source, roles: Iterable[Role], language: str, context: BuildContext
) -> Iterator[Edit]:
    for role in roles:
        claim = Claim(role.kind, role.target, role.stated, source.file)
        names = list(context.models)
        verdict = claims.verdicts.judge(claim, context.report, names, language, context.request)
        if verdict.actual and not verdict.holds:
            yield _edit(source, role, verdict.restated)


def _edit(source: Source, role: Role, new: str) -> Edit:
    line, _ = line_of(source.text, role.start)
    old = source.text[role.start : role.end]
    return Edit(source.file, line, role.start, role.end, old, quoted(new), is_part=True)
