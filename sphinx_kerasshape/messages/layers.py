"""Walks over the rows of a model, in which the layers of a nested model follow its own row."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import LayerRow, Report, Weight, shape_text

_UNTRACKED = re.compile(r"untracked (\d{1,30})", re.ASCII)
_UNCOUNTED = (
    "the column flops has no counts, since the input has open axes: "
    "add their sizes to the directive, such as ':flops-at: {}'"
)


def weights_of(layers: Sequence[LayerRow], number: int) -> tuple[Weight, ...]:
    """Return the weights of a row and of the rows inside it, each once."""
    row = layers[number]
    weights = {weight.path: weight for weight in row.weights}
    for inner in range(number + 1, len(layers)):
        if layers[inner].depth <= row.depth:
            break
        weights.update({weight.path: weight for weight in layers[inner].weights})
    return tuple(weights.values())


def layer_paths(report: Report) -> tuple[str, ...]:
    """Return the paths of a model's layers in order, such as ``encoder/dense``; no two are equal."""
    above: list[str] = []
    paths: dict[str, None] = {}
    counts: dict[str, int] = {}
    """How many layers there are of a path that is not unique."""
    for row in report.model.layers if report.model is not None else ():
        del above[row.depth :]
        above.append(row.name)
        name = path = "/".join(above)
        while path in paths:
            counts[name] = counts.get(name, 1) + 1
            path = f"{name} ({counts[name]})"
        paths[path] = None
    return tuple(paths)


def remarks(report: Report) -> tuple[tuple[Problem, str], ...]:
    """Return what the author should know of a model, though it could be read: each with its problem."""
    model, found = report.model, []
    if model is not None and model.unfollowed:
        found.append((Problem.OPTION, f":axes: {model.unfollowed}"))
    if model is not None and model.uncounted:
        found.append((Problem.OPTION, _UNCOUNTED.format(model.uncounted)))
    found += [(Problem.UNTRACKED, text) for text in _untracked(report)]
    found += [(Problem.DECLARED, text) for text in _misdeclared(report)]
    return tuple(found)


def _untracked(report: Report) -> Iterator[str]:
    """Yield a remark on each layer that is called, but whose weights are not the model's."""
    above = -1
    for path, row in _paths_and_rows(report):
        if 0 <= above < row.depth:
            continue  # inside such a layer
        count = _UNTRACKED.fullmatch(row.note)
        above = row.depth if count else -1
        if count:
            yield (
                f"layer {path!r} is called, but Keras does not track it, so its {int(count[1]):,} parameters "
                "are neither counted nor trained: make it an attribute of the model, or of one of its layers"
            )


def _misdeclared(report: Report) -> Iterator[str]:
    """Yield a remark on the layers of each class that declare other outputs than their calls give."""
    of_class: dict[str, list[tuple[str, LayerRow]]] = {}
    refusing = ""
    for path, row in _paths_and_rows(report):
        if row.declared:
            of_class.setdefault(row.type, []).append((path, row))
        if row.refused and not refusing:
            refusing = f"; the model can't be called, since layer {path!r} refuses that ({row.refused})"
    for (path, row), *others in of_class.values():
        tensors = (tensor for call in row.calls for tensor in call.outputs)
        real = ", ".join(f"{shape_text(tensor.shape)} {tensor.dtype}" for tensor in tensors)
        more = f", and {len(others)} more of its class" if others else ""
        yield (
            f"layer {path!r} ({row.type}, Keras {report.versions.keras}{more}) declares the output "
            f"{row.declared}, but a call gives {real}, which the page shows: "
            "if the class is yours, correct its compute_output_shape() or compute_output_spec()" + refusing
        )
        refusing = ""


def _paths_and_rows(report: Report) -> Iterator[tuple[str, LayerRow]]:
    rows = report.model.layers if report.model is not None else ()
    yield from zip(layer_paths(report), rows, strict=True)


class Origin(NamedTuple):
    """The output of a layer's call that another call has as its input; both numbers are counted from 1."""

    layer: str
    call: int = 1
    output: int = 1

    def __str__(self) -> str:
        call = f" (call {self.call})" if self.call > 1 else ""
        return self.layer + call + (f" (output {self.output})" if self.output > 1 else "")


def origin(source: str) -> Origin:
    """Return what a source of a call names: ``lstm[1][2]`` is the third output of the second call."""
    found = re.fullmatch(r"(.+)\[(\d{1,9})\]\[(\d{1,9})\]", source, re.DOTALL)
    return Origin(found[1], int(found[2]) + 1, int(found[3]) + 1) if found else Origin(source)
