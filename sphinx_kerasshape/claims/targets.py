"""Targets: what a role refers to, ``MODEL[/LAYER…][.ATTR[[INDEX]]]``, and its true value.

A layer is named, counted (``[0]``, ``[-1]``) or of a type that is there once. Names with
dots, slashes or brackets are quoted. Pure: text and reports in, values out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sphinx_kerasshape.claims.formula import formula
from sphinx_kerasshape.claims.named_sizes import Dims, dims
from sphinx_kerasshape.messages.layers import weights_of
from sphinx_kerasshape.messages.report import Axis, LayerRow, Model, TensorSpec, Weight
from sphinx_kerasshape.text import excerpt, listed, quoted

_NAME = r"\"[^\"]*\"|'[^']*'|[^/.\[\]\"']+"
_INDEX = r"\[-?[0-9]{1,9}\]"
_TARGET = re.compile(
    rf"(?P<model>{_NAME})(?P<layers>(?:/(?:{_INDEX}|{_NAME}))*)"
    r"(?:\.(?P<attribute>\w+)(?:\[(?P<index>[^\]]+)\])?)?"
)
_LAYER = re.compile(rf"/({_INDEX}|{_NAME})")


class Unresolved(ValueError):
    """A target that can't be read, or that isn't in the report; the message says why."""


@dataclass(frozen=True)
class Target:
    """A parsed target."""

    model: str
    layers: tuple[str | int, ...] = ()
    """Each by its name or type, or by its place among the layers of its model."""
    attribute: str = ""
    index: str = ""


@dataclass(frozen=True)
class Part:
    """What a target means in a report: a model, one of its layers, or a weight of these."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    weights: tuple[Weight, ...]
    params: int
    trainable: int
    bytes: int


def parse(text: str) -> Target:
    """Read a target. Raises :class:`Unresolved` for text that is none."""
    found = _TARGET.fullmatch(text.strip())
    if found is None:
        raise Unresolved(f"{quoted(text)} is no target: write MODEL, MODEL/LAYER or MODEL/LAYER.ATTRIBUTE")
    layers = tuple(
        int(layer[1:-1]) if layer.startswith("[") else _unquoted(layer)
        for layer in _LAYER.findall(found["layers"])
    )
    return Target(_unquoted(found["model"]), layers, found["attribute"] or "", found["index"] or "")


def with_quotes(text: str, models: Iterable[str], layers: Callable[[str], Iterable[str]]) -> str:
    """Return a target with quotes around the names that need them; nothing where there are none.

    ``layers`` returns the names of a model's layers.
    """
    form, model = _begins(text, models)
    written, rest = _as_name(model), text[len(form) :]
    known = layers(model) if model else ()
    while rest.startswith("/"):
        form, layer = _begins(rest[1:], known)
        if not form:
            break
        written, rest = f"{written}/{_as_name(layer)}", rest[1 + len(form) :]
    return written + rest if model and written + rest != text else ""


def _begins(text: str, names: Iterable[str]) -> tuple[str, str]:
    """Return the longest name that a text begins with, quoted or not: as it is there, and by itself."""
    forms = [(form, name) for name in names for form in (name, _as_name(name)) if text.startswith(form)]
    whole = [(form, name) for form, name in forms if text[len(form) :][:1] in ("", ".", "/")]
    return max(whole, key=lambda found: len(found[0]), default=("", ""))


def _as_name(name: str) -> str:
    sign = "'" if '"' in name else '"'
    return f"{sign}{name}{sign}" if re.search(r"[/.\[\]\"']", name) else name


def shapes(target: Target, model: Model) -> tuple[Dims, ...]:
    """Return the shapes that a target means: one, or several where there are several tensors."""
    part = _part(target, model)
    if not target.attribute:
        raise Unresolved(f"which shape of {part.name}? add .input, .output or a weight's name")
    weight = _weight(target, part)
    if weight is not None:
        return (weight.shape,)
    return tuple(dims(tensor, model) for tensor in _tensors(target, part))


def dtypes(target: Target, model: Model) -> tuple[str, ...]:
    """Return the dtypes that a target means; of its outputs, where it names no attribute."""
    part = _part(target, model)
    weight = _weight(target, part)
    found = [weight.dtype] if weight else [tensor.dtype for tensor in _tensors(target, part)]
    return tuple(dict.fromkeys(found))


def axes(target: Target, model: Model) -> tuple[Axis, ...]:
    """Return the named axes of the model that a target means."""
    if target.layers or target.attribute:
        raise Unresolved(f"axes are of whole models: write {quoted(target.model)}")
    if not model.axes:
        raise Unresolved(f"{quoted(target.model)} names no axes (:axes:)")
    return model.axes


def params(target: Target, model: Model) -> int:
    """Return a count of parameters; ``.trainable`` and ``.non_trainable`` are parts of it."""
    part = _part(target, model)
    if target.attribute == "trainable" and not target.index:
        return part.trainable
    if target.attribute == "non_trainable" and not target.index:
        return part.params - part.trainable
    _refuse_tensors(target, part)
    weight = _weight(target, part)
    return weight.params if weight else part.params


