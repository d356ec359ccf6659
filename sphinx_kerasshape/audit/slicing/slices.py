"""Slices: the part of a document's code that a value depends on, found without running it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter

from sphinx_kerasshape.audit.document import Subject
from sphinx_kerasshape.audit.slicing.known import USUAL
from sphinx_kerasshape.audit.slicing.results import (
    BUILDS,
    FEEDS,
    NEEDED,
    DocumentRun,
    Missing,
    Observation,
    Piece,
    Slice,
    Unparsed,
)
from sphinx_kerasshape.audit.slicing.slicer import Chosen, Slicer

__all__ = [
    "BUILDS",
    "FEEDS",
    "NEEDED",
    "USUAL",
    "DocumentRun",
    "Missing",
    "Observation",
    "Piece",
    "Slice",
    "Unparsed",
    "runs",
    "slice_of",
]


def slice_of(codes: Sequence[str], subject: Subject, defined: Collection[str] = ()) -> Slice:
    """Return the slice of a document's blocks for a subject; names in ``defined`` are given from outside."""
    slicer = Slicer(codes, [subject], defined)
    return slicer.slice(slicer.chosen(subject))


def runs(
    codes: Sequence[str], subjects: Iterable[Subject], defined: Collection[str] = ()
) -> tuple[DocumentRun, ...]:
    """Return as few runs as serve all subjects, in the order of their first observations.

    A slice that is a part of another is served by it: what a slice leaves out doesn't change its value.
    """
    every = list(subjects)
    slicer = Slicer(codes, every, defined)
    chosen = [(number, subject, slicer.chosen(subject)) for number, subject in enumerate(every)]
    groups: list[tuple[Chosen, list[tuple[int, Subject, Chosen]]]] = []
    having: dict[int, list[int]] = {-1: []}
    """The groups that have each of the statements at the top; all of them have number -1."""
    for entry in sorted(chosen, key=lambda entry: -entry[2].size):
        among = having.get(entry[2].last, ())
        group = next((group for group in among if groups[group][0].has(entry[2])), len(groups))
        if group < len(groups):
            groups[group][1].append(entry)
            continue
        for number in (-1, *entry[2].numbers):
            having.setdefault(number, []).append(group)
        groups.append((entry[2], [entry]))
    found = [
        (min(number for number, _, _ in members), slicer.run(largest, sorted(members, key=itemgetter(0))))
        for largest, members in groups
    ]
    return tuple(run for _, run in sorted(found, key=itemgetter(0)))
