"""Values of lines in a block's code: what a line makes, whenever it runs.

A layer in a list has its output only once its model is built, perhaps after the code has run: so it is kept,
and asked at the end. What the code's functions do later, while its model is read, counts only if they have
not run before: reading calls a model with inputs of its own.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from sphinx_kerasshape.messages.report import LayerCall, Model, Observation, TensorSpec
from sphinx_kerasshape.messages.request import Look, Request
from sphinx_kerasshape.worker.code import find_model, inside, weightless
from sphinx_kerasshape.worker.read import followed, keras2, observed

_MOST = 200
"""Values of a line that are kept, besides the last: it may run in a loop."""


class LineSight:
    """What the lines of a block were seen to make."""

    def __init__(self, request: Request) -> None:
        self._looks = request.looks
        self._name = f"_kerasshape_see_{len(request.earlier)}"
        """Functions of earlier blocks of its session have names of their own."""
        self._seen: list[list[Any]] = [[] for _ in request.looks]
        self._is_over = False

    def watch(self, tree: ast.Module, names: dict[str, Any]) -> None:
        """Have code report what is looked at in it."""
        if not self._looks:
            return
        names[self._name] = self._see
        code = inside.Code(tree)
        for key, look in enumerate(self._looks):
            code.insert(look, inside.Reporter(self._name, key))
        code.complete()

    def end(self) -> None:
        """Note that the code has run to its end."""
        self._is_over = True

    def observations(self, model: Model | None) -> tuple[Observation, ...]:
        """Return the values of all lines, in the names that a model's axes have."""
        return tuple(
            observation
            for number, look in enumerate(self._looks)
            for observation in self._observations(number, look, _symbols(model))
        )

    def _see(self, key: int, value: Any) -> Any:
        """Note a value, and return it."""
        seen = self._seen[key]
        if not (self._is_over and seen):
            with contextlib.suppress(Exception):
                kept = _kept(value, self._looks[key].kind)
                if kept is not None and not (seen and _is_same(kept, seen[-1])):
                    seen[_MOST:] = [kept]
        return value

    def _observations(
        self, number: int, look: Look, symbols: Callable[[Any], tuple[str, ...]]
    ) -> Iterator[Observation]:
        last: Observation | None = None
        for value in self._seen[number]:
            with contextlib.suppress(Exception, weightless.NeedsValues):
                found = _described(Observation(number, look.expression), value, look.kind, symbols)
                if found != last and (found.tensors or found.number is not None):
                    yield found
                    last = found


def _kept(value: Any, kind: str) -> Any:
    """Return what is kept of a value until the end; ``None`` if it is none of its kind."""
    if kind == "layer":
        return value if _is_layer(value) or type(value).__name__ == "KerasTensor" else None
    if kind in ("tensor", "target"):
        parts = list(_parts(value))
        if not parts or not all(_is_symbolic(part) or _is_tensor(part) for part in parts):
            return None
    elif _is_layer(value):
        return value
    if _is_symbolic(value):
        return list(_parts(value))
    number = observed.whole_number(value)
    return number if number is not None else observed.tensors(value)


def _described(
    seen: Observation, value: Any, kind: str, symbols: Callable[[Any], tuple[str, ...]]
) -> Observation:
    """Return an observation with what was kept."""
    if isinstance(value, int):
        return seen._replace(number=value)
    if isinstance(value, tuple):
        return seen._replace(tensors=value)
    if _is_layer(value):
        with contextlib.suppress(Exception, weightless.NeedsValues):
            seen = seen._replace(number=observed.whole_number(value.count_params()))
        value = value.outputs if find_model.is_model(value) and value.outputs else value.output
    parts = list(_parts(value))
    specs = observed.tensors(value)
    if len(parts) == len(specs):
        pairs = zip(parts, specs, strict=True)
        specs = tuple(_named(part, spec, kind, symbols) for part, spec in pairs)
    return seen._replace(tensors=specs)


def _named(part: Any, spec: TensorSpec, kind: str, symbols: Callable[[Any], tuple[str, ...]]) -> TensorSpec:
    """Return a tensor with its sizes as expressions, where these are known or asked for."""
    names = symbols(part) if None in spec.shape else ()
    if len(names) == len(spec.shape):
        return spec._replace(symbolic=names)
    return followed.with_symbols(part, spec) if kind == "named" else spec


def _symbols(model: Model | None) -> Callable[[Any], tuple[str, ...]]:
    """Return the function that gives the expressions for a tensor between the layers of a model."""
    if model is None or not model.axes:
        return lambda tensor: ()
    calls: dict[str, tuple[LayerCall, ...]] = {}
    for row in model.layers:
        calls.setdefault(row.name, row.calls)
    for one in model.inputs:
        calls.setdefault(one.name, (LayerCall((), (one,), ()),))

    def of(tensor: Any) -> tuple[str, ...]:
        operation, node, index = tensor._keras_history
        found = calls.get(str(operation.name), ())
        outputs: list[TensorSpec] = [call.outputs[index] for call in found if index < len(call.outputs)]
        outputs = [one for one in outputs if one.shape == tuple(tensor.shape)]
        if len({one.symbolic for one in outputs}) == 1:
            return outputs[0].symbolic
        return outputs[node].symbolic if len(outputs) == len(operation._inbound_nodes) > node else ()

    return of


def _parts(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield what a value consists of, if it is a list of values, and so on."""
    if isinstance(value, (list, tuple, dict)) and depth < 5:
        for part in value.values() if isinstance(value, dict) else value:
            yield from _parts(part, depth + 1)
    else:
        yield value


def _is_same(value: Any, other: Any) -> bool:
    return value is other if _is_object(value) or _is_object(other) else bool(value == other)


def _is_object(value: Any) -> bool:
    return not isinstance(value, (int, tuple))


def _is_symbolic(value: Any) -> bool:
    """Whether a value is a tensor of a graph of layers, also of Keras 2."""
    return type(value).__name__ == "KerasTensor" or (
        isinstance(value, (list, tuple)) and bool(value) and all(map(_is_symbolic, value))
    )


def _is_tensor(value: Any) -> bool:
    import keras
    import tensorflow as tf

    return bool(tf.is_tensor(value) or keras.ops.is_tensor(value))


def _is_layer(value: Any) -> bool:
    import keras

    kinds = (keras.layers.Layer, *keras2.layer_classes())
    return isinstance(value, kinds)
