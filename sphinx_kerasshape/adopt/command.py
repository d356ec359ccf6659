"""``python -m sphinx_kerasshape adopt PATH…``: write directives and roles into documents that have none."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath

from sphinx_kerasshape import streams
from sphinx_kerasshape.adopt import naming
from sphinx_kerasshape.adopt.adopting import adopted
from sphinx_kerasshape.adopt.choice import Choice
from sphinx_kerasshape.adopt.page import Page
from sphinx_kerasshape.adopt.results import BLOCK, CODE, MODEL, STATEMENT, SUMMARY, Adopted, Judged
from sphinx_kerasshape.adopt.subjects import with_models
from sphinx_kerasshape.audit import planning
from sphinx_kerasshape.audit.audit import Answering, Audited, judged, read, without_culprits
from sphinx_kerasshape.audit.command import Answers, add_options_of_runs, found_documents
from sphinx_kerasshape.audit.recognise import recognise
from sphinx_kerasshape.audit.rewriting import rewriting
from sphinx_kerasshape.audit.rewriting.rewrite import Unwritable
from sphinx_kerasshape.messages.report import Answer
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.text import counted, escape_controls

_SUFFIXES = (".md", ".markdown", ".myst", ".rst")
_FIGURES = (MODEL, CODE, SUMMARY, "keras:shape", "keras:params")
_OTHERS = {
    ".ipynb": 'the code of a notebook is in its cells, which kerasshape_plain = "check" checks as they are',
    ".py": 'a script has no directives; kerasshape_plain = "check" and the audit check it as it is',
    ".qmd": "Quarto has no directives of Sphinx",
}


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument("paths", nargs="+", metavar="PATH", help="documents, or folders of documents")
    command.add_argument("--diff", action="store_true", help="change nothing; print a diff")
    command.add_argument("--fix", action="store_true", help="first rewrite what drifted, as audit --fix does")
    command.add_argument("--quiet", action="store_true", help="print only what will warn, and what is left")
    add_options_of_runs(command)


def run(_: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Adopt documents; return the exit status: 1 if what is adopted will warn, 2 for bad paths."""
    paths, problems = found_documents(options.paths)
    notes = list(_not_adopted(paths, options.paths))
    paths = [path for path in paths if path.lower().endswith(_SUFFIXES)]
    answers = Answers.of_options(options)
    try:
        results = _results(paths, dict(options.define), answers.of, mends=options.fix)
    finally:
        answers.close()
    problems += [f"{one.path}: can't be read: {one.unreadable}" for one in results if one.unreadable]
    for one in results:
        problems += _written(one, is_diff=options.diff)
    _print_results(results, notes, options)
    for problem in (*problems, *answers.problems()):
        streams.write(f"{problem}\n", sys.stderr)
    if problems:
        return 2
    return int(any(remark.is_false for one in results for remark in one.remarks))


def _results(
    paths: Iterable[str], defines: Mapping[str, str], answering: Answering, *, mends: bool
) -> list[Adopted]:
    """Return documents with directives and roles; with ``mends``, what drifted is rewritten first."""
    every = [_with_models(read(path, skips_ours=True)) for path in paths]
    texts = [one.document.texts[0].text for one in every if one.document is not None]
    taken = {name for text in texts for name in naming.names_in(text)}
    known = _judged([one for one in every if one.document is not None], defines, answering)
    if mends:
        known = _judged([_mended(one) for one in known], defines, answering)
    done = {one.path: one for one in _adopted_pages([Page(one) for one in known], answering, taken)}
    results = []
    for one in every:
        result = done.get(one.path, Adopted(one.path, unreadable=one.unreadable))
        results.append(result._replace(data=one.data))
    return results


def _judged(every: Sequence[Audited], defines: Mapping[str, str], answering: Answering) -> list[Judged]:
    """Return what TensorFlow says of documents as they are."""
    plans = [planning.planned(one.document, defines) for one in every if one.document is not None]
    answers = without_culprits(plans, answering)
    return [Judged(judged(one, some, answers), some, answers) for one, some in zip(every, plans, strict=True)]


