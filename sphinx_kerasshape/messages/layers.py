"""Walks over the rows of a model, in which the layers of a nested model follow its own row."""

from collections.abc import Sequence

from sphinx_kerasshape.messages.report import LayerRow, Report, Weight


def weights_of(layers: Sequence[LayerRow], number: int) -> tuple[Weight, ...]:
    """Return the weights of a row, which those inside it may have; each once."""
    row = layers[number]
    found = {weight.path: weight for weight in row.weights}
    for place in range(number + 1, len(layers)):
        if layers[place].depth <= row.depth:
            break
        for weight in layers[place].weights:
            found[weight.path] = weight
    return tuple(found.values())


def layer_paths(report: Report) -> tuple[str, ...]:
    """Return the path of each layer of a report in order, such as ``encoder/dense``; no two are equal."""
    above: list[str] = []
    found: dict[str, None] = {}
    last: dict[str, int] = {}
    """The number of the last layer of a path that is there more than once."""
    for row in report.model.layers if report.model is not None else ():
        del above[row.depth :]
        above.append(row.name)
        whole = path = "/".join(above)
        while path in found:  # Names that were given by hand may be.
            last[whole] = last.get(whole, 1) + 1
            path = f"{whole} ({last[whole]})"
        found[path] = None
    return tuple(found)
