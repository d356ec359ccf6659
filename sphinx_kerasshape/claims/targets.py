"""Targets of roles, ``MODEL[/LAYER…][.ATTRIBUTE[[INDEX]]]``, and their values in a report.

A layer is given by its name, by its index (``[0]``, ``[-1]``), or by its type if no other layer
has that. Names with dots, slashes or brackets are quoted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sphinx_kerasshape.claims.formula import formula
from sphinx_kerasshape.claims.named_sizes import Dims, dims
from sphinx_kerasshape.messages.layers import weights_of
from sphinx_kerasshape.messages.report import Axis, LayerRow, Model, TensorSpec, Weight
from sphinx_kerasshape.numerals import numerals
from sphinx_kerasshape.text import excerpt, hint, listed, quoted

_NAME = r"\"[^\"]*\"|'[^']*'|[^/.\[\]\"']+"
_INDEX = r"\[-?[0-9]{1,9}\]"
_TARGET = re.compile(
    rf"(?P<model>{_NAME})(?P<layers>(?:/(?:{_INDEX}|{_NAME}))*)"
    r"(?:\.(?P<attribute>\w+)(?:\[(?P<index>[^\]]+)\])?)?"
)
_LAYER = re.compile(rf"/({_INDEX}|{_NAME})")


class Unresolved(ValueError):
    """A target that can't be read, or that is not in the report; the message says why."""


@dataclass(frozen=True)
class Target:
    """A parsed target."""

    model: str
    layers: tuple[str | int, ...] = ()
    """The name, type or index of each layer on the way."""
    attribute: str = ""
    index: str = ""


