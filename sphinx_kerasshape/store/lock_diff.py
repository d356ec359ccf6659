"""Drift of a locked report: in which values TensorFlow says something else now. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sphinx_kerasshape.messages.layers import layer_paths, weights_of
from sphinx_kerasshape.messages.report import LayerCall, LayerRow, Model, Report, TensorSpec, Weight
from sphinx_kerasshape.text import listed, truncated

Facts = dict[str, str]
"""Values by what they are of, both as a message names them."""

_NONE = "none"


def differences(then: Report, now: Report) -> list[str]:
    """Return a line for each value that differs; what the code printed is not compared."""
    lines = list(_differing("", _error_facts(then), _error_facts(now)))
    if then.model is not None and now.model is not None:
        lines += _differing("", _model_facts(then.model), _model_facts(now.model))
        lines += _layer_differences(_layers(then), _layers(now))
    return lines


def _layer_differences(before: dict[str, LayerRow], now: dict[str, LayerRow]) -> Iterator[str]:
    renamed = _renamed(before, now)
    for old, new in renamed.items():
        if _name(old) != _name(new):  # What is inside a renamed layer has its own name still.
            yield f"layer {truncated(old)!r} in the lock is {truncated(new)!r} now"
    then = {renamed.get(path, path): _with_sources(path, row, renamed) for path, row in before.items()}
    yield from (f"layer {truncated(path)!r} in the lock, not there now" for path in then if path not in now)
    yield from (f"layer {truncated(path)!r} is not in the lock" for path in now if path not in then)
    if then.keys() == now.keys() and list(then) != list(now):
        yield f"layers {listed(list(then))} in the lock, in the order {listed(list(now))} now"
    for path, row in then.items():
        if path in now:
            where, other = f"layer {truncated(path)!r} ", now[path]
            yield from _differing(where, _layer_facts(row), _layer_facts(other))
            weights, others = _weight_facts(row.weights), _weight_facts(other.weights)
            # Which weights there are is said by the layer's own facts.
            shared = {what: value for what, value in weights.items() if what in others}
            yield from _differing(where, shared, {what: others[what] for what in shared})


def _renamed(then: dict[str, LayerRow], now: dict[str, LayerRow]) -> dict[str, str]:
    """Return the layers of the lock that have another path now, and are the same otherwise.

    Where all layers are the same in order, these are all with another path there: of ``dense_1, dense_2``
    that are ``dense, dense_1`` now, both are. A new order of the same names is no renaming.
    """
    gone = [path for path in then if path not in now]
    new = [path for path in now if path not in then]
    if not gone or len(gone) != len(new):
        return {}
    for pairs in (list(zip(then, now, strict=True)), list(zip(gone, new, strict=True))):
        if all(_nameless(then[old]) == _nameless(now[other]) for old, other in pairs):
            return {old: other for old, other in pairs if old != other}
    return {}


def _nameless(row: LayerRow) -> tuple[Facts, int]:
    facts = _layer_facts(row)
    # A type is often renamed with its layer: 'tf.math.add' of TFOpLambda is 'add' of Add now.
    del facts["connected to"], facts["type"]
    return facts, row.depth


def _with_sources(path: str, row: LayerRow, renamed: Mapping[str, str]) -> LayerRow:
    """Return a row whose sources, which are beside it, have the names that they have now."""
    if not renamed:
        return row
    above = path[: len(path) - len(_name(path))]
    calls = tuple(
        call._replace(sources=tuple(_source(above, source, renamed) for source in call.sources))
        for call in row.calls
    )
    return row._replace(calls=calls)


def _source(above: str, source: str, renamed: Mapping[str, str]) -> str:
    name, bracket, rest = source.partition("[")
    return _name(renamed.get(above + name, name)) + bracket + rest


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _differing(where: str, then: Facts, now: Facts) -> Iterator[str]:
    for what in dict.fromkeys([*then, *now]):
        before, after = then.get(what, _NONE), now.get(what, _NONE)
        if before != after:
            pairs = enumerate(zip(before, after, strict=False))
            same = next((place for place, (a, b) in pairs if a != b), min(len(before), len(after)))
            yield f"{where}{truncated(what)} {_from(before, same)} in the lock, {_from(after, same)} now"


def _from(value: str, same: int) -> str:
    """Write a value that is long from where it differs."""
    begin = max(0, same - 20)
    return truncated(value if len(value) <= 100 or not begin else f"…{value[begin:]}")


def _layers(report: Report) -> dict[str, LayerRow]:
    """Return the rows by path, each with the weights of those inside it."""
    assert report.model is not None
    rows = report.model.layers
    whole = [row._replace(weights=weights_of(rows, number)) for number, row in enumerate(rows)]
    # A weight that stands beside layers inside of one is compared as a weight of that.
    return {
        path: row
        for path, row in zip(layer_paths(report), whole, strict=True)
        if row.type != "Variable" or not row.depth
    }


def _error_facts(report: Report) -> Facts:
    return {"error": str(report.error).partition("\n")[0]} if report.error is not None else {}


def _model_facts(model: Model) -> Facts:
    return {
        "type": model.type,
        **{f"axis {one.name!r}": f"{one.least} or more, by {one.unit}" for one in model.axes},
        **_tensor_facts("input", model.inputs),
        **_tensor_facts("output", model.outputs),
        "params": _params(model.params, model.trainable),
    }


def _layer_facts(row: LayerRow) -> Facts:
    return {
        "type": row.type,
        **_tensor_facts("input", [tensor for call in row.calls for tensor in call.inputs]),
        **_tensor_facts("output", [tensor for call in row.calls for tensor in call.outputs]),
        "connected to": _connections(row.calls),
        "params": _params(row.params, row.trainable),
        "weights": ", ".join(weight.name for weight in row.weights) or _NONE,
    }


def _tensor_facts(what: str, tensors: Sequence[TensorSpec]) -> Facts:
    shapes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors)
    dtypes = ", ".join(dict.fromkeys(tensor.dtype for tensor in tensors))
    facts = {what: shapes or _NONE, f"{what} dtype": dtypes or _NONE}
    symbols = [f"({', '.join(tensor.symbolic)})" for tensor in tensors if tensor.symbolic]
    return {**facts, f"{what} axes": ", ".join(symbols)} if symbols else facts


def _params(count: int, trainable: int) -> str:
    return f"{count:,}" if trainable == count else f"{count:,} ({trainable:,} trainable)"


def _connections(calls: Iterable[LayerCall]) -> str:
    return "; ".join(", ".join(call.sources) or _NONE for call in calls) or _NONE


def _weight_facts(weights: tuple[Weight, ...]) -> Facts:
    facts = {}
    count = Counter(weight.name for weight in weights)
    for weight in weights:
        name = weight.name if count[weight.name] == 1 else weight.path
        facts[f"weight {name!r}"] = f"{tuple(weight.shape)}"
        facts[f"weight {name!r} dtype"] = weight.dtype
    return facts
