"""Slices: the part of a document's code that a value depends on, found without running it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sphinx_kerasshape.audit.document import Subject
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
    for entry in sorted(chosen, key=lambda entry: -len(entry[2].kept)):
        group = next((group for group in groups if entry[2].kept <= group[0].kept), None)
        if group is None:
            groups.append((entry[2], [entry]))
        else:
            group[1].append(entry)
    found = [(min(members)[0], slicer.run(largest, sorted(members))) for largest, members in groups]
    return tuple(run for _, run in sorted(found, key=lambda entry: entry[0]))
