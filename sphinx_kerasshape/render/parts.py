"""The parts of a model's view besides its table: totals, weights, output, errors, provenance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from docutils import nodes

from sphinx_kerasshape import claims
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Failure, Model, Report, Versions, Weight
from sphinx_kerasshape.render.nodes import keras_permalink
from sphinx_kerasshape.render.style import Style
from sphinx_kerasshape.render.table import body, grid, set_for_print, table_row, total_values
from sphinx_kerasshape.render.translate import _

_NOT_RUN = (None, Problem.TENSORFLOW, Problem.LOCK)
"""Problems that are not the model's fault, so readers need no details."""
_OF_WEIGHTS = (False, False, False, True)
"""Whether each column of a table of weights has numbers."""


def totals(model: Model, style: Style) -> list[nodes.Node]:
    """Return a paragraph with the totals."""
    values = [f"{label}: {style.number(count)}" for label, count in total_values(model)]
    values[0] += f" ({style.size(model.bytes)})"
    return [nodes.paragraph("", " · ".join(values), classes=["kerasshape-totals"])]


def needs(model: Model, style: Style) -> list[nodes.Node]:
    """Return a paragraph with the sizes of its named axes that a model accepts; nothing if it accepts any."""
    if not model.axes:
        return []  # as most models; ``claims.needs`` is not even imported
    statements = (
        (_("Needs %s"), claims.needs.needs(model.axes)),
        (_("The shapes hold for %s"), claims.needs.shown(model.axes)),
        (_("Tried up to %s"), claims.needs.tried(model.axes)),
        (_("Not tried by calls: %s"), claims.needs.untried(model.axes)),
    )
    paragraph = nodes.paragraph("", "", classes=["kerasshape-needs"])
    for statement, text in statements:
        if text:
            before, _sizes, after = statement.partition("%s")
            separator = " · " if paragraph.children else ""
            paragraph += [
                nodes.Text(separator + before),
                style.shape_as_written(text),
                *([nodes.Text(after)] if after else []),
            ]
    return [paragraph] if paragraph.children else []


class _Weights(NamedTuple):
    """The rows of a table of weights, which have their paths."""

    weights: Mapping[str, Weight]
    style: Style

    def made(self) -> Iterator[nodes.row]:
        """Make each row."""
        style = self.style
        for path, weight in self.weights.items():
            count = nodes.Text(style.number(weight.params))
            values = (style.name(path), style.shape(weight.shape), style.name(weight.dtype), count)
            yield table_row(([value] for value in values), _OF_WEIGHTS, style)

    def words(self) -> str:
        """Return the paths."""
        return " ".join(self.weights)

    def __repr__(self) -> str:
        return f"<rows of {len(self.weights)} weights>"


def weights(model: Model, style: Style) -> list[nodes.Node]:
    """Return a table of the weights of all layers; a shared weight has one row."""
    heads = [[nodes.Text(text)] for text in (_("Weight"), _("Shape"), _("Dtype"), _("Params"))]
    unique = {weight.path: weight for row in model.layers for weight in row.weights}
    head = table_row(heads, _OF_WEIGHTS, style, scope="col")
    table = nodes.table("", grid(head, body(_Weights(unique, style))), classes=["kerasshape-table"])
    return [set_for_print(table, _OF_WEIGHTS), table] if style.format == "latex" else [table]


def output(report: Report) -> list[nodes.Node]:
    """Return a block with what the code printed."""
    if not report.output.strip():
        return []
    return [_block(report.output.rstrip("\n"), "kerasshape-output")]


def expected_error(report: Report) -> list[nodes.Node]:
    """Return a block with the error that the page expects."""
    return [_block(str(report.error), "kerasshape-expected")] if report.error else []


def problem(failure: Failure) -> list[nodes.Node]:
    """Return the nodes that readers see in place of a report."""
    if failure.problem in (*_NOT_RUN, Problem.SESSION):
        text = _("This model was not run when this page was built.")
        if failure.problem == Problem.SESSION:
            text = _("This code was not run, since code before it failed.")
        return [nodes.note("", nodes.paragraph("", text), classes=["kerasshape-note"])]
    first, _newline, rest = failure.message.partition("\n")
    content: list[nodes.Node] = [nodes.paragraph("", first)]
    if rest.strip():
        content.append(_block(rest.strip("\n"), "kerasshape-message"))
    return [nodes.error("", *content, classes=["kerasshape-error"])]


def provenance(versions: Versions) -> list[nodes.Node]:
    """Return a paragraph that names the versions which gave the report."""
    text = f"TensorFlow {versions.tensorflow}, Keras {versions.keras}"
    return [nodes.paragraph("", text, classes=["kerasshape-provenance"])]


def permalink(anchor: str) -> keras_permalink:
    """Return the link of a model to itself."""
    return keras_permalink(ids=[anchor], title=_("Link to this model"))


def _block(text: str, style: str) -> nodes.literal_block:
    return nodes.literal_block(text, text, language="none", classes=[style])


def _code(text: str) -> list[nodes.Node]:
    return [nodes.literal_block(text, text, language="python")] if text else []


OF_REPORT: dict[str, Callable[[Report], list[nodes.Node]]] = {"error": expected_error, "output": output}
OF_MODEL: dict[str, Callable[[Model, Style], list[nodes.Node]]] = {
    "constructor": lambda model, style: _code(model.constructor),
    "source": lambda model, style: _code(model.source),
    "totals": totals,
    "weights": weights,
}
"""Together with ``OF_REPORT``, the parts of ``:show:`` besides code and table."""