def _mended(one: Judged) -> Audited:
    """Return a document in which what drifted is rewritten."""
    audited = one.audited
    edits = [edit for verdict in audited.verdicts for edit in verdict.edits]
    try:
        data = rewriting.mended(one.document, edits, audited.data)
    except Unwritable:  # the edits overlap; all that drifted is adopted as it stands
        data = audited.data
    return _with_models(Audited(audited.path, recognise(audited.path, data, skips_ours=True), data=data))


def _with_models(one: Audited) -> Audited:
    return one if one.document is None else one._replace(document=with_models(one.document))


def _adopted_pages(pages: Sequence[Page], answering: Answering, taken: set[str]) -> Iterator[Adopted]:
    """Yield the documents; one with blocks whose markup can't be changed is tried again without these."""
    for page, chosen in zip(pages, _choices(pages, answering), strict=True):
        names = set(taken)
        result = adopted(page, chosen, names)
        if result.refused:
            names = set(taken)
            again = Page(page.judged, dict(result.refused))
            result = adopted(again, _choices([again], answering)[0], names)
        taken |= names
        yield result


def _choices(pages: Sequence[Page], answering: Answering) -> list[Choice]:
    """Return what is chosen for each document; all requests of a round are answered together."""
    choosing = [page.choice() for page in pages]
    choices: list[Choice] = [Choice((), {})] * len(pages)
    asked: dict[int, list[Request]] = {}

    def go_on(number: int, answers: Mapping[Request, Answer] | None) -> None:
        try:
            asked[number] = choosing[number].send(answers)  # type: ignore[arg-type]  # nothing at its start
        except StopIteration as end:
            choices[number] = end.value

    for number in range(len(pages)):
        go_on(number, None)
    while asked:
        answers = answering([request for some in asked.values() for request in some])
        numbers = [*asked]
        asked.clear()
        for number in numbers:
            go_on(number, answers)
    return choices


def _written(one: Adopted, *, is_diff: bool) -> list[str]:
    """Write a document, or print how it would change; return what went wrong."""
    if one.unreadable or one.new == one.data:
        return []
    if is_diff:
        streams.write(rewriting.diff(one.path, one.data, one.new), sys.stdout)
        return []
    try:
        rewriting.write(one.path, one.data, one.new)
    except OSError as error:
        return [f"{one.path}: can't be written: {error.strerror or error}"]
    return []


def _not_adopted(paths: Iterable[str], named: Container[str]) -> Iterator[str]:
    """Yield a line for each format that has no directives; scripts in folders, such as conf.py, are none."""
    by_suffix: dict[str, list[str]] = {}
    for path in paths:
        if not path.lower().endswith((*_SUFFIXES, *(() if path in named else (".py",)))):
            by_suffix.setdefault(PurePath(path).suffix.lower(), []).append(path)
    for suffix, some in by_suffix.items():
        more = f" and {len(some) - 1} more" if len(some) > 1 else ""
        reason = _OTHERS.get(suffix, "only Markdown and reST have directives")
        yield f"{some[0]}{more}: not adopted: {reason}"


def _print_results(results: Sequence[Adopted], notes: Sequence[str], options: argparse.Namespace) -> None:
    stream = sys.stderr if options.diff else sys.stdout
    for one in results:
        for remark in one.remarks:
            if options.quiet and not (remark.is_left or remark.is_false):
                continue
            says = f"left as it is: {remark.text}" if remark.is_left else f"{remark.what} {remark.text}"
            streams.write(f"{one.path}:{remark.line}: {escape_controls(says)}\n", stream)
    for note in notes:
        streams.write(f"{note}\n", stream)
    streams.write(f"{summary(results)}\n", stream)


def summary(results: Sequence[Adopted]) -> str:
    """Return the last line: what was adopted, and what is left."""
    remarks = [remark for one in results for remark in one.remarks]
    kinds = Counter(remark.what for remark in remarks)
    figures = [f"{kinds[what]:,} {what}" for what in _FIGURES if kinds[what]]
    wrong = sum(remark.is_false for remark in remarks)
    return (
        f"{counted(len(results), 'document')}: {', '.join(figures) or 'nothing'} adopted, "
        f"{counted(wrong, 'statement')} contradicted; {counted(kinds[BLOCK], 'block')} and "
        f"{counted(kinds[STATEMENT], 'statement')} left as they are"
    )