@dataclass(frozen=True)
class Part:
    """The model or layer in a report that a target names."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    weights: tuple[Weight, ...]
    params: int
    trainable: int
    bytes: int


def parse(text: str) -> Target:
    """Return the target that a text states. Raises :class:`Unresolved`."""
    match = _TARGET.fullmatch(text.strip())
    if match is None:
        raise Unresolved(
            f"{quoted(text)} is not a target: write MODEL, MODEL/LAYER or either with .ATTRIBUTE"
        )
    layers = tuple(
        int(layer[1:-1]) if layer.startswith("[") else _unquoted(layer)
        for layer in _LAYER.findall(match["layers"])
    )
    return Target(_unquoted(match["model"]), layers, match["attribute"] or "", match["index"] or "")


def with_quotes(text: str, models: Iterable[str], layers: Callable[[str], Iterable[str]]) -> str:
    """Return a target with quotes around the names that need them; empty if none does.

    ``layers`` returns the names of a model's layers.
    """
    prefix, model = _leading_name(text, models)
    target, rest = _quoted_name(model), text[len(prefix) :]
    layer_names = layers(model) if model else ()
    while rest.startswith("/"):
        prefix, layer = _leading_name(rest[1:], layer_names)
        if not prefix:
            break
        target, rest = f"{target}/{_quoted_name(layer)}", rest[1 + len(prefix) :]
    return target + rest if model and target + rest != text else ""


def _leading_name(text: str, names: Iterable[str]) -> tuple[str, str]:
    """Return the longest prefix of a text that is a name, perhaps quoted, and that name."""
    pairs = [(form, name) for name in names for form in (name, _quoted_name(name)) if text.startswith(form)]
    whole = [(form, name) for form, name in pairs if text[len(form) :][:1] in ("", ".", "/")]
    return max(whole, key=lambda pair: len(pair[0]), default=("", ""))


def _quoted_name(name: str) -> str:
    """Return a name, in quotes if it needs them in a target."""
    sign = "'" if '"' in name else '"'
    return f"{sign}{name}{sign}" if re.search(r"[/.\[\]\"']", name) else name


def shapes(target: Target, model: Model) -> tuple[Dims, ...]:
    """Return the shapes of the tensors or the weight that a target names."""
    part = _part(target, model)
    if not target.attribute:
        raise Unresolved(f"{part.name} has several shapes: add .input, .output or the name of a weight")
    weight = _weight(target, part)
    if weight is not None:
        return (weight.shape,)
    return tuple(dims(tensor, model) for tensor in _tensors(target, part))


def dtypes(target: Target, model: Model) -> tuple[str, ...]:
    """Return the dtypes of the tensors or the weight that a target names; by default of the outputs."""
    part = _part(target, model)
    weight = _weight(target, part)
    names = [weight.dtype] if weight else [tensor.dtype for tensor in _tensors(target, part)]
    return tuple(dict.fromkeys(names))


def axes(target: Target, model: Model) -> tuple[Axis, ...]:
    """Return the named axes of the model that a target names."""
    if target.layers or target.attribute:
        raise Unresolved(f"only whole models have axes: write {quoted(target.model)}")
    if not model.axes:
        raise Unresolved(f"the axes of {quoted(target.model)} have no names: add :axes: to the model")
    return model.axes


def params(target: Target, model: Model) -> int:
    """Return the number of parameters that a target names: all, the trainable or the non-trainable ones."""
    part = _part(target, model)
    if target.attribute == "trainable" and not target.index:
        return part.trainable
    if target.attribute == "non_trainable" and not target.index:
        return part.params - part.trainable
    _refuse_tensors(target, part)
    weight = _weight(target, part)
    return weight.params if weight else part.params


def type_of(target: Target, model: Model) -> str:
    """Return the type of the model or layer that a target names."""
    _refuse_attribute(target, "has a type")
    return _row(target, model)[0].type if target.layers else model.type


def layers(target: Target, model: Model) -> tuple[LayerRow, ...]:
    """Return the rows of the layers that a model, or a layer with layers inside, consists of."""
    _refuse_attribute(target, "has layers")
    if not target.layers:
        return tuple(row for row in model.layers if row.depth == 0)
    row, _, path = _row(target, model)
    inside = tuple(_inside(model.layers, row))
    if not inside:
        raise Unresolved(f"{quoted(path)} is a layer without layers inside: name a model")
    return inside


def sources(target: Target, model: Model) -> tuple[str, ...]:
    """Return the names of the layers that a layer is connected to, in all of its calls."""
    _refuse_attribute(target, "is connected")
    if not target.layers:
        raise Unresolved(f"only layers are connected: write {quoted(f'{target.model}/LAYER')}")
    row, _, path = _row(target, model)
    found = tuple(source for call in row.calls for source in call.sources)
    if not found:
        raise Unresolved(f"Keras does not know what {quoted(path)} is connected to")
    return found


def _inside(rows: Sequence[LayerRow], outer: LayerRow) -> Iterator[LayerRow]:
    """Yield the rows directly inside another one."""
    number = next(number for number, row in enumerate(rows) if row is outer)
    for row in rows[number + 1 :]:
        if row.depth <= outer.depth:
            return
        if row.depth == outer.depth + 1:
            yield row


def _refuse_attribute(target: Target, what: str) -> None:
    if target.attribute:
        raise Unresolved(f"only a model or a layer {what}: remove .{target.attribute}")


def breakdown(target: Target, model: Model, language: str = "en") -> str:
    """Return the sum that gives a count: over the weights of a layer, or over the layers of a model."""
    if target.layers:
        _layer, weights, path = _row(target, model)
        text = formula(weights)
        if weights and not text:
            raise Unresolved(f"'{path}' has too many different weights for a formula: state the count")
        return text or "0"
    counts = [row.params - row.shared for row in model.layers if row.depth == 0]
    return " + ".join(numerals(language).written(count) for count in counts if count) or "0"


def size(target: Target, model: Model) -> int:
    """Return the bytes of the weights that a target names: all, the trainable or the non-trainable ones."""
    part = _part(target, model)
    if target.attribute in ("trainable", "non_trainable") and not target.index:
        trains = target.attribute == "trainable"
        return sum(weight.bytes for weight in part.weights if weight.trainable == trains)
    _refuse_tensors(target, part)
    weight = _weight(target, part)
    return weight.bytes if weight else part.bytes


def _refuse_tensors(target: Target, part: Part) -> None:
    if target.attribute in ("input", "output"):
        raise Unresolved(
            f"only models, layers and weights have parameters: remove .{target.attribute}, or name a weight"
        )


def _part(target: Target, model: Model) -> Part:
    if not target.layers:
        weights = {weight.path: weight for row in model.layers for weight in row.weights}
        values = model.inputs, model.outputs, tuple(weights.values())
        return Part(repr(target.model), *values, model.params, model.trainable, model.bytes)
    row, layer_weights, path = _row(target, model)
    inputs = tuple(tensor for call in row.calls for tensor in call.inputs)
    outputs = tuple(tensor for call in row.calls for tensor in call.outputs)
    return Part(f"'{path}'", inputs, outputs, layer_weights, row.params, row.trainable, row.bytes)


def _row(target: Target, model: Model) -> tuple[LayerRow, tuple[Weight, ...], str]:
    """Return the row of the layer that a target names, its weights, and its path."""
    rows: Sequence[LayerRow] = model.layers
    path = target.model
    for depth, name in enumerate(target.layers):
        siblings = [number for number, row in enumerate(rows) if row.depth == depth]
        number = siblings[_sibling(name, [rows[number] for number in siblings], path)]
        path = f"{path}/{rows[number].name}"
        end = next((n for n in range(number + 1, len(rows)) if rows[n].depth <= depth), len(rows))
        row, weights, rows = rows[number], weights_of(rows, number), rows[number + 1 : end]
    return row, weights, path


def _sibling(name: str | int, rows: list[LayerRow], path: str) -> int:
    """Return the index of the row, among those beside it, that has a name, an index or a type."""
    if isinstance(name, int):
        if not -len(rows) <= name < len(rows):
            choices = f": {_indices('', len(rows))}" if rows else "; it has no layers inside"
            raise Unresolved(f"{quoted(path)} has no layer [{name}]{choices}")
        return name
    matches = [index for index, row in enumerate(rows) if row.name == name]
    matches = matches or [index for index, row in enumerate(rows) if row.type == name]
    if len(matches) == 1:
        return matches[0]
    if matches:
        if rows[matches[0]].name == name:
            several, kind = listed([f"[{index}]" for index in matches]), "named"
        else:
            several, kind = listed([_quoted_name(rows[index].name) for index in matches]), "of type"
        raise Unresolved(f"{quoted(path)} has several layers {kind} {name}: choose from {several}")
    choices = hint(name, [row.name for row in rows]) or "; it has no layers inside"
    raise Unresolved(f"{quoted(path)} has no layer {quoted(name)}{choices}")


def _weight(target: Target, part: Part) -> Weight | None:
    """Return the weight that the attribute names; ``None`` if it names no weight."""
    if target.attribute in ("", "input", "output"):
        return None
    weights = [weight for weight in part.weights if weight.name == target.attribute]
    name = quoted(target.attribute)
    if not weights:
        choices = hint(target.attribute, ["input", "output", *dict.fromkeys(w.name for w in part.weights)])
        raise Unresolved(f"{part.name} has no {name}{choices}")
    if len(weights) == 1 and not target.index:
        return weights[0]
    index = _integer(target.index)
    if index is not None and -len(weights) <= index < len(weights):
        return weights[index]
    indices = _indices(target.attribute, len(weights))
    if target.index:
        raise Unresolved(f"{part.name} has no {name} [{excerpt(target.index)}]: {indices}")
    raise Unresolved(f"{part.name} has {len(weights)} weights named {name}: name the layer, or {indices}")


def _tensors(target: Target, part: Part) -> tuple[TensorSpec, ...]:
    tensors = part.inputs if target.attribute == "input" else part.outputs
    if not tensors:
        raise Unresolved(f"Keras does not know the {target.attribute or 'output'} of {part.name}")
    if not target.index:
        return tensors
    index = _integer(target.index)
    if index is not None and -len(tensors) <= index < len(tensors):
        return (tensors[index],)
    name = _unquoted(target.index)
    if namesakes := tuple(tensor for tensor in tensors if tensor.name == name):
        return namesakes
    index_text = f"{target.attribute} [{excerpt(target.index)}]"
    raise Unresolved(
        f"{part.name} has no {index_text}: {_indices(target.attribute or 'output', len(tensors))}"
    )


def _indices(attribute: str, count: int) -> str:
    """Return the end of a message about an index: how to write one that exists."""
    name = f".{attribute}" if attribute else ""
    return f"write {name or '[0]'}" if count == 1 else f"choose one from {name}[0] to {name}[{count - 1}]"


def _integer(index: str) -> int | None:
    return int(index) if re.fullmatch(r"-?[0-9]{1,9}", index) else None


def _unquoted(name: str) -> str:
    name = name.strip()
    return name[1:-1] if name[:1] in ("'", '"') and len(name) > 1 else name
