"""Results of an audit as text, JSON, annotations of GitHub, and SARIF."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from sphinx_kerasshape.audit.audit import FAILED, LEFT_OUT, RAN, Audited, line_of
from sphinx_kerasshape.audit.document import Place, Summary
from sphinx_kerasshape.audit.verdict import DRIFTED, HOLDS, UNCHECKED, Verdict
from sphinx_kerasshape.text import counted, escape_controls

FORMATS = ("text", "json", "github", "sarif")
SCHEMA = 1
"""Version of the JSON layout."""


class Remark(NamedTuple):
    """A line about a place of a document."""

    line: int
    cell: int
    kind: str
    """``holds``, ``drifted``, ``unchecked``, ``ran`` or ``failed``."""
    text: str


def counts(results: Iterable[Audited]) -> dict[str, int]:
    """Return how many statements have each verdict, and how many blocks failed."""
    results = list(results)
    verdicts = Counter(verdict.verdict for one in results for verdict in one.verdicts)
    failed = sum(block.outcome == FAILED for one in results for block in one.blocks)
    unreadable = sum(bool(one.unreadable) for one in results)
    return {
        "documents": len(results),
        **{kind: verdicts[kind] for kind in (HOLDS, DRIFTED, UNCHECKED)},
        "failed": failed,
        "unreadable": unreadable,
    }


def summary(figures: dict[str, int], rewritten: int | None = None) -> str:
    """Return the last line of an audit."""
    parts = [f"{counted(figures['documents'], 'document')}: {counted(figures[HOLDS], 'statement')} hold"]
    parts[0] += "s" if figures[HOLDS] == 1 else ""
    parts.append(f"{figures[DRIFTED]} drifted" + (f" ({rewritten} rewritten)" if rewritten else ""))
    parts.append(f"{figures[UNCHECKED]} can't be checked")
    parts.append(f"{counted(figures['failed'], 'block')} of code fail" + "s" * (figures["failed"] == 1))
    return ", ".join(parts)


def text(one: Audited, *, quiet: bool = False) -> Iterator[str]:
    """Yield a line for each remark on a document, in the order of their places."""
    for remark in sorted(remarks(one), key=lambda remark: (remark.cell, remark.line)):
        if quiet and remark.kind in (HOLDS, RAN, UNCHECKED):
            continue
        yield f"{where(one.path, remark.line, remark.cell)}: {escape_controls(remark.text)}"


def where(path: str, line: int, cell: int) -> str:
    """Return a place as messages name it."""
    path = escape_controls(path)
    return f"{path}: cell {cell}, line {line}" if cell else f"{path}:{line}"


def remarks(one: Audited) -> Iterator[Remark]:
    """Yield the remarks on a document; one stands for all rows of a summary with the same verdict."""
    if one.document is None:
        return
    reasons = {verdict.reason for verdict in one.verdicts if verdict.verdict == UNCHECKED}
    makers = {subject.block for subject in one.document.models}
    for number, block in enumerate(one.blocks):
        if block.outcome == RAN and number in makers:
            yield Remark(block.line, block.cell, RAN, "code runs")
        elif block.outcome == FAILED:
            yield Remark(block.line, block.cell, FAILED, f"code fails: {_first_line(block.message)}")
        elif block.outcome == LEFT_OUT and block.message and block.message not in reasons:
            yield Remark(
                block.line, block.cell, UNCHECKED, f"code can't run here: {_first_line(block.message)}"
            )
    done: set[int] = set()
    for verdict in one.verdicts:
        line, cell = _line_and_cell(one, verdict.place)
        if verdict.summary is None or verdict.verdict == DRIFTED:
            yield Remark(line, cell, verdict.verdict, _sentence(verdict))
        if verdict.summary is not None and verdict.summary not in done:
            done.add(verdict.summary)
            yield from _of_summary(one, verdict.summary)


def _of_summary(one: Audited, number: int) -> Iterator[Remark]:
    """Yield a remark on the rows and totals of a summary that hold, and on those that can't be checked."""
    assert one.document is not None
    statement = one.document.statements[number]
    assert isinstance(statement, Summary)
    parts = [verdict for verdict in one.verdicts if verdict.summary == number]
    line, cell = _line_and_cell(one, statement.place)
    for kind, says in ((HOLDS, "holds"), (UNCHECKED, "can't be checked")):
        some = [verdict for verdict in parts if verdict.verdict == kind]
        if some:
            reason = f": {some[0].reason}" if some[0].reason else _with(some[0].stand_ins)
            whole = (
                f"all {len(parts)} rows and totals"
                if len(some) == len(parts)
                else f"{len(some)} of {len(parts)} rows and totals"
            )
            yield Remark(line, cell, kind, f"{says}: summary, {whole}{reason}")