def breakdown(target: Target, model: Model) -> str:
    """Return what a count is made of: a layer's of its weights, a model's of the counts of its layers."""
    if target.layers:
        row, held, path = _row(target, model)
        text = formula(row.type, held)
        if held and not text:
            raise Unresolved(f"'{path}' has too many different weights for a formula")
        return text or "0"
    counts = [row.params - row.shared for row in model.layers if row.depth == 0]
    return " + ".join(f"{count:,}" for count in counts if count) or "0"


def size(target: Target, model: Model) -> int:
    """Return the bytes of the weights that a target means."""
    part = _part(target, model)
    _refuse_tensors(target, part)
    weight = _weight(target, part)
    return weight.bytes if weight else part.bytes


def _refuse_tensors(target: Target, part: Part) -> None:
    if target.attribute in ("input", "output"):
        raise Unresolved(f"the {target.attribute} of {part.name} has no params; only weights have")


def _part(target: Target, model: Model) -> Part:
    if not target.layers:
        weights = {weight.path: weight for row in model.layers for weight in row.weights}
        values = model.inputs, model.outputs, tuple(weights.values())
        return Part(repr(target.model), *values, model.params, model.trainable, model.bytes)
    row, held, path = _row(target, model)
    inputs = tuple(tensor for call in row.calls for tensor in call.inputs)
    outputs = tuple(tensor for call in row.calls for tensor in call.outputs)
    return Part(f"'{path}'", inputs, outputs, held, row.params, row.trainable, row.bytes)


def _row(target: Target, model: Model) -> tuple[LayerRow, tuple[Weight, ...], str]:
    rows: Sequence[LayerRow] = model.layers
    path = target.model
    for depth, name in enumerate(target.layers):
        here = [number for number, row in enumerate(rows) if row.depth == depth]
        number = _choose(name, [rows[number] for number in here], here, path)
        path = f"{path}/{rows[number].name}"
        end = next((n for n in range(number + 1, len(rows)) if rows[n].depth <= depth), len(rows))
        row, held, rows = rows[number], weights_of(rows, number), rows[number + 1 : end]
    return row, held, path


def _choose(name: str | int, rows: list[LayerRow], numbers: list[int], path: str) -> int:
    """Return the number of the row that a name, an index or a type means."""
    if isinstance(name, int):
        if not -len(rows) <= name < len(rows):
            raise Unresolved(f"{quoted(path)} has {len(rows)} layers, so there is no [{name}]")
        return numbers[name]
    named = [number for number, row in zip(numbers, rows, strict=True) if row.name == name]
    typed = [number for number, row in zip(numbers, rows, strict=True) if row.type == name]
    found = named or typed
    if len(found) == 1:
        return found[0]
    if found:
        several = listed([row.name for row in rows if name in (row.name, row.type)])
        raise Unresolved(f"{quoted(path)} has several layers {quoted(name)}: name one of {several}")
    known = listed([row.name for row in rows], 12) or "none"
    raise Unresolved(f"{quoted(path)} has no layer {quoted(name)}; its layers are {known}")


def _weight(target: Target, part: Part) -> Weight | None:
    """Return the weight that the attribute names, where it names one."""
    if target.attribute in ("", "input", "output"):
        return None
    found = [weight for weight in part.weights if weight.name == target.attribute]
    number = _number(target.index)
    if number is not None and found:
        if -len(found) <= number < len(found):
            return found[number]
        raise Unresolved(f"{part.name} has {len(found)} weights {quoted(target.attribute)}, counted from 0")
    if len(found) == 1 and not target.index:
        return found[0]
    names = dict.fromkeys(weight.name for weight in part.weights)
    if found:
        last = len(found) - 1
        raise Unresolved(
            f"{part.name} has {len(found)} weights {quoted(target.attribute)}: "
            f"name the layer, or add an index from [0] to [{last}]"
        )
    known = listed(["input", "output", *names], 12)
    raise Unresolved(f"{part.name} has no {quoted(target.attribute)}; known are {known}")


def _tensors(target: Target, part: Part) -> tuple[TensorSpec, ...]:
    tensors = part.inputs if target.attribute == "input" else part.outputs
    if not tensors:
        raise Unresolved(f"Keras does not know the {target.attribute or 'output'} of {part.name}")
    if not target.index:
        return tensors
    number = _number(target.index)
    if number is not None and -len(tensors) <= number < len(tensors):
        return (tensors[number],)
    named = tuple(tensor for tensor in tensors if tensor.name == _unquoted(target.index))
    if named:
        return named
    raise Unresolved(
        f"{part.name} has {len(tensors)} {target.attribute}s, none of them [{excerpt(target.index)}]"
    )


def _number(index: str) -> int | None:
    return int(index) if re.fullmatch(r"-?[0-9]{1,9}", index) else None


def _unquoted(name: str) -> str:
    name = name.strip()
    return name[1:-1] if name[:1] in ("'", '"') and len(name) > 1 else name
