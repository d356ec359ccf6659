"""Differences between the report in the lock and the one of today, as lines of a message."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sphinx_kerasshape.messages.layers import layer_paths, origin, weights_of
from sphinx_kerasshape.messages.report import Axis, LayerCall, LayerRow, Model, Report, TensorSpec, Weight
from sphinx_kerasshape.text import listed, truncated

Facts = dict[str, str]
"""Values as texts, by what they are: ``{"output": "(None, 64)"}``."""

_NONE = "none"


def differences(then: Report, now: Report) -> list[str]:
    """Return a line for each value that differs; output of the code is not compared."""
    lines = list(_differing("", _error_facts(then), _error_facts(now)))
    if then.model is not None and now.model is not None:
        lines += _differing("", _model_facts(then.model), _model_facts(now.model))
        lines += _layer_differences(_layers(then), _layers(now))
    return lines


def _layer_differences(locked: dict[str, LayerRow], now: dict[str, LayerRow]) -> Iterator[str]:
    renamed = _renamed(locked, now)
    for old, new in renamed.items():
        if _name(old) != _name(new):  # the layers inside a renamed layer keep their names
            yield f"layer {truncated(old)!r} of the lock is {truncated(new)!r} now"
    then = {renamed.get(path, path): _with_sources(path, row, renamed) for path, row in locked.items()}
    for path in [path for path in then if path not in now]:
        yield f"layer {truncated(path)!r} is in the lock, but no longer in the model"
    for path in [path for path in now if path not in then]:
        yield f"layer {truncated(path)!r} is in the model, but not in the lock"
    if then.keys() == now.keys() and list(then) != list(now):
        yield f"the order of layers is {listed(list(then))} in the lock; {listed(list(now))} now"
    for path, row in then.items():
        if path in now:
            yield from _row_differences(f"layer {truncated(path)!r} ", row, now[path])


def _row_differences(layer: str, then: LayerRow, now: LayerRow) -> Iterator[str]:
    yield from _differing(layer, _layer_facts(then), _layer_facts(now))
    before, after = _weight_facts(then.weights), _weight_facts(now.weights)
    # New and missing weights are among the facts of the layer.
    common = [what for what in before if what in after]
    yield from _differing(
        layer, {what: before[what] for what in common}, {what: after[what] for what in common}
    )


def _renamed(then: dict[str, LayerRow], now: dict[str, LayerRow]) -> dict[str, str]:
    """Return the layers of the lock that only have another path now, each with that path.

    If ``dense_1, dense_2`` are ``dense, dense_1`` now, both are renamed. The same names in
    another order are not.
    """
    gone = [path for path in then if path not in now]
    new = [path for path in now if path not in then]
    if not gone or len(gone) != len(new):
        return {}
    for pairs in (list(zip(then, now, strict=True)), list(zip(gone, new, strict=True))):
        if all(_nameless_facts(then[old]) == _nameless_facts(now[path]) for old, path in pairs):
            return {old: path for old, path in pairs if old != path}
    return {}


def _nameless_facts(row: LayerRow) -> tuple[Facts, int]:
    facts = _layer_facts(row)
    # A type often changes with the name of its layer: 'tf.math.add' of TFOpLambda is 'add' of Add now.
    del facts["connected to"], facts["type"]
    return facts, row.depth


def _with_sources(path: str, row: LayerRow, renamed: Mapping[str, str]) -> LayerRow:
    """Return a row whose sources, layers beside it, have the names of today."""
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


def _differing(owner: str, then: Facts, now: Facts) -> Iterator[str]:
    for what in dict.fromkeys([*then, *now]):
        before, after = then.get(what, _NONE), now.get(what, _NONE)
        if before != after:
            pairs = zip(before, after, strict=False)
            same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
            texts = f"{_excerpt(before, same)} in the lock, {_excerpt(after, same)} now"
            yield f"{owner}{truncated(what)} {texts}"


def _excerpt(value: str, same: int) -> str:
    """Return a value; if it is long, the part from where it differs."""
    begin = max(0, same - 20)
    return truncated(value if len(value) <= 100 or not begin else f"…{value[begin:]}")


def _layers(report: Report) -> dict[str, LayerRow]:
    """Return the rows of a model by path, each with the weights of the rows inside it."""
    assert report.model is not None
    rows = report.model.layers
    complete = [row._replace(weights=weights_of(rows, number)) for number, row in enumerate(rows)]
    # A variable inside of a layer is compared as a weight of that layer.
    return {
        path: row
        for path, row in zip(layer_paths(report), complete, strict=True)
        if row.type != "Variable" or not row.depth
    }


def _error_facts(report: Report) -> Facts:
    return {"error": str(report.error).partition("\n")[0]} if report.error is not None else {}


def _model_facts(model: Model) -> Facts:
    return {
        "type": model.type,
        **{f"axis {axis.name!r}": _sizes(axis) for axis in model.axes},
        **_tensor_facts("input", model.inputs),
        **_tensor_facts("output", model.outputs),
        "params": _params(model.params, model.trainable),
    }


def _sizes(axis: Axis) -> str:
    limit = f"to {axis.most}" if axis.most else "or more"
    others = "".join(f", also {size}" for size in axis.others)
    between = "".join(f", +{offset}" for offset in axis.offsets)
    return f"{axis.least} {limit}, by {axis.unit}{between}{others}"


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
    texts = (", ".join(str(origin(source)) for source in call.sources) for call in calls)
    return "; ".join(text or _NONE for text in texts) or _NONE


def _weight_facts(weights: tuple[Weight, ...]) -> Facts:
    facts = {}
    counts = Counter(weight.name for weight in weights)
    for weight in weights:
        name = weight.name if counts[weight.name] == 1 else weight.path
        facts[f"weight {name!r}"] = f"{tuple(weight.shape)}"
        facts[f"weight {name!r} dtype"] = weight.dtype
    return facts
