"""The repair of stale statements: turns verdicts into edits of the pages' sources.

Only stated values are replaced, in the notation of their authors; every other byte of a file
stays. :mod:`sphinx_kerasshape.__main__` is the command.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sphinx_kerasshape.check.edited_files import Edit, Source, Unfixable
from sphinx_kerasshape.check.summaries import RowVerdict
from sphinx_kerasshape.claims.verdicts import Verdict
from sphinx_kerasshape.pages.positions import LocatedClaims, Position, line_of, parse_location, position_of
from sphinx_kerasshape.pages.records import Claim
from sphinx_kerasshape.text import excerpt, quoted

_PADDING = re.compile(r"[^`]*`+(?P<padding> +(?=\|)| {2,}(?=\S))")
"""The end of a role in a table, and the blanks behind it that align the columns."""
_LINE = re.compile(r"(?P<text>(?P<indent>[ \t]*)[^\r\n]*)(?:\r\n|\r|\n|\Z)")
_RULE = re.compile(r"(?P<indent>[ \t]*)(?P<rule>([!-/:-@\[-`{-~])\3{2,})[ \t]*(?=[\r\n]|\Z)")
"""The line under or over a title."""


def edits(verdicts: Iterable[Verdict], sources: Mapping[str, Source]) -> tuple[list[Edit], list[str]]:
    """Return the edits that make statements true, and a line for each statement that can't be edited."""
    found: dict[tuple[str, int, int], Edit] = {}
    problems = []
    earlier: list[Claim] = []
    located = LocatedClaims(earlier)
    for verdict in verdicts:
        try:
            for edit in _edits(verdict, _source(verdict.claim, sources), located):
                place = (edit.file, edit.start, edit.end)
                before = found[place].new if place in found and not edit.old else ""
                found[place] = replace(edit, new=before + edit.new)  # several statements may lack rows here
        except Unfixable as unfixable:
            problems.append(f"{verdict.claim.location}: {unfixable}")
        earlier.append(verdict.claim)
    for edit in list(_underlines(list(found.values()), sources)):
        found[edit.file, edit.start, edit.end] = edit
    return sorted(found.values(), key=lambda edit: (edit.file, edit.start, edit.end)), problems


def _source(claim: Claim, sources: Mapping[str, Source]) -> Source:
    location = parse_location(claim.location)
    source = sources.get(os.path.realpath(location.file)) if location else None
    if source is None:
        raise Unfixable(f"the file can't be read, so {quoted(claim.stated)} is not rewritten")
    return source


def _edits(verdict: Verdict, source: Source, earlier: LocatedClaims) -> list[Edit]:
    if verdict.problem:
        raise Unfixable(verdict.problem)
    location = parse_location(verdict.claim.location)
    if location is None or not source.file.endswith(".ipynb"):
        return _edits_of_text(verdict, source, earlier)
    from sphinx_kerasshape.check.notebook_edits import in_notebook  # few projects have any
    from sphinx_kerasshape.pages.notebooks import cell

    text, before = cell(source.text, location.line)
    edits_of_cell = _edits_of_text(verdict, replace(source, text=text), earlier, before)
    return list(in_notebook(source, text, before, edits_of_cell))


def _edits_of_text(verdict: Verdict, source: Source, earlier: LocatedClaims, before: int = 0) -> list[Edit]:
    """Return the edits of a file, or of a notebook's cell; ``before`` is the number of the line before it."""
    claim = verdict.claim
    if isinstance(verdict, RowVerdict):
        from sphinx_kerasshape.check.summary_edits import row_edits  # few pages need it

        return list(row_edits(verdict, source, before))
    if source.file.endswith(".po"):
        return list(_edits_of_catalog(verdict, source))
    position = position_of(claim, source.text, earlier, before)
    if position is None:
        raise Unfixable(f"{quoted(claim.stated)} for {excerpt(claim.target)} can't be found in the source")
    if not verdict.restated or verdict.restated == claim.stated:
        raise Unfixable(f"{quoted(claim.stated)} can't be rewritten as {verdict.actual}: edit it by hand")
    old = source.text[position.start : position.end]
    new = _spaced_like(old, verdict.restated)
    line, _ = line_of(source.text, position.start)
    edit = Edit(source.file, before + line, position.start, position.end, old, new)
    return [edit, *_padding(source, position, new)]


def _edits_of_catalog(verdict: Verdict, source: Source) -> Iterator[Edit]:
    """Yield the edits of all translations that state a claim; they are one statement."""
    from sphinx_kerasshape.pages.catalogs import messages, quoted  # few projects have any

    roles = [role for message in messages(source.text) for role in message.translation]
    equal = [role for role in roles if role[:3] == verdict.claim[:3] and verdict.restated != role.stated]
    if not equal:
        raise Unfixable(f"{excerpt(verdict.claim.stated)} can't be found in the catalog")
    for number, role in enumerate(equal):
        line, _ = line_of(source.text, role.start)
        old, new = source.text[role.start : role.end], quoted(verdict.restated)
        yield Edit(source.file, line, role.start, role.end, old, new, is_part=number > 0)


def _spaced_like(old: str, new: str) -> str:
    """Return the new text with the line breaks and wide gaps of the old one, if it has as many words."""
    words = [word for word in re.split(r"[ \t\r\n]+", new) if word]
    gaps = re.findall(r"[ \t\r\n]+(?:[>|][ \t]+|\"[ \t]*\r?\n[ \t]*\")*", old)
    if len(words) != len(gaps) + 1:
        return new
    return "".join(word + gap for word, gap in zip(words, [*gaps, ""], strict=True))


def _underlines(changes: Iterable[Edit], sources: Mapping[str, Source]) -> Iterator[Edit]:
    """Yield the edits of lines under and over reST titles that have become too short for them."""
    by_line: dict[tuple[str, int], list[Edit]] = {}
    for edit in changes:
        by_line.setdefault((edit.file, line_of(sources[edit.file].text, edit.start)[1]), []).append(edit)
    for (file, begin), edits_of_line in by_line.items():
        text = sources[file].text
        title = _LINE.match(text, begin)
        assert title is not None
        below = _RULE.match(text, title.end())
        old = title["text"].rstrip()
        if below is None or below["indent"] != title["indent"]:
            continue
        new = len(old) + sum(len(edit.new) - (edit.end - edit.start) for edit in edits_of_line)
        rules = [below]
        above = _RULE.match(text, text.rfind("\n", 0, max(0, begin - 1)) + 1) if begin else None
        if above is not None and above["rule"] == below["rule"]:
            rules.append(above)
        for rule in rules:
            short = rule["rule"]
            if len(short) >= len(old.lstrip()) and len(short) < (width := new - len(title["indent"])):
                line, _ = line_of(text, rule.start("rule"))
                yield Edit(file, line, *rule.span("rule"), "", short[0] * width)


def _padding(source: Source, position: Position, new: str) -> list[Edit]:
    """Return the edit of the blanks behind a role in a reST table that keeps the columns aligned."""
    longer = len(new) - (position.end - position.start)
    _, begin = line_of(source.text, position.start)
    line = source.text[begin : position.start]
    rest = _PADDING.match(source.text, position.end)
    if not longer or line.rstrip("`").endswith("}") or rest is None:
        return []
    start, end = rest.span("padding")
    if "\n" in source.text[position.start : start]:
        return []
    width = end - start - longer
    if width < (1 if source.text[end] == "|" else 2):
        raise Unfixable(f"the column of the table is too narrow for {new}")
    return [Edit(source.file, position.line, start, end, " " * (end - start), " " * width)]
