"""Reads reports from JSON that others may have written, and checks that their values fit each other."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_kerasshape.messages.codec import decode
from sphinx_kerasshape.messages.report import Failure, Model, Report, TensorSpec


def report_of(data: object) -> Report:
    """Return the report that plain data describes. Raises ``ValueError`` if it can't be one."""
    report = decode(Report, data)
    for model in (report.model, *(observation.model for observation in report.observations)):
        if model is not None:
            _check(model)
    return report


def failures_in(report: Report) -> Iterator[Failure]:
    """Yield the failures that a report holds."""
    if report.unread is not None:
        yield report.unread
    yield from (piece.failure for piece in report.failed)
    yield from (seen.failure for seen in report.observations if seen.failure is not None)


def _check(model: Model) -> None:
    """Raise ``ValueError`` if the values of a model don't fit each other."""
    deepest = 0
    for row in model.layers:
        if not 0 <= row.depth <= deepest:
            raise ValueError(f"a layer of depth {row.depth} follows one of depth {deepest - 1}")
        deepest = row.depth + 1
    for tensor in _tensors(model):
        if tensor.symbolic and len(tensor.symbolic) != len(tensor.shape):
            raise ValueError(f"{len(tensor.symbolic)} names for a shape of {len(tensor.shape)} sizes")


def _tensors(model: Model) -> Iterator[TensorSpec]:
    yield from model.inputs
    yield from model.outputs
    for row in model.layers:
        for call in row.calls:
            yield from call.inputs
            yield from call.outputs
