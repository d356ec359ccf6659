"""The constructor's view of a model is shown only if its code, run in turn, builds the same model."""

from __future__ import annotations

from typing import cast

from sphinx_kerasshape.messages.report import Answer, LayerCall, LayerRow, Model, Report, TensorSpec
from sphinx_kerasshape.messages.request import Request

_NONE = "# There is no constructor's view of this model: {}."


def rebuilding(request: Request, answer: Answer) -> Request:
    """Return the request that runs the code which was written, after the model's own, if it has code."""
    own = () if request.file else (*request.earlier, request.step()._replace(axes=""))
    return Request(
        code=_model(answer).constructor,
        prelude=request.prelude,
        weights=request.weights,
        earlier=own,
    )


def checked(answer: Answer, rebuilt: Answer) -> Report:
    """Return a report with the code that was written, or with the reason why it can't be shown."""
    report, model = cast("Report", answer), _model(answer)
    if not isinstance(rebuilt, Report):
        error = rebuilt.error or rebuilt.message.partition("\n")[0]
        reason = f"the code that would build it fails ({error})"
    elif rebuilt.model is None or _described(rebuilt.model) != _described(model):
        reason = "the code that would build it builds another one"
    else:
        return report
    return report._replace(model=model._replace(constructor=_NONE.format(" ".join(reason.split()))))


def _model(answer: Answer) -> Model:
    assert isinstance(answer, Report)
    assert answer.model is not None
    return answer.model


def _described(model: Model) -> object:
    """Return what two models have in common that differ in the names of their layers at most."""
    places = {tensor.name: f"input {number}" for number, tensor in enumerate(model.inputs)}
    places |= {row.name: str(number) for number, row in enumerate(model.layers)}
    inputs, outputs = (tuple(map(_nameless, ends)) for ends in (model.inputs, model.outputs))
    totals = (model.params, model.trainable, model.bytes)
    return inputs, outputs, totals, tuple(_row(row, places) for row in model.layers)


def _row(row: LayerRow, places: dict[str, str]) -> object:
    weights = tuple((weight.shape, weight.dtype, weight.trainable) for weight in row.weights)
    calls = tuple(_call(call, places) for call in row.calls)
    return row.type, row.depth, row.params, row.trainable, row.shared, row.bytes, weights, calls


def _call(call: LayerCall, places: dict[str, str]) -> object:
    sources = [source.partition("[") for source in call.sources]
    return (
        tuple(map(_nameless, call.inputs)),
        tuple(map(_nameless, call.outputs)),
        tuple(f"{places.get(name, name)}{sign}{rest}" for name, sign, rest in sources),
    )


def _nameless(tensor: TensorSpec) -> object:
    return tensor.shape, tensor.dtype