def _sentence(verdict: Verdict) -> str:
    stated = verdict.stated
    if verdict.verdict == HOLDS:
        return f"holds: {stated}{_with(verdict.stand_ins)}"
    if verdict.verdict == UNCHECKED:
        return f"can't be checked: {stated}: {verdict.reason}"
    actual = f", but TensorFlow says {verdict.actual}" if verdict.actual else ""
    reason = f" ({verdict.reason})" if verdict.reason else ""
    return f"drifted: {stated}{actual}{reason}{_with(verdict.stand_ins)}"


def _with(stand_ins: Sequence[str]) -> str:
    return f" (with stand-ins: {', '.join(stand_ins)})" if stand_ins else ""


def as_json(results: Sequence[Audited]) -> str:
    """Return the results as JSON; ``docs/reference/audit-json`` describes it."""
    versions = next((one.versions for one in results if one.versions.tensorflow), None)
    data = {
        "schema": SCHEMA,
        "documents": [_document(one) for one in results],
        "counts": counts(results),
        "versions": {
            "sphinx_kerasshape": version("sphinx-kerasshape"),
            **({} if versions is None else versions._asdict()),
        },
    }
    return json.dumps(data, indent=1, ensure_ascii=False)


def _document(one: Audited) -> dict[str, Any]:
    if one.document is None:
        return {"path": one.path, "blocks": [], "statements": [], "unreadable": one.unreadable}
    return {
        "path": one.path,
        "blocks": [
            {
                "line": block.line,
                "cell": block.cell or None,
                "outcome": block.outcome,
                "message": block.message,
            }
            for block in one.blocks
        ],
        "statements": [_statement(one, verdict) for verdict in one.verdicts],
    }


def _statement(one: Audited, verdict: Verdict) -> dict[str, Any]:
    line, cell = _line_and_cell(one, verdict.place)
    return {
        "line": line,
        "cell": cell or None,
        "kind": verdict.kind,
        "stated": verdict.stated,
        "actual": verdict.actual,
        "verdict": verdict.verdict,
        "reason": verdict.reason,
        "stand_ins": list(verdict.stand_ins),
    }


def github(one: Audited) -> Iterator[str]:
    """Yield the annotations that GitHub shows beside the changes of a pull request."""
    file = _property(_below(one.path))
    if one.unreadable:
        yield f"::error file={file}::can't be read: {_data(one.unreadable)}"
    for remark in remarks(one):
        if remark.kind in (DRIFTED, FAILED):
            line = 1 if remark.cell else remark.line
            yield f"::error file={file},line={line}::{_data(_in_cell(remark))}"


def _in_cell(remark: Remark) -> str:
    """Return the text of a remark; in a notebook, whose lines nobody sees, with its place."""
    return f"cell {remark.cell}, line {remark.line}: {remark.text}" if remark.cell else remark.text


def _below(path: str) -> str:
    """Return a path as seen from the working folder, that of the repository, if it is below."""
    try:
        return str(Path(path).absolute().relative_to(Path.cwd()))
    except (OSError, ValueError):
        return path


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def sarif(results: Sequence[Audited]) -> str:
    """Return drifted statements and failing code as SARIF 2.1.0, which code scanning reads."""
    rules = [
        {"id": DRIFTED, "shortDescription": {"text": "A statement differs from what TensorFlow says"}},
        {"id": FAILED, "shortDescription": {"text": "Code fails in TensorFlow"}},
    ]
    found = [
        {
            "ruleId": remark.kind,
            "level": "error",
            "message": {"text": _in_cell(remark)},
            "locations": [_location(one.path, remark)],
        }
        for one in results
        for remark in remarks(one)
        if remark.kind in (DRIFTED, FAILED)
    ]
    driver = {"name": "sphinx-kerasshape", "version": version("sphinx-kerasshape"), "rules": rules}
    run = {"tool": {"driver": driver}, "results": found, "columnKind": "unicodeCodePoints"}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False)


def _location(path: str, remark: Remark) -> dict[str, Any]:
    from urllib.parse import quote

    path = _below(path)
    uri = Path(path).as_uri() if Path(path).is_absolute() else quote(path.replace("\\", "/"))
    region = {"startLine": 1 if remark.cell else remark.line}
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}


def _line_and_cell(one: Audited, place: Place) -> tuple[int, int]:
    assert one.document is not None
    return line_of(one.document, place.text, place.start), one.document.texts[place.text].cell


def _first_line(message: str) -> str:
    return message.strip().partition("\n")[0]
